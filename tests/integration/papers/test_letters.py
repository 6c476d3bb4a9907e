"""Letters: which the protocol asks for, what they say, who checks and issues them, and that they never change."""

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

import letters
import protocols
from conferences.models import Attendance
from core.refusals import Denied, Kind
from dissent import actions as dissents
from dissent import policies as dissent_policies
from dissent.models import Dissent
from letters.drafting import day_words
from notifications.models import Outbox
from papers import actions
from papers.selectors.letters import wording_for
from papers.selectors.specimen import letter_of
from records.models import IssuedLetter, Letter, LetterRecipient, LetterText, Telling
from records.states import LetterKind
from tests.builders import LATER, STANDS, World
from tests.integration.papers.conftest import answered, issued, plans, read, saved
from tests.pdfs import fonts_of, last_page_of, pages_of, tagged, text_of

pytestmark = pytest.mark.django_db
SLUGS = protocols.library().slugs()
SECOND = {"camden": "reconvene"}


def second_outcome(world: World) -> str:
    tier = world.area.review.tiers[-1] if world.area.review else None
    return tier.outcomes[0].id if tier and len(world.area.review.tiers) > 1 else ""


def matters(world: World) -> list[Dissent]:
    """One dissent that was not upheld, and one that brings the conference back, answered to the end."""
    back = answered(world, second=second_outcome(world))
    return [answered(world, STANDS[world.text]), back]


# --- which, to whom, and what they say ----------------------------------------------------------------------------


def test_CAM_12_the_decision_letter_goes_to_every_agency_with_a_copy_to_the_partnership() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    letter = issued(world, dissent, plan)
    text = text_of(bytes(letter.issued.pdf))
    for row in Attendance.objects.filter(conference=dissent.conference, side="professional"):
        assert f"{row.name}, {row.job_title}, {row.agency}" in text
    assert "Copy to" in text and "Adam Admin" in text
    assert "CAM-12" in text and "Not upheld" in text and "All of it was weighed again." in text
    assert world.area.meanwhile.text in text
    assert "3 March 2026" in text and "4 March 2026" in text
    told = set(Telling.objects.filter(case=dissent.case).values_list("tell_id", flat=True))
    assert told == {"agencies_letter", "partnership_copy"}


def test_CAM_12_a_dissent_is_closed_once_its_letter_was_issued() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    close = {"dissent_id": dissent.pk, "by": world.actor("reviewer"), "now": LATER, "confirmed": True}
    with pytest.raises(Denied, match="decision letter"):
        dissents.close(**close)
    issued(world, dissent, plans(world, dissent)["agencies_letter"])
    assert dissents.close(**close).state == "closed"


def test_CAM_15_one_letter_tells_the_agency_and_the_chair_what_the_second_tier_decided() -> None:
    world = World("camden")
    dissent = answered(world, second=second_outcome(world))
    found = plans(world, dissent)
    letter = issued(world, dissent, found["agency_told"])
    assert letter.kind == LetterKind.SECOND_TIER
    text = text_of(bytes(letter.issued.pdf))
    assert "Pia Police, Detective constable, Police" in text and "Cora Chair" in text
    told = set(Telling.objects.filter(case=dissent.case).values_list("tell_id", flat=True))
    assert told == {"agency_told", "chair_told"}
    assert "Sven Second" in text and "CAM-15" in text


def test_WDC_14_chair_and_dissenter_each_get_a_formal_notice_of_their_own() -> None:
    world = World("west-dunbartonshire")
    dissent = answered(world, "agree_stands")
    found = plans(world, dissent)
    assert set(found) == {"chair_notice", "dissenter_notice"}
    chair = text_of(bytes(issued(world, dissent, found["chair_notice"]).issued.pdf))
    dissenter = text_of(bytes(issued(world, dissent, found["dissenter_notice"]).issued.pdf))
    assert "Dear Cora Chair" in chair and "Dear Pia Police" in dissenter
    assert "Formal notice" in chair and "WDC-14" in chair and "WDC-14" in dissenter
    assert dissent_policies.tellings_due(read(world, dissent), world.area)
    assert Telling.objects.filter(case=dissent.case).count() == 2


