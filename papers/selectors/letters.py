"""What a letter says and to whom it goes, from what is recorded; and how a saved one is printed."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import letters
import protocols
from complaints.models import Complaint
from complaints.selectors import aspects_in_words
from conferences.models import Attendance
from conferences.selectors import children_of
from conferences.states import PRESENT, Side
from convening.models import ConveneRequest
from convening.selectors import refusal_letter
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied
from core.templatetags.pd import day_date, day_time
from deadlines.selectors import clocks_of
from dissent.actions import Decided
from dissent.models import Answer, Dissent
from dissent.selectors import Desk, OutcomeDate, decision_words, if_unresolved, seat_title
from dissent.selectors.words import booked_for, direction_words
from letters import Child, Dated, Facts, Recipient, Section, Wording
from letters.model import Kind
from papers.policies import (
    AGENCIES,
    CHAIR,
    DISSENTER,
    FAMILY,
    PARENTS,
    REQUESTER,
    Matter,
    Plan,
    answer_of,
    plans_before,
)
from partnerships.models import Partnership
from partnerships.selectors import holders_of
from protocols.describe import BASIS_LABELS
from records.models import IssuedLetter, Letter, LetterHead, LetterText, LetterWording

DEFAULT_MARKING = "Official-Sensitive"
PRACTICE_MARKING = "Practice: no real person or child"
WITHOUT_MEANWHILE = ("not_convene", "complaint")  # no decision stands meanwhile, or the text says it itself
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Addressed:
    """A recipient by the protocol's rule, with the seat in which they are."""

    name: str
    role: str
    agency: str
    seat: str = ""
    copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a decision says: one that is recorded, or one that is still being written."""

    outcome: str
    reasons: str
    parts: Mapping[str, str]
    new_information: str
    per_child: Mapping[int, str]  # by the row of the dissent about that child
    on: dt.date
    dates: tuple[Dated, ...] = ()
    booked: str = ""
    booked_with: str = ""


def said_in(answer: Answer, dissent: Dissent, now: dt.datetime) -> Said:
    """A recorded decision."""
    follow_up = booked_for(answer)
    booked = follow_up.conference if follow_up else None
    return Said(
        outcome=answer.outcome,
        reasons=answer.reasons,
        parts=answer.parts,
        new_information=answer.new_information,
        per_child={row.dissent_child_id: row.text for row in answer.answer_children.all()},
        on=london_date(answer.decided_at),
        dates=() if booked else _dates(dissent, now),
        booked=_booked_words(booked.starts_at, booked.place) if booked else "",
        booked_with=booked.chair.user.name if booked else "",
    )


def said_by(decided: Decided, dates: Iterable[OutcomeDate], chair: str, now: dt.datetime) -> Said:
    """A decision as it is typed, with the dates that it would start if it were recorded now."""
    booking = decided.booking
    held = tuple(
        Dated(label=each.label, date=day_date(each.due), rule=each.rule)
        for each in dates
        if each.purpose == "hold"
    )
    return Said(
        outcome=decided.outcome,
        reasons=decided.reasons,
        parts=decided.parts,
        new_information=decided.new_information,
        per_child=decided.per_child,
        on=london_date(now),
        dates=() if booking else held,
        booked=_booked_words(booking.starts_at, booking.place) if booking else "",
        booked_with=chair if booking else "",
    )


def _booked_words(starts_at: dt.datetime, place: str) -> str:
    return f"{day_time(starts_at)}{f', {place}' if place else ''}"


def answer_at(dissent: Dissent, tier: str) -> Answer | None:
    return next((answer for answer in dissent.answers.all() if answer.tier == tier), None)


def facts_for(
    plan: Plan,
    matter: Matter,
    area: protocols.AreaProtocol,
    now: dt.datetime,
    typed: Said | None = None,
) -> Facts:
    """What is recorded, or `typed` and not recorded yet, as far as this letter may say it. Raises ValueError for a
    ladder, which has no letters."""
    match matter:
        case Dissent():
            return _of_dissent(plan, matter, area, now, typed)
        case ConveneRequest():
            return _of_request(plan, matter, area)
        case Complaint():
            return _of_complaint(matter, area)
        case _:
            raise ValueError("No letter is written about a ladder.")


def _of_request(plan: Plan, convening: ConveneRequest, area: protocols.AreaProtocol) -> Facts:
    answer = answer_of(convening, plan)
    said = refusal_letter(answer)
    case = convening.case
    return Facts(
        reference=case.reference,
        partnership=case.partnership.name,
        conference=area.word("conference"),
        chair=area.word("chair"),
        children=tuple(Child(initials=child.initials) for child in case.children.order_by("pk")),
        outcome=said["outcome"],
        reply=answer.reply,
        reasons=answer.reasons,
        decided_on=london_date(answer.decided_at),
        about=f"Your request of {day_date(convening.made_at)}",
        rule=plan.rule,
        document=area.head.document,
        stands=area.meanwhile.text,
    )


def _of_complaint(complaint: Complaint, area: protocols.AreaProtocol) -> Facts:
    """Nothing that anybody else said, and no name but the reader's own."""
    return Facts(
        reference=complaint.case.reference,
        partnership=complaint.case.partnership.name,
        conference=area.word("conference"),
        held_on=london_date(complaint.conference.starts_at),
        about="; ".join(aspects_in_words(complaint, area)),
        document=area.head.document,
        stands=area.meanwhile.text,
    )


