"""The letter of a decision not to hold a conference: the answer's own words, sent once, to the agency that asked."""

import pytest

import letters
from convening.models import ConveneAnswer, ConveneRequest
from core.refusals import Denied, Kind
from papers import actions
from papers.selectors.refusals import refusal_printed
from records.models import IssuedLetter
from tests.builders import LATER, World
from tests.pdfs import pages_of, text_of

pytestmark = pytest.mark.django_db


def refused(world: World) -> tuple[ConveneRequest, ConveneAnswer]:
    row = world.convening_answered()
    return row, row.answers.select_related("convening").get()


def issue(
    world: World, answer: ConveneAnswer, who: str = "manager", how: str = "secure e-mail"
) -> IssuedLetter:
    return actions.issue_refusal(answer_id=answer.pk, by=world.actor(who), how=how, now=LATER)


@pytest.mark.parametrize(("slug", "rule"), [("east-sussex", "SUS-14"), ("hampshire", "HIPS-3")])
def test_SUS_14_a_refusal_goes_in_writing_with_its_reasons_to_the_agency_that_asked(
    slug: str, rule: str
) -> None:
    world = World(slug)
    row, answer = refused(world)
    issued = issue(world, answer)
    text = text_of(bytes(issued.pdf))
    for words in (
        answer.reply, answer.reasons, row.case.reference, world.partnership.name, world.area.word("conference"),
        answer.addressee.name, answer.decided_by.user.name, rule[:3],
    ):  # fmt: skip
        assert words in text, words
    assert pages_of(bytes(issued.pdf)) == 1
    assert letters.letter_pdf(refusal_printed(answer, LATER)) == bytes(issued.pdf)


def test_it_is_sent_once_by_whoever_answered() -> None:
    world = World("east-sussex")
    _, answer = refused(world)
    for who in ("police", "admin", "chair"):
        with pytest.raises(Denied) as denied:
            issue(world, answer, who)
        assert denied.value.kind is Kind.NOT_YOURS
    with pytest.raises(Denied, match="how it is sent"):
        issue(world, answer, how=" ")
    issue(world, answer)
    with pytest.raises(Denied, match="never changes") as denied:
        issue(world, answer)
    assert denied.value.kind is Kind.CHANGED


def test_it_is_issued_on_its_page_and_read_by_the_requester(open_as) -> None:
    world = World("east-sussex")
    row, answer = refused(world)
    reference = row.case.reference
    assert open_as(world, "police").get("convene-letter", reference, answer.step).status_code == 403
    manager = open_as(world, "manager")
    manager.get("case", reference)
    assert "The letter of this refusal" in manager.text
    manager.get("convene-letter", reference, answer.step)
    assert answer.reasons in manager.text
    assert manager.send(how="").status_code == 422
    assert manager.send(how="post").status_code == 302
    response = open_as(world, "police").get("convene-letter", reference, answer.step)
    assert response.content == bytes(IssuedLetter.objects.get().pdf)
    assert response["Content-Disposition"] == f'attachment; filename="{reference}-not-convene.pdf"'
    assert open_as(world, "health").get("convene-letter", reference, answer.step).status_code == 404
    assert open_as(world, "manager").get("convene-letter", reference, "other").status_code == 404


# --- a complaint acknowledged -------------------------------------------------------------------------------------


def test_CAM_19_a_complaint_is_acknowledged_by_letter_that_says_that_nothing_changes(open_as) -> None:
    world = World("camden")
    complaint = world.complaint(name="Gran Invented")
    reference = complaint.case.reference
    admin = open_as(world, "admin")
    admin.get("complaint-letter", reference)
    assert "A complaint does not change what the conference decided" in admin.text
    assert admin.send(how="post").status_code == 302
    pdf = bytes(IssuedLetter.objects.get().pdf)
    text = text_of(pdf)
    for words in (
        "Dear Gran Invented",
        "CAM-19",
        "does not change what the conference decided",
        world.partnership.name,
    ):
        assert words in text, words
    for words in ("We were not heard.", "Cora Chair", "Pia Police", "Q.X."):
        assert words not in text, words
    assert open_as(world, "admin").get("complaint-letter", reference).content == pdf
    assert open_as(world, "chair").get("complaint-letter", reference).status_code == 404
    with pytest.raises(Denied, match="never changes"):
        actions.issue_acknowledgement(
            complaint_id=complaint.pk, by=world.actor("admin"), how="post", now=LATER
        )
