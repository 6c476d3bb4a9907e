"""A dissent by any sequence of steps: people act rightly or not, time passes, the clocks are swept, messages are sent.

Whatever the order, what is written under "after each step" holds, for each of the five texts.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.db.models import F
from django_fsm import TransitionNotAllowed
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit.models import AuditEvent, AuditHead
from audit.selectors import verify
from cases.states import FINAL as FINAL_STAGES
from conferences import actions as conferences
from conferences.models import Attendance, Conference
from conferences.selectors import children_of
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied
from deadlines.actions import sweep
from deadlines.models import Deadline, DeadlineEffect
from deadlines.states import DeadlineState
from dissent import actions as dissents
from dissent import policies
from dissent.actions import Booking, Decided
from dissent.models import Answer, Dissent, FollowUp
from dissent.states import FINAL, REVIEWING, STAGE, DissentState
from escalation.models import Escalation
from escalation.states import STAGE as LADDER_STAGE
from escalation.states import EscalationState
from notifications.actions import send_due
from notifications.models import Outbox
from tests.builders import BEGINS, FIVE, World, at

EXAMPLES, STEPS = 14, 15  # of each text: 70 examples
# The clocks go forward on 29 March 2026 and back on 25 October 2026.
STARTS = (BEGINS, at("2026-03-24"), at("2026-10-20"))
EDGES = {(t.source, t.target) for t in Dissent._meta.get_field("state").get_all_transitions(Dissent)}
WHO = st.sampled_from(("reviewer", "reviewer", "reviewer", "second", "second", "police", "health", "chair", "minutes", "admin"))  # fmt: skip
OWNER = st.sampled_from(("police", "police", "health", "reviewer"))
WHICH = st.integers(0, 1)


class Lifecycle(RuleBasedStateMachine):
    base: ClassVar[World]
    prepared: ClassVar[list[Conference]]
    steps: ClassVar[int] = 0
    done: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        self.states: dict[int, str] = {}
        self.fired: dict[int, dt.datetime] = {}

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.point)

    @initialize(start=st.sampled_from((0, 1, 2)), ended=st.booleans())
    def begin(self, start: int, ended: bool) -> None:
        self.world = self.base
        self.conference = Conference.objects.get(pk=self.prepared[start].pk)
        self.now = self.conference.starts_at + dt.timedelta(minutes=95)
        self.record("police", True)
        if ended:
            self.end(0)

    # --- acting -------------------------------------------------------------------------------------------------------

    def actor(self, who: str) -> Actor:
        return self.world.actor(who, self.now)

    def seq(self) -> int:
        head = AuditHead.objects.filter(partnership_id=self.world.partnership.pk).first()
        return head.seq if head else 0

    def act(self, type_: str, do: Callable[[], Any], *, events: int | None = 1) -> bool:
        """Do it, or be refused. What is done leaves its event, last; what is refused leaves nothing."""
        self.now += dt.timedelta(minutes=1)
        before = self.seq()
        try:
            with transaction.atomic():
                do()
        except (Denied, TransitionNotAllowed):
            assert self.seq() == before
            return False
        Lifecycle.done.add(type_)
        after = self.seq()
        written = AuditEvent.objects.filter(partnership_id=self.world.partnership.pk, seq__gt=before)
        own = written.exclude(
            type__startswith="escalation."
        ).count()  # a ladder beside it says what it does itself
        assert after > before if events is None else own == events
        last = AuditEvent.objects.get(partnership_id=self.world.partnership.pk, seq=after)
        assert last.type == type_
        return True

    def dissent(self, which: int) -> Dissent:
        rows = list(Dissent.objects.filter(conference=self.conference).order_by("pk"))
        return self.world.fresh(rows[which % len(rows)])

    @rule(who=st.sampled_from(("police", "health", "charity", "Gran")), complete=st.booleans())
    def record(self, who: str, complete: bool) -> None:
        changes: dict[str, Any] = {"late_entry_reason": "The note was found later."}
        if self.world.area.dissent.modes:
            changes["challenge_choice"] = "note_only"
        if not complete:
            changes |= {"reasons": "", "name_attribution": False, "directions": {}}
        if who == "Gran":
            seat = Attendance.objects.get(conference=self.conference, name__startswith="Gran")
        else:
            seat = self.world.seat(self.conference, who)
        self.act(
            "dissent.recorded",
            lambda: dissents.record(
                attendance_id=seat.pk,
                by=self.actor("chair"),
                said=self.world.said(self.conference, **changes),
                now=self.now,
            ),
        )

    @rule(early=st.integers(0, 3))
    def end(self, early: int) -> None:
        """Also typed up later than it was, and impossibly early."""
        waiting = Dissent.objects.filter(conference=self.conference, state=DissentState.RECORDED).count()
        ended_at = self.now - dt.timedelta(hours=early)
        moved = self.act(
            "dissent.begun" if waiting else "conference.ended",
            lambda: dissents.end_conference(
                conference_id=self.conference.pk, by=self.actor("chair"), ended_at=ended_at, now=self.now
            ),
            events=1 + waiting,
        )
        if moved:
            self.conference.refresh_from_db()

    @rule(which=WHICH, who=OWNER, words=st.sampled_from(("My view.", "My view.", "")))
    def send_view(self, which: int, who: str, words: str) -> None:
        self.act(
            "dissent.written_view_received",
            lambda: dissents.send_written_view(
                dissent_id=self.dissent(which).pk,
                by=self.actor(who),
                text=words,
                outcome_sought="Meet again.",
                now=self.now,
            ),
        )

    @rule(which=WHICH, who=OWNER)
    def remind(self, which: int, who: str) -> None:
        self.act(
            "dissent.reminded",
            lambda: dissents.remind_of_written_view(
                dissent_id=self.dissent(which).pk, by=self.actor(who), now=self.now
            ),
        )

    @rule(which=WHICH, who=OWNER, pursue=st.booleans())
    def go_on_without_view(self, which: int, who: str, pursue: bool) -> None:
        verb = dissents.review_without_view if pursue else dissents.close_as_not_pursued
        self.act(
            "dissent.reviewed_without_view" if pursue else "dissent.not_pursued",
            lambda: verb(
                dissent_id=self.dissent(which).pk, by=self.actor(who), reason="None came.", now=self.now
            ),
        )

    @rule(which=WHICH, who=OWNER, not_now=st.booleans())
    def withdraw(self, which: int, who: str, not_now: bool) -> None:
        if not_now:  # it ends the walk
            return
        self.act(
            "dissent.withdrawn",
            lambda: dissents.withdraw(
                dissent_id=self.dissent(which).pk, by=self.actor(who), reason="Settled.", now=self.now
            ),
        )

    @rule(which=WHICH, who=OWNER)
    def add_information(self, which: int, who: str) -> None:
        self.act(
            "dissent.information_added",
            lambda: dissents.add_information(
                dissent_id=self.dissent(which).pk, by=self.actor(who), text="Also this.", now=self.now
            ),
        )

    @rule(which=WHICH, who=OWNER, choice=st.sampled_from(("note_only", "challenge", "perhaps")))
    def choose(self, which: int, who: str, choice: str) -> None:
        self.act(
            "dissent.challenge_chosen",
            lambda: dissents.choose_challenge(
                dissent_id=self.dissent(which).pk, by=self.actor(who), choice=choice, now=self.now
            ),
        )

    @rule(which=WHICH, who=WHO, reached=st.booleans())
    def talk(self, which: int, who: str, reached: bool) -> None:
        self.act(
            "review.conversation_logged" if reached else "review.attempt_logged",
            lambda: dissents.log_conversation(
                dissent_id=self.dissent(which).pk, by=self.actor(who), happened_at=self.now, how="phone",
                reached=reached, note="Spoke.", now=self.now,
            ),
        )  # fmt: skip

    @rule(which=WHICH, who=WHO, outcome=st.integers(0, 5), lead=st.integers(-1, 20), prepared=st.booleans())
    def answer(self, which: int, who: str, outcome: int, lead: int, prepared: bool) -> None:
        dissent = self.dissent(which)
        tier = policies.current_tier(dissent, self.world.area)
        known = [o.id for o in tier.outcomes] if tier else []
        chosen = [*known, *known, "something else"][outcome % (2 * len(known) + 1)]
        found = tier.outcome(chosen) if tier else None
        if prepared and tier and tier.gates and not dissent.conversations.exists():
            self.talk(which, who, True)
        booking = None
        if found and found.book and found.book_date_required:
            booking = self.booking(lead)
        self.act(
            "dissent.answered",
            lambda: dissents.answer(
                dissent_id=dissent.pk,
                by=self.actor(who),
                decided=Decided(
                    outcome=chosen,
                    reasons="All of it was weighed again.",
                    late_reason="Someone was ill." if prepared else "",
                    unread_reason="It is on its way.",
                    different_chair=True,
                    parts={part.id: "Looked at in full." for part in (tier.parts if tier else ())},
                    booking=booking,
                ),
                now=self.now,
            ),
            events=None if booking else 1,
        )

    def booking(self, lead: int) -> Booking:
        return Booking(
            starts_at=self.now + dt.timedelta(days=lead, hours=1),
            chair_id=self.world.people["other_chair"].pk,
            late_reason="No room was free.",
        )

    @rule(which=WHICH, who=WHO, lead=st.integers(-1, 20))
    def book_follow_up(self, which: int, who: str, lead: int) -> None:
        self.act(
            "dissent.follow_up_booked",
            lambda: dissents.book_follow_up(
                dissent_id=self.dissent(which).pk,
                by=self.actor(who),
                booking=self.booking(lead),
                now=self.now,
            ),
            events=None,
        )

    @precondition(lambda self: FollowUp.objects.filter(partnership=self.world.partnership).exists())
    @rule()
    def hold_follow_up(self) -> None:
        """The conference that was booked meets, a day after it was to."""
        link = FollowUp.objects.filter(
            partnership=self.world.partnership, conference__state=ConferenceState.BOOKED
        ).first()
        if link is None:
            return
        self.now = max(self.now, link.conference.starts_at + dt.timedelta(days=1))
        by = self.actor("other_chair")
        self.act(
            "conference.started",
            lambda: conferences.start(conference_id=link.conference_id, by=by, now=self.now),
        )
        self.act(
            "conference.ended",
            lambda: dissents.end_conference(
                conference_id=link.conference_id, by=by, undecided_reason="Adjourned.", now=self.now
            ),
        )

    @rule(which=WHICH, who=WHO)
    def discharge(self, which: int, who: str) -> None:
        """Everyone is told and all is filed; what has been recorded already is refused."""
        dissent = self.dissent(which)
        for tell in policies.tellings_due(dissent, self.world.area):
            self.act(
                "dissent.told",
                lambda tell=tell: dissents.told(  # type: ignore[misc]
                    dissent_id=dissent.pk,
                    by=self.actor(who),
                    tell_id=tell.id,
                    told_at=self.now,
                    how="Letter",
                    now=self.now,
                ),
            )
        self.act(
            "dissent.filed",
            lambda: dissents.file_on_record(
                dissent_id=dissent.pk, by=self.actor(who), child_uuid=children_of(self.conference)[0].child.uuid,
                filed_on=london_date(self.now), now=self.now,
            ),
        )  # fmt: skip

    @rule(which=WHICH, who=WHO, confirmed=st.booleans())
    def close(self, which: int, who: str, confirmed: bool) -> None:
        self.act(
            "dissent.closed",
            lambda: dissents.close(
                dissent_id=self.dissent(which).pk, by=self.actor(who), now=self.now, confirmed=confirmed
            ),
        )

    @rule(which=WHICH, outcome=st.integers(0, 3), lead=st.integers(1, 20))
    def proceed(self, which: int, outcome: int, lead: int) -> None:
        """The next step as it should be, by whose turn it is."""
        dissent = self.dissent(which)
        match dissent.state:
            case DissentState.RECORDED:
                self.end(0)
            case DissentState.AWAITING_VIEW:
                self.send_view(which, self.owner(dissent), "My view.")
            case DissentState.UNDER_REVIEW:
                self.end(0)
                self.answer(which, "reviewer", outcome, lead, True)
            case DissentState.SECOND_TIER:
                self.answer(which, "second", outcome, lead, True)
            case DissentState.ON_LADDER:
                self.choose(which, self.owner(dissent), "challenge")
            case DissentState.DECIDED:
                self.discharge(which, "reviewer")
                self.close(which, "reviewer", True)

    @rule(which=WHICH, outcome=st.integers(0, 3), lead=st.integers(1, 20))
    def proceed_again(self, which: int, outcome: int, lead: int) -> None:
        """The same, so that it comes up as often as it does in life."""
        self.proceed(which, outcome, lead)

    def owner(self, dissent: Dissent) -> str:
        return next(w for w, m in self.world.people.items() if m.pk == dissent.attendance.membership_id)

    # --- the clock ----------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from((1, 5, 24, 25, 72, 24 * 7, 24 * 14)))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    @rule(twice=st.booleans())
    def sweep(self, twice: bool) -> None:
        before, states = self.seq(), dict(Dissent.objects.values_list("pk", "state"))
        was = set(Deadline.objects.filter(breached_at__isnull=False).values_list("pk", flat=True))
        run = sweep(now=self.now)
        assert run.failed == 0
        passed = Deadline.objects.filter(breached_at__isnull=False).exclude(pk__in=was)
        assert self.seq() == before + passed.count()
        assert dict(Dissent.objects.values_list("pk", "state")) == states
        overdue = Deadline.objects.filter(
            state=DeadlineState.OPEN, due_at__lt=self.now - dt.timedelta(seconds=1)
        )
        assert not overdue.filter(breached_at__isnull=True).exists()
        if twice:
            assert sweep(now=self.now).found == 0

    @rule()
    def send(self) -> None:
        send_due(now=self.now)
        assert not Outbox.objects.filter(state="dead").exists()

    # --- after each step ----------------------------------------------------------------------------------------------

    @invariant()
    def history_is_a_path_and_the_case_stands_by_it(self) -> None:
        Lifecycle.steps += 1
        for dissent in Dissent.objects.select_related("case"):
            before = self.states.get(dissent.pk, DissentState.RECORDED)
            assert dissent.state == before or (before, dissent.state) in EDGES
            self.states[dissent.pk] = dissent.state
            ladder = Escalation.objects.filter(case=dissent.case).open().first()
            goes_on = (
                ladder is not None and dissent.state in FINAL
            )  # then the ladder says where the case stands
            stage = (
                LADDER_STAGE[EscalationState(ladder.state)] if goes_on else STAGE[DissentState(dissent.state)]
            )
            assert dissent.case.stage == stage
            assert (dissent.case.closed_at is not None) == (dissent.state in FINAL and not goes_on)

    @invariant()
    def a_dissent_is_answered_once_at_a_tier(self) -> None:
        answers = list(Answer.objects.values_list("dissent_id", "tier"))
        assert len(answers) == len(set(answers))

    @invariant()
    def a_review_has_its_clock(self) -> None:
        for dissent in Dissent.objects.filter(
            state__in=REVIEWING, without_view_reason="", conference__state=ConferenceState.ENDED
        ):
            assert Deadline.objects.filter(case=dissent.case_id, state=DeadlineState.OPEN).exists()

    @invariant()
    def effects_fire_in_their_time_and_once(self) -> None:
        fired = DeadlineEffect.objects.filter(fired_at__isnull=False)
        assert not fired.filter(fired_at__lt=F("fire_at")).exists()
        now = {effect.pk: effect.fired_at for effect in fired if effect.fired_at}
        assert {pk: moment for pk, moment in now.items() if pk in self.fired} == self.fired
        self.fired = now
        told = Outbox.objects.filter(dedupe_key__startswith="effect:").values_list("dedupe_key", flat=True)
        assert {int(key.removeprefix("effect:")) for key in told} <= set(now)

    @invariant()
    def what_is_closed_rests(self) -> None:
        running = Deadline.objects.filter(case__stage__in=FINAL_STAGES, state=DeadlineState.OPEN)
        assert not running.filter(due_at__isnull=False).exists()
        assert not Outbox.objects.filter(created_at__gt=F("case__closed_at")).exists()
        plan = DeadlineEffect.objects.filter(case__stage__in=FINAL_STAGES, fired_at__isnull=True)
        assert not plan.filter(voided_at__isnull=True).exists()

    @invariant()
    def the_chain_is_whole(self) -> None:
        assert verify(self.base.partnership.pk) is None

    @invariant()
    def a_text_without_dates_has_none(self) -> None:
        if self.base.text == "hips":
            assert not Deadline.objects.filter(due_at__isnull=False).exists()


# What a walk of each text gets to at the least, or it would be a walk on the spot.
REACHED = {
    "kingston-richmond": {"dissent.written_view_received", "dissent.answered"},
    "camden": {"dissent.answered", "dissent.told"},
    "brighton-hove": {"review.conversation_logged", "dissent.answered"},
    "west-dunbartonshire": {"dissent.answered", "dissent.told"},
    "hampshire": {"dissent.challenge_chosen", "dissent.information_added"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("slug", FIVE)
def test_any_sequence_of_steps_keeps_the_house_in_order(slug: str) -> None:
    world = World(slug)
    Lifecycle.base, Lifecycle.steps, Lifecycle.done = world, 0, set()
    Lifecycle.prepared = [world.decided(starts_at=start) for start in STARTS]
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Lifecycle.steps > EXAMPLES * STEPS / 2
    assert Lifecycle.done >= REACHED[slug] | {"dissent.recorded"}
