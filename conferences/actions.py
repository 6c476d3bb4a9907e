"""The verbs of a conference. Each is one transaction: lock, check, transition, save, facts, audit."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audit.actions import write
from cases.models import Case, Child
from conferences import permissions, policies
from conferences.models import (
    Attendance,
    Conference,
    ConferenceCase,
    ConferenceChild,
    Decision,
    MissingEntryRequest,
    NotedView,
    NotedViewChild,
    PrivateView,
    RecordField,
    ScriptTick,
    Session,
    View,
)
from conferences.selectors import Listed, area_of_conference
from conferences.states import PRESENT, ConferenceKind, Phase, Presence, Side, ViewChoice, Why
from core.actor import Actor
from core.clock import london_date
from core.moments import check_day_happened, check_happened, check_not_before, check_words
from core.references import CONFERENCE, new_reference
from core.refusals import Denied, changed, not_yours
from deadlines.actions import correct_fact, happened
from notifications.actions import enqueue
from partnerships.models import Agency, Membership
from partnerships.selectors import area_of, version_on
from partnerships.states import RECORDERS, Role

LONG = 1500
VERY_LONG = 5000


@dataclass(frozen=True, slots=True)
class NewChild:
    """A child as entered: initials for screens, a date of birth or, unborn, an expected date."""

    initials: str
    name: str = ""
    born_on: dt.date | None = None
    due_on: dt.date | None = None
    on_plan_before: bool = False


def _lock(conference_id: int) -> Conference:
    conference: Conference = (
        Conference.objects.select_for_update(of=("self",))
        .select_related("protocol_version", "partnership", "chair", "minute_taker")
        .get(pk=conference_id)
    )
    return conference


def _audit(type_: str, conference: Conference, by: Actor, now: dt.datetime, **kw: object) -> None:
    rule = str(kw.pop("rule", ""))
    write(
        type_, by=by, now=now, object_type="conference", object_id=conference.pk, object_ref=conference.reference,
        rule=rule, detail=dict(kw), partnership_id=conference.partnership_id,
    )  # fmt: skip


@transaction.atomic
def book(
    *,
    by: Actor,
    kind: str,
    starts_at: dt.datetime,
    chair_id: int,
    now: dt.datetime,
    place: str = "",
    minute_taker_id: int | None = None,
    follows: Conference | None = None,
    for_partnership: int | None = None,
) -> Conference:
    """Set up a conference under the protocol in force on its date.

    Raises Denied when the protocol's needs are not met (SUS-25) or the chair is not a chair of this partnership.
    """
    if for_partnership is None:  # a follow-up is booked by those whom the dissent's own check lets
        permissions.check_book(by)
    partnership_id = for_partnership or by.partnership_id or 0
    version = version_on(partnership_id, london_date(starts_at))
    chair = Membership.objects.filter(pk=chair_id, partnership_id=partnership_id, role=Role.CHAIR).first()
    if chair is None:
        raise Denied("Select a chair of this partnership", field="chair")
    area = area_of(version, chair.partnership)
    policies.check_set_up(chair, area)
    if kind not in ConferenceKind.values:
        raise Denied("Select the kind of conference", field="kind")
    minute_taker = None
    if minute_taker_id is not None:
        minute_taker = Membership.objects.filter(
            pk=minute_taker_id, partnership_id=partnership_id, role=Role.MINUTE_TAKER
        ).first()
        if minute_taker is None:
            raise Denied("Select a minute taker of this partnership", field="minute_taker")
    conference: Conference
    for _ in range(8):
        try:
            with transaction.atomic():
                conference = Conference.objects.create(
                    partnership_id=partnership_id,
                    reference=new_reference(CONFERENCE),
                    kind=kind,
                    protocol_version=version,
                    starts_at=starts_at,
                    place=place,
                    chair=chair,
                    minute_taker=minute_taker,
                    follows=follows,
                )
            break
        except IntegrityError:
            continue
    else:
        raise RuntimeError("no free reference was found in eight tries")
    for member in filter(None, (chair, minute_taker)):
        enqueue(
            partnership_id=partnership_id,
            seat=f"member:{member.pk}",
            kind="conference_booked",
            params={"due": starts_at.isoformat(), "what": conference.reference},
            dedupe_key=f"booked:{conference.pk}:{member.pk}",
            now=now,
        )
    _audit("conference.booked", conference, by, now, date=starts_at.isoformat())
    return conference


PRACTICE_CHILDREN = (("P.A.", 4 * 365), ("P.B.", 9 * 365))  # initials, and days old
PRACTICE_ATTENDS = ("worker", "police", "health", "school", "charity")


@transaction.atomic
def start_practice(*, by: Actor, now: dt.datetime) -> Conference:
    """A conference to practise on, begun: two invented children, and the invented people on its list.

    Whoever practises as minute taker gets the invented chair. Raises Denied outside practice.
    """
    if not by.practice or by.role not in RECORDERS:
        raise not_yours("A conference is practised in practice, by chairs and minute takers.")
    invented = {
        m.user.email.partition("@")[0]: m
        for m in Membership.objects.filter(
            partnership_id=by.partnership_id or 0, user__email__endswith=".practice.invalid"
        ).select_related("user")
    }
    chairs = by.role == Role.CHAIR
    conference = book(
        by=by, kind=ConferenceKind.INITIAL, starts_at=now, now=now, place="Practice room",
        chair_id=by.member if chairs else invented["chair"].pk,
        minute_taker_id=invented["minutes"].pk if chairs else by.member,
    )  # fmt: skip
    today = london_date(now)
    for initials, days in PRACTICE_CHILDREN:
        child = NewChild(initials=initials, born_on=today - dt.timedelta(days=days))
        add_child(conference_id=conference.pk, by=by, child=child, now=now)
    for key in PRACTICE_ATTENDS:
        add_person(conference_id=conference.pk, by=by, membership_id=invented[key].pk, now=now)
    add_person(conference_id=conference.pk, by=by, name="A grandparent", side=Side.FAMILY, now=now)
    return start(conference_id=conference.pk, by=by, now=now)


@transaction.atomic
def add_child(
    *,
    conference_id: int,
    by: Actor,
    child: NewChild | uuid.UUID,
    now: dt.datetime,
    on_plan_before: bool = False,
    trusted: bool = False,
) -> ConferenceChild:
    """Add a child, new or known to the partnership; siblings one after the other, unborn by expected date.

    `trusted`: the children come along from the first conference, or from the request for one, whoever books it.
    """
    conference = _lock(conference_id)
    if not trusted:
        permissions.check_prepare(by, conference, area_of_conference(conference))
    if isinstance(child, uuid.UUID):
        row = Child.objects.filter(uuid=child, partnership_id=conference.partnership_id).first()
        if row is None:
            raise Denied("Select a child of this partnership", field="child")
    else:
        if not child.initials.strip():
            raise Denied("Enter the child's initials", field="initials")
        if child.born_on is None and child.due_on is None:
            raise Denied("Enter a date of birth, or the expected date for an unborn child", field="born_on")
        if child.born_on is not None:
            check_day_happened(child.born_on, london_date(now), "Date of birth", "born_on")
        on_plan_before = child.on_plan_before
        row = Child.objects.create(
            partnership_id=conference.partnership_id,
            initials=child.initials.strip(),
            name=child.name.strip(),
            born_on=child.born_on,
            due_on=child.due_on,
        )
    if ConferenceChild.objects.filter(conference=conference, child=row).exists():
        raise Denied("This child is already on the list of this conference.", field="child")
    added = ConferenceChild.objects.create(
        partnership_id=conference.partnership_id,
        conference=conference,
        child=row,
        on_plan_before=on_plan_before,
    )
    _audit("conference.child_added", conference, by, now, conference_child=added.pk)
    return added


@transaction.atomic
def add_person(
    *,
    conference_id: int,
    by: Actor,
    now: dt.datetime,
    name: str = "",
    agency_id: int | None = None,
    membership_id: int | None = None,
    job_title: str = "",
    email: str = "",
    side: str = Side.PROFESSIONAL,
    presence: str = Presence.INVITED,
) -> Attendance:
    """Put someone on the list: a member of the partnership, someone known by name only, or family."""
    conference = _lock(conference_id)
    permissions.check_prepare(by, conference, area_of_conference(conference))
    membership = None
    if membership_id is not None:
        membership = (
            Membership.objects.select_related("user")
            .filter(pk=membership_id, partnership_id=conference.partnership_id)
            .first()
        )
        if membership is None:
            raise Denied("Select a person of this partnership", field="person")
        if Attendance.objects.filter(conference=conference, membership=membership).exists():
            raise Denied(f"{membership.user.name} is already on the list.", field="person")
        name, job_title, email = membership.user.name, membership.job_title, membership.user.email
        agency_id = membership.agency_id
    if not name.strip():
        raise Denied("Enter the person's name", field="name")
    if presence not in Presence.values or side not in Side.values:
        raise Denied("Select whether they are here", field="presence")
    if side == Side.FAMILY:
        agency_id = None
    elif (
        agency_id is None
        or not Agency.objects.filter(pk=agency_id, partnership_id=conference.partnership_id).exists()
    ):
        raise Denied("Select the person's agency", field="agency")
    attendance = Attendance.objects.create(
        partnership_id=conference.partnership_id,
        conference=conference,
        membership=membership,
        agency_id=agency_id,
        name=name.strip(),
        job_title=job_title.strip(),
        email=email.strip(),
        side=side,
        presence=presence,
    )
    _audit("conference.person_added", conference, by, now, attendance=attendance.pk, agency=agency_id)
    return attendance


@transaction.atomic
def record_presence(
    *,
    attendance_id: int,
    by: Actor,
    presence: str,
    now: dt.datetime,
    left_at: dt.datetime | None = None,
    report_submitted: bool | None = None,
    report_shared: bool | None = None,
) -> Attendance:
    """Record how someone took part, when they left, and whether their report was sent in and shared (WDC-4)."""
    attendance = Attendance.objects.select_related("conference").get(pk=attendance_id)
    conference = _lock(attendance.conference_id)
    permissions.check_record(by, conference, area_of_conference(conference))
    attendance.refresh_from_db()
    if presence not in Presence.values:
        raise Denied(f"Select how {attendance.name} took part", field="presence")
    if presence == Presence.LEFT_EARLY:
        left_at = left_at or now
        check_happened(left_at, now, "The time they left", "left_at")
        if conference.started_at:
            check_not_before(left_at, conference.started_at, "The time they left", "the start", "left_at")
    attendance.presence = presence
    attendance.left_at = left_at if presence == Presence.LEFT_EARLY else None
    if report_submitted is not None:
        attendance.report_submitted = report_submitted
    if report_shared is not None:
        attendance.report_shared = report_shared
    attendance.save(update_fields=["presence", "left_at", "report_submitted", "report_shared"])
    _audit(
        "conference.presence_recorded",
        conference,
        by,
        now,
        attendance=attendance.pk,
        kind=attendance.presence,
    )
    return attendance


@transaction.atomic
def import_list(*, conference_id: int, by: Actor, entries: list[Listed], now: dt.datetime) -> int:
    """Enter a checked file into the list of a conference, all of it or nothing. Returns how many rows."""
    conference = _lock(conference_id)
    permissions.check_prepare(by, conference, area_of_conference(conference))
    for entry in entries:
        attendance_id = entry.attendance_id
        if attendance_id is None:
            attendance_id = add_person(
                conference_id=conference_id, by=by, now=now, name=entry.name, agency_id=entry.agency_id,
                membership_id=entry.membership_id, job_title=entry.job_title, email=entry.email, side=entry.side,
            ).pk  # fmt: skip
        if entry.presence != Presence.INVITED or entry.report is not None:
            kept = Attendance.objects.get(pk=attendance_id).presence
            record_presence(
                attendance_id=attendance_id, by=by, now=now, left_at=entry.left_at, report_submitted=entry.report,
                presence=kept if entry.presence == Presence.INVITED else entry.presence,
            )  # fmt: skip
    _audit("conference.list_imported", conference, by, now, count=len(entries))
    return len(entries)


@transaction.atomic
def start(*, conference_id: int, by: Actor, now: dt.datetime, at: dt.datetime | None = None) -> Conference:
    """Start the conference: from now on it is recorded live."""
    conference = _lock(conference_id)
    permissions.check_start(by, conference, area_of_conference(conference))
    at = at or now
    check_happened(at, now, "The time it started", "at")
    if not ConferenceChild.objects.filter(conference=conference).exists():
        raise Denied("Add at least one child before you start the conference.")
    conference.start(at)
    conference.version += 1
    version = version_on(conference.partnership_id, london_date(at))
    followed = version.pk != conference.protocol_version_id
    conference.protocol_version = (
        version  # of the day on which it is held: one may have come since it was booked
    )
    conference.save(update_fields=["state", "started_at", "version", "protocol_version"])
    Session.objects.create(partnership_id=conference.partnership_id, conference=conference, started_at=at)
    if followed:
        _audit("conference.version_followed", conference, by, now, date=version.effective_from.isoformat())
    _audit("conference.started", conference, by, now, at=at.isoformat())
    return conference


@transaction.atomic
def adjourn(
    *,
    conference_id: int,
    by: Actor,
    reason: str,
    now: dt.datetime,
    at: dt.datetime | None = None,
    resumes_at: dt.datetime | None = None,
) -> Conference:
    """End this session, not the conference: it ends when its last session does (AFC-14)."""
    conference = _lock(conference_id)
    permissions.check_adjourn(by, conference, area_of_conference(conference))
    if not reason.strip():
        raise Denied("Enter why the conference is adjourned", field="reason")
    check_words(reason, 500, "The reason", "reason")
    at = at or now
    check_happened(at, now, "The time it was adjourned", "at")
    session = conference.sessions.get(ended_at__isnull=True)
    check_not_before(at, session.started_at, "The time it was adjourned", "the start of this session", "at")
    session.ended_at = max(at, session.started_at)
    session.adjourned_reason = reason.strip()
    session.resumes_at = resumes_at
    session.save(update_fields=["ended_at", "adjourned_reason", "resumes_at"])
    conference.adjourn()
    conference.version += 1
    conference.save(update_fields=["state", "version"])
    _audit("conference.adjourned", conference, by, now, at=at.isoformat())
    return conference


@transaction.atomic
def resume(*, conference_id: int, by: Actor, now: dt.datetime) -> Conference:
    """Open the next session of an adjourned conference."""
    conference = _lock(conference_id)
    permissions.check_resume(by, conference, area_of_conference(conference))
    conference.resume()
    conference.version += 1
    conference.save(update_fields=["state", "version"])
    Session.objects.create(partnership_id=conference.partnership_id, conference=conference, started_at=now)
    _audit("conference.resumed", conference, by, now, at=now.isoformat())
    return conference


@transaction.atomic
def tick_script(
    *, conference_id: int, by: Actor, step: str, now: dt.datetime, done_at: dt.datetime | None = None
) -> ScriptTick:
    """A step of the protocol's script was done. Ticking it again changes nothing."""
    conference = _lock(conference_id)
    area = area_of_conference(conference)
    permissions.check_record_live(by, conference, area)
    found = next((s for s in area.conference.script if s.step == step), None)
    if found is None:
        raise Denied("This protocol's script has no such step.")
    done_at = done_at or now
    check_happened(done_at, now, "The time it was done", "done_at")
    existing = ScriptTick.objects.filter(conference=conference, step=step).first()
    if existing is not None:
        return existing
    tick = ScriptTick.objects.create(
        partnership_id=conference.partnership_id,
        conference=conference,
        step=step,
        done_at=done_at,
        recorded_by_id=by.member,
    )
    _audit("conference.script_step_done", conference, by, now, rule=found.rule, step=step)
    return tick


