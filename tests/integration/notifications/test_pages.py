"""A person's notices, and the mail of a demonstration."""

import datetime as dt
import re
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from audit.models import AuditEvent
from cases.actions import add_participant
from cases.models import Participant
from cases.states import Capacity
from core.refusals import Denied
from dissent.models import Dissent
from dissent.states import DissentState
from notifications.actions import enqueue, send_again, send_due, tell_otherwise
from notifications.models import Message, Outbox, Preference
from notifications.selectors import undelivered
from notifications.states import MessageState, OutboxState, Pace
from partnerships.models import Membership, SlotHolder
from tests.builders import LATER, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: LATER)


@pytest.fixture
def world() -> World:
    world = World("camden")
    world.dissent_at(DissentState.UNDER_REVIEW)
    send_due(now=LATER)
    return world


def as_(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who].user)
    return client


def test_a_notice_is_new_until_it_is_opened_and_the_menu_counts_the_new_ones(world: World) -> None:
    client = as_(world, "reviewer")
    notice = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").latest("created_at")
    new = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").count()
    page = client.get("/notices/").content.decode()
    assert f"Notices ({new})" in page and notice.subject in page
    opened = client.post(f"/notices/{notice.uuid}/read/", {"open": "1"})
    assert opened.headers["Location"] == notice.link
    notice.refresh_from_db()
    assert notice.read_at == LATER
    client.post("/notices/read/")
    assert ">Notices<" in client.get("/").content.decode()


