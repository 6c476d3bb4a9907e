"""Letters, packs, documents and calendars at a browser: a walk from the decision to the issued letter, and no barriers."""

import re

from cases.models import Child
from papers import actions as papers
from papers.selectors.documents import Place
from tests.builders import LATER
from tests.functional.people import AFTER, House, Person
from tests.functional.test_pages_axe import WIDTHS, Look, faults, nothing, press, typed
from tests.integration.papers.conftest import issued, picture, plain_pdf, plans, saved


def shelf(house: House) -> dict[str, str]:
    """Decided at both tiers, for two children: letters in every standing, a pack that waits, documents."""
    world = house.world
    conference = world.decided(children=2)
    dissent = world.recorded(conference, reasons="Q.X. is less safe than Q.Y.")
    world.end(conference)
    dissent = world.answer(world.answer(dissent, "upheld"), "no_reconvene", by="second")
    house.at(AFTER)
    found = plans(world, dissent)
    saved(world, dissent, found["agencies_letter"])
    issued(world, dissent, found["agency_told"])
    first, other = sorted(dissent.case.children.all(), key=lambda child: child.initials)
    parents = f"parents_told.{first.uuid}"
    saved(world, dissent, found[parents])
    papers.send_for_check(case_id=dissent.case_id, slug=parents, by=world.actor("second"), now=LATER)
    pack = papers.ask_pack(case_id=dissent.case_id, by=world.actor("reviewer"), child=first.uuid, now=LATER)
    for kind, data in (("report", plain_pdf()), ("summary", picture())):
        papers.add_to_conference(
            conference_id=conference.pk,
            by=world.actor("chair"),
            kind=kind,
            data=data,
            children=[first.uuid],
            now=LATER,
        )
    by, place = world.actor("reviewer"), Place(conference, dissent.case)
    document = papers.add_to_case(
        case_id=dissent.case_id, by=by, kind="report", data=plain_pdf(), children=[first.uuid], now=LATER
    )
    share = papers.share_document(
        document, by=by, place=place, may_upload=True, now=LATER,
        participant=dissent.case.participants.get(capacity="dissenter").uuid,
    )  # fmt: skip
    complaint = world.complaint(name="Gran Invented").case
    papers.save_letter(
        case_id=complaint.pk, slug="complaint_received", by=world.actor("admin"), texts={}, now=LATER
    )
    return {
        "document": str(document.uuid), "share": str(share.uuid), "complaint": complaint.reference,
        "pd": dissent.case.reference, "cf": conference.reference, "slug": "agencies_letter", "parents": parents,
        "draft": f"parents_told.{other.uuid}", "pack": str(pack.uuid), "held": str(pack.held.get().uuid),
        "other": str(other.uuid),
    }  # fmt: skip


LOOKS = [
    Look("the papers of a case", "reviewer", "/cases/{pd}/papers/"),
    Look("the papers, for the chair", "chair", "/cases/{pd}/papers/"),
    Look("the papers, for the dissenter", "police", "/cases/{pd}/papers/"),
    Look("a letter in draft", "reviewer", "/cases/{pd}/letters/{slug}/"),
    Look("a letter emptied", "reviewer", "/cases/{pd}/letters/{slug}/", nothing(), refused=True),
    Look("the parents' letter, first draft", "second", "/cases/{pd}/letters/{draft}/"),
    Look("the parents' letter without reasons", "second", "/cases/{pd}/letters/{draft}/", press("Save"), refused=True),
    Look(
        "the parents' letter that names somebody", "second", "/cases/{pd}/letters/{draft}/",
        lambda p: press("Save")(typed(reasons="It was said by Pia Police.")(p) or p), refused=True,
    ),
    Look("a letter to be issued", "reviewer", "/cases/{pd}/letters/{slug}/issue/"),
    Look("issued without saying how", "reviewer", "/cases/{pd}/letters/{slug}/issue/", nothing(), refused=True),
    Look("a letter that waits for a check", "second", "/cases/{pd}/letters/{parents}/issue/"),
    Look("the recipients", "reviewer", "/cases/{pd}/letters/{slug}/recipients/"),
    Look("a recipient without a reason", "reviewer", "/cases/{pd}/letters/{slug}/recipients/", nothing(), refused=True),
    Look("the check of a second person", "chair", "/cases/{pd}/letters/{parents}/check/"),
    Look("the check, unanswered", "chair", "/cases/{pd}/letters/{parents}/check/", nothing(), refused=True),
    Look("a draft to be dropped", "reviewer", "/cases/{pd}/letters/{slug}/drop/"),
    Look("a pack to be asked for", "reviewer", "/cases/{pd}/pack/new/{other}/"),
    Look("a pack that waits, for whoever asked", "reviewer", "/cases/{pd}/pack/{pack}/"),
    Look("a pack made too soon", "reviewer", "/cases/{pd}/pack/{pack}/", press("Make the pack"), refused=True),
    Look("a pack that waits, for a colleague", "chair", "/cases/{pd}/pack/{pack}/"),
    Look("a text that may name another child", "chair", "/cases/{pd}/pack/{pack}/texts/{held}/"),
    Look("such a text, unanswered", "chair", "/cases/{pd}/pack/{pack}/texts/{held}/", nothing(), refused=True),
    Look("the documents of a conference", "chair", "/conferences/{cf}/documents/"),
    Look("a document without a file", "chair", "/conferences/{cf}/documents/", nothing(), refused=True),
    Look("the documents, to read", "reviewer", "/conferences/{cf}/documents/"),
    Look("the documents of a case", "reviewer", "/cases/{pd}/documents/"),
    Look("a document to be shown", "reviewer", "/documents/{document}/share/"),
    Look("shown to nobody", "reviewer", "/documents/{document}/share/", nothing(), refused=True),
    Look("no longer shown", "reviewer", "/documents/{document}/share/{share}/end/"),
    Look("the papers of a complaint", "admin", "/cases/{complaint}/papers/"),
    Look("the answer to a complaint", "admin", "/cases/{complaint}/letters/complaint_received/"),
    Look("the answer to a complaint, to be issued", "admin", "/cases/{complaint}/letters/complaint_received/issue/"),
    Look("the documents of a complaint", "admin", "/cases/{complaint}/documents/"),
    Look("a complaint on paper", "admin", "/cases/{complaint}/export/"),
    Look("the extract for the summary", "chair", "/conferences/{cf}/extract/"),
    Look("the case on paper", "reviewer", "/cases/{pd}/export/"),
    Look("the case on paper, for the admin", "admin", "/cases/{pd}/export/"),
    Look("the calendar", "reviewer", "/calendar/"),
    Look("the calendar with its address", "reviewer", "/calendar/", press("Make a private address")),
    Look("the letters of the partnership", "admin", "/partnership/letters/"),
    Look("the letterhead emptied", "admin", "/partnership/letters/", nothing(), refused=True),
    Look("the wording of a letter", "admin", "/partnership/letters/decision/"),
    Look(
        "a wording with an unknown field", "admin", "/partnership/letters/parents/",
        lambda p: press("Save")(typed(opening="Dear {{child}}")(p) or p), refused=True,
    ),
]  # fmt: skip


