"""Practice: a twin of the partnership, opened by the admin, in which nothing is real and of which nothing gets out."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from accounts.models import OneTimeKey
from cases.actions import invite
from cases.models import Case, Participant
from conferences import actions as conferences
from conferences.models import Attendance, Conference
from conferences.selectors import children_of
from conferences.states import Presence, Side
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied, Kind
from deadlines.actions import sweep
from dissent import actions as dissents
from dissent.actions import Said
from dissent.models import Dissent
from notifications.actions import send_due, send_keys_due
from notifications.models import Message, Outbox
from notifications.states import Channel, MessageState, OutboxState
from partnerships import actions as partnerships
from partnerships.models import Membership, Partnership, SlotHolder
from partnerships.selectors import actor_for, practice_twin, sign_in_offers
from partnerships.states import Role
from reports.actions import count_anew, partnerships_to_count
from reports.models import Tally
from tests.builders import World, at

pytestmark = pytest.mark.django_db
OPENED = at("2026-03-03", "11:40")  # the moment at which `open_as` stands


def opened(world: World) -> Partnership:
    by = world.actor("admin", OPENED)
    return partnerships.open_practice(partnership_id=world.partnership.pk, by=by, now=OPENED)


def in_practice(world: World, who: str) -> Actor:
    joined = partnerships.join_practice(by=world.actor(who, OPENED), now=OPENED)
    return actor_for(joined, london_date(OPENED))


def practised(world: World) -> Dissent:
    """A practice conference with a dissent, ended by a chair who practises."""
    by, later = in_practice(world, "chair"), OPENED + dt.timedelta(minutes=30)
    conference = conferences.start_practice(by=by, now=OPENED)
    for row in Attendance.objects.filter(conference=conference, side=Side.PROFESSIONAL):
        conferences.record_presence(attendance_id=row.pk, by=by, presence=Presence.ATTENDED, now=later)
    for child in children_of(conference):
        world.decide(child, on_plan=False, by=by, now=later)
    police = Attendance.objects.get(conference=conference, agency__kind="police")
    children = children_of(conference)
    said = Said(
        directions={child.pk: "more_protection" for child in children}, expressed_at=later, name_attribution=True,
        discussed_with_chair=True, discussed_note="Talked through.", reasons="Practised reasons.",
        parents_understanding="Practised.",
    )  # fmt: skip
    dissent = dissents.record(attendance_id=police.pk, by=by, said=said, now=later)
    dissents.end_conference(conference_id=conference.pk, by=by, ended_at=later, now=later)
    dissent.refresh_from_db()
    return dissent


def test_the_admin_opens_practice_once_and_it_fills_itself(world: World) -> None:
    twin = opened(world)
    assert (twin.slug, twin.name) == (world.slug, f"Practice: {world.partnership.name}")
    people = Membership.objects.filter(partnership=twin).select_related("user")
    assert {m.role for m in people} == set(Role.values) - {Role.GUEST}
    assert all(m.user.email.endswith(".practice.invalid") for m in people)
    assert not any(m.user.has_usable_password() for m in people)
    assert SlotHolder.objects.filter(partnership=twin).count() == len(
        [slot for slot in world.area.slots if slot.per == "partnership"]
    )
    with pytest.raises(Denied) as caught:
        opened(world)
    assert caught.value.kind is Kind.CHANGED
    for who in ("chair", "reviewer", "police"):
        with pytest.raises(Denied):
            partnerships.open_practice(
                partnership_id=world.partnership.pk, by=world.actor(who, OPENED), now=OPENED
            )


def test_a_chair_begins_a_practice_conference_in_two_clicks(
    world: World, open_as: Callable[..., Any]
) -> None:
    opened(world)
    chair = open_as(world, "chair")
    chair.get("/conferences/")
    assert 'href="/conferences/practice/"' in chair.text()
    chair.get("/conferences/practice/")
    to, fields = chair.form(having="start")
    answer = chair.send(to, fields)
    conference = Conference.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/conferences/{conference.reference}/")
    assert (conference.partnership.is_practice, conference.state) == (True, "in_session")
    assert [row.child.initials for row in children_of(conference)] == ["P.A.", "P.B."]
    page = chair.client.get(answer.url, follow=True).content.decode()
    assert "Basil Pretend" in page
    assert "You are in practice." in page
    assert "<title>Practice: " in page
    assert "OFFICIAL-SENSITIVE" not in page
    # Every page of it says so, and real ones never do.
    for address in ("/", "/conferences/", "/notices/", "/help/", "/conferences/practice/", "/sent-mail/"):
        assert "You are in practice." in chair.client.get(address).content.decode(), address
    assert "You are in practice." not in open_as(world, "other_chair").client.get("/").content.decode()


def test_a_minute_taker_practises_beside_the_invented_chair(world: World) -> None:
    opened(world)
    conference = conferences.start_practice(by=in_practice(world, "minutes"), now=OPENED)
    assert conference.chair.user.name == "Coral Pretend"
    with pytest.raises(Denied):
        conferences.start_practice(by=in_practice(world, "police"), now=OPENED)
    with pytest.raises(Denied):
        conferences.start_practice(by=world.actor("chair", OPENED), now=OPENED)


def test_to_and_fro_is_plain_and_signing_in_leads_to_real_work(
    world: World, open_as: Callable[..., Any]
) -> None:
    opened(world)
    chair = open_as(world, "chair")
    chair.get("/conferences/practice/")
    to, fields = chair.form(having="enter")
    assert chair.send(to, fields).url == "/"
    chair.get("/")
    assert "You are in practice." in chair.text()
    to, fields = chair.form(having="leave")
    assert chair.send(to, fields).url == "/"
    assert "You are in practice." not in chair.get("/").content.decode()
    assert "Change role" not in chair.text()  # practice is no role to choose
    again = open_as(world, "chair")
    assert again.get("/").status_code == 200
    assert "You are in practice." not in again.text()
    assert again.get("/choose-role/").content.decode().count('name="membership"') == 1


def test_nothing_practised_leaves_and_what_would_have_been_sent_can_be_read(
    world: World, open_as: Callable[..., Any]
) -> None:
    opened(world)
    practised(world)
    in_practice(world, "reviewer")
    for days in (0, 1, 20):
        sweep(now=OPENED + dt.timedelta(days=days))
        send_due(now=OPENED + dt.timedelta(days=days, hours=1), limit=1000)
        send_keys_due(now=OPENED + dt.timedelta(days=days, hours=1))
    assert mail.outbox == []
    kept = Message.objects.filter(channel=Channel.EMAIL)
    assert set(kept.values_list("state", flat=True)) == {MessageState.KEPT}
    assert all(row.subject.startswith("Practice: ") for row in Message.objects.all())
    assert all("This is practice." in row.body for row in Message.objects.all())
    assert not Outbox.objects.filter(state=OutboxState.SENDING).exists()
    chair = open_as(world, "chair")
    chair.get("/conferences/practice/")
    chair.send(*chair.form(having="enter"))
    assert kept.first().subject in chair.get("/sent-mail/").content.decode()
    chair.get("/")
    chair.send(*chair.form(having="leave"))
    assert chair.get("/sent-mail/").status_code == 404


def test_a_practice_message_that_was_already_waiting_is_not_sent_either(world: World) -> None:
    opened(world)
    practised(world)
    send_due(now=OPENED + dt.timedelta(hours=1), limit=1000)
    Message.objects.filter(channel=Channel.EMAIL).update(state=MessageState.WAITING)
    assert send_due(now=OPENED + dt.timedelta(hours=2), limit=1000) == 0
    assert mail.outbox == []
    kept = Message.objects.filter(channel=Channel.EMAIL)
    assert set(kept.values_list("state", flat=True)) == {MessageState.KEPT}


def test_nobody_outside_is_invited_to_practice(world: World) -> None:
    opened(world)
    case = practised(world).case
    guest = Participant.objects.filter(case=case).first()
    assert guest is not None
    with pytest.raises(Denied, match="practice"):
        invite(participant_id=guest.pk, by=in_practice(world, "chair"), now=OPENED, email="real@example.org")
    assert not OneTimeKey.objects.exists()


def test_practice_has_no_setting_and_no_figures_of_its_own(world: World, open_as: Callable[..., Any]) -> None:
    opened(world)
    admin = open_as(world, "admin")
    admin.get("/conferences/practice/")
    admin.send(*admin.form(having="enter"))
    page = admin.get("/").content.decode()
    assert 'href="/figures/"' not in page
    for address in ("/partnership/", "/partnership/people/new/", "/figures/"):
        assert admin.get(address).status_code == 403, address


def test_nothing_practised_reaches_the_figures_lists_or_history_of_the_partnership(
    world: World, open_as: Callable[..., Any]
) -> None:
    real = world.dissent_at("decided")
    before = _seen(world, open_as)
    twin = opened(world)
    dissent = practised(world)
    assert practice_twin(world.partnership.pk) == twin
    after = _seen(world, open_as)
    assert after == before
    assert partnerships_to_count() == [world.partnership.pk]
    for who in ("chair", "police", "reviewer", "admin"):
        assert set(Case.objects.visible_to(world.actor(who)).values_list("reference", flat=True)) <= {
            real.case.reference
        }
        assert open_as(world, who).get(f"/cases/{dissent.case.reference}/").status_code == 404


def _seen(world: World, open_as: Callable[..., Any]) -> dict[str, Any]:
    """What the partnership counts, and what its pages say, without what is new on each showing of them."""
    count_anew(partnership_id=world.partnership.pk, now=at("2026-04-02"))
    rows = Tally.objects.filter(partnership=world.partnership).order_by(
        "month", "counted", "kind", "version", "measure", "category"
    )
    pages = {
        (who, address): re.sub(
            r'(value|nonce|content|data-[a-z]+)="[^"]*"', "", open_as(world, who).get(address).content.decode()
        )
        for who, address in (
            ("chair", "/"), ("chair", "/conferences/"), ("chair", "/notices/"), ("police", "/"), ("reviewer", "/"),
            ("admin", "/"), ("admin", "/figures/"), ("admin", "/conferences/"), ("admin", "/partnership/people/"),
            ("admin", "/partnership/agencies/"), ("chair", "/protocols/"), ("chair", "/calculator/"),
        )
    }  # fmt: skip
    tallies = list(rows.values_list("month", "counted", "kind", "version", "measure", "category", "count"))
    assert tallies
    return {"tallies": tallies, "offers": sign_in_offers(), **pages}


def test_practice_is_emptied_by_opening_another(world: World, open_as: Callable[..., Any]) -> None:
    first = opened(world)
    practised(world)
    chair = open_as(world, "chair")
    chair.get("/conferences/practice/")
    chair.send(*chair.form(having="enter"))
    admin = open_as(world, "admin")
    admin.get("/conferences/practice/")
    to, fields = next((to, fields) for to, fields in admin.forms() if "again" in fields)
    assert admin.send(to, fields).status_code == 302
    second = practice_twin(world.partnership.pk)
    assert second is not None
    assert second != first
    assert not Conference.objects.filter(partnership=second).exists()
    # Who was in the old one stands in real work again; its clocks go on and tell nobody.
    assert "You are in practice." not in chair.get("/").content.decode()
    told = Message.objects.count()
    sweep(now=OPENED + dt.timedelta(days=40))
    send_due(now=OPENED + dt.timedelta(days=40), limit=1000)
    assert Message.objects.count() == told
    assert not Outbox.objects.filter(
        partnership=first, state__in=[OutboxState.PENDING, OutboxState.NOBODY]
    ).exists()
    history = admin.get("/partnership/history/").content.decode()
    assert "Opened practice" in history
    assert "Emptied practice" in history


def test_before_it_is_open_practice_says_whom_to_ask(world: World, open_as: Callable[..., Any]) -> None:
    chair = open_as(world, "chair")
    assert "Ask your partnership admin" in chair.get("/conferences/practice/").content.decode()
    answer = chair.send("/conferences/practice/start/", {})
    assert answer.status_code == 422
    assert "Practice is not open yet" in answer.content.decode()
    assert chair.send("/conferences/practice/enter/", {}).status_code == 422


def test_a_draft_of_practice_does_not_come_back_in_real_work(open_as: Callable[..., Any]) -> None:
    world = World("brighton-hove")
    opened(world)
    police = open_as(world, "police")
    police.get("/conferences/practice/")
    police.send(*police.form(having="enter"))
    page = police.get("/requests/new/").content.decode()
    found = re.search(r'data-draft-url="([^"]+)"', page)
    assert found, "the form is not kept"
    police.client.post(found[1].replace("&amp;", "&"), {"text": "Only practised."})
    assert "Only practised." in police.get("/requests/new/").content.decode()
    police.send("/conferences/practice/leave/", {})
    assert "Only practised." not in police.get("/requests/new/").content.decode()
