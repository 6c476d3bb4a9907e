"""Every verb in every situation by every person: what is allowed is listed here, and everything else must refuse.

One partnership per text is walked once through all its states by the real actions. At each stop every verb is tried by
everyone, each try in a savepoint that is rolled back.
"""

import datetime as dt
import inspect
import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from unittest import mock

import pytest
from django.db import transaction
from django_fsm import TransitionNotAllowed

from conferences import actions as conferences
from conferences.models import Attendance, Conference, MissingEntryRequest
from conferences.selectors import Listed, children_of
from conferences.states import Presence
from core.actor import Actor, clock_actor
from core.clock import london_date
from core.refusals import Denied
from dissent import actions as dissents
from dissent import policies
from dissent.actions import Booking, Decided
from dissent.models import Ask, Dissent
from escalation.actions import Named, Step
from escalation.states import Side
from partnerships.models import SlotHolder
from tests.builders import ENDS, FIVE, LATER, RECONVENES, REVIEWED, SPOKEN, STANDS, World, at

NOW = at("2026-03-04", "15:00")
NOBODY: frozenset[str] = frozenset()
RECORDERS = frozenset({"chair", "minutes"})
DISSENTER = frozenset({"police"})
POST = frozenset({"reviewer", "deputy"})  # the deputy attended the conference
# Who tries: people of the partnership, then of another one, and the clock.
AT_CONFERENCE = ("chair", "other_chair", "minutes", "reviewer", "health", "school", "admin")
IN_CASE = (
    "chair",
    "other_chair",
    "minutes",
    "reviewer",
    "deputy",
    "second",
    "manager",
    "police",
    "health",
    "admin",
)
STRANGERS = {"conference": ("chair", "minutes", "admin"), "dissent": ("chair", "reviewer", "police", "admin")}


AROUND_CONFERENCE = len(AT_CONFERENCE) + len(STRANGERS["conference"]) + 1
AROUND_CASE = len(IN_CASE) + len(STRANGERS["dissent"]) + 1


@dataclass
class Scene:
    """One text's partnership, its conference and the dissent that is looked at."""

    world: World
    strangers: World
    conference: Conference
    people: tuple[str, ...] = AT_CONFERENCE
    strange: tuple[str, ...] = STRANGERS["conference"]
    dissent: Dissent | None = None
    ask: uuid.UUID | None = None
    request: int = 0
    tried: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def actors(self) -> Iterator[tuple[str, Actor]]:
        for who in self.people:
            yield who, self.world.actor(who, NOW)
        for who in self.strange:
            yield f"strange {who}", self.strangers.actor(who, NOW)
        yield "the clock", clock_actor(self.world.partnership.pk)

    @property
    def pk(self) -> int:
        assert self.dissent is not None
        return self.dissent.pk

    def seat(self, who: str) -> int:
        return self.world.seat(self.conference, who).pk

    @property
    def child(self) -> int:
        return children_of(self.conference)[0].pk

    def hold(self, situation: str, verbs: "Verbs", allowed: dict[str, frozenset[str]]) -> None:
        """Try every verb by everyone here; whoever is not named with it must be refused.

        What may be done is done in full. For the rest the row is read once and handed to each try as it was read.
        """
        assert set(allowed) <= set(verbs), set(allowed) - set(verbs)
        actors = list(self.actors)
        refusing = [(v, w, a) for v in verbs for w, a in actors if w not in allowed.get(v, NOBODY)]
        doing = [(v, w, a) for v in verbs for w, a in actors if w in allowed.get(v, NOBODY)]
        for verb, who, actor in doing:
            if not self._passes(verbs[verb], actor):
                self.wrong.append(f"{situation}: {who} may not {verb}")
        with read_once(conferences), read_once(dissents):
            for verb, who, actor in refusing:
                if self._passes(verbs[verb], actor):
                    self.wrong.append(f"{situation}: {who} may {verb}")
        self.tried += len(doing) + len(refusing)

    def _passes(self, do: "Verb", actor: Actor) -> bool:
        point = transaction.savepoint()
        try:
            do(self, actor)
        except (Denied, TransitionNotAllowed):
            return False
        finally:
            transaction.savepoint_rollback(point)
        return True


