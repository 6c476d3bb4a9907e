"""Letters about a request and a complaint: drafted from the record, edited by whoever answers, issued once."""

from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

import letters
from cases.models import Case
from convening.models import ConveneAnswer, ConveneRequest
from core.refusals import Denied, Kind
from notifications.models import Outbox
from papers import actions
from papers.selectors.matters import locked
from records.models import IssuedLetter, Letter, LetterRecipient
from tests.builders import LATER, World
from tests.pdfs import pages_of, text_of

pytestmark = pytest.mark.django_db
ACKNOWLEDGEMENT = "complaint_received"


def refused(world: World) -> tuple[ConveneRequest, ConveneAnswer]:
    row = world.convening_answered()
    return row, row.answers.select_related("convening").get()


def slug_of(answer: ConveneAnswer) -> str:
    return f"not_convene.{answer.step}"


def save(world: World, case: Case, slug: str, who: str, version: int | None = None, **texts: str) -> Letter:
    return actions.save_letter(
        case_id=case.pk, slug=slug, by=world.actor(who), texts=texts, version=version, now=LATER
    )


def issue(world: World, case: Case, slug: str, who: str, how: str = "secure e-mail") -> IssuedLetter:
    return actions.issue(case_id=case.pk, slug=slug, by=world.actor(who), how=how, now=LATER)


@pytest.mark.parametrize(("slug", "rule"), [("east-sussex", "SUS-14"), ("hampshire", "HIPS-3")])
def test_SUS_14_a_refusal_goes_in_writing_with_its_reasons_to_the_agency_that_asked(
    slug: str, rule: str
) -> None:
    world = World(slug)
    row, answer = refused(world)
    letter = save(world, row.case, slug_of(answer), "manager")
    issued = issue(world, row.case, slug_of(answer), "manager")
    text = text_of(bytes(issued.pdf))
    for words in (
        answer.reply, answer.reasons, row.case.reference, world.partnership.name, world.area.word("conference"),
        answer.addressee.name, answer.decided_by.user.name, "Dear Pia Police", row.case.children.get().initials, rule[:3],
    ):  # fmt: skip
        assert words in text, words
    assert pages_of(bytes(issued.pdf)) == 1
    matter = locked(row.case_id)
    desk = actions.Desk(matter, world.area, actions.policies.plans_of(matter, world.area)[0])
    letter.refresh_from_db()
    again = actions.printed_of(desk, letter, world.actor("manager"), LATER)
    assert letters.letter_pdf(again) == bytes(issued.pdf)
    assert Outbox.objects.get(kind="letter_issued").seat == "capacity:requester"


def test_SUS_14_whoever_answered_edits_it_and_every_version_is_kept() -> None:
    world = World("east-sussex")
    row, answer = refused(world)
    slug = slug_of(answer)
    first = save(world, row.case, slug, "manager")
    save(world, row.case, slug, "manager", reasons="Worded anew for the agency.")
    with pytest.raises(Denied) as denied:
        save(world, row.case, slug, "manager", version=first.version, reasons="Too late.")
    assert denied.value.kind is Kind.CHANGED
    with pytest.raises(Denied, match="Reasons"):
        save(world, row.case, slug, "manager", reasons=" ")
    issued = issue(world, row.case, slug, "manager")
    text = text_of(bytes(issued.pdf))
    assert "Worded anew for the agency." in text and answer.reasons not in text
    assert [t.number for t in first.texts.order_by("number")] == [1, 2]
    answer.refresh_from_db()
    assert answer.reasons != "Worded anew for the agency."  # the answer itself stays as it was given


def test_it_is_written_and_sent_once_by_whoever_answered() -> None:
    world = World("east-sussex")
    row, answer = refused(world)
    slug = slug_of(answer)
    for who in ("police", "admin", "chair"):
        with pytest.raises(Denied) as denied:
            save(world, row.case, slug, who)
        assert denied.value.kind is Kind.NOT_YOURS
    with pytest.raises(Denied, match="has not been drafted"):
        issue(world, row.case, slug, "manager")
    save(world, row.case, slug, "manager")
    with pytest.raises(Denied, match="how it is sent"):
        issue(world, row.case, slug, "manager", how=" ")
    issue(world, row.case, slug, "manager")
    for again in (save, issue):
        with pytest.raises(Denied, match="never changes") as denied:
            again(world, row.case, slug, "manager")
        assert denied.value.kind is Kind.CHANGED


def test_a_request_that_was_agreed_has_no_such_letter() -> None:
    world = World("east-sussex")
    row = world.convening_answered(outcome="convene")
    with pytest.raises(Denied, match="no such letter"):
        save(world, row.case, "not_convene.first", "manager")