def test_pages_of_papers_have_no_barriers(house, axe_violations):
    opened = house("camden")
    opened.expect(422)
    places = shelf(opened)
    Child.objects.update(name="Quillon Example")
    people: dict[str, Person] = {}
    wrong: list[str] = []
    for look in LOOKS:
        if look.who not in people:
            people[look.who] = opened.quick(look.who)
        person = people[look.who]
        person.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        person.open(look.address.format(**places))
        if person.status != look.status:
            wrong.append(f"{look.what}: {person.status}")
        if look.do:
            look.do(person)
        wrong += [f"{look.what}: {words}" for words in faults(person.page, look, axe_violations)]
    assert wrong == []


def test_CAM_12_the_decision_letter_is_written_previewed_and_issued_without_scripts(house):
    opened = house("camden", java_script_enabled=False)
    dissent = opened.world.dissent_at("decided")
    opened.at(AFTER)
    reviewer = opened.quick("reviewer").open(f"/cases/{dissent.case.reference}/")
    reviewer.follow("Write the letter").follow("Write it")
    reviewer.sees("Drafted from what is recorded", "CAM-12", "Hugo Health, Health visitor, Health visiting")
    reviewer.fill("reasons", "It was weighed again with the school and the health visitor.")
    reviewer.press("Save and preview")
    reviewer.sees(
        "It was weighed again with the school",
        "An issued letter never changes",
        opened.world.area.meanwhile.text,
    )
    reviewer.fill("how", "secure e-mail").press("Issue the letter")
    reviewer.sees("The letter was issued", "Issued,")
    with reviewer.page.expect_download() as download:
        reviewer.page.get_by_role("link", name=re.compile("Open the letter")).click()
    assert download.value.suggested_filename == f"{dissent.case.reference}-decision.pdf"
    reviewer.open(f"/cases/{dissent.case.reference}/").sees("Letter, secure e-mail")


def test_a_document_is_added_and_opened_at_a_browser(house, tmp_path):
    opened = house("brighton-hove")
    conference = opened.world.ended()
    opened.at(AFTER)
    chair = opened.quick("chair").open(f"/conferences/{conference.reference}/documents/")
    file = tmp_path / "Q.X. report.png"
    file.write_bytes(picture())
    chair.choose("Report to the conference")
    chair.page.locator("main [type=file]").set_input_files(file)
    chair.press("Add the document").sees("The document was added", "Nobody yet").sees_no("report.png")
    with chair.page.expect_download() as download:
        chair.page.get_by_role("link", name=re.compile("^Report to the conference")).click()
    assert download.value.suggested_filename.startswith(f"{conference.reference}-report-")
    chair.open(f"/conferences/{conference.reference}/documents/").sees("Cora Chair, Thursday 5 March 2026")