@contextmanager
def read_once(module: ModuleType) -> Iterator[None]:
    """A row that nothing changes, as each try is rolled back, is read and locked once; each gets its own copy."""
    lock: Callable[[int], object] = module._lock
    kept: dict[int, bytes] = {}

    def copy(pk: int) -> object:
        if pk not in kept:
            kept[pk] = pickle.dumps(lock(pk))
        return pickle.loads(kept[pk])  # noqa: S301 - our own, a moment old

    with mock.patch.object(module, "_lock", copy):
        yield


Verb = Callable[[Scene, Actor], object]
Verbs = dict[str, Verb]


@contextmanager
def aside() -> Iterator[None]:
    """Go one way from here, and come back."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def public_verbs(module: object) -> set[str]:
    """The functions of a module that a person does something by."""
    return {
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__  # type: ignore[attr-defined]
        and "by" in inspect.signature(function).parameters
        and not name.startswith("_")
    }


# --- conferences ------------------------------------------------------------------------------------------------------


def record_view(s: Scene, by: Actor) -> object:
    return conferences.record_view(
        attendance_id=s.seat("health"), conference_child_id=s.child, by=by, phase="decision", choice="met",
        change_reason="Heard the school.", now=NOW,
    )  # fmt: skip


def record_decision(s: Scene, by: Actor) -> object:
    option = next(d for d in s.world.area.conference.decisions if not d.on_plan)
    return conferences.record_decision(
        conference_child_id=s.child, by=by, option=option.id, basis="chair", now=NOW
    )


def record(s: Scene, by: Actor, who: str = "school") -> object:
    return dissents.record(
        attendance_id=s.seat(who),
        by=by,
        said=s.world.said(s.conference, expressed_at=SPOKEN, late_entry_reason="The note was found later."),
        now=NOW,
    )


def record_field(s: Scene, by: Actor) -> object:
    fields = s.world.area.conference.fields
    return conferences.record_field(
        conference_id=s.conference.pk,
        by=by,
        field=fields[0].id if fields else "strengths",
        text="Some.",
        now=NOW,
    )


def refile(s: Scene, by: Actor) -> object:
    """What the text calls no dissent, filed as the difference that it is; a text without such a ground has no verb."""
    ground = next((r.id for r in s.world.area.dissent.ground_refusals if r.refile), "threshold")
    return dissents.refile(
        attendance_id=s.seat("school"),
        by=by,
        ground=ground,
        concern="Nobody was asked.",
        child_ids=[s.child],
        now=NOW,
    )


CONFERENCE: Verbs = {
    "add_child": lambda s, by: conferences.add_child(
        conference_id=s.conference.pk,
        by=by,
        child=conferences.NewChild("R.R.", due_on=london_date(NOW)),
        now=NOW,
    ),
    "add_person": lambda s, by: conferences.add_person(
        conference_id=s.conference.pk,
        by=by,
        name="Ned New",
        agency_id=s.world.people["police"].agency_id,
        now=NOW,
    ),
    "import_list": lambda s, by: conferences.import_list(
        conference_id=s.conference.pk,
        by=by,
        entries=[Listed("Lena Listed", Presence.INVITED, agency_id=s.world.people["police"].agency_id)],
        now=NOW,
    ),
    "record_presence": lambda s, by: conferences.record_presence(
        attendance_id=s.seat("health"), by=by, presence="remote", now=NOW
    ),
    "start": lambda s, by: conferences.start(conference_id=s.conference.pk, by=by, now=NOW),
    "adjourn": lambda s, by: conferences.adjourn(
        conference_id=s.conference.pk, by=by, reason="Late.", now=NOW
    ),
    "resume": lambda s, by: conferences.resume(conference_id=s.conference.pk, by=by, now=NOW),
    "tick_script": lambda s, by: conferences.tick_script(
        conference_id=s.conference.pk, by=by, step=s.world.area.conference.script[0].step, now=NOW
    ),
    "record_view": record_view,
    "record_field": record_field,
    "explain_quorum": lambda s, by: conferences.explain_quorum(
        conference_id=s.conference.pk, by=by, reason="Snow.", now=NOW
    ),
    "record_decision": record_decision,
    "revisit_discussion": lambda s, by: conferences.revisit_discussion(
        conference_id=s.conference.pk, by=by, now=NOW
    ),
    "note_view": lambda s, by: conferences.note_view(
        attendance_id=s.seat("health"), by=by, text="I saw it differently.", child_ids=[s.child], now=NOW
    ),
    "end": lambda s, by: conferences.end(
        conference_id=s.conference.pk, by=by, undecided_reason="Too little was known.", now=NOW
    ),
    "cancel": lambda s, by: conferences.cancel(
        conference_id=s.conference.pk, by=by, reason="Moved.", now=NOW
    ),
    "ask_missing_entry": lambda s, by: conferences.ask_missing_entry(
        attendance_id=s.seat("health"), by=by, text="I dissented.", said_at=SPOKEN, now=NOW
    ),
    "answer_missing_entry": lambda s, by: conferences.answer_missing_entry(
        request_id=s.request, by=by, answer="Entered now.", now=NOW
    ),
    "send_private_view": lambda s, by: conferences.send_private_view(
        attendance_id=s.seat("health"), by=by, views={s.child: ("met", "The bruises.")}, now=NOW
    ),
    "open_round": lambda s, by: conferences.open_round(conference_id=s.conference.pk, by=by, now=NOW),
    "correct_end": lambda s, by: conferences.correct_end(
        conference_id=s.conference.pk,
        by=by,
        ended_at=ENDS + dt.timedelta(minutes=1),
        reason="Misread.",
        now=NOW,
    ),
    "correct_conference_end": lambda s, by: dissents.correct_conference_end(
        conference_id=s.conference.pk,
        by=by,
        ended_at=ENDS + dt.timedelta(minutes=1),
        reason="Misread.",
        now=NOW,
    ),
    "refile": refile,
    "record": record,
    "end_conference": lambda s, by: dissents.end_conference(
        conference_id=s.conference.pk, by=by, undecided_reason="Too little was known.", now=NOW
    ),
}

# The record is the chair's and the minute taker's; where a text leaves open who enters a dissent, also the dissenter's.
SELF = frozenset({"school"})
RECORDED_BY = {
    "kingston-richmond": RECORDERS, "camden": RECORDERS, "brighton-hove": RECORDERS | SELF,
    "west-dunbartonshire": RECORDERS | SELF, "hampshire": RECORDERS | SELF,
}  # fmt: skip
EDITABLE = {
    "add_child": RECORDERS | {"admin"}, "add_person": RECORDERS | {"admin"}, "import_list": RECORDERS | {"admin"},
    "record_presence": RECORDERS,
    "explain_quorum": RECORDERS, "send_private_view": frozenset({"health"}),
}  # fmt: skip
LIVE = {
    **EDITABLE,
    **dict.fromkeys(
        ("tick_script", "record_view", "note_view", "revisit_discussion", "end", "end_conference", "record_field"), RECORDERS
    ),
    "ask_missing_entry": frozenset({"health"}),
    "answer_missing_entry": RECORDERS,
    "open_round": RECORDERS,
}  # fmt: skip
AFTERWARDS = {"ask_missing_entry": frozenset({"health"}), "answer_missing_entry": RECORDERS}


def without(allowed: dict[str, frozenset[str]], world: World) -> dict[str, frozenset[str]]:
    """What a text has not, it refuses to everybody: further parts of the record, a view before the round."""
    lacks = set() if world.area.conference.fields else {"record_field"}
    private = world.area.safeguard("private_view")
    if private is None or not private.on:
        lacks |= {"send_private_view", "open_round"}
    return {verb: who for verb, who in allowed.items() if verb not in lacks}


def walk_conference(slug: str) -> Scene:
    world, strangers = World(slug), World("east-sussex")
    conference = world.booked()
    scene = Scene(world, strangers, conference)
    by = world.actor("chair")
    unanswered = MissingEntryRequest.objects.create(
        partnership=world.partnership, attendance=world.seat(conference, "charity"), text="Mine.", said_at=NOW, sent_at=NOW
    )  # fmt: skip
    scene.request = unanswered.pk
    booked = {
        **EDITABLE, "start": RECORDERS, "cancel": RECORDERS | {"admin"}, "answer_missing_entry": RECORDERS,
    }  # fmt: skip
    scene.hold("booked", CONFERENCE, without(booked, world))
    with aside():
        conferences.cancel(conference_id=conference.pk, by=by, reason="Moved.", now=NOW)
        scene.hold("cancelled", CONFERENCE, {"answer_missing_entry": RECORDERS})
    conferences.start(conference_id=conference.pk, by=by, at=conference.starts_at, now=NOW)
    for row in Attendance.objects.filter(conference=conference):
        conferences.record_presence(attendance_id=row.pk, by=by, presence="attended", now=NOW)
    conference.refresh_from_db()
    refiles = any(refusal.refile for refusal in world.area.dissent.ground_refusals)
    may_refile = {"refile": RECORDED_BY[slug]} if refiles else {}
    scene.hold(
        "in session, undecided",
        CONFERENCE,
        without({**LIVE, **may_refile, "adjourn": RECORDERS, "record_decision": frozenset({"chair"})}, world),
    )
    record_decision(scene, by)
    may_record = {"record": RECORDED_BY[slug]}
    scene.hold(
        "in session, decided",
        CONFERENCE,
        without({**LIVE, "adjourn": RECORDERS, **may_record, **may_refile}, world),
    )
    conferences.adjourn(conference_id=conference.pk, by=by, reason="Late.", at=ENDS, now=NOW)
    scene.hold(
        "adjourned", CONFERENCE, without({**LIVE, "resume": RECORDERS, **may_record, **may_refile}, world)
    )
    dissents.end_conference(conference_id=conference.pk, by=by, ended_at=ENDS, now=NOW)
    conference.refresh_from_db()
    corrected = dict.fromkeys(("correct_end", "correct_conference_end"), RECORDERS)
    scene.hold("ended", CONFERENCE, {**AFTERWARDS, **may_record, **may_refile, **corrected})
    return scene


CONFERENCE_STOPS = 6


@pytest.mark.django_db
@pytest.mark.parametrize("slug", FIVE)
def test_a_conference_does_for_people_what_is_listed_and_refuses_the_rest(slug: str) -> None:
    scene = walk_conference(slug)
    assert scene.wrong == []
    assert scene.tried == CONFERENCE_STOPS * len(CONFERENCE) * AROUND_CONFERENCE


@pytest.mark.django_db
def test_who_sets_up_a_conference() -> None:
    world = World("camden")

    def book(scene: Scene, by: Actor) -> object:
        return conferences.book(
            by=by, kind="initial", starts_at=at("2026-05-05"), chair_id=world.people["chair"].pk, now=NOW
        )

    scene = Scene(world, World("east-sussex"), world.booked())
    scene.hold("a day to come", {"book": book}, {"book": RECORDERS | {"other_chair", "admin"}})
    assert scene.wrong == []


# --- dissents ---------------------------------------------------------------------------------------------------------


def answer(s: Scene, by: Actor) -> object:
    dissent = s.world.fresh(Dissent.objects.get(pk=s.pk))
    tier = policies.current_tier(dissent, s.world.area)
    first = tier is None or s.world.area.review is None or tier.id == s.world.area.review.tiers[0].id
    return dissents.answer(
        dissent_id=s.pk,
        by=by,
        decided=Decided(
            outcome=STANDS.get(s.world.text, "not_upheld") if first else "no_reconvene",
            reasons="All of it was weighed again.",
            unread_reason="The file is on its way.",
            different_chair=False,
            parts={part.id: "Looked at in full." for part in (tier.parts if tier else ())},
        ),
        now=NOW,
    )


def told(s: Scene, by: Actor) -> object:
    duties = [tell for tell in s.world.area.tells if tell.how == "duty"]
    return dissents.told(
        dissent_id=s.pk,
        by=by,
        tell_id=duties[0].id if duties else "chair_notice",
        told_at=NOW,
        how="Letter",
        now=NOW,
    )


def file_on_record(s: Scene, by: Actor) -> object:
    child = children_of(s.conference)[0].child
    return dissents.file_on_record(
        dissent_id=s.pk, by=by, child_uuid=child.uuid, filed_on=london_date(NOW), now=NOW
    )


def do_task(s: Scene, by: Actor) -> object:
    tasks = s.world.area.dissent.tasks
    return dissents.do_task(
        dissent_id=s.pk,
        by=by,
        task=tasks[0].id if tasks else "line_manager",
        done_on=london_date(NOW),
        now=NOW,
    )


def see_material(s: Scene, by: Actor) -> object:
    tier = policies.current_tier(Dissent.objects.get(pk=s.pk), s.world.area)
    known = tier.materials if tier else ()
    return dissents.see_material(
        dissent_id=s.pk, by=by, material=known[0].id if known else "reports", now=NOW
    )


# By text: the way on that it has after an answer.
FURTHER = {
    "afc": "partnership", "camden": "partnership_representative", "pan-sussex-7.2": "professional_leads",
    "west-dunbartonshire": "escalation", "hips": "managers",
}  # fmt: skip


def take_further(s: Scene, by: Actor) -> object:
    named = [Named(side=Side.OURS, membership_id=s.world.people["police"].pk)]
    if s.world.text != "camden":
        named.append(Named(side=Side.THEIRS, membership_id=s.world.people["manager"].pk))
    posts = ("senior_cp_manager",) if s.world.text == "pan-sussex-7.2" else ()
    return dissents.take_further(
        dissent_id=s.pk, by=by, route=FURTHER[s.world.text], unresolved="The risk.", now=NOW,
        step=Step(way="", unresolved="The risk.", people=tuple(named), posts=posts),
    )  # fmt: skip


DISSENT: Verbs = {
    "take_further": take_further,
    "correct_receipt": lambda s, by: dissents.correct_receipt(
        dissent_id=s.pk, by=by, received_at=ENDS, reason="Misread.", now=NOW
    ),
    "send_written_view": lambda s, by: dissents.send_written_view(
        dissent_id=s.pk, by=by, text="My view.", outcome_sought="Meet again.", how="email", now=NOW
    ),
    "remind_of_written_view": lambda s, by: dissents.remind_of_written_view(dissent_id=s.pk, by=by, now=NOW),
    "review_without_view": lambda s, by: dissents.review_without_view(
        dissent_id=s.pk, by=by, reason="None came.", now=NOW
    ),
    "close_as_not_pursued": lambda s, by: dissents.close_as_not_pursued(
        dissent_id=s.pk, by=by, reason="None came.", now=NOW
    ),
    "withdraw": lambda s, by: dissents.withdraw(dissent_id=s.pk, by=by, reason="Settled.", now=NOW),
    "add_information": lambda s, by: dissents.add_information(
        dissent_id=s.pk, by=by, text="Also this.", now=NOW
    ),
    "do_task": do_task,
    "choose_challenge": lambda s, by: dissents.choose_challenge(
        dissent_id=s.pk, by=by, choice="challenge", now=NOW
    ),
    "see_material": see_material,
    "log_conversation": lambda s, by: dissents.log_conversation(
        dissent_id=s.pk, by=by, happened_at=NOW, how="phone", reached=True, note="Spoke.", now=NOW
    ),
    "ask": lambda s, by: dissents.ask(dissent_id=s.pk, by=by, ask_id="advice", question="What now?", now=NOW),
    "override_conflict": lambda s, by: dissents.override_conflict(
        dissent_id=s.pk, by=by, reason="Nobody else is here.", now=NOW
    ),
    "review_apart": lambda s, by: dissents.review_apart(dissent_id=s.pk, by=by, now=NOW),
    "answer": answer,
    "book_follow_up": lambda s, by: dissents.book_follow_up(
        dissent_id=s.pk,
        by=by,
        booking=Booking(starts_at=at("2026-03-10"), chair_id=s.world.people["other_chair"].pk),
        now=NOW,
    ),
    "told": told,
    "file_on_record": file_on_record,
    "close": lambda s, by: dissents.close(dissent_id=s.pk, by=by, confirmed=True, now=NOW),
    "pass_to_reviewer": lambda s, by: dissents.pass_to_reviewer(dissent_id=s.pk, by=by, now=NOW),
}
REPLY: Verbs = {
    "reply": lambda s, by: dissents.reply(ask_uuid=s.ask or uuid.uuid4(), by=by, text="Go on.", now=NOW)
}


def allow(world: World, *verbs: str, **others: frozenset[str]) -> dict[str, frozenset[str]]:
    """The dissenter's own verbs by name, beside what others may; a task is theirs alone, where the text has one."""
    own = dict.fromkeys(verbs, DISSENTER)
    if world.area.dissent.tasks:
        own["do_task"] = DISSENTER
    return {**own, **others}


