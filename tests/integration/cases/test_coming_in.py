"""The way in for a guest: link, code, visit; what ends each; and that nothing is told to who is not invited."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import OneTimeKey
from accounts.states import PER_HOUR, KeyPurpose
from audit.models import AuditEvent
from cases import actions
from cases.models import GuestVisit, Invitation, Participant
from cases.states import IDLE, VISIT, Capacity
from core.actor import clock_actor
from core.refusals import Denied
from dissent import actions as dissents
from dissent.models import Addition, Dissent
from notifications.actions import lift_fence, raise_fence, send_due, send_keys_due
from partnerships.states import AgencyKind
from tests.builders import LATER, World

pytestmark = pytest.mark.django_db
ADDRESS = "gita@surgery.example.org"
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@dataclass
class Post:
    """The clock of the edge and what the mail server was given."""

    now: dt.datetime = LATER
    sent: list[Any] = field(default_factory=list)

    def collect(self) -> list[Any]:
        """What came since the last look."""
        send_keys_due(now=self.now)
        new = mail.outbox[len(self.sent) :]
        self.sent += new
        return new

    def link(self) -> str:
        found = re.search(r"http://[^/]+(/guest/\S+/\S+/)", self.collect()[-1].body)
        assert found
        return found[1]

    def code(self) -> str:
        found = re.search(r"code is (\d{6})\n", self.collect()[-1].body)
        assert found
        return found[1]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    post = Post()
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: post.now)
    return post


@pytest.fixture
def world() -> World:
    return World("kingston-richmond")


@pytest.fixture
def dissent(world: World) -> Dissent:
    """A dissent of a health visitor's colleague who has no account."""
    return world.dissent_of_guest("awaiting_view", email=ADDRESS)


def invited(world: World, dissent: Dissent, now: dt.datetime = LATER, **more: Any) -> Invitation:
    person = dissent.case.participants.get(capacity=Capacity.DISSENTER)
    return actions.invite(participant_id=person.pk, by=world.actor("chair", now), now=now, **more)


def come_in(post: Post, link: str = "") -> Client:
    client = Client()
    assert client.post(link or post.link()).headers["Location"] == "/guest/code/"
    response = client.post("/guest/code/", {"code": post.code()})
    assert response.status_code == 302, response.content.decode()
    return client


def page(dissent: Dissent, name: str = "case", *args: Any) -> str:
    return reverse(name, args=[dissent.case.reference, *args])


# --- coming in ----------------------------------------------------------------------------------------------------