def test_the_notice_of_another_is_not_found(world: World) -> None:
    notice = Message.objects.filter(user=world.people["reviewer"].user, channel="notice").first()
    assert notice
    assert as_(world, "health").post(f"/notices/{notice.uuid}/read/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None
    assert notice.subject not in as_(world, "health").get("/notices/").content.decode()


def test_someone_without_notices_reads_what_will_come_here(world: World) -> None:
    assert "You have no notices." in as_(world, "health").get("/notices/").content.decode()


def test_the_mail_of_ones_own_partnership_is_shown_in_a_demonstration_and_nowhere_else(
    world: World, settings: Any
) -> None:
    elsewhere = World("hampshire")
    settings.DEMONSTRATION = False
    assert as_(world, "admin").get("/sent-mail/").status_code == 404
    settings.DEMONSTRATION = True
    page = as_(world, "admin").get("/sent-mail/").content.decode()
    assert "reviewer@camden.example.org" in page and "a formal dissent is recorded" in page
    assert "camden.example.org" not in as_(elsewhere, "admin").get("/sent-mail/").content.decode()


# --- how we tell you --------------------------------------------------------------------------------------------------


def test_a_person_chooses_how_to_be_told_and_reads_what_comes_at_once_all_the_same() -> None:
    world = World("kingston-richmond")
    client = as_(world, "reviewer")
    page = client.get("/notices/how/").content.decode()
    assert "reviewer@kingston-richmond.example.org" in page and "(AFC-15)" in page
    assert client.post("/notices/how/", {"pace": "daily"}).status_code == 302
    assert Preference.objects.get().pace == Pace.DAILY
    page = client.get("/notices/how/").content.decode()
    assert "Saved: how we tell you." in page
    assert re.search(r'value="daily"[^>]* checked', page)
    answer = client.post("/notices/how/", {"pace": "hourly"})
    assert answer.status_code == 422
    assert Preference.objects.get().pace == Pace.DAILY
    assert "How we tell you" in client.get("/notices/").content.decode()


# --- not delivered ----------------------------------------------------------------------------------------------------


@pytest.fixture
def dead(world: World, monkeypatch: pytest.MonkeyPatch) -> Message:
    """Two emails to the reviewer about a case that the mail server refused for good."""
    case = Dissent.objects.get().case
    for key in ("one", "two"):
        enqueue(
            partnership_id=world.partnership.pk, seat="slot:reviewer", kind="information_added", case=case,
            dedupe_key=key, now=LATER,
        )  # fmt: skip

    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise smtplib.SMTPRecipientsRefused({self.to[0]: (550, b"no such user")})

    with monkeypatch.context() as refusing:
        refusing.setattr(EmailMessage, "send", refuse)
        send_due(now=LATER)
    return Message.objects.filter(state=MessageState.FAILED).earliest("pk")


def test_the_admin_sees_whom_no_email_reached_why_and_what_to_do(world: World, dead: Message) -> None:
    home = as_(world, "admin").get("/").content.decode()
    assert "see to what was not delivered" in home and "Could not be sent" in home
    page = as_(world, "admin").get("/not-delivered/").content.decode()
    assert page.count('id="person-') == 1 and "Rhea Reviewer" in page and "does not know this address" in page
    assert page.count(dead.subject) == 2
    assert f"/not-delivered/{dead.uuid}/send/" in page and f"/not-delivered/{dead.uuid}/told/" in page
    assert "the mailbox that it comes back to is not read" in page
    assert as_(world, "reviewer").get("/not-delivered/").status_code == 403


def test_a_banner_on_the_case_says_so_to_everybody_there_until_it_is_seen_to(
    world: World, dead: Message
) -> None:
    assert dead.case
    address = f"/cases/{dead.case.reference}/"
    said = "did not reach everybody it was for"
    for who in ("reviewer", "chair", "police"):
        page = as_(world, who).get(address).content.decode()
        assert said in page and "/not-delivered/" not in page
    assert "/not-delivered/" in as_(world, "admin").get(address).content.decode()
    tell_otherwise(message_uuid=dead.uuid, how="phone", by=world.actor("admin"), now=LATER)
    page = as_(world, "reviewer").get(address).content.decode()
    assert said not in page
    assert "Told the person by phone, because an email had not arrived" in page
    assert "An email about this did not arrive" in page


def test_a_corrected_address_is_kept_and_everything_goes_there(world: World, dead: Message) -> None:
    client = as_(world, "admin")
    page = client.get(f"/not-delivered/{dead.uuid}/send/").content.decode()
    assert 'value="reviewer@camden.example.org"' in page
    answer = client.post(f"/not-delivered/{dead.uuid}/send/", {"email": "Rhea.Reviewer@camden.example.org"})
    assert answer.headers["Location"] == "/not-delivered/"
    assert "2 emails will be sent to Rhea Reviewer again." in client.get("/not-delivered/").content.decode()
    user = world.people["reviewer"].user
    user.refresh_from_db()
    assert user.email == "rhea.reviewer@camden.example.org"
    mail.outbox.clear()
    assert send_due(now=LATER + dt.timedelta(minutes=5)) == 2
    assert {email.to[0] for email in mail.outbox} == {"rhea.reviewer@camden.example.org"}
    assert not undelivered(world.partnership.pk).exists()
    types = list(AuditEvent.objects.order_by("pk").values_list("type", flat=True))
    assert types[-3:] == ["account.address_corrected", "message.sent_again", "message.sent_again"]


def test_sent_again_to_the_same_address_changes_no_account(world: World, dead: Message) -> None:
    assert (
        send_again(
            message_uuid=dead.uuid, email=" REVIEWER@camden.example.org", by=world.actor("admin"), now=LATER
        )
        == 2
    )
    assert not AuditEvent.objects.filter(type="account.address_corrected").exists()
    assert send_due(now=LATER + dt.timedelta(minutes=5)) == 2


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("", "Enter an email address"),
        ("rhea", "Enter an email address in the correct format"),
        ("chair@camden.example.org", "Somebody else has this address already"),
    ],
)
def test_an_address_that_cannot_be_is_refused_and_kept_on_the_form(
    world: World, dead: Message, email: str, says: str
) -> None:
    answer = as_(world, "admin").post(f"/not-delivered/{dead.uuid}/send/", {"email": email})
    page = answer.content.decode()
    assert (
        answer.status_code == 422 and says in page and f'value="{email}"' in page if email else says in page
    )
    dead.refresh_from_db()
    assert (dead.state, dead.to_email) == (MessageState.FAILED, "reviewer@camden.example.org")


def test_the_address_of_who_works_elsewhere_too_is_not_this_admins_to_change(
    world: World, dead: Message
) -> None:
    elsewhere = World("hampshire")
    Membership.objects.filter(pk=elsewhere.people["charity"].pk).update(user=world.people["reviewer"].user)
    page = as_(world, "admin").post(f"/not-delivered/{dead.uuid}/send/", {"email": "new@camden.example.org"})
    assert page.status_code == 422
    assert "Ask the operator of this service" in page.content.decode()