def under_review(world: World, *, ended: bool = True) -> dict[str, frozenset[str]]:
    found = allow(
        world, "withdraw", "add_information",
        see_material=POST, log_conversation=POST, review_apart=POST, override_conflict=frozenset({"deputy"}),
    )  # fmt: skip
    if ended:
        found["answer"] = frozenset({"reviewer"})  # the deputy was there
    if world.text == "camden":
        found["ask"] = POST
    if world.text == "afc":
        found["correct_receipt"] = POST
    return found


def answered(world: World) -> dict[str, frozenset[str]]:
    """AfC's ladder opened with the dissent, and the receipt of the view counts on; elsewhere the dissenter may go on."""
    return {"correct_receipt": POST} if world.text == "afc" else {"take_further": DISSENTER}


def discharging(world: World) -> dict[str, frozenset[str]]:
    """After the answer: the reviewing posts and those who keep the record; only the posts close."""
    posts = POST | {"second"} if world.text == "camden" else POST
    found = allow(world, "add_information", file_on_record=posts | RECORDERS, **answered(world))
    if any(tell.how == "duty" for tell in world.area.tells):
        found["told"] = posts | RECORDERS
    else:
        found["close"] = posts
    return found


def closing(world: World) -> dict[str, frozenset[str]]:
    posts = POST | {"second"} if world.text == "camden" else POST
    return allow(world, "add_information", close=posts, **answered(world))


