"""The first page of each role: what is mine, what waits for others, what is late."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cases.models import Case, CaseChild, Participant
from conferences import actions as conferences
from deadlines.actions import sweep
from dissent.actions import do_task
from dissent.models import Dissent
from dissent.states import DissentState
from notifications.actions import enqueue, send_due
from partnerships.models import Membership, SlotHolder
from tests.builders import BEGINS, ENDS, FIVE, LATER, World
from tests.integration.worklists.conftest import Open

pytestmark = pytest.mark.django_db
ROLES = ("chair", "minutes", "reviewer", "second", "police", "admin")


@pytest.mark.parametrize("slug", FIVE)
def test_every_role_has_a_page_of_at_most_eight_queries(slug: str, open_as: Open) -> None:
    world = World(slug)
    conference = world.decided()
    dissent = world.recorded(conference)
    world.end(conference)
    world.booked(starts_at=BEGINS + dt.timedelta(days=1))
    open_as(world, "admin", "/")  # the text of the protocol is parsed once per process
    for who in ROLES:
        page = open_as(world, who, "/")
        assert page.status_code == 200
        assert page.queries <= 8, (who, page.queries)
        seen = dissent.case.reference in page.text_
        assert seen is (
            who in ("chair", "minutes", "police", "admin") or (who == "reviewer" and bool(world.area.review))
        )


def copies(world: World, dissent: Dissent, numbers: range) -> None:
    """Many cases like one, due on different days."""
    case = dissent.case
    child = case.children.get()
    people = list(Participant.objects.filter(case=case))
    apart = ("id", "uuid", "reference", "next_due_at", "case", "state")

    def values(row: Case | Dissent) -> dict[str, Any]:
        return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in apart}

    for number in numbers:
        reference = f"PD-Z{number:03}-22".replace("0", "X").replace("1", "Y")
        due_at = ENDS + dt.timedelta(days=20 + number)
        fresh = Case.objects.create(**values(case), reference=reference, next_due_at=due_at)
        CaseChild.objects.create(partnership=world.partnership, case=fresh, child=child)
        Participant.objects.bulk_create(
            Participant(
                partnership=world.partnership,
                case=fresh,
                capacity=p.capacity,
                membership=p.membership,
                slot=p.slot,
            )
            for p in people
        )
        Dissent.objects.create(**values(dissent), case=fresh, state=dissent.state)


def test_the_list_asks_the_same_of_the_database_for_25_cases_and_for_100(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    copies(world, dissent, range(24))
    open_as(world, "reviewer", "/")
    few = open_as(world, "reviewer", "/")
    assert few.text_.count("app-worklist__ref") == 25
    copies(world, dissent, range(24, 99))
    many = open_as(world, "reviewer", "/")
    assert many.text_.count("app-worklist__ref") == 25
    assert many.queries == few.queries <= 8
    last = open_as(world, "reviewer", "/?page=4").text_
    assert last.count("app-worklist__ref") == 25
    assert "Page 4 of 4" in last


def test_the_nearest_date_comes_first_and_a_late_one_says_overdue_beside_its_status(open_as: Open) -> None:
    world = World("camden")
    late = world.dissent_at(DissentState.UNDER_REVIEW)
    conference = world.decided(starts_at=BEGINS + dt.timedelta(days=14))
    later = world.recorded(conference)
    world.end(conference)
    now = ENDS + dt.timedelta(days=16)
    page = open_as(world, "reviewer", "/", now=now).text_
    assert page.index(late.case.reference) < page.index(later.case.reference)
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{late.case.reference}.*?</tr>", page, re.S)
    assert row and "is-late" in row[0] and "Under review" in row[0] and "Overdue" in row[0]
    assert "working days overdue" in row[0]


def test_a_protocol_without_numbers_never_says_overdue(open_as: Open) -> None:
    world = World("hampshire")
    dissent = world.dissent_at(DissentState.ON_LADDER)
    now = ENDS + dt.timedelta(days=400)
    sweep(now=now)
    for who in ("chair", "police", "admin"):
        for url in ("/", f"/cases/{dissent.case.reference}/"):
            page = open_as(world, who, url, now=now)
            assert page.status_code == 200
            assert "verdue" not in page.text_
    assert "Day 400 since it was recorded" in open_as(world, "police", "/", now=now).text_


def test_who_holds_it_is_a_post_with_the_name_of_its_holder_not_of_a_deputy(open_as: Open) -> None:
    world = World("camden")
    holder = SlotHolder.objects.get(slot__key="reviewer", partnership=world.partnership)
    world.fill("reviewer", "deputy", deputy_for=holder)
    world.dissent_at(DissentState.UNDER_REVIEW)
    assert "Rhea Reviewer, Service Manager for Child Protection" in open_as(world, "police", "/").text_
    assert world.people["deputy"].user.name not in open_as(world, "police", "/").text_


def test_a_deputy_finds_the_case_as_their_own(open_as: Open) -> None:
    world = World("camden")
    holder = SlotHolder.objects.get(slot__key="reviewer", partnership=world.partnership)
    world.fill("reviewer", "deputy", deputy_for=holder)
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    page = open_as(world, "deputy", "/").text_
    assert page.index("For you to decide") < page.index(dissent.case.reference)


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("kingston-richmond", "can only be made in the"),
        ("brighton-hove", "within 72 hours of its end"),
        ("hampshire", "sets no time limit"),
    ],
)
def test_a_practitioner_without_a_dissent_reads_when_one_can_be_made_here(
    slug: str, words: str, open_as: Open
) -> None:
    page = open_as(World(slug), "police", "/").text_
    assert "You have not recorded a dissent." in page
    assert words in page


def test_a_practitioner_sees_what_the_protocol_asks_of_them_until_it_is_done(open_as: Open) -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    task = world.area.dissent.tasks[0]
    page = open_as(world, "police", "/").text_
    assert task.label in page and f'href="/rules/{task.rule}/"' in page
    do_task(dissent_id=dissent.pk, by=world.actor("police"), task=task.id, done_on=LATER.date(), now=LATER)
    assert task.label not in open_as(world, "police", "/").text_


def test_the_admin_sees_posts_that_nobody_fills_messages_that_reached_nobody_and_an_overdue_review_date(
    open_as: Open,
) -> None:
    world = World("brighton-hove")
    SlotHolder.objects.filter(slot__key="senior_cp_manager").delete()
    enqueue(
        partnership_id=world.partnership.pk,
        seat="slot:senior_cp_manager",
        kind="decided",
        dedupe_key="x",
        now=LATER,
    )
    send_due(now=LATER)
    page = open_as(world, "admin", "/")
    assert "Senior child protection manager" in page.text_
    assert "Nobody in the post" in page.text_
    assert "was due for review by Thursday 31 July 2025" in page.text_
    assert page.queries <= 8


def test_a_chair_finds_todays_conference_and_a_request_about_a_missing_dissent(open_as: Open) -> None:
    world = World("camden")
    conference = world.ended()
    conferences.ask_missing_entry(
        attendance_id=world.seat(conference, "police").pk,
        by=world.actor("police"),
        text="I said that I dissent.",
        said_at=conference.starts_at,
        now=LATER,
    )
    today = world.booked(starts_at=LATER + dt.timedelta(hours=3))
    page = open_as(world, "chair", "/").text_
    assert "Pia Police says a dissent is missing from the record" in page
    assert today.reference in page and "<b>Today</b>" in page
    assert "I said that I dissent" not in page


def test_what_was_closed_lately_stands_last_and_the_rest_on_request(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.CLOSED)
    assert "Recently closed" in open_as(world, "police", "/").text_
    long_after = LATER + dt.timedelta(days=90)
    assert dissent.case.reference not in open_as(world, "police", "/", now=long_after).text_
    assert dissent.case.reference in open_as(world, "police", "/?closed=all", now=long_after).text_


def test_somebody_without_a_role_is_told_so_and_whom_to_ask(client: Client) -> None:
    user = User.objects.create_user(email="nobody@example.org", name="Nora Nobody")
    client.force_login(user)
    page = client.get("/", follow=True)
    assert page.status_code == 403
    assert "You have an account but no role yet" in page.content.decode()


def test_a_role_that_has_ended_opens_nothing(open_as: Open) -> None:
    world = World("camden")
    Membership.objects.filter(pk=world.people["admin"].pk).update(ends_on=LATER.date() - dt.timedelta(days=1))
    assert open_as(world, "admin", "/").status_code == 302


def test_a_visitor_is_sent_to_sign_in_and_comes_back(client: Client) -> None:
    assert client.get("/?page=2").headers["Location"] == "/sign-in/?next=/%3Fpage%3D2"