def test_link_code_and_a_visit_of_their_own_case(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = Client()
    link = post.link()
    shown = client.get(link).content.decode()
    assert dissent.case.reference in shown and "Send me the code" in shown
    client.post(link)
    response = client.post("/guest/code/", {"code": post.code()})
    assert response.headers["Location"] == page(dissent)
    shown = client.get(page(dissent)).content.decode()
    assert "Gita Guest" in shown and "Write your view" in shown
    assert "Find by reference" not in shown and "Sign out" not in shown
    assert "Letters and papers" in shown  # their own letter, and what is shown to them
    assert client.get(f"{page(dissent)}papers/").status_code == 200
    types = (
        AuditEvent.objects.filter(type__startswith="guest.").order_by("seq").values_list("type", "actor_kind")
    )
    assert list(types) == [
        ("guest.invited", "person"), ("guest.link_opened", "guest"), ("guest.came_in", "guest"),
    ]  # fmt: skip


def test_what_the_mails_hold(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    (letter,) = post.collect()
    assert letter.to == [ADDRESS]
    assert letter.subject == f"Your link to case {dissent.case.reference}"
    child = dissent.case.children.get()
    assert child.initials not in letter.body + letter.subject
    assert "works once, within 24 hours" in letter.body
    assert "/guest/new-link/" in letter.body


def test_a_secret_is_nowhere_in_the_database(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    secret = post.link().strip("/").split("/")[-1]
    key = OneTimeKey.objects.get()
    assert secret not in "".join(str(value) for value in vars(key).values())
    assert len(key.digest) == 64


def test_a_scanner_that_opens_the_link_uses_nothing_up(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    link = post.link()
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert not post.collect()
    come_in(post, link)


def test_a_link_opens_once(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    link = post.link()
    come_in(post, link)
    for method in (Client().get, Client().post):
        response = method(link)
        assert response.status_code == 410
        assert "works no more" in response.content.decode()
    assert not post.collect()


def test_a_code_opens_once(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    link = post.link()
    client = Client()
    client.post(link)
    asked, code = uuid.UUID(client.session["guest_code"]), post.code()
    assert client.post("/guest/code/", {"code": code}).status_code == 302
    assert actions.come_in(code_uuid=asked, code=code, now=post.now) is None
    assert client.post("/guest/code/", {"code": code}).headers["Location"] == "/guest/new-link/"
    assert GuestVisit.objects.count() == 1


def test_a_link_expires(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    link = post.link()
    post.now = LATER + 24 * HOUR - MINUTE
    assert Client().get(link).status_code == 200
    post.now = LATER + 24 * HOUR
    assert Client().get(link).status_code == 410
    assert Client().post(link).status_code == 410


def test_a_code_expires(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    code = post.code()
    post.now += 15 * MINUTE
    response = client.post("/guest/code/", {"code": code})
    assert response.status_code == 422
    assert not GuestVisit.objects.exists()


def test_the_code_can_be_typed_with_spaces(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    code = post.code()
    assert client.post("/guest/code/", {"code": f" {code[:3]}-{code[3:]} "}).status_code == 302


def test_the_code_of_one_link_does_not_open_another(world: World, dissent: Dissent, post: Post) -> None:
    other = world.dissent_of_guest("awaiting_view", email="else@surgery.example.org")
    invited(world, dissent)
    first = Client()
    first.post(post.link())
    code = post.code()
    invited(world, other)
    second = Client()
    second.post(post.link())
    post.code()
    assert second.post("/guest/code/", {"code": code}).status_code == 422
    assert first.post("/guest/code/", {"code": code}).status_code == 302


def test_after_five_wrong_codes_the_right_one_opens_nothing_and_the_history_says_so(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    code = post.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        response = client.post("/guest/code/", {"code": wrong})
        assert "This code is not right" in response.content.decode()
    assert client.post("/guest/code/", {"code": code}).status_code == 422
    assert not GuestVisit.objects.exists()
    assert AuditEvent.objects.filter(type="guest.code_refused", outcome="denied").count() == 1
    client.post("/guest/code/again/")
    assert client.post("/guest/code/", {"code": post.code()}).status_code == 302


def test_another_code_takes_the_place_of_the_one_before(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    first = post.code()
    client.post("/guest/code/again/")
    second = post.code()
    assert client.post("/guest/code/", {"code": first}).status_code == (422 if first != second else 302)
    assert client.post("/guest/code/", {"code": second}).status_code == 302


def test_only_a_few_codes_are_sent_within_an_hour(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    for _ in range(PER_HOUR - 1):
        assert client.post("/guest/code/again/").status_code == 302
    response = client.post("/guest/code/again/")
    assert response.status_code == 422
    assert "Several codes were sent within the hour" in response.content.decode()
    assert OneTimeKey.objects.filter(purpose=KeyPurpose.GUEST_CODE).count() == PER_HOUR


def test_without_a_link_there_is_no_code_to_type(post: Post) -> None:
    for method in (Client().get, Client().post):
        assert method("/guest/code/").headers["Location"] == "/guest/new-link/"
    assert Client().post("/guest/code/again/").headers["Location"] == "/guest/new-link/"


def test_a_made_up_link_opens_nothing(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    real = post.link().split("/")
    assert Client().post(f"/guest/{uuid.uuid4()}/{real[3]}/").status_code == 410
    assert Client().post(f"/guest/{real[2]}/something-else/").status_code == 410
    assert not post.collect()


# --- a new link -----------------------------------------------------------------------------------------------------


def test_anybody_gets_the_same_answer_and_only_the_invited_get_a_link(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    post.collect()
    answers = []
    for address in (ADDRESS, "unknown@surgery.example.org", "police@kingston-richmond.example.org"):
        response = Client().post("/guest/new-link/", {"email": address.upper()})
        answers.append((response.status_code, re.sub(r"nonce=\S+", "", response.content.decode())))
    assert answers[0] == answers[1] == answers[2]
    assert [letter.to for letter in post.collect()] == [[ADDRESS]]


def test_only_a_few_links_are_sent_within_an_hour(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    for _ in range(PER_HOUR + 3):
        assert Client().post("/guest/new-link/", {"email": ADDRESS}).status_code == 200
    assert len(post.collect()) == PER_HOUR
    post.now += HOUR + MINUTE
    Client().post("/guest/new-link/", {"email": ADDRESS})
    assert len(post.collect()) == 1


def test_one_link_for_each_case(world: World, dissent: Dissent, post: Post) -> None:
    other = world.dissent_of_guest("awaiting_view", email=ADDRESS)
    invited(world, dissent)
    invited(world, other)
    post.collect()
    Client().post("/guest/new-link/", {"email": ADDRESS})
    subjects = {letter.subject for letter in post.collect()}
    assert subjects == {f"Your link to case {d.case.reference}" for d in (dissent, other)}


# --- what ends it ---------------------------------------------------------------------------------------------------


def withdrawn(world: World, dissent: Dissent) -> None:
    row = Invitation.objects.get(case=dissent.case, withdrawn_at__isnull=True)
    actions.withdraw_invitation(invitation_id=row.pk, by=world.actor("chair"), now=LATER)


def closed(world: World, dissent: Dissent) -> None:
    dissents.withdraw(dissent_id=dissent.pk, by=world.actor("chair"), reason="Settled.", now=LATER)


ENDINGS = pytest.mark.parametrize("end", [withdrawn, closed], ids=["withdrawn", "case closed"])


@ENDINGS
def test_the_link_ends(
    world: World, dissent: Dissent, post: Post, end: Callable[[World, Dissent], None]
) -> None:
    invited(world, dissent)
    link = post.link()
    end(world, dissent)
    assert Client().get(link).status_code == 410
    assert Client().post(link).status_code == 410
    Client().post("/guest/new-link/", {"email": ADDRESS})
    assert not [
        letter for letter in post.collect() if "/guest/" in letter.body and "Your link" in letter.subject
    ]


@ENDINGS
def test_the_code_ends(
    world: World, dissent: Dissent, post: Post, end: Callable[[World, Dissent], None]
) -> None:
    invited(world, dissent)
    client = Client()
    client.post(post.link())
    code = post.code()
    end(world, dissent)
    assert client.post("/guest/code/", {"code": code}).status_code == 422
    assert client.post("/guest/code/again/").status_code == 422
    assert not GuestVisit.objects.exists()


@ENDINGS
def test_the_visit_ends(
    world: World, dissent: Dissent, post: Post, end: Callable[[World, Dissent], None]
) -> None:
    invited(world, dissent)
    client = come_in(post)
    assert client.get(page(dissent)).status_code == 200
    end(world, dissent)
    assert client.get(page(dissent)).headers["Location"] == "/guest/new-link/?over"
    assert client.post(page(dissent, "add-information"), {"text": "More."}).status_code == 302
    assert not Addition.objects.exists()


@pytest.mark.parametrize(
    ("steps", "there"),
    [((IDLE,), False), ((IDLE - MINUTE,), True), ((IDLE - MINUTE,) * 4, True), ((IDLE - MINUTE,) * 5, False)],
    ids=["idle", "not idle yet", "going on", "the longest visit"],
)
def test_a_visit_lasts_a_limited_time(
    world: World, dissent: Dissent, post: Post, steps: tuple[dt.timedelta, ...], there: bool
) -> None:
    assert IDLE * 4 == VISIT
    invited(world, dissent)
    client = come_in(post)
    for step in steps:
        post.now += step
        response = client.get(page(dissent))
    assert (response.status_code == 200) is there


def test_a_guest_leaves(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = come_in(post)
    assert "You have left the case" in client.post("/guest/leave/").content.decode()
    assert GuestVisit.objects.get().ended_at == LATER
    assert client.get(page(dissent)).headers["Location"].startswith("/sign-in/")
    assert AuditEvent.objects.filter(type="guest.left").count() == 1


def test_the_next_visit_ends_the_one_before(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    first = come_in(post)
    Client().post("/guest/new-link/", {"email": ADDRESS})
    second = come_in(post)
    assert second.get(page(dissent)).status_code == 200
    assert first.get(page(dissent)).status_code == 302


# --- beside people with an account ------------------------------------------------------------------------------------


def test_a_signed_in_person_in_the_same_browser_is_not_mixed_up_with_the_guest(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    client = Client()
    client.force_login(world.people["health"].user)
    link = post.link()
    assert "signs them out" in client.get(link).content.decode()
    assert client.get("/").status_code == 200  # looking signs nobody out
    client.post(link)
    assert "_auth_user_id" not in client.session
    client.post("/guest/code/", {"code": post.code()})
    assert "Gita Guest" in client.get(page(dissent)).content.decode()
    client.post("/sign-in/", {"username": "x@example.org", "password": "wrong-password"})
    assert client.get(page(dissent)).status_code == 200


def test_signing_in_ends_the_guest_of_this_browser(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = come_in(post)
    user = world.people["health"].user
    user.set_password("a-long-invented-password")
    user.save(update_fields=["password"])
    client.post("/sign-in/", {"username": user.email, "password": "a-long-invented-password"})
    assert client.get(page(dissent)).status_code == 404
    client.post("/sign-out/")
    assert client.get(page(dissent)).headers["Location"].startswith("/sign-in/")


def test_a_guest_gets_no_password_and_no_account(world: World, dissent: Dissent, post: Post) -> None:
    invitation = invited(world, dissent)
    user = invitation.membership.user
    assert not user.has_usable_password()
    response = Client().post("/sign-in/", {"username": ADDRESS, "password": ""})
    assert response.status_code == 422


# --- what is theirs ---------------------------------------------------------------------------------------------------


def test_the_guest_sends_the_written_view_and_it_is_theirs(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    client = come_in(post)
    form = {"view": "What I saw and why it matters.", "outcome_sought": "Meet again.", "step": "send"}
    response = client.post(page(dissent, "written-view"), {**form, "token": str(uuid.uuid4())})
    assert response.status_code == 302, response.content.decode()
    view = world.fresh(dissent).written_view
    assert view.recorded_by.user.name == "Gita Guest"
    assert view.how == "form"
    event = AuditEvent.objects.get(type="dissent.written_view_received")
    assert (event.actor_kind, event.role, event.membership_id) == ("guest", "guest", view.recorded_by_id)
    history = client.get(page(dissent, "case-history")).content.decode()
    assert "by you" in history


def test_the_guest_adds_information_and_withdraws(world: World, dissent: Dissent, post: Post) -> None:
    invited(world, dissent)
    client = come_in(post)
    sent = client.post(page(dissent, "add-information"), {"text": "More.", "token": str(uuid.uuid4())})
    assert sent.headers["Location"] == page(dissent)
    assert "More." in client.get(page(dissent)).content.decode()
    client.post(page(dissent, "withdraw"), {"reason": "", "token": str(uuid.uuid4())})
    assert world.fresh(dissent).state == "withdrawn"


def test_the_reviewer_asks_and_the_guest_replies(world: World, post: Post) -> None:
    world = World("camden")
    dissent = world.dissent_of_guest("under_review", email=ADDRESS)
    row = dissents.ask(
        dissent_id=dissent.pk, by=world.actor("reviewer"), ask_id="information_dissenter", question="Why?", now=LATER
    )  # fmt: skip
    invited(world, dissent)
    client = come_in(post)
    assert "A question for you" in client.get(page(dissent)).content.decode()
    client.post(page(dissent, "reply", row.uuid), {"text": "Because.", "token": str(uuid.uuid4())})
    row.refresh_from_db()
    assert row.reply == "Because." and row.replied_by.user.name == "Gita Guest"


def test_another_case_is_not_found_and_pages_for_members_are_refused(
    world: World, dissent: Dissent, post: Post
) -> None:
    other = world.dissent_at("awaiting_view")
    invited(world, dissent)
    client = come_in(post)
    assert client.get(page(other)).status_code == 404
    assert client.get(page(other, "written-view")).status_code == 404
    for url in ("/", "/conferences/", "/notices/", "/partnership/", page(dissent, "review")):
        response = client.get(url)
        assert response.status_code == 403, url
        assert "Go to your case" in response.content.decode()


def test_a_guest_who_is_no_dissenter_sees_the_case_and_does_nothing_of_the_dissenters(
    world: World, post: Post
) -> None:
    dissent = world.dissent_at("awaiting_view")
    person = Participant.objects.create(
        partnership=world.partnership, case=dissent.case, capacity=Capacity.ADVISER,
        agency=world.agencies[AgencyKind.HEALTH], name="Gita Guest", email=ADDRESS,
    )  # fmt: skip
    actions.invite(participant_id=person.pk, by=world.actor("chair"), now=LATER)
    client = come_in(post)
    shown = client.get(page(dissent))
    assert shown.status_code == 200
    assert "The risk at home was not heard." not in shown.content.decode()
    for rest in ("written-view", "withdraw", "add-information"):
        assert client.get(page(dissent, rest)).status_code == 403


# --- inviting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "may"), [("chair", 302), ("minutes", 302), ("reviewer", 302), ("admin", 302), ("police", 404)]
)
def test_who_invites(world: World, dissent: Dissent, who: str, may: int) -> None:
    person = dissent.case.participants.get(capacity=Capacity.DISSENTER)
    client = Client()
    client.force_login(world.people[who].user)
    url = page(dissent, "invite-guest", person.uuid)
    response = client.post(url, {"email": ADDRESS, "token": str(uuid.uuid4())})
    assert response.status_code == may
    assert Invitation.objects.exists() is (may == 302)


def test_a_corrected_address_ends_the_invitation_under_the_old_one(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    old = post.link()
    invited(world, dissent, email="gita@other.example.org")
    assert Client().get(old).status_code == 410
    (letter,) = post.collect()
    assert letter.to == ["gita@other.example.org"]
    assert Invitation.objects.filter(withdrawn_at__isnull=True).count() == 1
    assert dissent.case.participants.get(capacity=Capacity.DISSENTER).email == "gita@other.example.org"


def test_nobody_with_an_account_and_nobody_in_a_closed_case_is_invited(
    world: World, dissent: Dissent
) -> None:
    chair = dissent.case.participants.get(capacity=Capacity.CHAIR)
    with pytest.raises(Denied, match="own account"):
        actions.invite(participant_id=chair.pk, by=world.actor("chair"), now=LATER)
    closed(world, dissent)
    with pytest.raises(Denied, match="This case is closed"):
        invited(world, dissent)


def test_the_case_page_says_who_has_no_account_and_whether_they_have_come(
    world: World, dissent: Dissent, post: Post
) -> None:
    client = Client()
    client.force_login(world.people["chair"].user)
    shown = client.get(page(dissent)).content.decode()
    assert "Not invited. You can enter things for them." in shown
    invited(world, dissent)
    assert "Has not come in yet" in client.get(page(dissent)).content.decode()
    come_in(post)
    assert "Invited. Last here" in client.get(page(dissent)).content.decode()
    assert "Without an account" not in come_in_again(post).get(page(dissent)).content.decode()


def come_in_again(post: Post) -> Client:
    Client().post("/guest/new-link/", {"email": ADDRESS})
    return come_in(post)


def test_whoever_holds_the_case_may_still_enter_the_view_for_an_invited_guest(
    world: World, dissent: Dissent
) -> None:
    invited(world, dissent)
    world.send_view(dissent, who="reviewer")
    assert world.fresh(dissent).written_view.recorded_by == world.people["reviewer"]


# --- messages to somebody without an account ----------------------------------------------------------------------------


def test_messages_name_the_page_where_a_link_is_asked_for(world: World, dissent: Dissent, post: Post) -> None:
    dissents.remind_of_written_view(dissent_id=dissent.pk, by=world.actor("reviewer"), now=LATER)
    send_due(now=LATER)
    letters = [letter for letter in mail.outbox if letter.to == [ADDRESS]]
    assert letters
    for letter in letters:
        assert "/guest/new-link/" in letter.body
        assert "/cases/" not in letter.body and "Sign in" not in letter.body


def test_an_address_that_is_corrected_because_mail_came_back_ends_the_invitation(
    world: World, dissent: Dissent, post: Post
) -> None:
    invited(world, dissent)
    link = post.link()
    actions.correct_participant_address(
        partnership_id=world.partnership.pk, was=ADDRESS, email="new@surgery.example.org", by=world.actor("admin"), now=LATER
    )  # fmt: skip
    assert Client().get(link).status_code == 410
    assert invited(world, dissent).membership.user.email == "new@surgery.example.org"


def test_no_link_leaves_while_the_fence_is_up(world: World, dissent: Dissent, post: Post) -> None:
    raise_fence(dump_at=LATER, by=clock_actor(None), now=LATER)
    invited(world, dissent)
    assert post.collect() == []
    lift_fence(by=clock_actor(None), now=LATER)
    assert len(post.collect()) == 1