class Walk:
    """One text's way, with two dissents of one conference side by side."""

    def __init__(self, slug: str) -> None:
        world = World(slug)
        holder = SlotHolder.objects.filter(slot__partnership=world.partnership, slot__key="reviewer").first()
        if holder is not None:
            world.fill("reviewer", "deputy", deputy_for=holder)
        conference = world.decided()
        conferences.add_person(
            conference_id=conference.pk, by=world.recorder(conference), membership_id=world.people["deputy"].pk,
            presence="attended", now=SPOKEN,
        )  # fmt: skip
        self.world, self.stops = world, 0
        self.scene = Scene(world, World("east-sussex"), conference, IN_CASE, STRANGERS["dissent"])

    def hold(self, situation: str, allowed: dict[str, frozenset[str]]) -> None:
        self.stops += 1
        self.scene.hold(situation, DISSENT | (REPLY if self.scene.ask else {}), allowed)

    def record_two(self) -> None:
        choice = {"challenge_choice": "note_only"} if self.world.area.dissent.modes else {}
        self.pair = [
            self.world.recorded(self.scene.conference, who=who, **choice) for who in ("police", "health")
        ]
        self.scene.dissent = self.pair[0]

    def end(self) -> None:
        self.world.end(self.scene.conference)
        self.scene.conference.refresh_from_db()

    def final(self, situation: str) -> None:
        self.hold(situation, allow(self.world))