def test_it_is_written_on_its_pages_and_read_by_the_requester(open_as) -> None:
    world = World("east-sussex")
    row, answer = refused(world)
    reference, slug = row.case.reference, slug_of(answer)
    waits = open_as(world, "police")
    assert waits.get("convene-letter", reference, answer.step).status_code == 422
    assert "The letter is not issued yet" in waits.text and f"Back to {reference}" in waits.text
    manager = open_as(world, "manager")
    manager.get("case", reference)
    assert "The letter of this refusal" in manager.text and "Letters and papers" in manager.text
    assert manager.get("convene-letter", reference, answer.step).status_code == 302
    manager.get("letter", reference, slug)
    assert answer.reasons in manager.text
    assert manager.send(reasons="").status_code == 422
    assert manager.send(reasons="In other words.").status_code == 302
    manager.get("letter-issue", reference, slug)
    assert "In other words." in manager.text and "Goes to Pia Police" in manager.text
    assert manager.get("letter-preview", reference, slug).content.startswith(b"%PDF")
    manager.get("letter-issue", reference, slug)
    assert manager.send(how="").status_code == 422
    assert manager.send(how="post").status_code == 302
    response = open_as(world, "police").get("convene-letter", reference, answer.step)
    assert response.content == bytes(IssuedLetter.objects.get().pdf)
    assert response["Content-Disposition"] == f'attachment; filename="{reference}-not-convene.pdf"'
    police = open_as(world, "police")
    police.get("papers", reference)
    assert "Decision not to convene" in police.text or "not to hold" in police.text
    assert police.get("letter-issued", reference, Letter.objects.get().uuid).status_code == 200
    assert open_as(world, "health").get("convene-letter", reference, answer.step).status_code == 404
    assert open_as(world, "manager").get("convene-letter", reference, "other").status_code == 404


# --- a complaint acknowledged -------------------------------------------------------------------------------------


def test_CAM_19_a_complaint_is_acknowledged_by_letter_that_says_that_nothing_changes(open_as) -> None:
    world = World("camden")
    complaint = world.complaint(name="Gran Invented")
    reference = complaint.case.reference
    admin = open_as(world, "admin")
    assert admin.get("complaint-letter", reference).status_code == 302
    admin.get("letter", reference, ACKNOWLEDGEMENT)
    assert "A complaint does not change what the conference decided" in admin.text
    assert admin.send(closing="We write again within ten days.").status_code == 302
    assert admin.get("complaint-letter", reference).status_code == 302
    admin.get("letter-issue", reference, ACKNOWLEDGEMENT)
    assert "Gran Invented" in admin.text
    assert admin.send(how="post").status_code == 302
    pdf = bytes(IssuedLetter.objects.get().pdf)
    text = text_of(pdf)
    for words in (
        "Dear Gran Invented",
        "CAM-19",
        "does not change what the conference decided",
        "We write again within ten days.",
        world.partnership.name,
    ):
        assert words in text, words
    for words in ("We were not heard.", "Cora Chair", "Pia Police", "Q.X."):
        assert words not in text, words
    assert open_as(world, "admin").get("complaint-letter", reference).content == pdf
    assert open_as(world, "chair").get("complaint-letter", reference).status_code == 404
    assert open_as(world, "chair").get("papers", reference).status_code == 404
    assert not Outbox.objects.filter(kind="letter_issued").exists()
    with pytest.raises(Denied, match="never changes"):
        issue(world, complaint.case, ACKNOWLEDGEMENT, "admin")


def test_somebody_who_helps_the_family_gets_a_copy_with_the_reason() -> None:
    world = World("camden")
    complaint = world.complaint(name="Gran Invented")
    here: dict[str, Any] = {
        "case_id": complaint.case_id,
        "slug": ACKNOWLEDGEMENT,
        "by": world.actor("admin"),
        "now": LATER,
    }
    save(world, complaint.case, ACKNOWLEDGEMENT, "admin")
    actions.add_recipient(
        name="Ada Advocate", role="Advocate", agency="", copy=True, reason="The family asked for it.", **here
    )
    text = text_of(bytes(issue(world, complaint.case, ACKNOWLEDGEMENT, "admin", "post").pdf))
    assert "Copy to" in text and "Ada Advocate, Advocate" in text


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_keeps_an_issued_letter_its_text_and_its_recipients_as_they_are() -> None:
    world = World("camden")
    complaint = world.complaint()
    save(world, complaint.case, ACKNOWLEDGEMENT, "admin")
    issue(world, complaint.case, ACKNOWLEDGEMENT, "admin", "post")
    letter, person = Letter.objects.get(), LetterRecipient.objects.get()
    text = letter.texts.get()
    for change in (
        lambda: Letter.objects.filter(pk=letter.pk).update(how_sent="other"),
        lambda: Letter.objects.filter(pk=letter.pk).update(issued_at=None, issued_by=None),
        lambda: sql("delete from records_letter"),
        lambda: LetterRecipient.objects.filter(pk=person.pk).update(name="Somebody else"),
        lambda: sql("delete from records_letterrecipient"),
        lambda: type(text).objects.create(
            partnership_id=letter.partnership_id, letter=letter, number=2, title="x", salutation="x", sections=[],
            saved_at=LATER, saved_by=letter.drafted_by,
        ),
        lambda: IssuedLetter.objects.update(pdf=b""),
    ):  # fmt: skip
        with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
            change()
