"""Letters and packs as typed templates: what they say goes in as frozen values, PDF bytes come out. No models.

The same values give the same bytes in one version of the typesetter. What was issued is kept as its bytes all the
same, since another version may set a line elsewhere.
"""

from letters.drafting import Draft, Facts, Wording, draft, wording_of
from letters.enclosed import Unreadable, pages_of, words_of
from letters.model import (
    FIELDS_OF_WORDING,
    Block,
    Child,
    Dated,
    Enclosure,
    Letter,
    Pack,
    Page,
    Part,
    Recipient,
    Section,
)
from letters.render import letter_pdf, pack_pdf, printable

__all__ = [
    "FIELDS_OF_WORDING", "Block", "Child", "Dated", "Draft", "Enclosure", "Facts", "Letter", "Pack", "Page", "Part",
    "Recipient", "Section", "Unreadable", "Wording", "draft", "letter_pdf", "pack_pdf", "pages_of", "printable",
    "wording_of", "words_of",
]  # fmt: skip