def not_passed_on(walk: Walk, allowed: dict[str, frozenset[str]]) -> None:
    """The post was empty when the dissent was recorded, and is filled now."""
    held = SlotHolder.objects.filter(slot__partnership=walk.world.partnership, slot__key="reviewer")
    held.update(starts_on=at("2026-03-04").date())
    walk.record_two()
    walk.end()
    walk.hold("not passed on", {**allowed, "pass_to_reviewer": RECORDERS})


def begin_review(walk: Walk) -> None:
    """Up to the review of both dissents, trying all verbs at each stop on the way."""
    world = walk.world
    if world.text == "afc":
        waiting = allow(
            world, "withdraw", "add_information", send_written_view=DISSENTER | POST, remind_of_written_view=POST,
        )  # fmt: skip
        with aside():
            not_passed_on(walk, waiting)
        walk.record_two()
        walk.hold("recorded", allow(world, "withdraw", "add_information"))
        walk.end()
        walk.hold("written view needed", waiting)
        for dissent in walk.pair:
            dissents.remind_of_written_view(dissent_id=dissent.pk, by=world.actor("reviewer"), now=LATER)
        reminded = {**waiting, "review_without_view": POST, "close_as_not_pursued": POST}
        walk.hold("reminded of the written view", reminded)
        with aside():
            dissents.close_as_not_pursued(
                dissent_id=walk.scene.pk, by=world.actor("reviewer"), reason="None came.", now=LATER
            )
            walk.final("not pursued")
        with aside():
            for dissent in walk.pair:
                dissents.review_without_view(
                    dissent_id=dissent.pk, by=world.actor("reviewer"), reason="None came.", now=LATER
                )
            received = {verb: who for verb, who in under_review(world).items() if verb != "correct_receipt"}
            walk.hold("under review without a view", received)
        for dissent, who in zip(walk.pair, ("police", "health"), strict=True):
            world.send_view(dissent, who=who)
    else:
        with aside():
            not_passed_on(
                walk, under_review(world) if world.text != "pan-sussex-7.2" else without_answer(world)
            )
        walk.record_two()
        walk.hold("under review, in session", under_review(world, ended=False))
        walk.end()


