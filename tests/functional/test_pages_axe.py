"""Every page in every state that a walk through the roles gives: empty, filled in, and refused.

Each is looked at by axe at the width of a desk and at 320 pixels, and none may scroll sideways, have a target that is too
small, a summary of errors whose links lead nowhere, or anything of a child in its title or address.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page

from cases.models import Child
from conferences import actions as conferences
from conferences.models import Attendance, MissingEntryRequest
from convening import actions as convenings
from dissent import actions as dissents
from dissent.states import DissentState as S
from escalation import actions as escalations
from learning import actions as learning
from notifications.actions import enqueue, send_due
from notifications.models import Message, Outbox
from notifications.states import MessageState
from partnerships.actions import add_member
from partnerships.models import Membership, SlotHolder
from partnerships.states import AgencyKind, Role
from tests.builders import LATER, SPOKEN, START
from tests.functional.people import AFTER, NEXT_DAY, House, Person
from tests.ladders import NEXT, Ladder
from tests.mail_server import mail_server_running

NAME = "Quillon Example"  # of the child
WIDTHS = (1366, 320)


@dataclass(frozen=True)
class Look:
    """A page in a state: who opens which address, and what they do there first."""

    what: str
    who: str
    address: str
    do: Callable[[Person], Any] | None = None
    refused: bool = False
    status: int = 200  # of the page, before anything is done on it


def nothing(button: str = "") -> Callable[[Person], Any]:
    """Send the form of the page with everything emptied."""

    def send(person: Person) -> None:
        for box in (
            person.page.locator("main form")
            .locator("textarea, input:not([type]), input[type=text], select")
            .all()
        ):
            if box.evaluate("box => box.tagName") == "SELECT":
                box.evaluate("box => { box.selectedIndex = 0 }")
            else:
                box.evaluate("box => { box.value = '' }")
        person.press(re.compile(button)) if button else person._go(submit_of(person.page))

    return send


def submit_of(page: Page) -> Any:
    return page.locator("main form button.govuk-button:not([name=step][tabindex], [formaction])").last


def typed(**words: str) -> Callable[[Person], Any]:
    def fill(person: Person) -> None:
        for name, text in words.items():
            person.fill(name, text)

    return fill


def chain(*steps: Callable[[Person], Any]) -> Callable[[Person], Any]:
    def do(person: Person) -> None:
        for step in steps:
            step(person)

    return do


def press(button: str) -> Callable[[Person], Any]:
    return lambda person: person.press(re.compile(button))


def pick(name: str, number: int = 0) -> Callable[[Person], Any]:
    return lambda person: person.page.locator(f"main [name='{name}']").nth(number).check()


def bad_file(person: Person) -> None:
    """A protocol with mistakes, chosen and sent."""
    wrong = b'schema = 1\n[protocol]\nid = 3\n[[area]]\nslug = "camden"\n[words]\nmoon = 4\n'
    person.page.locator("main input[type=file]").set_input_files(
        {"name": "wrong.toml", "mimeType": "text/plain", "buffer": wrong}
    )
    person.press(re.compile("^Check the file"))


def unticked(person: Person) -> None:
    for box in person.page.locator("main input[type=checkbox]").all():
        box.uncheck()
    person.press(re.compile("^Save"))


def keep(name: str) -> Callable[[Person], Any]:
    """Keep what the list shows by a name."""
    return lambda person: person.unfold("Keep what is shown now").fill("name", name).press("Keep this view")


def find(words: str) -> Callable[[Person], Any]:
    def send(person: Person) -> None:
        person.page.get_by_label("Find by reference").fill(words)
        person._go(person.page.get_by_role("button", name="Find"))

    return send


def wrong_password(person: Person) -> None:
    person.type("Email address", "nobody@example.org").type("Password", "not-the-password").press("Sign in")


# --- what the groups look at --------------------------------------------------------------------------------------


def signed_out(house: House) -> dict[str, str]:
    return {}


def booked(house: House) -> dict[str, str]:
    world = house.world
    conference = world.booked(children=2)
    house.at(conference.starts_at)
    return {"cf": conference.reference}


def live(house: House) -> dict[str, str]:
    """In session: one conference whose round is open, one that is decided and has a dissent."""
    world = house.world
    open_one, decided = world.started(children=2), world.decided(children=2)
    house.at(SPOKEN)
    dissent = world.recorded(decided)
    first = Attendance.objects.filter(conference=open_one, membership=world.people["police"]).get()
    other = world.seat(decided, "health")
    return {
        "cf": open_one.reference, "seat": str(first.uuid), "dc": decided.reference, "other": str(other.uuid),
        "pd": dissent.case.reference,
    }  # fmt: skip


def ended(house: House) -> dict[str, str]:
    """Over, with a dissent whose written view is awaited, and someone who says that theirs is missing."""
    world = house.world
    dissent = world.dissent_at(S.AWAITING_VIEW, children=2)
    house.at(NEXT_DAY)
    conferences.ask_missing_entry(
        attendance_id=world.seat(dissent.conference, "school").pk, by=world.actor("school"),
        text="I said it at the end.", said_at=SPOKEN, now=LATER,
    )  # fmt: skip
    asked = str(MissingEntryRequest.objects.get().uuid)
    return {"cf": dissent.conference.reference, "pd": dissent.case.reference, "asked": asked}


def under_review(house: House) -> dict[str, str]:
    """With the reviewer, who has asked the dissenter something."""
    world = house.world
    dissent = world.dissent_at(S.UNDER_REVIEW)
    house.at(NEXT_DAY)
    tier = world.area.review.tiers[0] if world.area.review else None
    asks = tier.may_ask if tier else ()
    given = {"cf": dissent.conference.reference, "pd": dissent.case.reference}
    if asks:
        mine = next(a for a in asks if "dissenter" in a.who)
        ask = dissents.ask(
            dissent_id=dissent.pk,
            by=world.actor("reviewer"),
            ask_id=mine.id,
            question="What was said?",
            now=LATER,
        )
        given["ask"] = str(ask.uuid)
    return given


def decided(house: House) -> dict[str, str]:
    """Upheld at the second tier, with a conference to be booked and people to be told."""
    world = house.world
    dissent = world.dissent_at(S.SECOND_TIER)
    world.answer(dissent, "reconvene", by="second")
    house.at(AFTER)
    tell = dissents.policies.tellings_due(world.fresh(dissent), world.area)[0]
    return {"pd": dissent.case.reference, "tell": tell.id}


def closed(house: House) -> dict[str, str]:
    world = house.world
    one, two = world.dissent_at(S.CLOSED), world.dissent_at(S.WITHDRAWN)
    three = world.dissent_at(S.DECIDED)
    house.at(AFTER)
    child = three.case.children.first()
    return {
        "pd": one.case.reference, "wd": two.case.reference, "dd": three.case.reference, "child": str(child.uuid),
    }  # fmt: skip


def on_ladder(house: House) -> dict[str, str]:
    dissent = house.world.dissent_at(S.ON_LADDER)
    house.at(NEXT_DAY)
    return {"pd": dissent.case.reference, "cf": dissent.conference.reference}


def late(house: House) -> dict[str, str]:
    """The date of the decision has passed."""
    world = house.world
    dissent = world.dissent_at(S.UNDER_REVIEW)
    house.at(LATER + dt.timedelta(days=20))
    return {"pd": dissent.case.reference}


def learnt_from(house: House) -> dict[str, str]:
    """A text of the protocol that waits, cases in several places, and what one of them teaches."""
    world = house.world
    world.second_admin()
    one = world.dissent_at(S.CLOSED)
    for state in (S.UNDER_REVIEW, S.DECIDED):
        world.dissent_at(state)
    world.booked(starts_at=AFTER + dt.timedelta(days=9))
    point = '[[guidance]]\nid = "early"\ntitle = "Talk early"\ntext = "Speak before you write."\nrule = "CAM-4"\n\n[words]'
    upload = world.uploaded(
        ('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 8'), ("[words]", point),
        day="2026-04-01", now=LATER,
    )  # fmt: skip
    learning.note_lesson(
        case_id=one.case_id, themes=["neglect", "plan"], point="Send the chronology before the conference.",
        by=world.actor("reviewer"), now=LATER,
    )  # fmt: skip
    made = learning.make_summary(
        partnership_id=world.partnership.pk, period="2025-Q4", points=[], by=world.actor("admin"), now=LATER
    )
    house.at(AFTER)
    return {
        "pd": one.case.reference,
        "up": str(upload.uuid),
        "sum": str(made.uuid),
        "from": str(world.area.effective_from),
    }


TRY = (
    "conference_ended_day=10&conference_ended_month=3&conference_ended_year=2026&conference_ended_time=3pm"
    "&expressed_at_day=11&expressed_at_month=3&expressed_at_year=2026&expressed_at_time=9am"
)
WHO = "agency_kind=police&presence=attended"


def two_roles(house: House) -> dict[str, str]:
    world = house.world
    mine = world.people["police"]
    second = add_member(
        agency=world.agencies[AgencyKind.SOCIAL_CARE], email=mine.user.email, name=mine.user.name, role=Role.CHAIR,
        job_title="Conference chair", starts_on=START,
    )  # fmt: skip
    assert Membership.objects.filter(user=second.user).count() == 2
    return {}


def undeliverable(house: House) -> dict[str, str]:
    """A mail server that knows one person no longer, and a post that nobody is in."""
    world = house.world
    dissent = world.dissent_at(S.UNDER_REVIEW)
    SlotHolder.objects.filter(slot__key="senior_cp_manager").delete()
    enqueue(
        partnership_id=world.partnership.pk, seat="slot:senior_cp_manager", kind="decided", case=dissent.case,
        dedupe_key="for nobody", now=LATER,
    )  # fmt: skip
    house.at(NEXT_DAY)
    with (
        mail_server_running() as box,
        override_settings(
            EMAIL_BACKEND="notifications.channels.MailServer", EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port
        ),
    ):
        box.to = {"reviewer": "550 No such user", "chair": "550 No such user"}
        send_due(now=LATER)
    dead = Message.objects.filter(state=MessageState.FAILED).latest("pk")
    nobody = Outbox.objects.get(dedupe_key="for nobody")
    return {"pd": dissent.case.reference, "dead": str(dead.uuid), "nobody": str(nobody.uuid)}


def talking(house: House) -> dict[str, str]:
    """Discussions on record, and requests for a conference at each step."""
    world = house.world
    dissent, quiet = world.dissent_at(S.UNDER_REVIEW), world.dissent_at(S.UNDER_REVIEW)
    house.at(NEXT_DAY)
    record = world.discussion(dissent.case, now=LATER + dt.timedelta(hours=4))
    draft = world.discussion(dissent.case, approved=False)
    world.discussion(dissent.case, who="chair", other="police")
    last = world.convening_answered()
    convenings.ask_last_resort(convening_id=last.pk, by=world.actor("police"), now=LATER)
    house.at(LATER + dt.timedelta(hours=5))
    return {
        "pd": dissent.case.reference, "empty": quiet.case.reference, "record": str(record.uuid), "draft": str(draft.uuid),
        "asked": world.convening().case.reference, "no": world.convening_answered().case.reference,
        "yes": world.convening_answered(outcome="convene").case.reference, "last": last.case.reference,
    }  # fmt: skip


def complained(house: House) -> dict[str, str]:
    """A complaint at each of its steps."""
    world = house.world
    logged = world.complaint(aspects=(), outside_list=True)
    acknowledged = world.complaint_acknowledged()
    decided_ = world.complaint_decided(world.complaint_acknowledged(), "reconvened_other_chair")
    house.at(LATER + dt.timedelta(hours=1))
    return {
        "pd": logged.case.reference, "ack": acknowledged.case.reference, "dd": decided_.case.reference,
    }  # fmt: skip


def climbing(house: House) -> dict[str, str]:
    """An escalation between the managers, one with the partnership, and one that is settled with something to do."""
    up = Ladder(house.world)
    one, two, three = up.at("first_line_managers"), up.at("partnership"), up.raised()
    up.met(one)
    action = escalations.agree(
        escalation_id=three.pk,
        by=up.actor("police"),
        what="A visit.",
        owner="Wanda Worker",
        due_on=None,
        now=NEXT,
    )
    up.settled(three)
    house.at(NEXT + dt.timedelta(days=6))
    return {
        "pd": one.case.reference, "top": two.case.reference, "done": three.case.reference, "action": str(action.uuid),
        "way": up.ways(one)[0].key, "leads": up.ways(one)[1].key,
    }  # fmt: skip


LOOKS: dict[str, tuple[str, Callable[[House], dict[str, str]], tuple[Look, ...]]] = {
    "signed out": ("camden", signed_out, (
        Look("sign in", "", "/sign-in/"),
        Look("sign in, refused", "", "/sign-in/", wrong_password, refused=True),
        Look("sign in, empty", "", "/sign-in/", nothing(), refused=True),
        Look("protocols", "", "/protocols/"),
        *(Look(f"protocol of {slug}", "", f"/protocols/{slug}/") for slug in
          ("kingston-richmond", "camden", "brighton-hove", "west-dunbartonshire", "hampshire")),
        Look("calculator", "", "/calculator/"),
        Look("calculator of one", "", "/calculator/?partnership=brighton-hove"),
        Look("calculator, filled", "", "/calculator/?partnership=brighton-hove&conference_ended_day=2"
             "&conference_ended_month=4&conference_ended_year=2026&conference_ended_time=3pm"),
        Look("calculator, refused", "", "/calculator/?partnership=brighton-hove&conference_ended_day=31"
             "&conference_ended_month=2&conference_ended_year=2026&conference_ended_time=3pm", refused=True, status=422),
        Look("help", "", "/help/"), Look("accessibility", "", "/accessibility/"), Look("privacy", "", "/privacy/"),
        Look("what the words mean", "", "/help/words/"), Look("help of a chair", "", "/help/chair/"),
        Look("a rule", "", "/rules/SUS-27/"),
        Look("not found", "", "/no/such/page/", status=404),
    )),
    "before the conference": ("west-dunbartonshire", booked, (
        Look("home", "chair", "/"), Look("list", "chair", "/conferences/"),
        Look("book", "chair", "/conferences/new/"),
        Look("book, refused", "chair", "/conferences/new/", nothing(), refused=True),
        Look("attendance, booked", "chair", "/conferences/{cf}/attendance/"),
        Look("start", "chair", "/conferences/{cf}/start/"),
        Look("cancel", "chair", "/conferences/{cf}/cancel/"),
        Look("cancel, refused", "chair", "/conferences/{cf}/cancel/", nothing(), refused=True),
        Look("script, booked", "chair", "/conferences/{cf}/script/"),
        Look("views, booked", "chair", "/conferences/{cf}/views/"),
        Look("decision, booked", "chair", "/conferences/{cf}/decision/"),
        Look("invited", "police", "/conferences/{cf}/"),
        Look("home, nothing yet", "police", "/"),
        Look("home, no reviews", "reviewer", "/"),
        Look("not mine", "charity", "/conferences/new/", status=403),
    )),
    "the live record": ("kingston-richmond", live, (
        Look("attendance", "chair", "/conferences/{cf}/attendance/"),
        Look("add people", "chair", "/conferences/{cf}/attendance/people/"),
        Look("add people, refused", "chair", "/conferences/{cf}/attendance/people/", nothing(), refused=True),
        Look("add a person", "chair", "/conferences/{cf}/attendance/person/"),
        Look("add a person, refused", "chair", "/conferences/{cf}/attendance/person/", nothing(), refused=True),
        Look("add family", "chair", "/conferences/{cf}/attendance/family/"),
        Look("add family, refused", "chair", "/conferences/{cf}/attendance/family/", nothing(), refused=True),
        Look("add a child", "chair", "/conferences/{cf}/children/add/"),
        Look("add a child, refused", "chair", "/conferences/{cf}/children/add/", nothing("^Add child"), refused=True),
        Look("script", "chair", "/conferences/{cf}/script/"),
        Look("script, ticked", "chair", "/conferences/{cf}/script/", press("^Done now")),
        Look("round", "chair", "/conferences/{cf}/views/"),
        Look("one view", "chair", "/conferences/{cf}/views/?person={seat}"),
        Look("one view, refused", "chair", "/conferences/{cf}/views/?person={seat}", nothing(), refused=True),
        Look("round, filled", "chair", "/conferences/{dc}/views/"),
        Look("decision", "chair", "/conferences/{cf}/decision/"),
        Look("decision, refused", "chair", "/conferences/{cf}/decision/", nothing("^Record decision"), refused=True),
        Look("decision, filled", "chair", "/conferences/{dc}/decision/"),
        Look("record", "chair", "/conferences/{cf}/record/"),
        Look("note a view", "chair", "/conferences/{cf}/note-view/"),
        Look("note one view", "chair", "/conferences/{cf}/note-view/?person={seat}"),
        Look("note one view, refused", "chair", "/conferences/{cf}/note-view/?person={seat}", nothing(), refused=True),
        Look("adjourn", "chair", "/conferences/{cf}/adjourn/"),
        Look("adjourn, refused", "chair", "/conferences/{cf}/adjourn/", nothing(), refused=True),
        Look("dissent, undecided", "chair", "/conferences/{cf}/dissent/"),
        Look("dissent", "chair", "/conferences/{dc}/dissent/"),
        Look("dissent of one", "chair", "/conferences/{dc}/dissent/?person={other}"),
        Look("dissent of one, refused", "chair", "/conferences/{dc}/dissent/?person={other}",
             nothing("Record formal dissent"), refused=True),
        Look("end, with gaps", "chair", "/conferences/{cf}/end/"),
        Look("end, refused", "chair", "/conferences/{cf}/end/", nothing(), refused=True),
        Look("end", "chair", "/conferences/{dc}/end/"),
        Look("case, just recorded", "police", "/cases/{pd}/"),
        Look("adjourned", "chair", "/conferences/{cf}/adjourn/", chain(typed(reason="Fire alarm."), press("^Adjourn"))),
    )),
    "the dissenter": ("kingston-richmond", ended, (
        Look("ended", "chair", "/conferences/{cf}/ended/"),
        Look("late entry", "chair", "/conferences/{cf}/dissent/"),
        Look("the whole record", "chair", "/conferences/{cf}/"),
        Look("home of the chair", "chair", "/"),
        Look("answer a missing entry", "chair", "/conferences/missing-entries/{asked}/"),
        Look("answer a missing entry, refused", "chair", "/conferences/missing-entries/{asked}/", nothing(), refused=True),
        Look("own part", "police", "/conferences/{cf}/"),
        Look("own part, asked", "school", "/conferences/{cf}/"),
        Look("missing entry", "health", "/conferences/{cf}/missing-entry/"),
        Look("missing entry, refused", "health", "/conferences/{cf}/missing-entry/", nothing(), refused=True),
        Look("home", "police", "/"),
        Look("notices", "police", "/notices/"),
        Look("case", "police", "/cases/{pd}/"),
        Look("history", "police", "/cases/{pd}/history/"),
        Look("written view", "police", "/cases/{pd}/written-view/"),
        Look("written view, refused", "police", "/cases/{pd}/written-view/", nothing(), refused=True),
        Look("written view, to check", "police", "/cases/{pd}/written-view/",
             chain(typed(view="My view.", outcome_sought="Meet again."), press("^Check"))),
        Look("withdraw", "police", "/cases/{pd}/withdraw/"),
        Look("add information", "police", "/cases/{pd}/information/"),
        Look("add information, refused", "police", "/cases/{pd}/information/", nothing(), refused=True),
        Look("task", "police", "/cases/{pd}/tasks/consider_parents_and_child/"),
        Look("case of the reviewer, waiting", "reviewer", "/cases/{pd}/"),
        Look("remind", "reviewer", "/cases/{pd}/remind/"),
        Look("without the view", "reviewer", "/cases/{pd}/review-without-view/"),
        Look("without the view, refused", "reviewer", "/cases/{pd}/review-without-view/", nothing(), refused=True),
        Look("not pursued", "reviewer", "/cases/{pd}/not-pursued/"),
        Look("case of the chair", "chair", "/cases/{pd}/"),
        Look("case of the minute taker", "minutes", "/cases/{pd}/"),
    )),
    "the review": ("camden", under_review, (
        Look("home", "reviewer", "/"),
        Look("case", "reviewer", "/cases/{pd}/"),
        Look("all cases", "reviewer", "/cases/"), Look("cases, none like that", "reviewer", "/cases/?due=late"),
        Look("cases, a view kept", "reviewer", "/cases/?stage=open", keep("Open ones")),
        Look("cases, a view without a name", "reviewer", "/cases/?stage=open", keep(""), refused=True),
        Look("nothing found", "reviewer", "/", find("Tilly Moss")),
        Look("review", "reviewer", "/cases/{pd}/review/"),
        Look("review, refused", "reviewer", "/cases/{pd}/review/", nothing("^Check and send$"), refused=True),
        Look("review, ticked", "reviewer", "/cases/{pd}/review/", press("^Tick as read")),
        Look("review, to check", "reviewer", "/cases/{pd}/review/", chain(
            pick("outcome"), typed(reasons="Weighed.", unread_reason="Known well."), press("^Check and send$"))),
        Look("conversation", "reviewer", "/cases/{pd}/review/conversation/"),
        Look("conversation, refused", "reviewer", "/cases/{pd}/review/conversation/", nothing(), refused=True),
        Look("ask", "reviewer", "/cases/{pd}/review/ask/"),
        Look("ask, refused", "reviewer", "/cases/{pd}/review/ask/", nothing(), refused=True),
        Look("case with a question", "police", "/cases/{pd}/"),
        Look("reply", "police", "/cases/{pd}/review/asks/{ask}/"),
        Look("reply, refused", "police", "/cases/{pd}/review/asks/{ask}/", nothing(), refused=True),
        Look("not mine", "police", "/cases/{pd}/review/", status=403),
        Look("not found", "reviewer", "/cases/PD-AAAA-AA/", status=404),
    )),
    "a review with a conversation": ("brighton-hove", under_review, (
        Look("review", "reviewer", "/cases/{pd}/review/"),
        Look("review, refused", "reviewer", "/cases/{pd}/review/", chain(
            pick("outcome"), typed(reasons="Weighed."), press("^Check and send$")), refused=True),
        Look("conversation", "reviewer", "/cases/{pd}/review/conversation/"),
        Look("late typing", "police", "/conferences/{cf}/dissent/new/"),
    )),
    "a full review": ("west-dunbartonshire", late, (
        Look("home, overdue", "reviewer", "/"),
        Look("case, overdue", "reviewer", "/cases/{pd}/"),
        Look("review, overdue", "reviewer", "/cases/{pd}/review/"),
        Look("review, refused", "reviewer", "/cases/{pd}/review/", nothing("^Check and send$"), refused=True),
        Look("home of the administrator", "admin", "/"),
        Look("case, overdue, dissenter", "police", "/cases/{pd}/"),
    )),
    "the protocol on screen, and what is learnt": ("camden", learnt_from, (
        Look("overview", "admin", "/overview/"),
        Look("list behind a number", "admin", "/overview/cases/?of=open"),
        Look("list behind a number, empty", "admin", "/overview/cases/?of=late"),
        Look("versions", "admin", "/partnership/protocol/"),
        Look("a text that waits", "admin", "/partnership/protocol/{up}/"),
        Look("a text that waits, to the second person", "admin2", f"/partnership/protocol/{{up}}/?{TRY}"),
        Look("a version", "police", "/protocols/camden/from/{from}/"),
        Look("versions, with mistakes", "admin2", "/partnership/protocol/{up}/", chain(
            press("^Withdraw it"), bad_file), refused=True),
        Look("compare", "chair", "/compare/"),
        Look("compare, refused", "chair", "/compare/?partnership=&case=invented", refused=True, status=422),
        Look("compare, a past case", "admin", "/compare/?partnership=brighton-hove&case={pd}"),
        Look("compare, invented", "chair", f"/compare/?partnership=brighton-hove&case=invented&{TRY}&{WHO}"),
        Look("what can be learnt", "reviewer", "/cases/{pd}/learning/"),
        Look("what can be learnt, refused", "reviewer", "/cases/{pd}/learning/", unticked, refused=True),
        Look("learning", "admin", "/learning/"),
        Look("learning, refused", "admin", "/learning/", nothing("^Add the theme"), refused=True),
        Look("summary, to make", "admin", "/learning/summaries/new/?period=2025-Q3"),
        Look("summary", "police", "/learning/summaries/{sum}/"),
        Look("summaries", "police", "/learning/summaries/"),
    )),
    "after the decision": ("camden", decided, (
        Look("home", "reviewer", "/"),
        Look("case of the dissenter", "police", "/cases/{pd}/"),
        Look("case of the chair", "chair", "/cases/{pd}/"),
        Look("case of the second tier", "second", "/cases/{pd}/"),
        Look("told", "reviewer", "/cases/{pd}/told/{tell}/"),
        Look("told, refused", "reviewer", "/cases/{pd}/told/{tell}/", nothing(), refused=True),
        Look("book the conference", "reviewer", "/cases/{pd}/follow-up/"),
        Look("book the conference, refused", "reviewer", "/cases/{pd}/follow-up/", nothing(), refused=True),
        Look("cannot be closed yet", "reviewer", "/cases/{pd}/close/"),
        Look("history", "reviewer", "/cases/{pd}/history/"),
    )),
    "closed": ("kingston-richmond", closed, (
        Look("home", "reviewer", "/"), Look("everything closed", "reviewer", "/?closed=all"),
        Look("case closed", "police", "/cases/{pd}/"), Look("case withdrawn", "police", "/cases/{wd}/"),
        Look("close", "reviewer", "/cases/{dd}/close/"),
        Look("not found by reference", "police", "/", lambda person: (
            person.page.get_by_label("Find by reference").fill("PD-ZZZZ-ZZ"),
            person._go(person.page.get_by_role("button", name="Find")))),
    )),
    "no review": ("hampshire", on_ladder, (
        Look("case", "police", "/cases/{pd}/"), Look("case of the chair", "chair", "/cases/{pd}/"),
        Look("challenge", "police", "/cases/{pd}/challenge/"),
        Look("challenge, refused", "police", "/cases/{pd}/challenge/", nothing(), refused=True),
        Look("home", "police", "/"),
        Look("task", "police", "/cases/{pd}/tasks/raise_with_chair/"),
        Look("own dissent", "health", "/conferences/{cf}/dissent/new/"),
        Look("own dissent, refused", "health", "/conferences/{cf}/dissent/new/",
             nothing("Record formal dissent"), refused=True),
    )),
    "messages": ("brighton-hove", undeliverable, (
        Look("home", "admin", "/"), Look("not delivered", "admin", "/not-delivered/"),
        Look("send again", "admin", "/not-delivered/{dead}/send/"),
        Look("send again, refused", "admin", "/not-delivered/{dead}/send/",
             chain(typed(email="rhea"), press("^Send again")), refused=True),
        Look("told", "admin", "/not-delivered/{dead}/told/"),
        Look("told, refused", "admin", "/not-delivered/{dead}/told/", nothing(), refused=True),
        Look("told, a post", "admin", "/not-delivered/post/{nobody}/told/"),
        Look("case of the admin", "admin", "/cases/{pd}/"), Look("case", "reviewer", "/cases/{pd}/"),
        Look("how we tell you", "reviewer", "/notices/how/"),
        Look("how we tell you, saved", "reviewer", "/notices/how/", chain(pick("pace", 1), press("Save"))),
        Look("notices", "reviewer", "/notices/"),
        Look("told, done", "admin", "/not-delivered/{dead}/told/", chain(pick("how"), press("Record it"))),
    )),
    "nothing undelivered": ("camden", signed_out, (Look("not delivered", "admin", "/not-delivered/"),)),
    "a ladder": ("brighton-hove", climbing, (
        Look("home", "police", "/"), Look("home of a manager", "sergeant", "/"),
        Look("what do you disagree about", "police", "/raise/"),
        Look("what a conference decided", "police", "/raise/conference/"),
        Look("not for this service", "police", "/raise/elsewhere/family/"),
        Look("raise", "police", "/raise/plan_implementation/"),
        Look("raise, refused", "police", "/raise/plan_implementation/", nothing(), refused=True),
        Look("case", "police", "/cases/{pd}/"), Look("case of a manager", "sergeant", "/cases/{pd}/"),
        Look("case with the partnership", "admin", "/cases/{top}/"), Look("case settled", "police", "/cases/{done}/"),
        Look("next step", "police", "/cases/{pd}/escalation/step/?to={way}"),
        Look("next step, refused", "police", "/cases/{pd}/escalation/step/?to={way}", nothing(), refused=True),
        Look("past a step", "police", "/cases/{pd}/escalation/step/?to={leads}"),
        Look("who stands here", "police", "/cases/{pd}/escalation/people/theirs/"),
        Look("who stands here, refused", "police", "/cases/{pd}/escalation/people/theirs/", nothing(), refused=True),
        Look("meeting", "sergeant", "/cases/{pd}/escalation/meeting/"),
        Look("meeting, refused", "sergeant", "/cases/{pd}/escalation/meeting/", nothing(), refused=True),
        Look("agreed", "sergeant", "/cases/{pd}/escalation/agreed/"),
        Look("agreed, refused", "sergeant", "/cases/{pd}/escalation/agreed/", nothing(), refused=True),
        Look("was it done", "police", "/cases/{done}/records/agreed/{action}/"),
        Look("was it done, refused", "police", "/cases/{done}/records/agreed/{action}/", nothing(), refused=True),
        Look("settled", "police", "/cases/{pd}/escalation/settled/"),
        Look("settled, refused", "police", "/cases/{pd}/escalation/settled/", nothing(), refused=True),
        Look("answer", "admin", "/cases/{top}/escalation/answer/"),
        Look("answer, refused", "admin", "/cases/{top}/escalation/answer/", nothing(), refused=True),
        Look("close, something to do", "police", "/cases/{done}/escalation/close/"),
        Look("close, refused", "police", "/cases/{done}/escalation/close/", nothing(), refused=True),
        Look("share with the forum", "police", "/cases/{pd}/escalation/forum/"),
        Look("withdraw", "police", "/cases/{pd}/escalation/withdraw/"),
        Look("act now", "police", "/cases/{pd}/urgent/"),
        Look("act now, refused", "police", "/cases/{pd}/urgent/", nothing(), refused=True),
    )),
    "the partnership": ("camden", two_roles, (
        Look("home", "admin", "/"), Look("partnership", "admin", "/partnership/"),
        Look("fill a post", "admin", "/partnership/posts/reviewer/"),
        Look("fill a post, refused", "admin", "/partnership/posts/reviewer/", nothing(), refused=True),
        Look("closure days", "admin", "/partnership/closure-days/"),
        Look("closure days, refused", "admin", "/partnership/closure-days/", nothing(), refused=True),
        Look("sent mail", "admin", "/sent-mail/"), Look("own protocol", "admin", "/protocol/"),
        Look("help", "admin", "/help/"), Look("notices", "admin", "/notices/"),
        Look("choose a role", "police", "/choose-role/"),
    )),
    "records and requests": ("brighton-hove", talking, (
        Look("case with records", "police", "/cases/{pd}/"),
        Look("records", "police", "/cases/{pd}/records/"), Look("records, none", "reviewer", "/cases/{empty}/records/"),
        Look("record, approved", "police", "/cases/{pd}/records/{record}/"),
        Look("record, draft", "police", "/cases/{pd}/records/{draft}/"),
        Look("write", "police", "/cases/{pd}/records/new/"),
        Look("write, refused", "police", "/cases/{pd}/records/new/", nothing("^Save the draft"), refused=True),
        Look("write, one more row", "police", "/cases/{pd}/records/new/", press("^Add another action")),
        Look("change", "police", "/cases/{pd}/records/{draft}/change/"),
        Look("approve", "police", "/cases/{pd}/records/{draft}/approve/"),
        Look("correct", "police", "/cases/{pd}/records/{record}/correct/"),
        Look("own record", "police", "/cases/{pd}/records/ours/"),
        Look("own record, refused", "police", "/cases/{pd}/records/ours/", nothing(), refused=True),
        Look("ask", "police", "/requests/new/"),
        Look("ask, refused", "police", "/requests/new/", nothing("^Send the request"), refused=True),
        Look("ask, warned", "police", "/requests/new/", chain(
            typed(text="Please.", initials="C.R.", born_on_day="1", born_on_month="5", born_on_year="2021"),
            press("^Send the request")), refused=True),
        Look("request, waiting", "police", "/cases/{asked}/"), Look("request, to answer", "manager", "/cases/{asked}/"),
        Look("answer", "manager", "/cases/{asked}/request/answer/"),
        Look("answer, refused", "manager", "/cases/{asked}/request/answer/", nothing(), refused=True),
        Look("request, refused", "police", "/cases/{no}/"),
        Look("to the ladder", "police", "/cases/{no}/request/ladder/"),
        Look("to the ladder, refused", "police", "/cases/{no}/request/ladder/", nothing(), refused=True),
        Look("last resort", "police", "/cases/{no}/request/last-resort/"),
        Look("accept", "police", "/cases/{no}/request/accept/"),
        Look("with the last resort", "second", "/cases/{last}/"),
        Look("consultation", "second", "/cases/{last}/request/consulted/"),
        Look("consultation, refused", "second", "/cases/{last}/request/consulted/", nothing(), refused=True),
        Look("book", "manager", "/cases/{yes}/request/conference/"),
        Look("where families complain", "", "/complaints/about/brighton-hove/"),
    )),
    "complaints": ("camden", complained, (
        Look("log", "admin", "/complaints/"), Look("log one", "admin", "/complaints/new/"),
        Look("log one, refused", "admin", "/complaints/new/", nothing(), refused=True),
        Look("logged", "admin", "/complaints/{pd}/"),
        Look("acknowledge", "admin", "/complaints/{pd}/acknowledge/"),
        Look("acknowledge, refused", "admin", "/complaints/{pd}/acknowledge/", nothing(), refused=True),
        Look("told", "admin", "/complaints/{dd}/told/outcome/agencies/"),
        Look("decide", "admin", "/complaints/{ack}/outcome/"),
        Look("decide, refused", "admin", "/complaints/{ack}/outcome/", nothing(), refused=True),
        Look("decided", "admin", "/complaints/{dd}/"), Look("book", "admin", "/complaints/{dd}/conference/"),
        Look("book, refused", "admin", "/complaints/{dd}/conference/", nothing(), refused=True),
        Look("withdraw", "admin", "/complaints/{pd}/withdraw/"),
        Look("where families complain", "", "/complaints/about/camden/"),
    )),
}  # fmt: skip


def test_enough_pages_and_states_are_looked_at():
    states = [f"{group}: {look.what}" for group, (_, _, looks) in LOOKS.items() for look in looks]
    assert len(set(states)) == len(states)
    assert len(states) >= 60, len(states)
    assert sum(look.refused for _, _, looks in LOOKS.values() for look in looks) >= 20


def test_what_is_wrong_is_found(page, watch, axe_violations):
    page.set_content(
        """<html lang="en"><title>Error: x</title><body class="app-live"><main><h1>X</h1><img src="data:,"><div
        class="govuk-error-summary"><ul><li><a href="#there">No such place</a></li></ul></div><button
        style="height: 9px; width: 9px; padding: 0; font-size: 6px" id="one">a</button><button style="height: 9px;
        width: 9px; padding: 0; font-size: 6px">b</button><p style="width: 500px">Q.X.</p></main></body></html>"""
    )
    found = "\n".join(faults(page, Look("x", "", "/"), axe_violations))
    for words in (
        "title “Error: x”",
        "image-alt",
        "target-size",
        "1366: target of 9 by 9",
        "320: scrolls to",
    ):
        assert words in found
    assert "#there leads to" in "\n".join(summary_faults(page))
    watch.wrong.clear()


