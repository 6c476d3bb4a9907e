"""The forms about a step: what the first one asks of a facility, other dates, what was agreed, a request written down."""

import datetime as dt
from collections.abc import Callable

import pytest

from convening.models import ConveneRequest
from escalation.models import Escalation
from records.models import AgreedAction
from tests.builders import World
from tests.integration.dissent.conftest import Open
from tests.integration.dissent.conftest import open_as as open_as
from tests.integration.dissent.conftest import when as when
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db
When = Callable[..., dict[str, str]]


def test_SUS_37_the_form_of_a_facility_asks_for_both_authorities_and_keeps_what_was_typed(
    open_as: Open, when: When
) -> None:
    w = World("brighton-hove")
    up = Ladder(w)
    w.agencies["health"].kind = "specialist_facility"
    w.agencies["health"].save(update_fields=["kind"])
    page = open_as(w, "health", NEXT)
    page.get("raise-kind", "referral_enquiry")
    assert (
        "Authority responsible for the child" in page.text and "Authority where the facility is" in page.text
    )
    typed = {
        "concern": "The referral was closed.", "initials": "R.S.", **when("born_on", "2020-06-01"),
        "other_agency": str(w.agencies["social_care"].uuid), "authority_responsible": "Invented Council",
    }  # fmt: skip
    assert page.send(**{**typed, "concern": ""}).status_code == 422
    assert "Invented Council" in page.page.content.decode()
    assert page.send(**typed).status_code == 302
    row = Escalation.objects.get()
    assert (row.authority_responsible, row.authority_of_place) == ("Invented Council", "")
    page.get("case", row.case.reference)
    assert "Enter the authority responsible for the child, and the one where the facility is" in page.text
    page.get("escalation-authorities", row.case.reference)
    assert page.send(authority_of_place="Other Council").status_code == 302
    assert up.fresh(row).authority_of_place == "Other Council"
    page.get("raise-kind", "referral_enquiry")
    police = open_as(w, "police", NEXT)
    police.get("raise-kind", "referral_enquiry")
    assert "Authority responsible" not in police.text, "only where the first step wants it"


def test_other_dates_are_typed_with_a_reason_and_refused_without_one(open_as: Open, when: When) -> None:
    up = Ladder(World("brighton-hove"))
    reference = up.raised().case.reference
    page = open_as(up.world, "police", NEXT)
    page.get("escalation-dates", reference)
    dates = when("protect_by_date", "2026-03-06")
    assert page.send(**dates).status_code == 422 and "Enter why the date changes" in page.text
    assert page.send(**dates, reason="He goes home on Friday.").status_code == 302
    page.follow()
    assert "Dates that were changed" in page.text and "Friday 6 March 2026" in page.text
    assert "He goes home on Friday." in page.text
    page.get("case-history", reference)
    assert "Changed the dates agreed for a step, The two professionals talk, with the reason" in page.text
    assert "so a date moved from Wednesday 11 March 2026 to Friday 6 March 2026" in page.text


def test_what_was_agreed_offers_the_names_of_the_case_and_is_answered_on_one_page(open_as: Open) -> None:
    up = Ladder(World("hampshire"))
    escalation = up.raised()
    up.moved(escalation)
    page = open_as(up.world, "police", NEXT)
    page.get("escalation-agree", escalation.case.reference)
    assert '<option value="Tariq Team">' in page.page.content.decode()
    assert page.send(what="A visit.", owner="Tariq Team").status_code == 302
    action = AgreedAction.objects.get()
    theirs = open_as(up.world, "team_manager", NEXT)
    theirs.get("agreed-action-done", escalation.case.reference, action.uuid)
    assert theirs.send(done="no").status_code == 422 and "Enter why it was not done" in theirs.text
    assert theirs.send(done="no", not_done_reason="They moved.").status_code == 302
    theirs.follow()
    assert "Will not be done: They moved." in theirs.text


def test_a_date_that_passed_is_said_on_the_form_and_kept_with_the_step(open_as: Open) -> None:
    up = Ladder(World("brighton-hove"))
    reference = up.raised().case.reference
    page = open_as(up.world, "police", NEXT + dt.timedelta(days=10))
    page.get("escalation-resolve", reference)
    assert (
        "The date of this step was Wednesday 11 March 2026 (SUS-6). Nothing was decided by that." in page.text
    )
    assert page.send(text="Settled.").status_code == 422 and "Enter why it took longer" in page.text
    assert page.send(text="Settled.", late_reason="Nobody could meet.").status_code == 302
    page.follow()
    assert "Why it took longer: Nobody could meet." in page.text


def test_SUS_13_a_request_by_telephone_is_written_down_for_somebody_without_an_account(
    open_as: Open, when: When
) -> None:
    w = World("brighton-hove")
    page = open_as(w, "health", NEXT)
    page.get("convene-new")
    typed = {
        "text": "Three agencies are worried.", "initials": "C.R.", **when("born_on", "2021-05-01"), "senior": "yes",
        "made_how": "phone", "for_name": "Dr Gwen Practice, family doctor",
    }  # fmt: skip
    assert page.send(**typed).status_code == 422
    assert (
        "Enter their email address, so that they get the answer" in page.text
        and "Select their agency" in page.text
    )
    theirs = {"for_email": "gwen@practice.example.org", "for_agency": str(w.agencies["health"].uuid)}
    assert page.send(**typed, **theirs).status_code == 302
    row = ConveneRequest.objects.get()
    assert row.requester.email == "gwen@practice.example.org"
    page.follow()
    assert "Written down by" in page.text and "Without an account" in page.text and "Hugo Health" in page.text