def without_answer(world: World) -> dict[str, frozenset[str]]:
    """SUS-27: nobody has spoken with the dissenter yet."""
    return {verb: who for verb, who in under_review(world).items() if verb != "answer"}


@pytest.mark.django_db
@pytest.mark.parametrize("slug", REVIEWED)
def test_a_dissent_does_for_people_what_is_listed_and_refuses_the_rest(slug: str) -> None:
    walk = Walk(slug)
    world, scene = walk.world, walk.scene
    begin_review(walk)
    if world.text == "pan-sussex-7.2":
        walk.hold("under review, nobody spoken with", without_answer(world))
    for dissent in walk.pair:
        world.talk(dissent)
    walk.hold("under review", under_review(world))
    with aside():
        dissents.withdraw(dissent_id=scene.pk, by=world.actor("police"), reason="Settled.", now=LATER)
        walk.final("withdrawn")
    if world.text == "camden":
        asked_and_passed_up(walk)
    with aside():
        for dissent in walk.pair:
            world.answer(dissent, STANDS[world.text])
        walk.hold("decided: it stands", discharging(world))
        world.discharge(walk.pair[0])
        walk.hold("decided, all told and filed", closing(world))
        dissents.close(dissent_id=scene.pk, by=world.actor("reviewer"), now=LATER, confirmed=True)
        walk.final("closed")
    if world.text != "camden":
        world.answer(walk.pair[0], RECONVENES[world.text])
        walk.hold("decided: reconvene", to_reconvene(world))
    assert scene.wrong == []
    assert walk.stops == STOPS[slug]
    assert scene.tried == cells_of(slug)


