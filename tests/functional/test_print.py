"""On paper: the marking and the number on each page, and nothing that can only be pressed."""

import re
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from dissent.states import DissentState
from tests.functional.people import NEXT_DAY


def printed(page: Any) -> list[str]:
    return [
        re.sub(r"\s+", " ", one.extract_text()) for one in PdfReader(BytesIO(page.pdf(format="A4"))).pages
    ]


def test_the_review_prints_with_its_marking_and_page_numbers_and_without_buttons(house: Any) -> None:
    open_house = house("camden")
    dissent = open_house.world.dissent_at(DissentState.UNDER_REVIEW)
    open_house.at(NEXT_DAY)
    reference = dissent.case.reference
    reviewer = open_house.quick("reviewer")
    for address in (f"/cases/{reference}/review/", f"/cases/{reference}/"):
        pages = printed(reviewer.open(address).page)
        for number, text in enumerate(pages, start=1):
            assert "OFFICIAL-SENSITIVE" in text, text[:300]
            assert f"{number} of {len(pages)}" in text, text[-300:]
        whole = " ".join(pages)
        assert reference in whole and "The risk at home was not heard." in whole
        for word in ("Sign out", "Hide screen", "Stay signed in", "Skip to main content", "Tick as read"):
            assert word not in whole