@transaction.atomic
def record_view(
    *,
    attendance_id: int,
    conference_child_id: int,
    by: Actor,
    phase: str,
    choice: str,
    now: dt.datetime,
    reasons: str = "",
    change_reason: str = "",
    version: int | None = None,
) -> View:
    """Record what one person thinks about one child. A view is a recommendation: no tally decides (AFC-1, AFC-2)."""
    attendance = Attendance.objects.get(pk=attendance_id)
    conference = _lock(attendance.conference_id)
    area = area_of_conference(conference)
    permissions.check_record_live(by, conference, area)
    child = (
        ConferenceChild.objects.select_related("child")
        .filter(pk=conference_child_id, conference=conference)
        .first()
    )
    if child is None:
        raise Denied("That child is not one of this conference's children. Choose a child from its list.")
    if attendance.side == Side.FAMILY:
        raise Denied(
            "Views on the threshold are those of professionals. The family's words go in the minutes."
        )
    if phase not in tuple(map(str, area.conference.view_phases)):
        raise Denied("This protocol does not ask for a view at that stage.")
    if choice not in ViewChoice.values:
        raise Denied(f"Select {attendance.name}’s view", field="choice")
    check_words(reasons, LONG, "Reasons", "reasons")
    if choice == ViewChoice.NONE and not reasons.strip():
        raise Denied(
            f"Enter why {attendance.name} gave no view",
            rule=area.conference.views_complete.rule,
            field="reasons",
        )
    earlier = View.objects.filter(
        attendance=attendance, conference_child=child, phase=Phase.DISCUSSION
    ).first()
    if phase == Phase.DECISION and earlier and earlier.choice != choice and not change_reason.strip():
        raise Denied(
            f"{attendance.name} saw this differently in the discussion. Enter what changed their view",
            rule=(*area.conference.views_complete.also, area.conference.views_complete.rule)[0],
            field="change_reason",
        )
    private = PrivateView.objects.filter(attendance=attendance, conference_child=child).first()
    first = phase == str(area.conference.view_phases[0])
    if first and private and private.choice != choice and not change_reason.strip():
        raise Denied(
            f"{attendance.name} saw this differently before the round. Enter what changed their view",
            rule=(*area.conference.views_complete.also, area.conference.views_complete.rule)[0],
            field="change_reason",
        )
    existing = View.objects.filter(attendance=attendance, conference_child=child, phase=phase).first()
    if existing is not None and version is not None and existing.version != version:
        raise changed(f"{attendance.name}’s view was changed by someone else. Check it, then save yours.")
    if existing is None:
        existing = View(
            partnership_id=conference.partnership_id,
            attendance=attendance,
            conference_child=child,
            phase=phase,
            version=0,
        )
    existing.choice, existing.reasons, existing.change_reason = choice, reasons.strip(), change_reason.strip()
    existing.recorded_at = now
    existing.version += 1
    existing.save()
    _audit(
        "conference.view_recorded", conference, by, now,
        attendance=attendance.pk, conference_child=child.pk, phase=phase, view=choice,
    )  # fmt: skip
    return existing