def to_reconvene(world: World) -> dict[str, frozenset[str]]:
    """A conference is to be booked, and nothing is closed before it has met."""
    posts = POST | {"second"} if world.text == "camden" else POST
    found = {**discharging(world), "book_follow_up": posts | RECORDERS | {"admin"}}
    found.pop("close", None)
    return found


def asked_and_passed_up(walk: Walk) -> None:
    """Camden: advice is asked of the head of service, who also decides what follows an upheld dissent."""
    world, scene = walk.world, walk.scene
    with aside():
        question = dissents.ask(
            dissent_id=scene.pk, by=world.actor("reviewer"), ask_id="advice", question="What now?", now=LATER
        )
        scene.ask = Ask.objects.get(pk=question.pk).uuid
        walk.hold("advice asked", {**under_review(world), "reply": frozenset({"second", "reviewer"})})
        scene.ask = None
    with aside():
        for dissent in walk.pair:
            world.answer(dissent, "upheld")
        second = frozenset({"second"})
        tier = world.area.tier("head_of_service")
        assert tier is not None
        above = allow(
            world, "withdraw", "add_information", log_conversation=second, review_apart=second, answer=second,
            told=POST | second | RECORDERS, file_on_record=POST | second | RECORDERS,
        )  # fmt: skip
        walk.hold("second tier", above | ({"see_material": second} if tier.materials else {}))
        world.answer(walk.pair[0], "reconvene", by="second")
        walk.hold("decided: reconvene", to_reconvene(world))


