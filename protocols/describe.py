"""A protocol in plain English, in the order in which one reads it: sections of sentences, each with its rule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols.calendar import nation_words
from protocols.durations import in_words
from protocols.model import (
    AreaProtocol,
    Cited,
    Clock,
    ConveneRules,
    Duty,
    Ladder,
    LadderTier,
    Origin,
    Outcome,
    Requirement,
    Strength,
    Tell,
    Tier,
)

BASIS_LABELS: dict[Origin, str] = {
    "rule": "",
    "reading": "our reading",
    "system_safeguard": "not in the protocol: a safeguard of this service",
}
STRENGTH_WORDS: dict[Strength, str] = {
    "must": "must",
    "should": "should",
    "seek": "always aims to",
    "usual": "usually",
    "may": "may",
    "none": "no fixed expectation",
}
EVENT_WORDS = {
    "conference_ended": "the conference ends",
    "dissent_expressed": "a dissent is expressed",
    "dissent_recorded": "a dissent is recorded",
    "dissent_acknowledged": "a dissent is acknowledged",
    "reviewer_notified": "the reviewer is told",
    "rationale_received": "the written view is received",
    "challenge_chosen": "it is chosen whether to challenge",
    "contact_made": "the dissenter has been spoken with",
    "decision_made": "the dissent is decided",
    "second_tier_decided": "the second decision is made",
    "reconvene_decided": "it is decided to reconvene",
    "conference_reconvened": "the conference has met again",
    "early_review_decided": "an early review is decided",
    "early_review_held": "the early review is held",
    "dissent_withdrawn": "the dissent is withdrawn",
    "dissent_not_pursued": "the dissent is closed as not pursued",
    "filed_on_record": "it is filed on the child's record",
    "difference_raised": "a difference is raised",
    "tier_opened": "a step of the ladder is opened",
    "tier_ended": "a step of the ladder ends",
    "resolved": "it is resolved",
    "partnership_decided": "the partnership has decided",
    "escalation_withdrawn": "the escalation is withdrawn",
    "escalation_closed": "the escalation is closed",
    "policy_issue_raised": "a question of policy is raised",
    "urgent_action_taken": "somebody has acted at once for the child",
    "handed_to_ladder": "the dissent is handed to the ladder",
    "dissent_closed": "the dissent is closed",
    "outcome_told": "the outcome has been told",
}
CAPACITY_WORDS = {
    "dissenter": "the dissenter",
    "minute_taker": "the minute taker",
    "parents": "the parents",
    "agencies": "the agencies concerned",
    "requester": "whoever raised it",
    "counterpart": "the other professional",
    "our_side": "the managers of the agency that raised it",
    "their_side": "the managers of the other agency",
    "representative": "the agency's representative on the partnership",
    "partnership": "the safeguarding partnership",
    "supporter": "whoever supports the request",
    "convener": "whoever answers the request",
}


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    rules: tuple[str, ...] = ()
    basis: Origin = "rule"

    @property
    def citation(self) -> str:
        """The rule numbers and, where it is not a plain rule, what it is."""
        return ", ".join(part for part in (*self.rules, BASIS_LABELS[self.basis]) if part)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    lines: tuple[Line, ...]


def sections(area: AreaProtocol) -> tuple[Section, ...]:
    """The whole protocol of an area; a part it does not have is left out."""
    parts: tuple[tuple[str, str, Iterator[Line]], ...] = (
        ("about", "About this protocol", _about(area)),
        ("who", "Who it is for", _who(area)),
        ("conference", f"At the {area.words['conference_short']}", _conference(area)),
        ("dissent", "Making a dissent", _dissent(area)),
        ("told", "Who is told, and when", _told(area)),
        ("review", "How a dissent is decided", _review(area)),
        ("clocks", "Time limits", _clocks(area)),
        ("duties", "What has to be done besides", _duties(area)),
        ("meanwhile", "Meanwhile", iter([_cited(area.meanwhile, area.meanwhile.text)])),
        ("escalation", "Escalation", _escalation(area)),
        ("complaints", "Complaints by families", _complaints(area)),
        ("refusals", "What this service refuses", _refusals(area)),
        ("safeguards", "Safeguards of this service", _safeguards(area)),
        ("guidance", "Guidance", (_cited(g, f"{g.title}. {g.text}") for g in area.guidance)),
        ("links", "Further reading", (_cited(x, _joined(x.label, x.url, x.note)) for x in area.links)),
    )
    read = (Section(name, title, tuple(lines)) for name, title, lines in parts)
    return tuple(section for section in read if section.lines)


def as_text(area: AreaProtocol) -> str:
    """The sections as plain text, for a terminal."""
    out = [f"{area.partnership_name}: {area.title}", ""]
    for section in sections(area):
        out.append(section.title)
        out += [
            f"  - {line.text}" + (f" [{line.citation}]" if line.citation else "") for line in section.lines
        ]
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def seat_words(area: AreaProtocol, seat: str) -> str:
    """A seat in the words of the area: "the Head of Service", "the chair's line manager"."""
    kind, _, name = seat.partition(":")
    if kind == "line_manager":
        return f"the line manager of {seat_words(area, name)}"
    if kind == "slot":
        slot = area.slot(name)
        title = slot.title if slot else name
        return f"the {title}" if slot is None or slot.per == "partnership" else f"the agency's {title}"
    if kind == "group":
        return next((group.label.lower() for group in area.groups if group.id == name), name)
    if name == "chair":
        return f"the {area.words['chair']}"
    if name in ("reviewer", "second_tier"):
        return f"the {area.words.get(name, area.words['reviewer'])}"
    return CAPACITY_WORDS[name]


def event_words(area: AreaProtocol, event: str) -> str:
    """An event as a clause: "the conference ends"."""
    declared = {fact.name: fact.label.lower() for fact in area.facts}
    return declared.get(event) or EVENT_WORDS[event]


def clock_sentence(area: AreaProtocol, clock: Clock) -> str:
    """A clock in one sentence."""
    holder = seat_words(area, clock.holder)
    start = f"after {event_words(area, clock.after)}"
    if clock.chained_to:
        previous = area.clock(clock.chained_to)
        start = f"after the end of “{previous.label.lower() if previous else clock.chained_to}”"
    if clock.unit == "none":
        words = f" (“{clock.words}”)" if clock.words else ""
        when = f"{start}{words}; no fixed limit"
    elif clock.least_of:
        when = f"within {in_words(clock.amount, clock.unit)} {start}, or by an earlier date that is set"
    else:
        when = f"within {in_words(clock.amount, clock.unit)} {start}"
    sentence = f"{clock.label}: {holder}, {when}. Strength: {STRENGTH_WORDS[clock.strength]}."
    if clock.outer:
        sentence += f" Outer limit: {in_words(clock.outer.amount, clock.outer.unit)}."
    if clock.on_outcomes:
        labels = [outcome.label for name in clock.on_outcomes if (outcome := area.outcome(name))]
        sentence += f" Only if: {' / '.join(labels)}."
    return _joined(sentence, clock.text)


# --- sections -----------------------------------------------------------------------------------------------------


def _about(area: AreaProtocol) -> Iterator[Line]:
    head = area.head
    yield _cited(head, f"{head.document}. Dated: {head.dated}.")
    if head.banner:
        yield _cited(head, head.banner)
    in_force = f"{head.effective_from.day} {head.effective_from:%B} {head.effective_from.year}"
    yield Line(f"In this service it is in force from {in_force}.", head.rules, head.effective_basis)
    yield Line(
        f"Working days leave out weekends and the bank holidays of {nation_words(head.nation)}.",
        (),
        "system_safeguard",
    )


def _who(area: AreaProtocol) -> Iterator[Line]:
    if area.scope:
        yield _cited(area.scope, area.scope.text)
        for exclusion in area.scope.exclusions:
            yield _cited(exclusion, f"{exclusion.label}: {exclusion.reason}")
    for slot in area.slots:
        needed = "" if slot.required else " (if there is one)"
        per = {
            "partnership": "one for the partnership",
            "agency": "one for each agency",
            "area": "one for each area",
        }
        yield _cited(slot, f"Post: {slot.title}, {per[slot.per]}{needed}.")
    for fact in area.facts:
        by = " or ".join(seat_words(area, seat) for seat in fact.recorded_by)
        yield _cited(fact, f"Dated fact: {fact.label}, recorded by {by}.")
    for case_fact in area.case_facts:
        options = " / ".join(option.label for option in case_fact.options)
        yield _cited(case_fact, f"Fact of the case: {case_fact.label}: {options}.")


def _conference(area: AreaProtocol) -> Iterator[Line]:
    rules = area.conference
    yield from _required(rules.setup)
    if rules.quorum:
        yield _cited(rules.quorum, rules.quorum.text)
    if rules.recorder:
        by = " or ".join(seat_words(area, seat) for seat in rules.recorder.by)
        yield _cited(rules.recorder, _joined(f"The record is kept by {by}.", rules.recorder.reason))
    for step in rules.script:
        yield _cited(step, f"{step.label} ({STRENGTH_WORDS[step.strength]}): “{step.wording}”")
    yield _cited(rules.views_complete, f"{rules.views_complete.label}. {rules.views_complete.hint}".strip())
    if rules.view_phases == ("discussion", "decision"):
        yield _cited(rules.views_complete, "Views are taken twice: in the discussion and at the decision.")
    for decision in rules.decisions:
        yield _cited(decision, f"Possible decision for each child: {decision.label}.")
    for basis in rules.bases:
        yield _cited(basis, f"How it may be decided: {basis.label}.")
    for refusal in rules.basis_refusals:
        yield _cited(refusal, refusal.reason)
    when = {
        "always": "",
        "on_plan": f", for {area.words['on_plan']}",
        "not_on_plan": f", for {area.words['not_on_plan']}",
    }
    for field in rules.fields:
        yield _cited(field, f"Recorded ({STRENGTH_WORDS[field.strength]}): {field.label}{when[field.when]}.")
    if rules.unborn:
        yield _cited(rules.unborn, rules.unborn.text)


def _dissent(area: AreaProtocol) -> Iterator[Line]:
    rules = area.dissent
    yield _cited(rules, rules.means)
    yield _cited(rules.attendance, _attendance_words(area))
    yield _cited(rules.window, _window_words(area))
    if rules.window.later_entry:
        yield _cited(rules.window.later_entry, rules.window.later_entry.mark)
    for person in (*rules.refused_people, *rules.subject_refusals, *rules.ground_refusals):
        yield _cited(person, person.reason)
    if rules.recorded_by:
        yield _cited(rules.recorded_by, rules.recorded_by.reason)
    yield from _required(rules.requires)
    for subject in rules.subjects:
        yield _cited(subject, f"It may be about: {subject.label}.")
    for ground in rules.grounds:
        yield _cited(ground, _joined(f"Ground: {ground.label}.", ground.hint))
    for direction in rules.directions:
        yield _cited(direction, f"For each child: {direction.label}.")
    for mode in rules.modes:
        yield _cited(mode, f"{mode.label}. {mode.text}")
    for raiser in rules.raisers:
        yield _cited(raiser, _joined(f"May also be raised by: {raiser.label}.", raiser.text))
    for gate in rules.gates:
        yield _cited(gate, gate.reason)
    if rules.written_view:
        view = rules.written_view
        yield _cited(view, f"{view.label}, to {seat_words(area, view.to)}. {view.text}")
        yield from _required(view.required)
        yield from _required(view.optional)
        for way in (view.may_proceed_without, view.not_pursued):
            if way:
                yield _cited(way, _joined(f"{way.label}.", way.hint))
    for task in rules.tasks:
        yield _cited(
            task, _joined(f"The dissenter {STRENGTH_WORDS[task.strength]}: {task.label}.", task.text)
        )
    if rules.parallel:
        yield _cited(rules.parallel, rules.parallel.text)


def _attendance_words(area: AreaProtocol) -> str:
    match area.dissent.attendance.mode:
        case "required":
            return "Only somebody who took part can dissent. Attending remotely counts, and so does leaving early."
        case "flag":
            listed = " Whoever dissents is on the conference list." if area.dissent.attendance.on_list else ""
            return f"Somebody who did not attend can dissent, and it is marked.{listed}"
        case _:
            return "The text does not ask whether the dissenter attended."


def _window_words(area: AreaProtocol) -> str:
    window = area.dissent.window
    if not window.after:
        return "There is no time limit for dissenting. The days since the conference are shown."
    if not window.amount:
        text = f"A dissent is expressed before {event_words(area, window.after)}."
    else:
        text = (
            f"A dissent is raised within {in_words(window.amount, window.unit)} "
            f"after {event_words(area, window.after)}."
        )
    return text + (
        " What was said in time may be typed up later, and is marked." if window.late_typing else ""
    )


def _told(area: AreaProtocol) -> Iterator[Line]:
    for tell in area.tells:
        yield _cited(tell, _tell_words(area, tell))


def _tell_words(area: AreaProtocol, tell: Tell) -> str:
    who = seat_words(area, tell.who)
    at_once = " at once" if tell.immediate else ""
    how = (
        f"gets a message from the system{at_once}"
        if tell.how == "notice"
        else "is told by a person, who records it"
    )
    text = f"When {event_words(area, tell.when)}, {who} {how}: {tell.what}"
    if tell.copy_to:
        text += f" Copy to {' and '.join(seat_words(area, seat) for seat in tell.copy_to)}."
    if tell.before_close:
        text += " Nothing is closed before this" + (
            ", or the reason for withholding it," if tell.withhold_with_reason else ""
        )
        text += " is recorded."
    return text


def _review(area: AreaProtocol) -> Iterator[Line]:
    if area.review is None:
        refusal = area.refusal("no_review")
        if refusal:
            yield _cited(refusal, refusal.reason)
        return
    for tier in area.review.tiers:
        yield from _tier(area, tier)
    for next_step in area.dissent.if_unresolved:
        yield _cited(next_step, f"If that does not settle it: {next_step.text}")


def _tier(area: AreaProtocol, tier: Tier) -> Iterator[Line]:
    by = (" together with " if tier.jointly else " or ").join(seat_words(area, seat) for seat in tier.by)
    yield _cited(tier, _joined(f"{tier.label}. Decided by {by}.", tier.text))
    for choice in tier.by_when:
        by = " or ".join(seat_words(area, seat) for seat in choice.by)
        yield _cited(
            choice, f"Where {choice.when.fact} is {' or '.join(choice.when.any_of)}: decided by {by}."
        )
    for material in tier.materials:
        yield _cited(material, f"Looked at first: {material.label}.")
    for gate in tier.gates:
        yield _cited(gate, gate.reason)
    for ask in tier.may_ask:
        yield _cited(ask, _joined(f"May ask for: {ask.label}.", ask.text))
    for part in tier.parts:
        yield _cited(part, f"Part of the review: {part.label}.")
    if tier.new_information:
        yield _cited(tier, "Anything new is looked at too, and noted.")
    for outcome in tier.outcomes:
        yield _cited(outcome, _outcome_words(outcome))
    for refusal in tier.outcome_refusals:
        yield _cited(refusal, refusal.reason)


def _outcome_words(outcome: Outcome) -> str:
    text = f"Possible answer: {outcome.label}."
    if outcome.different_chair:
        text += f" A different chair {STRENGTH_WORDS[outcome.different_chair]} be appointed."
    return _joined(text, outcome.text, "Reasons are given." if outcome.reasons_required else "")


def _clocks(area: AreaProtocol) -> Iterator[Line]:
    for clock in area.clocks:
        yield _cited(clock, clock_sentence(area, clock))
        if clock.cautious_after:
            yield _cited(
                clock, f"A cautious date counts from when {event_words(area, clock.cautious_after)}."
            )
    dated = [clock for clock in area.clocks if clock.unit != "none"]
    if not dated:
        yield Line("No time limit here has a number, so nothing is ever overdue.", (), "rule")
    else:
        yield Line(
            "Past a date a reason is asked for. Nothing is decided, locked or moved.", (), "system_safeguard"
        )


def _duties(area: AreaProtocol) -> Iterator[Line]:
    for duty in area.duties:
        yield _cited(duty, _duty_words(area, duty))
    for form in area.forms:
        yield _cited(
            form, f"When {event_words(area, form.after)}, {seat_words(area, form.by)} fills in: {form.label}."
        )
    for meeting in area.meetings:
        yield _cited(meeting, f"{meeting.label}, chaired by {seat_words(area, meeting.chaired_by)}.")
        for question in meeting.questions:
            yield _cited(question, f"The meeting considers: {question.label}")


def _duty_words(area: AreaProtocol, duty: Duty) -> str:
    head = f"{duty.label}: {seat_words(area, duty.holder)}, when {event_words(area, duty.after)}"
    return _joined(f"{head} ({STRENGTH_WORDS[duty.strength]}).", duty.text)


def _escalation(area: AreaProtocol) -> Iterator[Line]:
    rules = area.escalation
    for kind in rules.kinds:
        topics = f" ({'; '.join(topic.label.lower() for topic in kind.topics)})" if kind.topics else ""
        yield _cited(kind, f"Kind of difference: {kind.label}{topics}.")
    for ladder in rules.ladders:
        yield from _ladder(area, ladder)
    for jump in rules.jumps:
        yield _cited(jump, f"Straight to the top ({STRENGTH_WORDS[jump.strength]}): {jump.label}.")
    for duty in rules.duties:
        yield _cited(duty, _duty_words(area, duty))
    if rules.no_ladder:
        yield _cited(rules.no_ladder, rules.no_ladder.reason)
    for route in rules.routes:
        yield _cited(route, f"Way on: {route.label}. {route.text}".strip())
    if rules.convening:
        yield from _convening(area, rules.convening)


def _ladder(area: AreaProtocol, ladder: Ladder) -> Iterator[Line]:
    yield _cited(ladder, _joined(f"Ladder: {ladder.label}.", ladder.warning))
    for number, tier in enumerate(ladder.tiers, start=1):
        yield _cited(tier, _joined(f"Step {number}: {tier.label}.", tier.text, *_tier_details(area, tier)))
        for alternative in tier.alternatives:
            yield _cited(alternative, f"Instead: {', '.join(alternative.go_to)}. {alternative.text}".strip())
        yield from _required(tier.requires)
        for ask in tier.asks:
            yield _cited(ask, _joined(f"May ask for: {ask.label}.", ask.text))
        for outcome in tier.outcomes:
            yield _cited(outcome, f"It may end with: {outcome.label}.")


def _tier_details(area: AreaProtocol, tier: LadderTier) -> Iterator[str]:
    if tier.titles:
        yield _titles(tier)
    if tier.post:
        yield f"Stands there: {seat_words(area, tier.post)}."
    if tier.entry_points:
        yield f"Ways in: {'; '.join(tier.entry_points).lower()}."
    if tier.routed_by:
        yield f"By locality: {'; '.join(option.label for option in tier.routed_by)}."
    if tier.meeting:
        yield f"Everyone {STRENGTH_WORDS[tier.meeting]} meet."
    if tier.decided_by:
        yield f"Held by {' and '.join(seat_words(area, seat) for seat in tier.decided_by)}."
    if tier.tells:
        yield f"Told: {' and '.join(seat_words(area, seat) for seat in tier.tells)}."


def _titles(tier: LadderTier) -> str:
    titles = "; ".join(f"{kind.replace('_', ' ')}: {title}" for kind, title in tier.titles.items())
    return f"By agency: {titles}."


def _convening(area: AreaProtocol, rules: ConveneRules) -> Iterator[Line]:
    yield _cited(
        rules, f"Asking for a conference: {rules.text} Decided by {seat_words(area, rules.decided_by)}."
    )
    yield from _required(rules.requires)
    for outcome in rules.outcomes:
        yield _cited(outcome, f"Possible answer: {outcome.label}.")
    for refusal in rules.refusals:
        yield _cited(refusal, refusal.reason)
    if rules.last_resort_by:
        cited = rules.last_resort or rules
        yield _cited(cited, f"As a last resort it is decided by {seat_words(area, rules.last_resort_by)}.")


def _complaints(area: AreaProtocol) -> Iterator[Line]:
    rules = area.complaints
    if rules is None:
        return
    yield _cited(rules, rules.text)
    for aspect in rules.aspects:
        yield _cited(aspect, f"It may be about: {aspect.label}.")
    for outcome in rules.outcomes:
        yield _cited(outcome, _outcome_words(outcome))
    for refusal in rules.refusals:
        yield _cited(refusal, refusal.reason)
    for tell in rules.tells:
        yield _cited(tell, _tell_words(area, tell))
    for signpost in rules.signposts:
        yield _cited(signpost, f"{signpost.label}.")


def _refusals(area: AreaProtocol) -> Iterator[Line]:
    words = {name: area.words[name] for name in ("chair", "conference", "reviewer")}
    for refusal in area.refusals:
        yield _cited(refusal, _filled(refusal.reason, words))


def _safeguards(area: AreaProtocol) -> Iterator[Line]:
    for safeguard in area.safeguards:
        state = "" if safeguard.on else " Switched off here."
        fixed = "" if safeguard.switchable else " This cannot be switched off."
        yield _cited(safeguard, f"{safeguard.label}. {safeguard.text}{state}{fixed}")


def _required(requirements: Iterable[Requirement]) -> Iterator[Line]:
    for item in requirements:
        yield _cited(item, _joined(f"Asked for ({STRENGTH_WORDS[item.strength]}): {item.label}.", item.hint))


def _cited(value: Cited, text: str) -> Line:
    return Line(text, value.rules, value.basis)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part).replace("?.", "?")


def _filled(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text