def _of_dissent(
    plan: Plan, dissent: Dissent, area: protocols.AreaProtocol, now: dt.datetime, typed: Said | None
) -> Facts:
    """The parents' letter takes nothing that anybody wrote."""
    answer = answer_at(dissent, plan.tier)
    said = typed or (said_in(answer, dissent, now) if answer else None)
    outcome = area.outcome(said.outcome) if said else None
    tier = area.tier(plan.tier)
    parents = plan.kind == "parents"
    per_child = said.per_child if said else {}
    children = tuple(
        Child(
            initials=row.conference_child.child.initials,
            decision=decision_words(row.conference_child, area),
            direction="" if parents else direction_words(row.direction, area),
            answer="" if parents else per_child.get(row.pk, ""),
        )
        for row in dissent.dissent_children.all()
        if plan.child is None or row.conference_child.child_id == plan.child.pk
    )
    unresolved = None if parents else if_unresolved(dissent, area)
    parts = {part.id: part.label for part in tier.parts} if tier else {}
    return Facts(
        reference=dissent.case.reference,
        partnership=dissent.case.partnership.name,
        conference=area.word("conference"),
        held_on=london_date(dissent.conference.starts_at),
        chair=area.word("chair"),
        chair_name="" if parents else dissent.conference.chair.user.name,
        children=children,
        dissenter="" if parents else dissent.attendance.name,
        agency="" if parents else dissent.agency.name,
        outcome=outcome.label if outcome else "",
        outcome_text=outcome.text if outcome and not parents else "",
        means=outcome.means if outcome else "",
        reasons=said.reasons if said and not parents else "",
        parts=() if parents or said is None else tuple((parts.get(k, k), v) for k, v in said.parts.items()),
        new_information=said.new_information if said and not parents else "",
        decided_on=said.on if said else None,
        dates=said.dates if said else _dates(dissent, now),
        booked=said.booked if said else "",
        booked_with=said.booked_with if said and not parents else "",
        if_unresolved=unresolved["text"] if unresolved else "",
        if_unresolved_rule=unresolved["rule"] if unresolved else "",
        rule=plan.rule,
        document=area.head.document,
        stands=area.meanwhile.text,
    )  # fmt: skip


def _dates(dissent: Dissent, now: dt.datetime) -> tuple[Dated, ...]:
    """The running clocks that say by when a conference is held."""
    return tuple(
        Dated(label=clock.deadline.label, date=day_date(clock.deadline.due_at), rule=clock.deadline.rule)
        for clock in clocks_of(dissent.case, now)
        if clock.is_open and clock.deadline.purpose == "hold" and clock.deadline.due_at
    )


# --- recipients ---------------------------------------------------------------------------------------------------