STOPS = {"kingston-richmond": 12, "camden": 10, "brighton-hove": 9, "west-dunbartonshire": 8, "hampshire": 3}


def cells_of(slug: str) -> int:
    """At each stop every verb by everyone; in Camden also the reply, at the one stop with a question."""
    return (STOPS[slug] * len(DISSENT) + (slug == "camden")) * AROUND_CASE


@pytest.mark.django_db
def test_without_a_reviewer_nothing_is_decided_and_the_choice_is_the_dissenters() -> None:
    walk = Walk("hampshire")
    walk.record_two()
    own = allow(walk.world, "withdraw", "add_information", "choose_challenge")
    walk.hold("on the ladder, in session", own)
    walk.end()
    walk.hold("on the ladder", own)
    with aside():
        dissents.withdraw(
            dissent_id=walk.scene.pk, by=walk.world.actor("police"), reason="Settled.", now=LATER
        )
        walk.final("withdrawn")
    assert walk.scene.wrong == []
    assert walk.scene.tried == cells_of("hampshire")


SHARED = {
    "record",
    "end_conference",
    "correct_conference_end",
    "refile",
}  # of dissents, tried around a conference


def test_every_verb_is_in_a_table() -> None:
    """`book` and practice have their own tests; a follow-up's is in the dissent's. What both rooms share stands once."""
    assert public_verbs(conferences) - {"book", "start_practice"} | SHARED == set(CONFERENCE)
    assert public_verbs(dissents) - SHARED == set(DISSENT) | set(REPLY)


def test_the_tables_hold_as_many_cells_as_they_say() -> None:
    assert len(FIVE) * CONFERENCE_STOPS * len(CONFERENCE) * AROUND_CONFERENCE == 8_250
    assert sum(map(cells_of, FIVE)) == 13_245
