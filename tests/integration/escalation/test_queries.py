"""What pages of escalations, requests, complaints and records ask of the database: few things, and the same for many rows."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from cases.models import Case, CaseChild, Participant
from complaints.models import Complaint
from escalation import actions
from escalation.models import Escalation, EscalationTier, TierPerson
from records.models import Discussion, DiscussionPerson
from tests.builders import LATER, World
from tests.integration.worklists.conftest import Open
from tests.integration.worklists.conftest import open_as as open_as
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db
LIST, CASE = 8, 10
APART = (
    "id",
    "uuid",
    "reference",
    "case",
    "state",
    "escalation",
    "tier",
    "participant",
    "discussion",
    "requester",
)


def values(row: Any) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in APART}


def copies(escalation: Escalation, numbers: range) -> None:
    """Many escalations like one, each with its own case, people and open step."""
    case = escalation.case
    child = case.children.get()
    people = list(Participant.objects.filter(case=case))
    tier = EscalationTier.objects.get(escalation=escalation)
    there = list(TierPerson.objects.filter(tier=tier))
    for number in numbers:
        reference = f"PD-Z{number:03}-22".replace("0", "X").replace("1", "Y")
        due = {"next_due_at": LATER + dt.timedelta(days=20 + number)}
        fresh = Case.objects.create(**{**values(case), **due}, reference=reference)
        CaseChild.objects.create(partnership_id=case.partnership_id, case=fresh, child=child)
        rows = {row.pk: Participant.objects.create(**values(row), case=fresh) for row in people}
        own = Escalation.objects.create(
            **values(escalation), case=fresh, requester=rows[escalation.requester_id], state=escalation.state
        )
        step = EscalationTier.objects.create(**values(tier), escalation=own)
        TierPerson.objects.bulk_create(
            TierPerson(**values(row), tier=step, participant=rows[row.participant_id]) for row in there
        )


def test_the_first_page_asks_the_same_for_25_escalations_and_for_100(open_as: Open) -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    copies(escalation, range(24))
    for who in ("police", "admin"):
        open_as(up.world, who, "/", now=NEXT)
    few = {who: open_as(up.world, who, "/", now=NEXT).queries for who in ("police", "admin")}
    copies(escalation, range(24, 99))
    many = {who: open_as(up.world, who, "/", now=NEXT).queries for who in ("police", "admin")}
    assert few == many
    assert max(many.values()) <= LIST


def busy(up: Ladder, escalation: Escalation, count: int) -> None:
    """A case with many meetings, agreed actions and records."""
    for number in range(count):
        up.met(escalation)
        actions.agree(
            escalation_id=escalation.pk, by=up.actor("police"), what=f"Visit {number}.", owner="Pia Police",
            due_on=NEXT.date(), now=NEXT,
        )  # fmt: skip


def records_of(up: Ladder, case: Case, count: int) -> None:
    first = up.world.discussion(case)
    people = list(first.people.all())
    rows = [Discussion(**values(first), case=case) for _ in range(count)]
    for row in rows:
        row.approved_at = row.approved_by = None
    made = Discussion.objects.bulk_create(rows)
    DiscussionPerson.objects.bulk_create(
        DiscussionPerson(**values(person), discussion=row) for row in made for person in people
    )
    Discussion.objects.filter(case=case, approved_at__isnull=True).update(
        approved_at=first.approved_at, approved_by=first.approved_by
    )


@pytest.mark.parametrize("who", ["police", "team_manager", "admin"])
def test_a_case_asks_at_most_ten_things_however_much_happened_in_it(who: str, open_as: Open) -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    up.moved(escalation)
    page = reverse("case", args=[escalation.case.reference])
    open_as(up.world, who, page, now=NEXT)
    quiet = open_as(up.world, who, page, now=NEXT)
    busy(up, escalation, 12)
    records_of(up, escalation.case, 25)
    full = open_as(up.world, who, page, now=NEXT)
    assert full.status_code == 200
    assert quiet.queries == full.queries <= CASE


def test_the_records_of_a_case_ask_the_same_for_25_and_for_100(open_as: Open) -> None:
    up = Ladder(World("brighton-hove"))
    case = up.raised().case
    page = reverse("discussions", args=[case.reference])
    records_of(up, case, 24)
    open_as(up.world, "police", page, now=NEXT)
    few = open_as(up.world, "police", page, now=NEXT)
    records_of(up, case, 74)
    many = open_as(up.world, "police", page, now=NEXT)
    assert few.queries == many.queries <= LIST


def test_the_log_of_complaints_asks_the_same_for_25_and_for_100(open_as: Open) -> None:
    w = World("camden")
    first = w.complaint()

    def more(numbers: range) -> None:
        for number in numbers:
            reference = f"PD-W{number:03}-22".replace("0", "X").replace("1", "Y")
            case = Case.objects.create(**values(first.case), reference=reference)
            Complaint.objects.create(**values(first), case=case, state=first.state)

    more(range(24))
    page = reverse("complaints")
    open_as(w, "admin", page)
    few = open_as(w, "admin", page)
    more(range(24, 99))
    many = open_as(w, "admin", page)
    assert few.queries == many.queries <= LIST
    one = open_as(w, "admin", reverse("complaint", args=[first.case.reference]))
    assert one.status_code == 200 and one.queries <= CASE


@pytest.mark.parametrize("who", ["police", "manager", "admin"])
def test_a_request_for_a_conference_asks_at_most_ten_things(who: str, open_as: Open) -> None:
    w = World("brighton-hove")
    row = w.convening_answered(w.convening())
    page = reverse("case", args=[row.case.reference])
    open_as(w, who, page)
    shown = open_as(w, who, page)
    assert shown.status_code == 200 and shown.queries <= CASE, shown.queries
