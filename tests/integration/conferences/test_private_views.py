"""One's own view before the round: seen by nobody until the round is opened, and a change of it has its reason."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from conferences import actions
from conferences.models import Conference, PrivateView, View
from conferences.selectors import children_of
from core.refusals import Denied, Kind
from tests.builders import SPOKEN, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World("west-dunbartonshire")


def sent(world: World, conference: Conference, who: str = "police", choice: str = "met") -> list[PrivateView]:
    return actions.send_private_view(
        attendance_id=world.seat(conference, who).pk,
        by=world.actor(who),
        views={child.pk: (choice, "Seen at home visits.") for child in children_of(conference)},
        now=SPOKEN,
    )


def opened(world: World, conference: Conference) -> Conference:
    return actions.open_round(conference_id=conference.pk, by=world.recorder(conference), now=SPOKEN)


def said(world: World, conference: Conference, choice: str, change: str = "") -> View:
    return actions.record_view(
        attendance_id=world.seat(conference, "police").pk,
        conference_child_id=children_of(conference)[0].pk,
        by=world.recorder(conference),
        phase="discussion",
        choice=choice,
        reasons="Said aloud.",
        change_reason=change,
        now=SPOKEN,
    )


def round_page(world: World, conference: Conference, browser, who: str = "") -> str:
    query = f"?person={world.seat(conference, who).uuid}" if who else ""
    return str(browser.get(reverse("conference-views", args=[conference.reference]) + query).content.decode())


@pytest.fixture
def as_(client):
    def sign_in(world: World, who: str):
        client.force_login(world.people[who].user)
        return client

    return sign_in


def test_wdc_9_the_chair_sees_only_that_it_is_in_until_the_round_is_opened(world: World, as_) -> None:
    conference = world.started()
    sent(world, conference)
    for who in ("", "police"):
        page = round_page(world, conference, as_(world, "chair"), who)
        assert "View in" in page and "1 person gave a view before the round" in page
        assert "Seen at home visits." not in page and "Before the round:" not in page
    opened(world, conference)
    page = round_page(world, conference, as_(world, "chair"), "police")
    assert "Seen at home visits." in page and "Before the round: threshold met." in page
    assert "Open the round" not in page


def test_what_is_kept_of_it_in_the_history_says_nothing_of_the_view(world: World) -> None:
    sent(world, world.started())
    event = AuditEvent.objects.get(type="conference.private_view_sent")
    assert set(event.detail) == {"attendance"}


def test_wdc_9_a_view_that_changed_since_needs_its_reason(world: World) -> None:
    conference = world.started()
    sent(world, conference, choice="met")
    opened(world, conference)
    with pytest.raises(Denied) as refused:
        said(world, conference, "not_met")
    assert refused.value.rule == "WDC-9" and refused.value.field == "change_reason"
    assert said(world, conference, "not_met", "Heard what protects the child.").change_reason
    assert said(world, conference, "met").choice == "met"
    assert PrivateView.objects.get().choice == "met"


def test_it_may_be_given_anew_until_the_round_is_opened_and_not_after(world: World) -> None:
    conference = world.started()
    sent(world, conference, choice="met")
    sent(world, conference, choice="not_met")
    assert PrivateView.objects.get().choice == "not_met"
    opened(world, conference)
    with pytest.raises(Denied, match="The round was opened"):
        sent(world, conference, choice="met")
    with pytest.raises(Denied, match="The round was opened"):
        opened(world, conference)


def test_nobody_gives_it_for_another_and_only_who_keeps_the_record_opens_the_round(world: World) -> None:
    conference = world.started()
    seat, child = world.seat(conference, "police"), children_of(conference)[0]
    for who in ("chair", "health", "admin"):
        with pytest.raises(Denied) as refused:
            actions.send_private_view(
                attendance_id=seat.pk, by=world.actor(who), views={child.pk: ("met", "")}, now=SPOKEN
            )
        assert refused.value.kind is Kind.NOT_YOURS
    with pytest.raises(Denied) as refused:
        actions.open_round(conference_id=conference.pk, by=world.actor("police"), now=SPOKEN)
    assert refused.value.kind is Kind.NOT_YOURS
    assert not PrivateView.objects.exists()


@pytest.mark.parametrize("slug", ["camden", "hampshire"])
def test_where_the_protocol_does_not_want_it_there_is_no_such_page(slug: str, as_) -> None:
    world = World(slug)
    conference = world.started()
    with pytest.raises(Denied, match="does not ask for a view before the round"):
        sent(world, conference)
    assert "Open the round" not in round_page(world, conference, as_(world, "chair"))
    own = as_(world, "police").get(reverse("conference", args=[conference.reference]))
    assert "Give my view" not in own.content.decode()


def test_the_attendee_gives_it_on_a_page_of_their_own(world: World, as_) -> None:
    conference = world.started(children=2)
    police = as_(world, "police")
    assert "Give my view" in police.get(reverse("conference", args=[conference.reference])).content.decode()
    address = reverse("conference-private-view", args=[conference.reference])
    page = police.get(address)
    token = page.context["form"]["token"].value()
    half = police.post(address, {"choice_0": "met", "reasons_0": "Mine."})
    assert half.status_code == 422 and "Select your view about Q.Y." in half.content.decode()
    typed = {"choice_0": "met", "reasons_0": "Mine.", "choice_1": "not_met", "reasons_1": "", "token": token}
    assert police.post(address, typed).status_code == 302
    assert [(v.choice, v.reasons) for v in PrivateView.objects.order_by("pk")] == [
        ("met", "Mine."),
        ("not_met", ""),
    ]
    assert "Mine.</textarea>" in police.get(address).content.decode()
    assert not View.objects.exists()


def test_the_round_takes_ten_queries_at_most_with_views_before_it(
    world: World, as_, django_assert_max_num_queries
) -> None:
    conference = world.started(children=2)
    sent(world, conference)
    opened(world, conference)
    chair = as_(world, "chair")
    round_page(world, conference, chair, "police")
    with django_assert_max_num_queries(10):
        round_page(world, conference, chair, "police")