@transaction.atomic
def send_private_view(
    *, attendance_id: int, by: Actor, views: Mapping[int, tuple[str, str]], now: dt.datetime
) -> list[PrivateView]:
    """Give one's own view before the round, by child: the choice and the reasons. Until it is opened it may be given
    anew; the record of who said what in the round is not touched by it."""
    conference = _lock(Attendance.objects.get(pk=attendance_id).conference_id)
    attendance = Attendance.objects.get(pk=attendance_id)
    attendance.conference = conference
    permissions.check_private_view(by, attendance, area_of_conference(conference))
    children = {c.pk: c for c in ConferenceChild.objects.filter(conference=conference)}
    sent = []
    for child_id, (choice, reasons) in views.items():
        if child_id not in children or choice not in ViewChoice.values:
            raise Denied("Select your view about each child.")
        check_words(reasons, LONG, "Reasons")
        row, _ = PrivateView.objects.update_or_create(
            attendance=attendance,
            conference_child=children[child_id],
            defaults={
                "partnership_id": conference.partnership_id,
                "choice": choice,
                "reasons": reasons.strip(),
                "sent_at": now,
            },
        )
        sent.append(row)
    _audit("conference.private_view_sent", conference, by, now, attendance=attendance.pk)
    return sent


@transaction.atomic
def open_round(*, conference_id: int, by: Actor, now: dt.datetime) -> Conference:
    """Open the round: views are spoken, and those given before it are shown to who keeps the record."""
    conference = _lock(conference_id)
    permissions.check_open_round(by, conference, area_of_conference(conference))
    conference.round_opened_at = now
    conference.round_opened_by_id = by.membership_id
    conference.version += 1
    conference.save(update_fields=["state", "round_opened_at", "round_opened_by", "version"])
    _audit("conference.round_opened", conference, by, now)
    return conference