@pytest.mark.parametrize("slug", ["kingston-richmond", "windsor-maidenhead"])
def test_AFC_18_the_dissenter_gets_an_answer_and_the_chair_does_not(slug: str) -> None:
    world = World(slug)
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["dissenter_answered"]
    letter = issued(world, dissent, plan)
    assert letter.kind == LetterKind.RESPONSE
    assert [row.name for row in letter.recipients.all()] == ["Pia Police"]
    text = text_of(bytes(letter.issued.pdf))
    assert "AFC-18" in text and "Dear Pia Police" in text


def test_HIPS_15_a_protocol_without_a_review_has_no_decision_letter() -> None:
    world = World("hampshire")
    assert plans(world, world.dissent_at("on_ladder")) == {}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_letter_of_every_partnership(slug: str) -> None:
    """Written, checked, issued: recipients, rule, dates, the decision stands, the font; and what must not be in it."""
    world = World(slug)
    if world.area.review is None:
        assert all(letters.letter_pdf(letter_of(world.partnership, kind.value, LATER)) for kind in LetterKind)
        return
    for dissent in matters(world):
        for plan in plans(world, dissent).values():
            letter = issued(world, dissent, plan)
            pdf = bytes(letter.issued.pdf)
            text = text_of(pdf)
            for person in letter.issued.recipients:
                assert person["name"] in text and person["role"] in text and person["agency"] in text
            assert plan.rule in text
            assert dissent.case.reference in text
            assert world.partnership.name in text
            assert world.area.head.document in text
            assert day_words(dissent.conference.starts_at.date()) in text
            assert world.area.meanwhile.text in text
            assert pages_of(pdf) <= 2
            assert fonts_of(pdf) == {"NotoSans-Regular", "NotoSans-Bold"}
            assert hashlib.sha256(pdf).hexdigest() == letter.issued.sha256
            assert "Not issued" not in text
            assert "Yours sincerely" in text
            assert tagged(pdf), plan.slug


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("kind", [kind.value for kind in LetterKind])
def test_a_specimen_of_every_kind_in_the_words_of_every_partnership(slug: str, kind: str) -> None:
    world = World(slug)
    letter = letter_of(world.partnership, kind, LATER)
    pdf = letters.letter_pdf(letter)
    assert pdf == letters.letter_pdf(letter)
    text = text_of(pdf)
    assert world.partnership.name in text and world.area.head.document in text
    assert "{" not in text and "}" not in text
    assert "Not issued" in text
    assert pages_of(pdf) <= 2
    if kind not in ("not_convene", "complaint"):
        assert world.area.word("conference").lower() in text.lower()


def test_the_invitation_goes_to_everybody_on_the_list_once_the_conference_is_booked() -> None:
    world = World("brighton-hove")
    dissent = answered(world)
    assert "invitation" not in plans(world, dissent)
    booking = dissents.Booking(
        starts_at=LATER + dt.timedelta(days=12), chair_id=world.people["other_chair"].pk, place="Room 7"
    )
    dissents.book_follow_up(dissent_id=dissent.pk, by=world.actor("reviewer"), booking=booking, now=LATER)
    letter = issued(world, dissent, plans(world, dissent)["invitation"])
    text = text_of(bytes(letter.issued.pdf))
    assert "16 March 2026" in text and "Room 7" in text and "Otto Chair" in text
    assert {row.agency for row in letter.recipients.all()} == {
        "Police", "Health visiting", "Invented Primary School", "Invented Families Charity",
    }  # fmt: skip


@pytest.mark.parametrize("length", range(400, 5200, 400))
def test_what_ends_a_letter_never_stands_alone_on_a_page(length: int) -> None:
    """However long the reasons: with the name go its last words, and a list of recipients stays on one page."""
    world = World("camden")
    whole = letter_of(world.partnership, "decision", LATER)
    reasons = ("The reports were read again with those who wrote them. " * 200)[:length]
    sections = tuple(replace(s, text=reasons) if s.id == "reasons" else s for s in whole.sections)
    people = tuple(letters.Recipient(name=f"Person {n}", agency="Agency") for n in range(5))
    for recipients in (whole.recipients, people):
        pdf = letters.letter_pdf(replace(whole, sections=sections, recipients=recipients))
        last = last_page_of(pdf)
        if pages_of(pdf) > 1:
            assert ("Yours sincerely" in last and whole.stands in last) or "Person 0" in last, last
        assert last.count("Person") in (0, 5)


# --- the parents' letter ------------------------------------------------------------------------------------------


@pytest.fixture
def upheld() -> tuple[World, Dissent]:
    world = World("camden")
    return world, answered(world, children=2, second=second_outcome(world))