def test_a_person_without_an_account_is_corrected_in_the_case(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Dissent.objects.get().case
    add_participant(case, Capacity.CHAIR, name="Gus Guest", email="gus@wrong.example.org")
    person = Participant.objects.get(name="Gus Guest")
    enqueue(
        partnership_id=world.partnership.pk, seat=f"participant:{person.pk}", kind="information_added", case=case,
        dedupe_key="guest", now=LATER,
    )  # fmt: skip
    with monkeypatch.context() as refusing:
        refusing.setattr(
            EmailMessage, "send", failing(smtplib.SMTPRecipientsRefused({"gus": (550, b"no such user")}))
        )
        send_due(now=LATER)
    dead = Message.objects.get(state=MessageState.FAILED)
    send_again(message_uuid=dead.uuid, email="gus@right.example.org", by=world.actor("admin"), now=LATER)
    mail.outbox.clear()
    assert send_due(now=LATER + dt.timedelta(minutes=5)) == 1
    assert mail.outbox[0].to == ["gus@right.example.org"]
    person.refresh_from_db()
    assert person.email == "gus@right.example.org"


def failing(error: Exception) -> Any:
    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        raise error

    return send


def test_who_was_told_otherwise_is_written_to_no_more_and_it_is_seen_to_once(
    world: World, dead: Message
) -> None:
    client = as_(world, "admin")
    assert "Rhea Reviewer has not had:" in client.get(f"/not-delivered/{dead.uuid}/told/").content.decode()
    assert client.post(f"/not-delivered/{dead.uuid}/told/", {}).status_code == 422
    client.post(f"/not-delivered/{dead.uuid}/told/", {"how": "phone"})
    assert "Recorded that Rhea Reviewer was told." in client.get("/not-delivered/").content.decode()
    assert send_due(now=LATER + dt.timedelta(days=1)) == 0
    assert set(
        Message.objects.filter(outbox__dedupe_key__in=["one", "two"], channel="email").values_list(
            "state", flat=True
        )
    ) == {MessageState.TOLD}
    assert client.get(f"/not-delivered/{dead.uuid}/told/").status_code == 404
    with pytest.raises(Denied, match="seen to this already"):
        send_again(message_uuid=dead.uuid, email=dead.to_email, by=world.actor("admin"), now=LATER)


def test_a_message_that_found_nobody_can_be_told_otherwise_and_is_then_not_sent(world: World) -> None:
    SlotHolder.objects.filter(slot__key="second_tier").delete()
    enqueue(
        partnership_id=world.partnership.pk, seat="slot:second_tier", kind="passed_up", dedupe_key="nobody",
        case=Dissent.objects.get().case, now=LATER,
    )  # fmt: skip
    send_due(now=LATER)
    row = Outbox.objects.get(dedupe_key="nobody")
    client = as_(world, "admin")
    page = client.get("/not-delivered/").content.decode()
    assert "For nobody" in page and "Nobody in the post" in page
    client.post(f"/not-delivered/post/{row.uuid}/told/", {"how": "in_person"})
    row.refresh_from_db()
    assert row.state == OutboxState.SUPERSEDED
    world.fill("second_tier", "second")
    assert send_due(now=LATER + dt.timedelta(days=1)) == 0
    assert "has been delivered" in client.get("/not-delivered/").content.decode()


def test_what_did_not_arrive_is_the_admins_own_to_see_to_and_of_the_own_partnership_only(
    world: World, dead: Message
) -> None:
    elsewhere = World("hampshire")
    for verb in ("send", "told"):
        assert as_(world, "chair").get(f"/not-delivered/{dead.uuid}/{verb}/").status_code == 403
        assert as_(elsewhere, "admin").get(f"/not-delivered/{dead.uuid}/{verb}/").status_code == 404
    for by in (world.actor("chair"), elsewhere.actor("admin")):
        with pytest.raises(Denied):
            send_again(message_uuid=dead.uuid, email=dead.to_email, by=by, now=LATER)
        with pytest.raises(Denied):
            tell_otherwise(message_uuid=dead.uuid, how="phone", by=by, now=LATER)
    assert "Rhea Reviewer" not in as_(elsewhere, "admin").get("/not-delivered/").content.decode()
