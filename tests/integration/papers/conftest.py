"""People at their browsers without scripts, as in the room of dissents; and letters walked to where they are read."""

import datetime as dt
import io
import zipfile
from typing import Any

from PIL import Image
from pypdf import PdfWriter

from core.filetypes import DOCX
from dissent.models import Dissent
from dissent.selectors import dissent_of
from papers import actions, policies
from papers.policies import Plan
from records.models import Letter
from tests.builders import LATER, RECONVENES, World
from tests.integration.dissent.conftest import open_as, when

__all__ = ["open_as", "when"]


def read(world: World, dissent: Dissent) -> Dissent:
    """The dissent with all that hangs on it, as pages read it."""
    found = dissent_of(world.case(dissent))
    assert found is not None
    return found


def plans(world: World, dissent: Dissent) -> dict[str, Plan]:
    return {plan.slug: plan for plan in policies.plans_of(read(world, dissent), world.area)}


def writer(plan: Plan) -> str:
    return {"slot:reviewer": "reviewer", "slot:second_tier": "second"}[plan.by]


def saved(world: World, dissent: Dissent, plan: Plan, *, now: dt.datetime = LATER, **texts: str) -> Letter:
    if plan.kind == "parents":
        texts.setdefault("reasons", "We looked at everything again. You can ask us about it.")
    return actions.save_letter(
        case_id=dissent.case_id, slug=plan.slug, by=world.actor(writer(plan), now), texts=texts, now=now
    )


def issued(world: World, dissent: Dissent, plan: Plan, *, now: dt.datetime = LATER, **texts: str) -> Letter:
    """A letter written, checked where it has to be, and issued."""
    letter = saved(world, dissent, plan, now=now, **texts)
    here: dict[str, Any] = {"case_id": dissent.case_id, "slug": plan.slug, "now": now}
    if plan.needs_check:
        actions.send_for_check(by=world.actor(writer(plan), now), **here)
        actions.check_letter(by=world.actor("chair", now), passed=True, note="", **here)
    actions.issue(by=world.actor(writer(plan), now), how="secure e-mail", **here)
    letter.refresh_from_db()
    return letter


def answered(world: World, outcome: str = "", *, children: int = 1, second: str = "", **kw: Any) -> Dissent:
    """A dissent answered with what brings the conference back, unless another outcome is named."""
    dissent = world.dissent_at("under_review", children=children)
    dissent = world.answer(dissent, outcome or RECONVENES[world.text], **kw)
    return world.answer(dissent, second, by="second") if second else dissent


def picture() -> bytes:
    """A small PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(out, "PNG")
    return out.getvalue()


def plain_pdf() -> bytes:
    """A PDF of one empty page."""
    out = io.BytesIO()
    writer_ = PdfWriter()
    writer_.add_blank_page(100, 100)
    writer_.write(out)
    return out.getvalue()


CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="{}"/></Types>'
)


def docx(main: str = DOCX + ".main+xml", **parts: str | bytes) -> bytes:
    """A DOCX with further parts, written path__to__part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES.format(main))
        archive.writestr("word/document.xml", "<document/>")
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/"), text)
    return out.getvalue()