def parents_plans(world: World, dissent: Dissent) -> list:
    return [plan for plan in plans(world, dissent).values() if plan.kind == "parents"]


def test_CAM_15_each_child_has_a_letter_to_its_parents_with_nothing_about_anybody_else(upheld) -> None:
    world, dissent = upheld
    first, second = parents_plans(world, dissent)
    text = text_of(bytes(issued(world, dissent, first).issued.pdf))
    assert first.child.initials in text and second.child.initials not in text
    for row in Attendance.objects.filter(conference=dissent.conference, side="professional"):
        assert row.name not in text and str(row.agency) not in text
    for words in ("The risk at home was not heard.", "All of it was weighed again.", "Cora Chair"):
        assert words not in text, words
    assert "CAM-15" in text


def test_CAM_15_the_duty_to_tell_the_parents_ends_with_the_last_childs_letter(upheld) -> None:
    world, dissent = upheld
    first, second = parents_plans(world, dissent)
    issued(world, dissent, first)
    assert not Telling.objects.filter(case=dissent.case, tell_id="parents_told").exists()
    issued(world, dissent, second)
    assert Telling.objects.get(case=dissent.case, tell_id="parents_told").how == "Letter, secure e-mail"


@pytest.mark.parametrize("name", ["Pia Police", "Health visiting", "invented primary school", "Q.Y."])
def test_CAM_15_a_name_of_somebody_else_is_refused_and_named(upheld, name: str) -> None:
    world, dissent = upheld
    plan = parents_plans(world, dissent)[0]
    with pytest.raises(Denied, match="says nothing about anybody else") as denied:
        saved(world, dissent, plan, reasons=f"It was said by {name} that all is well.")
    assert denied.value.rule == "CAM-15"
    assert denied.value.field == "reasons"


def test_CAM_15_the_reasons_are_written_for_the_parents_and_never_copied(upheld) -> None:
    world, dissent = upheld
    plan = parents_plans(world, dissent)[0]
    with pytest.raises(Denied, match="Why"):
        saved(world, dissent, plan, reasons=" ")


def test_CAM_15_it_is_not_issued_before_a_second_person_has_checked_it(upheld) -> None:
    world, dissent = upheld
    plan = parents_plans(world, dissent)[0]
    saved(world, dissent, plan)
    here = {"case_id": dissent.case_id, "slug": plan.slug, "now": LATER}
    with pytest.raises(Denied, match="second person"):
        actions.issue(by=world.actor("second"), how="post", **here)
    actions.send_for_check(by=world.actor("second"), **here)
    with pytest.raises(Denied, match="second person"):
        actions.issue(by=world.actor("second"), how="post", **here)
    with pytest.raises(Denied) as denied:
        actions.check_letter(by=world.actor("second"), passed=True, note="", **here)
    assert denied.value.kind is Kind.NOT_YOURS
    actions.check_letter(by=world.actor("chair"), passed=True, note="", **here)
    assert actions.issue(by=world.actor("second"), how="post", **here).pages == 1


def test_CAM_15_a_change_after_the_check_takes_the_check_back(upheld) -> None:
    world, dissent = upheld
    plan = parents_plans(world, dissent)[0]
    here = {"case_id": dissent.case_id, "slug": plan.slug, "now": LATER}
    saved(world, dissent, plan)
    actions.send_for_check(by=world.actor("second"), **here)
    actions.check_letter(by=world.actor("chair"), passed=True, note="", **here)
    letter = saved(world, dissent, plan, reasons="Another text.")
    assert letter.checked_at is None
    with pytest.raises(Denied, match="second person"):
        actions.issue(by=world.actor("second"), how="post", **here)


def test_whoever_sends_a_letter_back_says_what_to_change(upheld) -> None:
    world, dissent = upheld
    plan = parents_plans(world, dissent)[0]
    here = {"case_id": dissent.case_id, "slug": plan.slug, "now": LATER}
    saved(world, dissent, plan)
    actions.send_for_check(by=world.actor("second"), **here)
    with pytest.raises(Denied, match="what has to be changed"):
        actions.check_letter(by=world.actor("chair"), passed=False, note="", **here)
    letter = actions.check_letter(by=world.actor("chair"), passed=False, note="Shorter, please.", **here)
    assert letter.standing == "draft" and letter.check_note == "Shorter, please."