def recipients_by_rule(
    plan: Plan, matter: Matter, area: protocols.AreaProtocol, today: dt.date
) -> list[Addressed]:
    """Whom the protocol names for this letter, by name, role and agency."""
    match matter:
        case Dissent():
            return _by_rule(plan, matter, area, today)
        case ConveneRequest():
            said = refusal_letter(answer_of(matter, plan))
            return [Addressed(said["to_person"], "", said["to_agency"], REQUESTER)]
        case Complaint():
            return [Addressed(matter.name or str(matter.get_made_by_display()), "", "", FAMILY)]
        case _:
            return []


def _by_rule(plan: Plan, dissent: Dissent, area: protocols.AreaProtocol, today: dt.date) -> list[Addressed]:
    found: list[Addressed] = []
    for seat in plan.to:
        found += _in_seat(seat, dissent, area, today)
    for seat in plan.copies:
        found += [
            Addressed(each.name, each.role, each.agency, each.seat, copy=True)
            for each in _in_seat(seat, dissent, area, today)
        ]
    return found


def _in_seat(seat: str, dissent: Dissent, area: protocols.AreaProtocol, today: dt.date) -> list[Addressed]:
    if seat == DISSENTER:
        person = dissent.attendance
        return [Addressed(person.name, person.job_title, dissent.agency.name, seat)]
    if seat == CHAIR:
        chair = dissent.conference.chair
        return [Addressed(chair.user.name, area.word("chair").capitalize(), chair.agency.name, seat)]
    if seat == PARENTS:
        return [Addressed("The parents", "brought by the social worker", "", seat)]
    if seat == AGENCIES:
        return _agencies(dissent)
    title = seat_title(seat, area)
    held = holders_of(dissent.partnership_id, seat.removeprefix("slot:"), today)
    name = held[0].membership.user.name if held else title
    agency = "" if area.partnership_name in title else area.partnership_name
    return [Addressed(name, title if held else "", agency, seat)]


def _agencies(dissent: Dissent) -> list[Addressed]:
    """Every agency on the conference list, the dissenter's among them, each through one person (CAM-12)."""
    rows = (
        Attendance.objects.filter(conference=dissent.conference, side=Side.PROFESSIONAL)
        .select_related("agency")
        .order_by("agency__name", "pk")
    )
    chosen: dict[int | None, Attendance] = {}
    for row in rows:
        known = chosen.get(row.agency_id)
        if known is None or (known.presence not in PRESENT and row.presence in PRESENT):
            chosen[row.agency_id] = row
    return [Addressed(row.name, row.job_title, str(row.agency)) for row in chosen.values()]


def third_parties(matter: Matter, plan: Plan) -> list[str]:
    """Names that the parents' letter must not hold: professionals, agencies, relatives, other children."""
    if not isinstance(matter, Dissent) or plan.kind != "parents":
        return []
    dissent = matter
    names = [dissent.attendance.name, dissent.agency.name]
    for row in Attendance.objects.filter(conference=dissent.conference).select_related("agency"):
        if row.side == Side.PROFESSIONAL:
            names += [row.name, str(row.agency)]
    own = plan.child.pk if plan.child else 0
    for child in children_of(dissent.conference):
        if child.child_id != own:
            names += [child.child.name, child.child.initials]
    return names


# --- the partnership's own setting --------------------------------------------------------------------------------


def marking_of(partnership: Partnership, head: LetterHead | None) -> str:
    """What stands at the top of every page; practice says so in its place."""
    if partnership.is_practice:
        return PRACTICE_MARKING
    return head.marking if head else DEFAULT_MARKING


def head_of(partnership_id: int) -> LetterHead | None:
    return LetterHead.objects.filter(partnership_id=partnership_id).order_by("-saved_at", "-pk").first()


def wording_for(partnership_id: int, kind: str) -> Wording:
    row = (
        LetterWording.objects.filter(partnership_id=partnership_id, kind=kind)
        .order_by("-saved_at", "-pk")
        .first()
    )
    return Wording(opening=row.opening, closing=row.closing) if row else Wording()


# --- a letter, printed --------------------------------------------------------------------------------------------


def first_draft(
    plan: Plan,
    matter: Matter,
    area: protocols.AreaProtocol,
    now: dt.datetime,
    typed: Said | None = None,
) -> letters.Draft:
    """The letter as the writer first finds it; of a decision that is `typed`, as they will find it."""
    people = recipients_by_rule(plan, matter, area, london_date(now))
    to = [person for person in people if not person.copy]
    names = to[0].name if len(to) == 1 and plan.kind != "parents" else ""
    own = wording_for(matter.partnership_id, plan.kind)
    return letters.draft(plan.kind, facts_for(plan, matter, area, now, typed), own, names=names)