@pytest.mark.parametrize("group", LOOKS)
def test_pages_have_no_barriers_at_the_width_of_a_desk_and_of_a_small_telephone(
    group, house, axe_violations, settings
):
    slug, setting, looks = LOOKS[group]
    settings.DEMONSTRATION = group == "the partnership"  # there the mail can be read, under its ribbon
    opened = house(slug)
    opened.expect(403, 404, 422)
    places = setting(opened)
    Child.objects.update(name=NAME)
    people: dict[str, Person] = {}
    wrong: list[str] = []
    for look in looks:
        if look.who not in people:
            people[look.who] = opened.quick(look.who) if look.who else opened.stranger()
        person = people[look.who]
        person.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        person.open(look.address.format(**places))
        if person.status != look.status:
            wrong.append(f"{look.what}: {person.status}")
        if look.do:
            look.do(person)
        wrong += [f"{look.what}: {words}" for words in faults(person.page, look, axe_violations)]
    assert wrong == []


def faults(page: Page, look: Look, axe_violations: Any) -> list[str]:
    found = []
    if page.title().startswith("Error: ") is not look.refused:
        found.append(f"title “{page.title()}”")
    for place in (page.title(), page.url):
        if re.search(r"Q\.[XYZ]|%51\.|Quillon", place):
            found.append(f"says a child in “{place}”")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {words}" for words in axe_violations(page)]
        found += [f"{width}: {words}" for words in page.evaluate(MEASURE, width)]
    if look.refused:
        found += summary_faults(page)
    return found