def test_the_database_itself_refuses_a_check_by_the_writer(upheld) -> None:
    world, dissent = upheld
    letter = saved(world, dissent, parents_plans(world, dissent)[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(checked_at=LATER, checked_by=letter.drafted_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(issued_at=LATER, issued_by=letter.drafted_by)


# --- written, kept, never changed ---------------------------------------------------------------------------------


def test_an_issued_letter_is_its_stored_bytes_and_never_changes() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    letter = issued(world, dissent, plan)
    for statement in (
        "update records_issuedletter set pdf = ''", "delete from records_issuedletter",
        "update records_lettertext set title = 'x'", "delete from records_lettertext",
    ):  # fmt: skip
        with (
            pytest.raises(ProgrammingError, match="Cannot update or delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(Denied, match="never changes") as denied:
        saved(world, dissent, plan, reasons="Other reasons.")
    assert denied.value.kind is Kind.CHANGED
    with pytest.raises(Denied):
        actions.issue(
            case_id=dissent.case_id, slug=plan.slug, by=world.actor("reviewer"), how="post", now=LATER
        )
    assert IssuedLetter.objects.get().pk == letter.issued.pk


def test_the_same_letter_is_the_same_bytes_when_it_is_set_again() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    letter = issued(world, dissent, plan)
    whole = read(world, dissent)
    again = actions.printed_of(actions.Desk(whole, world.area, plan), letter, world.actor("reviewer"), LATER)
    assert letters.letter_pdf(again) == bytes(letter.issued.pdf)


def test_every_saved_version_is_kept_and_the_last_one_is_issued() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    saved(world, dissent, plan, reasons="First reasons.")
    letter = issued(world, dissent, plan, reasons="Second reasons.")
    assert [t.number for t in LetterText.objects.filter(letter=letter).order_by("number")] == [1, 2]
    text = text_of(bytes(letter.issued.pdf))
    assert "Second reasons." in text and "First reasons." not in text
    assert letter.issued.text_number == 2


def test_two_writers_do_not_overwrite_each_other() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    letter = saved(world, dissent, plan)
    with pytest.raises(Denied) as denied:
        actions.save_letter(
            case_id=dissent.case_id, slug=plan.slug, by=world.actor("reviewer"), texts={}, version=letter.version - 1,
            now=LATER,
        )  # fmt: skip
    assert denied.value.kind is Kind.CHANGED


def test_a_dropped_draft_stays_on_record_and_another_begins_anew() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    first = saved(world, dissent, plan, reasons="Not these.")
    actions.drop(
        case_id=dissent.case_id, slug=plan.slug, by=world.actor("reviewer"), reason="Began wrong.", now=LATER
    )
    second = saved(world, dissent, plan)
    assert first.pk != second.pk
    assert Letter.objects.count() == 2
    assert "Not these." not in str(second.texts.get().sections)


def test_recipients_are_added_and_taken_off_with_a_reason_only() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    plan = plans(world, dissent)["agencies_letter"]
    letter = saved(world, dissent, plan)
    here = {"case_id": dissent.case_id, "slug": plan.slug, "by": world.actor("reviewer"), "now": LATER}
    school = letter.recipients.get(agency="Invented Primary School")
    with pytest.raises(Denied, match="why they do not get"):
        actions.remove_recipient(recipient=school.uuid, reason=" ", **here)
    actions.remove_recipient(recipient=school.uuid, reason="Has closed.", **here)
    more = {"name": "Nora New", "role": "Named nurse", "agency": "Invented Hospital", "copy": False}
    with pytest.raises(Denied, match="why they get"):
        actions.add_recipient(reason="", **more, **here)
    actions.add_recipient(reason="Works with the child now.", **more, **here)
    actions.issue(how="secure e-mail", **here)
    text = text_of(bytes(IssuedLetter.objects.get().pdf))
    assert "Nora New, Named nurse, Invented Hospital" in text
    assert "Invented Primary School" not in text
    assert LetterRecipient.objects.filter(removed_reason="Has closed.").exists()


def test_a_letter_to_nobody_is_not_issued() -> None:
    world = World("west-dunbartonshire")
    dissent = answered(world, "agree_stands")
    plan = plans(world, dissent)["chair_notice"]
    letter = saved(world, dissent, plan)
    here = {"case_id": dissent.case_id, "slug": plan.slug, "by": world.actor("reviewer"), "now": LATER}
    actions.remove_recipient(recipient=letter.recipients.get().uuid, reason="Has left.", **here)
    with pytest.raises(Denied, match="goes to nobody"):
        actions.issue(how="post", **here)


def test_a_telling_that_was_recorded_another_way_is_left_as_it_is() -> None:
    world = World("west-dunbartonshire")
    dissent = answered(world, "agree_stands")
    plan = plans(world, dissent)["chair_notice"]
    dissents.told(
        dissent_id=dissent.pk,
        by=world.actor("reviewer"),
        tell_id="chair_notice",
        told_at=LATER,
        how="In person",
        now=LATER,
    )
    issued(world, dissent, plan)
    assert Telling.objects.get(case=dissent.case, tell_id="chair_notice").how == "In person"


def test_those_with_an_account_are_told_by_a_message_without_a_word_about_a_child() -> None:
    world = World("west-dunbartonshire")
    dissent = answered(world, "agree_stands")
    issued(world, dissent, plans(world, dissent)["dissenter_notice"])
    row = Outbox.objects.get(kind="letter_issued")
    assert row.seat == "capacity:dissenter"
    assert row.params == {"rule": "WDC-14"}


@pytest.mark.parametrize("who", ["chair", "police", "health", "admin", "minutes", "second"])
def test_nobody_but_the_post_that_decided_writes_its_letter(who: str) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    with pytest.raises(Denied) as denied:
        actions.save_letter(
            case_id=dissent.case_id, slug="agencies_letter", by=world.actor(who), texts={}, now=LATER
        )
    assert denied.value.kind is Kind.NOT_YOURS


def test_a_letter_that_the_protocol_does_not_ask_for_is_refused() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    with pytest.raises(Denied, match="no such letter"):
        actions.save_letter(
            case_id=dissent.case_id, slug="parents_told", by=world.actor("second"), texts={}, now=LATER
        )


# --- the partnership's own words ----------------------------------------------------------------------------------


def test_a_partnership_has_its_own_address_marking_and_words() -> None:
    world = World("camden")
    by = world.actor("admin")
    actions.save_head(
        partnership_id=world.partnership.pk, by=by, address="9 Invented Row\nInvented", contact="020 0000 0000",
        marking="Official", now=LATER,
    )  # fmt: skip
    actions.save_wording(
        partnership_id=world.partnership.pk, by=by, kind="decision", opening="About the {conference} of {date}.",
        closing="With thanks from {partnership}.", now=LATER,
    )  # fmt: skip
    dissent = answered(world, "not_upheld")
    text = text_of(bytes(issued(world, dissent, plans(world, dissent)["agencies_letter"]).issued.pdf))
    for words in (
        "9 Invented Row", "020 0000 0000", "OFFICIAL",
        f"About the {world.area.word('conference')} of Tuesday 3 March 2026.",
        f"With thanks from {world.partnership.name}.",
    ):  # fmt: skip
        assert words in text, words
    assert "SENSITIVE" not in text


def test_a_wording_with_a_field_that_is_not_known_is_refused_and_those_known_are_named() -> None:
    world = World("camden")
    with pytest.raises(Denied, match=r"\{child\}.*\{reference\}"):
        actions.save_wording(
            partnership_id=world.partnership.pk, by=world.actor("admin"), kind="decision", opening="Dear {child}",
            closing="", now=LATER,
        )  # fmt: skip
    assert wording_for(world.partnership.pk, "decision").opening == ""


def test_a_changed_letterhead_leaves_issued_letters_as_they_are() -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    letter = issued(world, dissent, plans(world, dissent)["agencies_letter"])
    before = bytes(letter.issued.pdf)
    actions.save_head(
        partnership_id=world.partnership.pk,
        by=world.actor("admin"),
        address="Elsewhere",
        contact="",
        marking="X",
        now=LATER,
    )
    assert bytes(IssuedLetter.objects.get(letter=letter).pdf) == before


@pytest.mark.parametrize("who", ["reviewer", "chair", "police"])
def test_only_the_admin_changes_the_words_of_letters(who: str) -> None:
    world = World("camden")
    with pytest.raises(Denied) as denied:
        actions.save_wording(
            partnership_id=world.partnership.pk,
            by=world.actor(who),
            kind="decision",
            opening="",
            closing="",
            now=LATER,
        )
    assert denied.value.kind is Kind.NOT_YOURS