@transaction.atomic
def record_field(
    *, conference_id: int, by: Actor, field: str, text: str, now: dt.datetime, version: int | None = None
) -> RecordField:
    """Record a further part that the protocol asks for: strengths, risks, core group, initial plan (WDC-3, 6, 7)."""
    conference = _lock(conference_id)
    area = area_of_conference(conference)
    permissions.check_record_live(by, conference, area)
    found = next((f for f in area.conference.fields if f.id == field), None)
    if found is None:
        raise Denied("This protocol's record has no such part.")
    check_words(text, VERY_LONG, found.label, field)
    row = RecordField.objects.filter(conference=conference, field=field).first()
    if row is not None and version is not None and row.version != version:
        raise changed(f"{found.label} was changed by someone else. Check it, then save yours.")
    if row is None:
        row = RecordField(
            partnership_id=conference.partnership_id, conference=conference, field=field, version=0
        )
    row.text, row.recorded_at = text.strip(), now
    row.version += 1
    row.save()
    _audit("conference.field_recorded", conference, by, now, rule=found.rule, kind=field)
    return row


@transaction.atomic
def explain_quorum(*, conference_id: int, by: Actor, reason: str, now: dt.datetime) -> Conference:
    """Say why the conference goes on with fewer agencies than its quorum."""
    conference = _lock(conference_id)
    permissions.check_record(by, conference, area_of_conference(conference))
    if not reason.strip():
        raise Denied("Enter why the conference goes on without its quorum", field="quorum_reason")
    check_words(reason, LONG, "The reason", "quorum_reason")
    conference.quorum_reason = reason.strip()
    conference.version += 1
    conference.save(update_fields=["state", "quorum_reason", "version"])
    _audit("conference.quorum_explained", conference, by, now, count=policies.agencies_present(conference))
    return conference


