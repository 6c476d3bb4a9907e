"""What a protocol can say, as frozen values. The field names here are the keys of the TOML files.

A field made with `many("clock")` is written as `[[clock]]` in a file. `Annotated` names say what a string refers to,
so that the loader can check it: an event, a seat, an outcome, a clock, a tier, a route, a slot, a fact of the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Literal

from protocols.durations import Duration, Unit

SCHEMA = 1

EVENTS: tuple[str, ...] = (
    "conference_ended",
    "dissent_expressed",
    "dissent_recorded",
    "dissent_acknowledged",
    "challenge_chosen",
    "reviewer_notified",
    "rationale_received",
    "contact_made",
    "decision_made",
    "second_tier_decided",
    "reconvene_decided",
    "conference_reconvened",
    "early_review_decided",
    "early_review_held",
    "dissent_withdrawn",
    "dissent_not_pursued",
    "filed_on_record",
    "difference_raised",
    "tier_opened",
    "tier_ended",
    "resolved",
    "partnership_decided",
    "escalation_withdrawn",
    "escalation_closed",
    "policy_issue_raised",
    "urgent_action_taken",
    "handed_to_ladder",
    "dissent_closed",
    "outcome_told",
)

# What a partnership may call otherwise than its text does: names of people, meetings and papers, and nothing that says
# what was decided.
LOCAL_WORDS: tuple[str, ...] = (
    "chair",
    "conference",
    "conference_short",
    "plan",
    "reviewer",
    "second_tier",
    "chairs_summary",
    "dissent_review",
)

CAPACITIES: tuple[str, ...] = (
    "dissenter",
    "chair",
    "minute_taker",
    "reviewer",
    "second_tier",
    "parents",
    "agencies",
    "requester",
    "counterpart",
    "our_side",
    "their_side",
    "representative",
    "partnership",
    "supporter",
    "convener",
)

AGENCY_KINDS: tuple[str, ...] = (
    "social_care",
    "police",
    "health",
    "general_practice",
    "education",
    "probation",
    "housing",
    "voluntary",
    "specialist_facility",
    "other",
)

PRESENCES: tuple[str, ...] = (
    "attended",
    "remote",
    "left_early",
    "report_only",
    "invited",
    "absent",
    "not_listed",
)

Nation = Literal["england-and-wales", "scotland", "northern-ireland"]
Strength = Literal["must", "should", "seek", "usual", "may", "none"]
Origin = Literal["rule", "reading", "system_safeguard"]
Means = Literal["stands", "reconvened", "early_review", "second_tier", "resolved", "moved_on", "other"]
Purpose = Literal["decide", "hold", "send", "tell", "raise", "resolve", "acknowledge", "record"]
RuleKind = Literal["GATE", "CLOCK", "REC", "NOTIFY", "ROUTE", "DECIDE", "GUIDE", "META"]


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a string as the name of something; the loader checks that it names something that exists."""

    to: Literal[
        "rule",
        "event",
        "seat",
        "outcome",
        "clock",
        "tier",
        "route",
        "case_fact",
        "decision",
        "mode",
        "ladder_tier",
        "kind",
    ]


RuleNumber = Annotated[str, Ref("rule")]
Event = Annotated[str, Ref("event")]
Seat = Annotated[str, Ref("seat")]
OutcomeId = Annotated[str, Ref("outcome")]
ClockId = Annotated[str, Ref("clock")]
TierId = Annotated[str, Ref("tier")]
RouteId = Annotated[str, Ref("route")]
CaseFactId = Annotated[str, Ref("case_fact")]
DecisionId = Annotated[str, Ref("decision")]
ModeId = Annotated[str, Ref("mode")]
LadderTierId = Annotated[str, Ref("ladder_tier")]
KindId = Annotated[str, Ref("kind")]