def summary_faults(page: Page) -> list[str]:
    """Every line of the summary is a link that puts the cursor in a control, or says something about no field."""
    links = page.locator(".govuk-error-summary a")
    found = [] if page.locator(".govuk-error-summary li").count() else ["no summary of the errors"]
    for number in range(links.count()):
        target = links.nth(number).get_attribute("href") or ""
        links.nth(number).click()
        here = page.evaluate("() => [document.activeElement.id, document.activeElement.tagName]")
        if f"#{here[0]}" != target or here[1] not in ("INPUT", "TEXTAREA", "SELECT", "BUTTON"):
            found.append(f"{target} leads to {here}")
    return found


# What scrolls sideways, and what is too small to be hit. A link within a sentence may be as high as its line.
MEASURE = """width => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > width) {
    const which = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1);
    found.push(`scrolls to ${wide}: ${which.slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" | ")}`);
  }
  const live = document.body.classList.contains("app-live");
  for (const e of document.querySelectorAll("main button, main input, main select, main textarea, main summary, main .app-linkbtn, nav a")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width || style.visibility === "hidden" || e.type === "hidden" || e.closest(".govuk-visually-hidden")) continue;
    const least = live && e.closest("main") ? 44 : 24;
    const high = Math.max(box.height, e.type === "radio" || e.type === "checkbox" ? e.labels[0]?.getBoundingClientRect().height || 0 : 0);
    if (Math.round(high) < least || box.width < 24) found.push(`target of ${Math.round(box.width)} by ${Math.round(box.height)}: ${e.outerHTML.slice(0, 120)}`);
  }
  return found;
}"""