@transaction.atomic
def record_decision(
    *,
    conference_child_id: int,
    by: Actor,
    option: str,
    basis: str,
    now: dt.datetime,
    category: str = "",
    reasons: str = "",
) -> Decision:
    """Record the decision about one child, once, by the chair, on a basis that the protocol has.

    Raises Denied with the rule for a basis it has not (AFC-2, CAM-5, HIPS-8), and 409 for a second decision.
    """
    child = ConferenceChild.objects.select_related("child").get(pk=conference_child_id)
    conference = _lock(child.conference_id)
    child = ConferenceChild.objects.select_related("child").get(pk=conference_child_id)
    area = area_of_conference(conference)
    permissions.check_decide(by, conference, child, area)
    policies.check_decision_values(option, category, area)
    policies.check_option_with_quorum(option, conference, area)
    policies.check_basis(basis, area)
    check_words(reasons, LONG, "Reasons", "reasons")
    chosen = next(d for d in area.conference.decisions if d.id == option)
    decision = Decision.objects.create(
        partnership_id=conference.partnership_id,
        conference_child=child,
        option=option,
        on_plan=chosen.on_plan,
        category=category if chosen.on_plan else "",
        basis=basis,
        reasons=reasons.strip(),
        decided_at=now,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    found = area.conference.basis(basis)
    _audit(
        "conference.decided", conference, by, now, rule=found.rule if found else "",
        conference_child=child.pk, decision=option, basis=basis,
    )  # fmt: skip
    return decision


@transaction.atomic
def revisit_discussion(*, conference_id: int, by: Actor, now: dt.datetime) -> Conference:
    """There was no consensus and the discussion was revisited: counted (WDC-10)."""
    conference = _lock(conference_id)
    permissions.check_record_live(by, conference, area_of_conference(conference))
    conference.revisits += 1
    conference.version += 1
    conference.save(update_fields=["state", "revisits", "version"])
    _audit("conference.discussion_revisited", conference, by, now, count=conference.revisits)
    return conference


@transaction.atomic
def note_view(
    *,
    attendance_id: int,
    by: Actor,
    text: str,
    child_ids: list[int],
    now: dt.datetime,
    said_at: dt.datetime | None = None,
) -> NotedView:
    """Note a differing view and no more: not a formal dissent, nothing is started by it (AFC-5, SUS-21, HIPS-7)."""
    attendance = Attendance.objects.get(pk=attendance_id)
    conference = _lock(attendance.conference_id)
    permissions.check_record_live(by, conference, area_of_conference(conference))
    if not text.strip():
        raise Denied(f"Enter {attendance.name}’s view", field="reasons")
    check_words(text, LONG, "The view", "reasons")
    said_at = said_at or now
    check_happened(said_at, now, "The time it was said", "expressed_at")
    children = list(ConferenceChild.objects.filter(conference=conference, pk__in=child_ids))
    if len(children) != len(set(child_ids)) or not children:
        raise Denied("Select which child the view is about", field="children")
    noted = NotedView.objects.create(
        partnership_id=conference.partnership_id,
        attendance=attendance,
        text=text.strip(),
        said_at=said_at,
        recorded_at=now,
        recorded_by_id=by.member,
    )
    NotedViewChild.objects.bulk_create(
        NotedViewChild(partnership_id=conference.partnership_id, noted_view=noted, conference_child=c)
        for c in children
    )
    _audit("conference.view_noted", conference, by, now, attendance=attendance.pk)
    return noted


@transaction.atomic
def end(
    *,
    conference_id: int,
    by: Actor,
    now: dt.datetime,
    ended_at: dt.datetime | None = None,
    undecided_reason: str = "",
) -> Conference:
    """End the conference with its last session, and leave `conference_ended` on each case that hangs on it.

    Raises Denied for a time in the future or before the start, and when a child has no decision and no reason is
    given. Missing optional text never blocks.
    """
    conference = _lock(conference_id)
    permissions.check_end(by, conference, area_of_conference(conference))
    ended_at = ended_at or now
    check_happened(ended_at, now, "The time it ended", "ended_at")
    last = conference.sessions.order_by("-started_at").first()
    floor = max(conference.started_at or ended_at, last.started_at if last else ended_at)
    check_not_before(ended_at, floor, "The time it ended", "the start", "ended_at")
    ended_at = max(ended_at, floor)
    undecided = ConferenceChild.objects.filter(conference=conference, decision__isnull=True).exists()
    if undecided and not undecided_reason.strip():
        raise Denied(
            "A child has no decision yet. Record it, or say why the conference ends without one",
            field="undecided_reason",
        )
    check_words(undecided_reason, LONG, "The reason", "undecided_reason")
    conference.end(ended_at)
    conference.undecided_reason = undecided_reason.strip()
    conference.version += 1
    conference.save(update_fields=["state", "ended_at", "undecided_reason", "version"])
    conference.sessions.filter(ended_at__isnull=True).update(ended_at=ended_at)
    for case, event in _hanging(conference):
        happened(case, event, at=ended_at, by=by, now=now)
    _audit("conference.ended", conference, by, now, at=ended_at.isoformat(), missing=int(undecided))
    return conference


# The fact that the end of a conference leaves on a case, by why the case hangs on it.
LEFT = {
    Why.DECIDED_THERE: "conference_ended",
    Why.RECONVENED: "conference_reconvened",
    Why.EARLY_REVIEW: "early_review_held",
}


def _hanging(conference: Conference) -> Iterator[tuple[Case, str]]:
    """The cases that hang on a conference, locked one after the other, and the fact that its end leaves on each."""
    links = ConferenceCase.objects.filter(conference=conference, why__in=list(LEFT)).order_by("case_id")
    for link in links:
        case = (
            Case.objects.select_for_update(of=("self",))
            .select_related("protocol_version", "partnership")
            .get(pk=link.case_id)
        )
        yield case, LEFT[Why(link.why)]


@transaction.atomic
def correct_end(
    *, conference_id: int, by: Actor, ended_at: dt.datetime, reason: str, now: dt.datetime
) -> Conference:
    """The conference ended at another time than was recorded: the fact on each case is corrected, its clocks counted
    anew, and the reviewing manager and the holders are told. The first time stays in the history.

    Raises Denied for a time in the future or before the last session began, for the time that is recorded already,
    and without a reason.
    """
    conference = _lock(conference_id)
    area = area_of_conference(conference)
    permissions.check_correct_end(by, conference, area)
    was = conference.ended_at
    check_happened(ended_at, now, "The time it ended", "ended_at")
    last = conference.sessions.order_by("-started_at").first()
    floor = max(conference.started_at or ended_at, last.started_at if last else ended_at)
    check_not_before(ended_at, floor, "The time it ended", "the start", "ended_at")
    ended_at = max(ended_at, floor)
    if not reason.strip():
        raise Denied("Enter why the time is corrected", field="reason")
    if was == ended_at:
        raise Denied("This is the time that is recorded already.", field="ended_at")
    conference.ended_at = ended_at
    conference.version += 1
    conference.save(update_fields=["state", "ended_at", "version"])
    if last is not None:
        conference.sessions.filter(pk=last.pk).update(ended_at=ended_at)
    for case, event in _hanging(conference):
        fact = correct_fact(case, event, at=ended_at, reason=reason, by=by, now=now)
        for seat in area.review.tiers[0].by if area.review and case.closed_at is None else ():
            enqueue(
                partnership_id=case.partnership_id, case=case, seat=seat, kind="time_corrected",
                params={"was_due": was.isoformat() if was else "", "due": ended_at.isoformat()},
                dedupe_key=f"end-corrected:{fact.pk}:{seat}", now=now,
            )  # fmt: skip
    _audit(
        "conference.end_corrected",
        conference,
        by,
        now,
        at=ended_at.isoformat(),
        was=was.isoformat() if was else "",
    )
    return conference


@transaction.atomic
def cancel(*, conference_id: int, by: Actor, reason: str, now: dt.datetime) -> Conference:
    """Cancel a conference that has not started, with the reason."""
    conference = _lock(conference_id)
    permissions.check_cancel(by, conference, area_of_conference(conference))
    if not reason.strip():
        raise Denied("Enter why the conference is cancelled", field="reason")
    check_words(reason, 500, "The reason", "reason")
    conference.cancel(now, reason.strip())
    conference.version += 1
    conference.save(update_fields=["state", "cancelled_at", "cancelled_reason", "version"])
    _audit("conference.cancelled", conference, by, now)
    return conference


@transaction.atomic
def ask_missing_entry(
    *, attendance_id: int, by: Actor, text: str, said_at: dt.datetime, now: dt.datetime
) -> MissingEntryRequest:
    """An attendee asks the chair to enter a dissent that was spoken but not recorded, copied to the manager."""
    attendance = Attendance.objects.select_related("conference").get(pk=attendance_id)
    conference = _lock(attendance.conference_id)
    permissions.check_ask_missing_entry(by, attendance)
    if not text.strip():
        raise Denied("Enter what you said", field="text")
    check_words(text, LONG, "What you said", "text")
    check_happened(said_at, now, "The time you said it", "said_at")
    asked = MissingEntryRequest.objects.create(
        partnership_id=conference.partnership_id,
        attendance=attendance,
        text=text.strip(),
        said_at=said_at,
        sent_at=now,
    )
    area = area_of_conference(conference)
    seats = [f"member:{conference.chair_id}", *(area.review.tiers[0].by if area.review else ())]
    for seat in seats:
        enqueue(
            partnership_id=conference.partnership_id,
            seat=seat,
            kind="missing_entry",
            params={"what": conference.reference},
            dedupe_key=f"missing:{asked.pk}:{seat}",
            now=now,
        )
    _audit("conference.missing_entry_asked", conference, by, now, attendance=attendance.pk)
    return asked


@transaction.atomic
def answer_missing_entry(*, request_id: int, by: Actor, answer: str, now: dt.datetime) -> MissingEntryRequest:
    """The chair answers: entered now as a late entry, or why not."""
    asked = MissingEntryRequest.objects.select_related("attendance").get(pk=request_id)
    conference = _lock(asked.attendance.conference_id)
    permissions.check_answer_missing_entry(by, conference)
    if asked.answered_at is not None:
        raise changed("This request was already answered.")
    if not answer.strip():
        raise Denied("Enter your answer", field="answer")
    check_words(answer, LONG, "Your answer", "answer")
    asked.answer, asked.answered_at = answer.strip(), now
    asked.save(update_fields=["answer", "answered_at"])
    if asked.attendance.membership_id:
        enqueue(
            partnership_id=conference.partnership_id,
            seat=f"member:{asked.attendance.membership_id}",
            kind="missing_entry_answered",
            params={"what": conference.reference},
            dedupe_key=f"missing-answer:{asked.pk}",
            now=now,
        )
    _audit("conference.missing_entry_answered", conference, by, now, attendance=asked.attendance_id)
    return asked


def hang_case(conference: Conference, case: Case, why: Why) -> ConferenceCase:
    """Hang a case on a conference: decided there, reconvened for it, early review of it."""
    link, _ = ConferenceCase.objects.get_or_create(
        conference=conference, case=case, why=why, defaults={"partnership_id": conference.partnership_id}
    )
    return link


__all__ = ["PRESENT", "NewChild", "add_child", "add_person", "book", "end", "record_decision", "start"]