def many(key: str) -> Any:
    """A list that a file writes as `[[key]]`."""
    return field(default=(), metadata={"key": key})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Every value says where it comes from: a rule, our reading of a rule, or a safeguard of this system."""

    rule: RuleNumber = ""
    basis: Origin = "rule"
    also: tuple[RuleNumber, ...] = ()  # further rules that the same value expresses

    @property
    def rules(self) -> tuple[str, ...]:
        return ((self.rule,) if self.rule else ()) + self.also


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the rule register: our own words for what a source text says, and where it says it."""

    number: str
    kind: tuple[RuleKind, ...]
    words: str
    document: str
    paragraph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """True when a recorded fact of the case has one of these values (priority, open to a social worker, locality)."""

    fact: CaseFactId
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Cited):
    """A sentence that says no, why, and what to do instead. May hold placeholders such as {ended_at}."""

    id: str
    reason: str
    route: RouteId = ""
    refile: KindId = ""  # the kind of difference that it can be filed as instead, with what was typed
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Cited):
    id: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement(Cited):
    """Something that has to be given. `reason` is the sentence shown when it is missing."""

    field: str
    label: str
    hint: str = ""
    strength: Strength = "must"
    reason: str = ""
    route: RouteId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot(Cited):
    """A post that people fill, with dates and deputies."""

    key: str
    title: str
    per: Literal["partnership", "agency", "area"] = "partnership"
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Cited):
    """A dated fact that this protocol declares itself; it can anchor a clock like any common event."""

    name: str
    label: str
    recorded_by: tuple[Seat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFact(Cited):
    """A fact of the case, with a closed list of values, that chooses a seat, ladder, clock or route."""

    id: str
    label: str
    options: tuple[Option, ...] = many("option")
    recorded_by: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Cited):
    """Several people told or deciding as one: all who attended, all agencies on the list."""

    id: str
    label: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAlias(Cited):
    """A phrase of the text and what it is counted as here: "48 hours" may be two working days."""

    words: str
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion(Cited):
    """A matter this protocol does not deal with, and where it goes instead."""

    id: str
    label: str
    reason: str
    route: RouteId = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(Cited):
    text: str
    exclusions: tuple[Exclusion, ...] = many("exclusion")