def letter_typed(desk: Desk, decided: Decided, now: dt.datetime) -> letters.Letter:
    """The main letter of a decision as it is typed. Raises Denied where the protocol has none for it."""
    dissent, area, tier = desk.dissent, desk.area, desk.tier
    plans = plans_before(dissent, area, tier, decided.outcome)
    plan = next((each for each in plans if each.kind != "parents"), None)
    outcome = tier.outcome(decided.outcome)
    if plan is None or outcome is None:
        raise Denied("This protocol asks for no letter with that answer.")
    chairs = {each.pk: each.user.name for each in desk.chairs()}
    chair = chairs.get(decided.booking.chair_id, "") if decided.booking else ""
    typed = said_by(decided, desk.dates(outcome), chair, now)
    return before(plan, dissent, area, typed, desk.actor, now)


def before(
    plan: Plan, dissent: Dissent, area: protocols.AreaProtocol, typed: Said, by: Actor, now: dt.datetime
) -> letters.Letter:
    """The letter of a decision that is not made yet, as it would first be drafted: marked on every page as not issued."""
    title = seat_title(plan.by, area)
    return printed(
        kind=plan.kind,
        partnership=dissent.case.partnership,
        area=area,
        reference=dissent.case.reference,
        text=first_draft(plan, dissent, area, now, typed),
        recipients=[
            Recipient(name=each.name, role=each.role, agency=each.agency, copy=each.copy)
            for each in recipients_by_rule(plan, dissent, area, london_date(now))
        ],
        signed_by=by.name,
        signed_post=f"For the {title}" if by.acting_for(plan.by) else title,
        rule=plan.rule,
        basis=plan.basis,
        now=now,
        specimen=True,
    )


def basis_words(rule: str, basis: str, area: protocols.AreaProtocol) -> str:
    """The rule at the foot of a letter, and the text that it stands in."""
    said = BASIS_LABELS.get(basis, "")  # type: ignore[call-overload]
    if not rule:
        return f"{area.head.document}. {said.capitalize()}." if said else f"{area.head.document}."
    return f"Rule {rule} of: {area.head.document}{f' ({said})' if said else ''}."


def printed(
    *,
    kind: Kind,
    partnership: Partnership,
    area: protocols.AreaProtocol,
    reference: str,
    text: LetterText | letters.Draft,
    recipients: Iterable[Recipient],
    signed_by: str,
    signed_post: str,
    rule: str,
    basis: str,
    now: dt.datetime,
    specimen: bool = False,
) -> letters.Letter:
    """A letter with everything that stands around its text."""
    head = head_of(partnership.pk)
    sections = tuple(
        section if isinstance(section, Section) else Section(**section) for section in text.sections
    )
    return letters.Letter(
        kind=kind,
        title=text.title,
        marking=marking_of(partnership, head),
        sender=partnership.name,
        address=tuple(line.strip() for line in head.address.splitlines() if line.strip()) if head else (),
        contact=head.contact if head else "",
        dated=london_date(now),
        reference=reference,
        about=tuple((label, words) for label, words in text.about),
        recipients=tuple(recipients),
        salutation=text.salutation,
        sections=sections,
        stands=area.meanwhile.text if kind not in WITHOUT_MEANWHILE else "",
        signed_by=signed_by,
        signed_post=signed_post,
        basis=basis_words(rule, basis, area),
        made_at=now,
        specimen=specimen,
    )


def text_of(letter: Letter) -> LetterText:
    return letter.texts.order_by("-number")[0]


def recipients_of(letter: Letter) -> list[Recipient]:
    """Those who are on it now, by name, role and agency."""
    return [
        Recipient(name=row.name, role=row.role, agency=row.agency, copy=row.is_copy)
        for row in letter.recipients.order_by("is_copy", "pk")
        if row.removed_at is None
    ]


def issued_of(letter: Letter) -> IssuedLetter | None:
    return IssuedLetter.objects.filter(letter=letter).first()