# --- conference ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOption(Cited):
    id: str
    label: str
    on_plan: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis(Cited):
    """How a decision may be reached here."""

    id: Literal["consensus", "majority", "chair", "chair_overruled"]
    label: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep(Cited):
    step: str
    label: str
    wording: str
    strength: Strength = "should"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum(Cited):
    minimum: int
    text: str
    after_inquorate: int | None = None  # fewer will do when the last conference was already inquorate
    not_when_inquorate: tuple[DecisionId, ...] = ()  # decisions an inquorate conference may not reach


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordField(Cited):
    id: str
    label: str
    hint: str = ""
    strength: Strength = "should"
    when: Literal["always", "not_on_plan", "on_plan"] = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder(Cited):
    """Who keeps the record of the conference, and who may not."""

    by: tuple[Seat, ...]
    never: tuple[Seat, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unborn(Cited):
    """Whether a conference may decide for a child not yet born, and what to know about it."""

    allowed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceRules:
    decisions: tuple[DecisionOption, ...] = many("decision")
    categories: tuple[Option, ...] = many("category")
    bases: tuple[Basis, ...] = many("basis")
    basis_refusals: tuple[Refusal, ...] = many("basis_refusal")
    view_phases: tuple[Literal["discussion", "decision"], ...] = ("decision",)
    views_complete: Requirement
    script: tuple[ScriptStep, ...] = many("script")
    quorum: Quorum | None = None
    fields: tuple[RecordField, ...] = many("field")
    setup: tuple[Requirement, ...] = many("setup")
    recorder: Recorder | None = None
    unborn: Unborn | None = None

    def basis(self, name: str) -> Basis | None:
        return next((basis for basis in self.bases if basis.id == name), None)

    def basis_refusal(self, name: str) -> Refusal | None:
        return next((refusal for refusal in self.basis_refusals if refusal.id == name), None)


# --- dissent ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance(Cited):
    """Must the dissenter have been there? required: refused if not; flag: taken and marked; open: not asked."""

    mode: Literal["required", "flag", "open"]
    accepts: tuple[str, ...] = ("attended", "remote", "left_early")
    on_list: bool = False
    reason: str = ""
    unlisted_reason: str = ""
    route: RouteId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterEntry(Cited):
    """Who may still enter a dissent after the window has closed, and how it is marked."""

    by: tuple[Seat, ...]
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Cited):
    """Until when a dissent may be expressed. `after` empty: no limit. `amount` 0: the event itself closes it."""

    after: Event = ""
    amount: int = 0
    unit: Unit = "none"
    reason: str = ""
    route: RouteId = ""
    late_typing: bool = True  # what was said in time may be typed up later, with a reason and a mark
    late_typing_mark: str = ""
    later_entry: LaterEntry | None = None

    @property
    def closes(self) -> Duration | Literal["conference_ended"] | None:
        if not self.after:
            return None
        return Duration(self.amount, self.unit) if self.amount else "conference_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Cited):
    """A step that waits for something: contact, an approval, a recorded fact."""

    before: Literal["submission", "review", "decision", "close", "next_tier"]
    needs: str  # contact_with_dissenter, approval, or the name of an event or declared fact
    attempts: int = 0  # so many dated attempts with a reason satisfy it
    attempts_mark: str = ""
    held_by: tuple[Seat, ...] = ()
    reason: str
    route: RouteId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode(Cited):
    """Record only, or challenge; and whether one may become the other."""

    id: str
    label: str
    text: str
    reviewed: bool = True
    held_by: Seat = ""
    may_become: tuple[ModeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raiser(Cited):
    """Somebody other than a practitioner who may raise a difference here, by their own route."""

    id: str
    label: str
    by: tuple[Seat, ...]
    route: RouteId
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenViewRules(Cited):
    """A written view that follows the dissent."""

    label: str
    text: str
    clock: ClockId
    to: Seat
    required: tuple[Requirement, ...] = many("requires")
    optional: tuple[Requirement, ...] = many("asks")
    may_proceed_without: Requirement | None = None
    not_pursued: Requirement | None = None

    @property
    def required_outcome_sought(self) -> Requirement | None:
        return next((item for item in self.required if item.field == "outcome_sought"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerTask(Cited):
    id: str
    label: str
    strength: Strength = "must"
    after: Event = "dissent_recorded"
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IfUnresolved(Cited):
    """What the dissenter may do next when the answer does not settle it."""

    id: str
    routes: tuple[RouteId, ...]
    text: str
    after_outcomes: tuple[OutcomeId, ...] = ()  # empty: after any answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Cited):
    """Whether an escalation opens together with the dissent."""

    route: RouteId
    text: str
    strength: Strength = "must"
    early_tier: Literal["open", "warn", "closed"] = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DissentRules(Cited):
    means: str  # what a formal dissent is, in our words
    attendance: Attendance
    window: Window
    begins: Literal["conference_ended", "recorded"]  # when the review side is told
    acknowledged: bool = False
    recorded_by: Recorder | None = None
    requires: tuple[Requirement, ...] = many("requires")
    subjects: tuple[Option, ...] = many("subject")
    subject_refusals: tuple[Refusal, ...] = many("subject_refusal")
    grounds: tuple[Option, ...] = many("ground")  # empty: free words; otherwise a closed list
    ground_refusals: tuple[Refusal, ...] = many("ground_refusal")
    refused_people: tuple[Refusal, ...] = many("refused_person")
    raisers: tuple[Raiser, ...] = many("raiser")
    directions: tuple[Option, ...] = many("direction")
    modes: tuple[Mode, ...] = many("mode")
    gates: tuple[Gate, ...] = many("gate")
    written_view: WrittenViewRules | None = None
    holder_without_review: Seat = ""
    tasks: tuple[PractitionerTask, ...] = many("task")
    parallel: Parallel | None = None
    if_unresolved: tuple[IfUnresolved, ...] = many("if_unresolved")

    def requirement(self, field: str) -> Requirement | None:
        return next((item for item in self.requires if item.field == field), None)


# --- review -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Cited):
    """Advice or information that a reviewer may ask for. It never stops a clock."""

    id: str
    who: Seat
    label: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Cited):
    id: str
    label: str
    means: Means
    text: str = ""
    reasons_required: bool = True
    book: Literal["reconvened_conference", "early_review"] | None = None
    book_date_required: bool = False
    different_chair: Literal["", "may", "must"] = ""
    next_tier: TierId = ""
    happens: tuple[Event, ...] = ()  # further events that this outcome makes
    free_words: bool = False
    cannot_change_decision: bool = False
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChoice(Cited):
    when: Condition
    by: tuple[Seat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier(Cited):
    id: str
    label: str
    by: tuple[Seat, ...]
    by_when: tuple[SeatChoice, ...] = many("by_when")
    jointly: bool = False
    answered_by: tuple[Seat, ...] = ()
    closed_by: tuple[Seat, ...] = ()
    independence: Literal["", "independent_scrutineer", "independent_chair"] = ""
    text: str = ""
    decided: Event = "decision_made"
    materials: tuple[Option, ...] = many("material")
    materials_rule: RuleNumber = ""
    gates: tuple[Gate, ...] = many("gate")
    may_ask: tuple[Ask, ...] = many("ask")
    new_information: bool = False
    parts: tuple[RecordField, ...] = many("part")
    outcomes: tuple[Outcome, ...] = many("outcome")
    outcome_refusals: tuple[Refusal, ...] = many("outcome_refusal")

    def outcome(self, name: str) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    tiers: tuple[Tier, ...] = many("tier")

    def tier(self, name: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.id == name), None)


# --- clocks, telling, duties --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterLimit(Cited):
    """The limit behind a target: the target passes first, this is where it ends."""

    amount: int
    unit: Unit
    strength: Strength = "must"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Cited):
    """A time limit. One after `tier_opened` starts when the ladder tier opens that names it."""

    id: str
    label: str
    after: Event
    holder: Seat
    purpose: Purpose
    amount: int | None = None
    unit: Unit
    alias: str = ""  # a phrase of [[unit_alias]]; amount and unit agree with it
    words: str = ""  # the text's own phrase, a few words at most, kept beside the computed unit
    text: str = ""
    least_of: tuple[Literal["agreed_date", "protect_by_date", "amount"], ...] = ()
    strength: Strength
    stops: tuple[Event, ...]
    on_outcomes: tuple[OutcomeId, ...] = ()
    tier: str = ""
    when: Condition | None = None
    kinds: tuple[KindId, ...] = ()  # only for these kinds of difference
    chained_to: ClockId = ""  # begins where that clock ends ("a further ...")
    outer: OuterLimit | None = None
    remind_before: tuple[int, ...] = ()
    remind_after: tuple[int, ...] = ()
    tell_on_breach: tuple[Seat, ...] = ()
    cautious_after: Event = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Cited):
    """Somebody is told something. notice: the system sends it; duty: a person records having told."""

    id: str
    who: Seat
    when: Event
    what: str
    how: Literal["notice", "duty"]
    by: Seat = ""
    copy_to: tuple[Seat, ...] = ()
    letter: bool = False
    immediate: bool = False  # a notice: at any hour, and by itself also to those who chose one email a day
    before_close: bool = False
    withhold_with_reason: bool = False
    each_addressee: bool = False  # done only when every one of a group has been told
    on_outcomes: tuple[OutcomeId, ...] = ()
    reason: str = ""  # the sentence shown when closing is tried before this is done
    switchable: bool = False
    strength: Strength = "must"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Cited):
    """Something a seat has to do that is not telling: file a copy, add to a summary, keep a record."""

    id: str
    label: str
    holder: Seat
    after: Event
    done: Event = ""
    strength: Strength = "must"
    before_close: Literal["", "warn", "block"] = ""
    text: str = ""
    on_outcomes: tuple[OutcomeId, ...] = ()
    reason: str = ""
    marked_after_hours: int = 0  # a record written later than this after it happened is marked; 0: not said


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Cited):
    """A form that an event puts in front of a seat."""

    id: str
    label: str
    after: Event
    by: Seat
    fields: tuple[RecordField, ...] = many("field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Cited):
    """A meeting as a step: who chairs it, what it must have considered, and the clocks of it and its minutes."""

    id: str
    label: str
    chaired_by: Seat
    attended_by: tuple[Seat, ...] = ()
    questions: tuple[Option, ...] = many("question")
    clock: ClockId = ""
    minutes_by: Seat = ""
    minutes_clock: ClockId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile(Cited):
    """What holds while a dissent is being resolved."""

    decision_stands: bool
    effect: Literal["decision_stands", "on_register_until_decided", "other"] = "decision_stands"
    text: str
    refusal: str = ""


# --- escalation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Cited):
    id: str
    label: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Cited):
    """A kind of difference. A thematic one needs no child."""

    id: str
    label: str
    child_required: bool = True
    text: str = ""
    topics: tuple[Option, ...] = many("topic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative(Cited):
    for_agencies: tuple[str, ...] = ()
    go_to: tuple[str, ...]
    text: str = ""
    strength: Strength = "may"
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy(Cited):
    """Who stands in for an agency that has nobody at this tier (a GP practice, a small charity)."""

    for_agencies: tuple[str, ...]
    seat: Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderTier(Cited):
    id: str
    label: str
    place: Literal["between", "chair", "partnership"] = (
        "between"  # the partnership's, or back down at the chair
    )
    text: str = ""
    between: Between | None = None  # without it, somebody on the side that raised it, and nobody opposite
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    post: Seat = (
        ""  # one per agency: whoever fills it for an agency stands here for that side (CAM-17, SUS-34)
    )
    clock: ClockId = ""
    strength: Strength = "should"
    formality: Literal["", "informal", "formal"] = ""
    meeting: Literal["", "must", "should"] = ""
    meeting_rule: RuleNumber = ""
    entry_points: tuple[str, ...] = ()
    routed_by: tuple[Option, ...] = many("routed_by")
    requires: tuple[Requirement, ...] = many("requires")
    alternatives: tuple[Alternative, ...] = many("alternative")
    asks: tuple[Ask, ...] = many("ask")
    proxies: tuple[Proxy, ...] = many("proxy")
    independence: Literal["", "independent_scrutineer", "independent_chair"] = ""
    tells: tuple[Seat, ...] = ()  # told when this tier opens, without deciding
    decided_by: tuple[Seat, ...] = ()
    closed_by: tuple[Seat, ...] = ()
    opens_when_passed: ClockId = ""  # silence: the tier becomes available when this clock has passed
    same_post_as: Seat = ""  # the top of the ladder is the person who decided: say so, ask for a note
    outcomes: tuple[Outcome, ...] = many("outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder(Cited):
    id: str
    label: str
    kinds: tuple[KindId, ...]
    for_agencies: tuple[str, ...] = ()  # empty: every agency without a ladder of its own
    not_for_agencies: tuple[str, ...] = ()
    when: Condition | None = None
    tiers: tuple[LadderTier, ...] = many("tier")
    warning: str = ""

    def tier(self, name: str) -> LadderTier | None:
        return next((tier for tier in self.tiers if tier.id == name), None)

    def after(self, name: str) -> tuple[LadderTier, ...]:
        """The steps that follow one, in order; all of them when none was taken yet."""
        ids = [tier.id for tier in self.tiers]
        return self.tiers[ids.index(name) + 1 :] if name in ids else self.tiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump(Cited):
    id: str
    when: str
    to: LadderTierId
    label: str
    strength: Strength = "should"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConveneRules(Cited):
    """A request to call a conference: who may ask, what must be in writing, who decides, the last resort."""

    decided_by: Seat
    text: str
    requires: tuple[Requirement, ...] = many("requires")
    outcomes: tuple[Outcome, ...] = many("outcome")
    refusals: tuple[Refusal, ...] = many("refusal")
    last_resort_by: Seat = ""
    last_resort: Requirement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    kinds: tuple[Kind, ...] = many("kind")
    ladders: tuple[Ladder, ...] = many("ladder")
    jumps: tuple[Jump, ...] = many("jump")
    routes: tuple[Route, ...] = many("route")
    duties: tuple[Duty, ...] = many("duty")
    convening: ConveneRules | None = None
    no_ladder: Requirement | None = None  # what is said to an agency for which the text has no ladder

    def kind(self, name: str) -> Kind | None:
        return next((kind for kind in self.kinds if kind.id == name), None)

    def ladder(self, name: str) -> Ladder | None:
        return next((ladder for ladder in self.ladders if ladder.id == name), None)

    @property
    def route_labels(self) -> Mapping[str, str]:
        return MappingProxyType({route.id: route.label for route in self.routes})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRules(Cited):
    """What the text says of complaints by parents, carers and children. Never a dissent."""

    text: str
    aspects: tuple[Option, ...] = many("aspect")
    outcomes: tuple[Outcome, ...] = many("outcome")
    refusals: tuple[Refusal, ...] = many("refusal")
    tells: tuple[Tell, ...] = many("tell")
    signposts: tuple[Option, ...] = many("signpost")


# --- the rest -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard(Cited):
    """A protection of this system. Labelled as ours unless a rule states it; switchable unless it says otherwise."""

    id: str
    label: str
    text: str
    on: bool = True
    switchable: bool = True
    mode: Literal["block", "warn", "note"] = "note"
    override_with_reason: bool = False
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Cited):
    id: str
    label: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance(Cited):
    id: str
    title: str
    text: str
    audience: Literal["everyone", "chair", "practitioner", "reviewer", "manager", "family"] = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolHead(Cited):
    id: str
    title: str
    document: str
    version: str
    effective_from: date
    effective_basis: Origin = "rule"
    dated: str  # the text's own date in words, or "undated"
    review_due: date | None = None
    nation: Nation
    banner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Everything a text says, with the overrides of one area applied. These are the tables of a file."""

    words: Mapping[str, str]
    slots: tuple[Slot, ...] = many("slot")
    facts: tuple[Fact, ...] = many("fact")
    case_facts: tuple[CaseFact, ...] = many("case_fact")
    groups: tuple[Group, ...] = many("group")
    unit_aliases: tuple[UnitAlias, ...] = many("unit_alias")
    scope: Scope | None = None
    conference: ConferenceRules
    dissent: DissentRules
    review: ReviewRules | None = None
    clocks: tuple[Clock, ...] = many("clock")
    tells: tuple[Tell, ...] = many("tell")
    duties: tuple[Duty, ...] = many("duty")
    forms: tuple[Form, ...] = many("form")
    meetings: tuple[Meeting, ...] = many("meeting")
    meanwhile: Meanwhile
    escalation: Escalation
    complaints: ComplaintRules | None = None
    refusals: tuple[Refusal, ...] = many("refusal")
    safeguards: tuple[Safeguard, ...] = many("safeguard")
    links: tuple[Link, ...] = many("link")
    guidance: tuple[Guidance, ...] = many("guidance")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaProtocol(Body):
    """The protocol as it holds in one area: what the rest of the application reads."""

    slug: str
    partnership_name: str
    head: ProtocolHead
    register: Mapping[str, Rule]
    sha256: str
    source_text: str

    @property
    def protocol_id(self) -> str:
        return self.head.id

    @property
    def title(self) -> str:
        return self.head.title

    @property
    def version(self) -> str:
        return self.head.version

    @property
    def effective_from(self) -> date:
        return self.head.effective_from

    @property
    def dated(self) -> str:
        return self.head.dated

    @property
    def review_due(self) -> date | None:
        return self.head.review_due

    @property
    def nation(self) -> Nation:
        return self.head.nation

    @property
    def events(self) -> tuple[str, ...]:
        """Every event name that may be recorded here: the common ones and the facts this protocol declares."""
        return EVENTS + tuple(fact.name for fact in self.facts)

    def word(self, key: str) -> str:
        """The local term for a thing; a missing key is a fault of the caller."""
        return self.words[key]

    def said_as(self, words: Mapping[str, str]) -> "AreaProtocol":
        """The same rules in other words for what may be called otherwise (`LOCAL_WORDS`); the rest stays as written."""
        local = {key: word for key, word in words.items() if key in LOCAL_WORDS and key in self.words}
        return replace(self, words=MappingProxyType({**self.words, **local})) if local else self

    def slot(self, key: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)

    def clock(self, name: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.id == name), None)

    def clocks_after(self, event: str, outcome: str = "") -> tuple[Clock, ...]:
        """The clocks an event starts. With an outcome given, those of other outcomes are left out."""
        return tuple(
            clock
            for clock in self.clocks
            if clock.after == event
            and not (outcome and clock.on_outcomes and outcome not in clock.on_outcomes)
        )

    def tells_at(self, event: str, outcome: str = "") -> tuple[Tell, ...]:
        return tuple(
            tell
            for tell in self.tells
            if tell.when == event and not (outcome and tell.on_outcomes and outcome not in tell.on_outcomes)
        )

    def tier(self, name: str) -> Tier | None:
        return self.review.tier(name) if self.review else None

    def outcome(self, name: str) -> Outcome | None:
        tiers = self.review.tiers if self.review else ()
        return next((found for tier in tiers if (found := tier.outcome(name))), None)

    def safeguard(self, name: str) -> Safeguard | None:
        return next((safeguard for safeguard in self.safeguards if safeguard.id == name), None)

    def refusal(self, name: str) -> Refusal | None:
        return next((refusal for refusal in self.refusals if refusal.id == name), None)

    def route(self, name: str) -> Route | None:
        return next((route for route in self.escalation.routes if route.id == name), None)

    def link(self, name: str) -> Link | None:
        return next((link for link in self.links if link.id == name), None)

    def ladder_for(self, agency_kind: str, kind: str) -> Ladder | None:
        """The ladder of an agency for a kind of difference: its own first, else the one for every agency."""
        mine = [ladder for ladder in self.escalation.ladders if kind in ladder.kinds]
        own = next((ladder for ladder in mine if agency_kind in ladder.for_agencies), None)
        general = (
            ladder
            for ladder in mine
            if not ladder.for_agencies and agency_kind not in ladder.not_for_agencies
        )
        return own or next(general, None)

    def is_review_overdue(self, today: date) -> bool:
        return self.review_due is not None and today > self.review_due


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Protocol:
    """One text at one effective date: its areas with their overrides applied, and the stored words themselves."""

    head: ProtocolHead
    areas: tuple[AreaProtocol, ...]
    register: Mapping[str, Rule]
    sha256: str
    source_text: str
    name: str

    @property
    def id(self) -> str:
        return self.head.id

    def slugs(self) -> tuple[str, ...]:
        return tuple(area.slug for area in self.areas)

    def area(self, slug: str) -> AreaProtocol:
        for area in self.areas:
            if area.slug == slug:
                return area
        raise UnknownPartnership(slug, self.slugs())


class UnknownPartnership(LookupError):
    def __init__(self, slug: str, known: tuple[str, ...]) -> None:
        self.slug = slug
        super().__init__(f"There is no partnership “{slug}”. The partnerships are: {', '.join(known)}.")


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """All texts, newest last within each text."""

    protocols: tuple[Protocol, ...]

    def texts(self) -> tuple[Protocol, ...]:
        return self.protocols

    def slugs(self) -> tuple[str, ...]:
        seen: dict[str, None] = {}
        for protocol in self.protocols:
            seen.update(dict.fromkeys(protocol.slugs()))
        return tuple(seen)

    def versions(self, slug: str) -> tuple[AreaProtocol, ...]:
        """Every version for an area, by the date it came into force."""
        found = [area for protocol in self.protocols for area in protocol.areas if area.slug == slug]
        if not found:
            raise UnknownPartnership(slug, self.slugs())
        return tuple(sorted(found, key=lambda area: area.effective_from))

    def on(self, slug: str, day: date) -> AreaProtocol:
        """The version in force on a day; before the first one, the first one."""
        versions = self.versions(slug)
        in_force = [area for area in versions if area.effective_from <= day]
        return in_force[-1] if in_force else versions[0]

    def latest(self, slug: str) -> AreaProtocol:
        return self.versions(slug)[-1]
