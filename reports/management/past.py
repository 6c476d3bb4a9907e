"""Invented conferences and dissents of past years, many of them and quickly: for figures that can be looked at, and for
measuring. Each statement fills one table of one partnership, from rows that PostgreSQL itself makes up; the same each
time. Everything has ended long ago, and every name and text says that it is invented.
"""

# ruff: noqa: S608 (the SQL is of this module, and what stands in it comes from the protocols' own files)

import datetime as dt
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models
from django.db.models import Max

import protocols
from cases.models import Case, CaseEvent, Child, Participant
from conferences.models import Attendance, Conference, ConferenceChild, Decision
from conferences.states import ConferenceState, Presence
from convening.models import ConveneAnswer, ConveneRequest
from core.references import ALPHABET, CASE, CONFERENCE
from deadlines.models import Deadline
from dissent.models import Answer, Conversation, Dissent, DissentChild, Review, ReviewItem
from escalation.models import Escalation, EscalationTier
from partnerships.actions import add_agency, add_member
from partnerships.models import Agency, Membership, Partnership, ProtocolVersion, Slot
from partnerships.selectors import area_of, calendar_for
from partnerships.states import AgencyKind, Role

INVENTED = "Invented for figures."
DISSENTS_IN = 10  # one conference in so many has a dissent
DIFFERENCES_IN = 40  # and one in so many has a difference about its plan
REQUESTS_IN = 60

# Kind, name, attends so many of a hundred conferences, share of the dissents. One that attends never dissents.
AGENCIES = (
    (AgencyKind.SOCIAL_CARE, "Children's social care", 100, 4),
    (AgencyKind.POLICE, "Demonstration Police", 70, 22),
    (AgencyKind.HEALTH, "Demonstration Community Health", 85, 34),
    (AgencyKind.EDUCATION, "Demonstration Primary School", 75, 25),
    (AgencyKind.VOLUNTARY, "Demonstration Families Charity", 30, 4),
    (AgencyKind.HEALTH, "Invented Hospital", 25, 9),
    (AgencyKind.PROBATION, "Invented Probation Service", 15, 2),
    (AgencyKind.HOUSING, "Invented Housing Service", 12, 0),
)
TABLES: tuple[type[models.Model], ...] = (
    Child, Conference, ConferenceChild, Decision, Attendance, Case, CaseEvent, Participant, Dissent, DissentChild, Review,
    ReviewItem, Conversation, Answer, Deadline, Escalation, EscalationTier, ConveneRequest, ConveneAnswer,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """What is made of one partnership: how many conferences, between which days."""

    partnership: Partnership
    conferences: int
    first: dt.date
    last: dt.date


def invent(wanted: Sequence[Past], *, alone: bool = False) -> None:
    """Fill in the past of some partnerships, each of which has a published protocol. In one transaction of the caller's.

    The rows are right by how they are made, so foreign keys are not looked at row by row where the account may leave
    that out; a test looks at them afterwards. `alone`: nobody else uses the database, so its indexes can be made anew at
    the end, which is quicker for millions of rows.
    """
    with connection.cursor() as cursor:
        indexes = _without_indexes(cursor) if alone else []
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")
        first = {model: (model._default_manager.aggregate(n=Max("pk"))["n"] or 0) + 1 for model in TABLES}
        for one in wanted:
            _Writing(cursor, one, first).write()
        for model in TABLES:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), %s, false)",
                [first[model]],
            )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        for definition in indexes:
            cursor.execute(definition)
        # The planner knows nothing yet of so many new rows, and would go through them again and again.
        cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in TABLES)}")


def _without_indexes(cursor: Any) -> list[str]:
    """Drop the indexes that no constraint stands on, and say how to make each again."""
    cursor.execute(
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
            WHERE i.indrelid::regclass::text = ANY(%s) AND NOT i.indisunique
              AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)""",
        [[model._meta.db_table for model in TABLES]],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


SEED = "{seed}"  # stands for a number of the partnership's own until a statement is sent


def chance(salt: int, of: int, what: str = "n") -> str:
    """SQL for a number from 0 to below `of`, the same each time for the same row of the same partnership."""
    return f"mod(hashint8extended({what}, {salt} + {SEED}) & 1073741823, {of})::int"


def pick(salt: int, shares: Sequence[tuple[str, int]], what: str = "n") -> str:
    """SQL for one of several words, each as often as its share."""
    number, upto, cases = chance(salt, sum(share for _, share in shares), what), 0, []
    for word, share in shares:
        upto += share
        cases.append(f"WHEN {number} < {upto} THEN '{word}'")
    return f"CASE {' '.join(cases)} END"


def _reference(prefix: str, number: str) -> str:
    """SQL for a reference that begins with Z, as random ones seldom do: numbered, like no count, and the same each time."""
    base = len(ALPHABET)
    scattered = f"mod({number} * 7368787::bigint, {base**5})"
    letters = [
        f"substr('{ALPHABET}', (mod({scattered} / {base**power}, {base}))::int + 1, 1)" for power in range(5)
    ]
    return f"'{prefix}-Z' || {' || '.join(letters[:3])} || '-' || {' || '.join(letters[3:])}"


@dataclass
class _Writing:
    cursor: Any
    past: Past
    first: dict[type[models.Model], int]
    area: protocols.AreaProtocol = field(init=False)
    agencies: list[Agency] = field(init=False)

    def write(self) -> None:
        past = self.past
        self.seed = f"{zlib.crc32(past.partnership.slug.encode()) * 1000}"  # the same in every database
        version = ProtocolVersion.objects.filter(partnership=past.partnership).order_by("effective_from")[0]
        self.version, self.area = version.pk, area_of(version, past.partnership)
        self.people()
        self.days()
        self.plan()
        self.conferences()
        self.dissents()
        if self.area.review is not None:
            self.reviews()
        self.differences()
        if self.area.escalation.convening is not None:
            self.requests()
        for table in ("past_day", "past", "past_dissent", "past_difference", "past_request"):
            self.cursor.execute(f"DROP TABLE IF EXISTS {table}")

    # --- writing ----------------------------------------------------------------------------------------------------

    def fill(self, model: type[models.Model], rows: str, most: int, **columns: str) -> None:
        """Insert rows: `columns` are SQL over `rows`, the id by its place from 0; all other columns as the model has them.

        `most`: one more than the last place.
        """
        given = {"id": f"{self.first[model]}::bigint + ({columns.pop('place')})", "partnership_id": str(self.past.partnership.pk)}  # fmt: skip
        given["uuid"] = f"('00000000-0000-4000-8000-' || lpad(to_hex({given['id']}), 12, '0'))::uuid"
        given |= columns
        names, values, settings = [], [], []
        for one in model._meta.local_concrete_fields:
            names.append(f'"{one.column}"')
            if one.attname in given:
                values.append(given.pop(one.attname))
            else:
                values.append(f"%s::{one.db_type(connection)}")
                settings.append(one.get_db_prep_save(one.get_default(), connection))
        if given:
            raise ValueError(f"{model.__name__} has no {sorted(given)}")
        sql = (
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {rows}"
        )
        self.cursor.execute(sql.replace(SEED, self.seed), settings)
        self.first[model] += most

    def table(self, name: str, sql: str, *settings: Any) -> None:
        sql = sql.replace(SEED, self.seed)
        self.cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {sql}", settings)
        self.cursor.execute(f"ANALYZE {name}")

    # --- what there is before ---------------------------------------------------------------------------------------

    def people(self) -> None:
        """The agencies, and two members who have left: whoever did it all."""
        own = self.past.partnership
        self.agencies = [add_agency(partnership=own, name=name, kind=kind) for kind, name, *_ in AGENCIES]

        def left(key: str, role: str) -> int:
            member = add_member(
                agency=self.agencies[0], email=f"{key}@{own.slug}.example.org", name=f"Invented Past {key.title()}",
                role=role, job_title=INVENTED, starts_on=dt.date(2010, 1, 1),
            )  # fmt: skip
            Membership.objects.filter(pk=member.pk).update(ends_on=self.past.last)
            return member.pk

        self.chair, self.reviewer = (
            left("past-chair", Role.CHAIR),
            left("past-reviewer", Role.REVIEWING_MANAGER),
        )
        slots = Slot.objects.filter(partnership=own)
        self.slot = (slots.filter(key="reviewer").first() or slots.order_by("pk")[0]).pk

    def days(self) -> None:
        """The working days, numbered; a hundred more after the last for what follows from them."""
        calendar = calendar_for(self.past.partnership.pk, self.area.nation)
        day, found, ahead = self.past.first, [], 0
        while ahead < 100 and calendar.covers(day):
            if calendar.is_working_day(day):
                found.append(day)
                ahead += day > self.past.last
            day += dt.timedelta(days=1)
        self.many = len(found) - ahead
        self.table(
            "past_day", "SELECT row_number() OVER () - 1 AS nth, d AS day FROM unnest(%s::date[]) AS d", found
        )
        self.cursor.execute("CREATE INDEX ON past_day (nth)")

    def at(self, index: str, time: str = "10:00") -> str:
        return (
            f"(SELECT (day + time '{time}') AT TIME ZONE 'Europe/London' FROM past_day WHERE nth = {index})"
        )

    def end_of(self, index: str) -> str:
        return self.at(index, "23:59:59")

    def plan(self) -> None:
        """One row for each conference, with everything that the other tables ask of it."""
        attends = ", ".join(
            f"{chance(20 + j, 100)} < {share} AS there{j}" for j, (_, _, share, _) in enumerate(AGENCIES)
        )
        dissenter = pick(3, [(str(j), share) for j, (*_, share) in enumerate(AGENCIES) if share])
        self.table(
            "past",
            f"""SELECT n, i, ended, dissented, {', '.join(
                f"there{j} OR (dissented AND who = {j}) AS there{j}" for j in range(len(AGENCIES)))},
                CASE WHEN dissented THEN who END AS who, kind, on_plan, basis
                FROM (SELECT n, nth AS i, (day + time '12:00') AT TIME ZONE 'Europe/London' AS ended,
                             {chance(2, DISSENTS_IN * 100)} < 100 + nth * 40 / {self.many} AS dissented,
                             ({dissenter})::int AS who, {attends},
                             {pick(4, [('initial', 38), ('review', 52), ('pre_birth', 7), ('transfer_in', 3)])} AS kind,
                             {chance(5, 100)} < 62 AS on_plan,
                             {pick(6, [('consensus', 70), ('majority', 12), ('chair', 15), ('chair_overruled', 3)])} AS basis
                        FROM generate_series(0, {self.past.conferences - 1}) n
                        JOIN past_day ON nth = {chance(1, self.many)}) made""",
        )  # fmt: skip

    # --- the rows -----------------------------------------------------------------------------------------------------

    def conferences(self) -> None:
        number, began = self.past.conferences, "ended - interval '90 minutes'"
        self.conference, self.conference_child = self.first[Conference], self.first[ConferenceChild]
        self.attendance, child = self.first[Attendance], self.first[Child]
        children = number // 3 + 1
        self.fill(
            Child, f"generate_series(0, {children - 1}) n", children, place="n", initials="'I.X.'", name="''",
            born_on=f"date '{self.past.first}' - {chance(7, 3000)}",
        )  # fmt: skip
        self.child = f"{child}::bigint + mod(n, {children})"
        self.fill(
            Conference, "past", number, place="n", reference=_reference(CONFERENCE, f"({self.conference}::bigint + n)"),
            kind="kind", protocol_version_id=str(self.version), state=f"'{ConferenceState.ENDED}'", starts_at=began,
            started_at=began, ended_at="ended", chair_id=str(self.chair),
        )  # fmt: skip
        self.fill(
            ConferenceChild, "past", number, place="n", conference_id=f"{self.conference}::bigint + n", child_id=self.child,
            on_plan_before=f"{chance(8, 2)} = 1",
        )  # fmt: skip
        yes, no = (
            next(d.id for d in self.area.conference.decisions if d.on_plan is on_plan)
            for on_plan in (True, False)
        )
        self.fill(
            Decision, "past", number, place="n", conference_child_id=f"{self.conference_child}::bigint + n",
            option=f"CASE WHEN on_plan THEN '{yes}' ELSE '{no}' END", on_plan="on_plan", basis="basis",
            reasons=f"'{INVENTED}'", decided_at="ended", recorded_at="ended", recorded_by_id=str(self.chair),
        )  # fmt: skip
        at_most = len(AGENCIES)
        there = " UNION ALL ".join(
            f"SELECT n, {j} AS j, {agency.pk} AS agency, dissented FROM past WHERE there{j}"
            for j, agency in enumerate(self.agencies)
        )
        self.fill(
            Attendance, f"({there}) one", number * at_most, place=f"n::bigint * {at_most} + j",
            conference_id=f"{self.conference}::bigint + n", agency_id="agency", name="'Invented professional'",
            presence=f"CASE WHEN {chance(9, 4, 'n * 8 + j')} = 0 THEN '{Presence.REMOTE}' ELSE '{Presence.ATTENDED}' END",
        )  # fmt: skip

    def dissents(self) -> None:
        """Each in a case of its own, said in the conference and long closed."""
        reviewed = self.area.review is not None
        view = reviewed and self.area.dissent.written_view is not None
        how = pick(
            11, [("answered", 88), ("withdrawn", 8), ("not_pursued", 4 if view else 0)] if reviewed else [("on_ladder", 92), ("withdrawn", 8)]
        )  # fmt: skip
        agencies = "ARRAY[" + ", ".join(str(agency.pk) for agency in self.agencies) + "]"
        decide = next((c for c in self.area.clocks if c.purpose == "decide" and c.amount), None)
        allowed = (decide.amount or 10) * 5 // 7 if decide and decide.unit == "calendar_days" else 10
        self.allowed = allowed
        # How many working days it took: most within what is allowed, some after it.
        took = f"CASE WHEN {chance(12, 100)} < 82 THEN 2 + {chance(13, allowed - 1)} ELSE {allowed} + 1 + {chance(14, 20)} END"
        self.table(
            "past_dissent",
            f"""SELECT *, {self.at('i + took', '15:30')} AS ended_at, {self.at('i + from_day', '12:00')} AS from_at FROM (
                SELECT row_number() OVER (ORDER BY n) - 1 AS d, n, i, ended, kind, who, ({agencies})[who + 1] AS agency,
                       on_plan, {how} AS how, {took} + {4 if view else 0} AS took, {4 if view else 0} AS from_day,
                       {chance(15, 100)} < 5 AS typed_late, {chance(16, 10)} AS talks
                  FROM past WHERE dissented) one""",
        )  # fmt: skip
        self.cursor.execute("SELECT count(*) FROM past_dissent")
        self.number = self.cursor.fetchone()[0]
        label = self._labels()
        self.case, self.event, self.dissent = self.first[Case], self.first[CaseEvent], self.first[Dissent]
        self.dissent_child, rows = self.first[DissentChild], "past_dissent"
        self.fill(
            Case, rows, self.number, place="d", reference=_reference(CASE, f"({self.case}::bigint + d)"),
            kind="'conference_decision'", protocol_version_id=str(self.version), agency_id="agency", outcome_label=label,
            stage="CASE WHEN how = 'withdrawn' THEN 'withdrawn' ELSE 'closed' END", opened_at="ended - interval '10 minutes'",
            closed_at="ended_at",
        )  # fmt: skip
        self.fill(
            CaseEvent, rows, self.number, place="d", case_id=f"{self.case}::bigint + d", name="'conference_ended'",
            happened_at="ended", recorded_at="ended", recorded_by_id=str(self.chair),
        )  # fmt: skip
        state = "CASE how WHEN 'answered' THEN 'closed' ELSE how END"
        self.fill(
            Dissent, rows, self.number, place="d", case_id=f"{self.case}::bigint + d",
            conference_id=f"{self.conference}::bigint + n",
            attendance_id=f"{self.attendance}::bigint + n::bigint * {len(AGENCIES)} + who", agency_id="agency", state=state,
            expressed_at="ended - interval '10 minutes'", recorded_by_id=str(self.chair), reasons=f"'{INVENTED}'",
            recorded_at="ended + CASE WHEN typed_late THEN interval '20 hours' ELSE interval '-9 minutes' END",
            late_entry_reason=f"CASE WHEN typed_late THEN '{INVENTED}' ELSE '' END",
            subject=f"'{self.area.dissent.subjects[0].id}'", decided_at="CASE WHEN how = 'answered' THEN ended_at END",
            withdrawn_at="CASE WHEN how = 'withdrawn' THEN ended_at END",
            withdrawn_reason=f"CASE WHEN how = 'withdrawn' THEN '{INVENTED}' ELSE '' END",
            closed_at="CASE WHEN how <> 'on_ladder' THEN ended_at END",
        )  # fmt: skip
        self.fill(
            DissentChild, rows, self.number, place="d", dissent_id=f"{self.dissent}::bigint + d",
            conference_child_id=f"{self.conference_child}::bigint + n",
            direction=f"CASE WHEN {chance(17, 100)} < 6 THEN 'different_category' WHEN on_plan THEN 'less_protection' ELSE 'more_protection' END",
        )  # fmt: skip

    def _labels(self) -> str:
        """SQL for how an answered dissent ended, in the protocol's words, and `self.means`, its common meaning."""
        if self.area.review is None:
            self.outcome = self.means = "''"
            return "''"
        last = [
            (tier.id, outcome) for tier in self.area.review.tiers for outcome in tier.outcomes
            if outcome.means != "second_tier"
        ]  # fmt: skip
        names = {outcome.id: (outcome, tier) for tier, outcome in last}
        chosen = pick(
            18, [(key, 60 if outcome.means == "stands" else 20) for key, (outcome, _) in names.items()]
        )

        def said(attribute: str) -> str:
            words = " ".join(
                f"WHEN '{key}' THEN '{getattr(outcome, attribute).replace(chr(39), chr(39) * 2)}'"
                for key, (outcome, _) in names.items()
            )
            return f"CASE {chosen} {words} END"

        self.outcome, self.means = chosen, said("means")
        self.tier = f"CASE {chosen} {' '.join(f'WHEN {chr(39)}{k}{chr(39)} THEN {chr(39)}{t}{chr(39)}' for k, (_, t) in names.items())} END"
        return f"CASE how WHEN 'answered' THEN {said('label')} ELSE '' END"

    def reviews(self) -> None:
        """Review, conversations, answer, and the clocks that ran."""
        review, answered = self.first[Review], "past_dissent WHERE how = 'answered'"
        moved = "d % 400 = 7".replace("%", "%%")
        self.fill(
            Review, "past_dissent", self.number, place="d", conference_id=f"{self.conference}::bigint + n", tier=f"'{self._first_tier()}'",
            slot_id=str(self.slot), opened_at="from_at", closed_at="ended_at",
            conflict_override_reason=f"CASE WHEN {moved} THEN '{INVENTED}' ELSE '' END",
            conflict_override_by_id=f"CASE WHEN {moved} THEN {self.chair} END",
            conflict_override_at=f"CASE WHEN {moved} THEN from_at END",
        )  # fmt: skip
        self.fill(
            ReviewItem, "past_dissent", self.number, place="d", review_id=f"{review}::bigint + d",
            dissent_id=f"{self.dissent}::bigint + d", tier=f"'{self._first_tier()}'",
        )  # fmt: skip
        talks = "past_dissent JOIN generate_series(0, 2) t ON t < CASE WHEN talks < 2 THEN 0 WHEN talks < 7 THEN 1 WHEN talks < 9 THEN 2 ELSE 3 END"
        self.fill(
            Conversation, talks, self.number * 3, place="d * 3 + t", review_id=f"{review}::bigint + d",
            dissent_id=f"{self.dissent}::bigint + d", with_whom="'Invented professional'", happened_at="ended_at - interval '1 hour'",
            how="'phone'", reached="true", note=f"'{INVENTED}'", recorded_at="ended_at", recorded_by_id=str(self.reviewer),
        )  # fmt: skip
        late = f"took - from_day > {self.allowed}"
        reason = f"CASE WHEN {late} AND {chance(19, 3)} > 0 THEN '{INVENTED}' ELSE '' END"
        self.fill(
            Answer, answered, self.number, place="d", dissent_id=f"{self.dissent}::bigint + d", review_id=f"{review}::bigint + d",
            tier=self.tier, outcome=self.outcome, means=self.means, reasons=f"'{INVENTED}'", late_reason=reason,
            no_contact_reason=f"CASE WHEN talks < 1 THEN '{INVENTED}' ELSE '' END", decided_at="ended_at",
            decided_by_id=str(self.reviewer),
        )  # fmt: skip
        for clock in self.area.clocks:
            self.clock(clock)

    def _first_tier(self) -> str:
        return self.area.review.tiers[0].id if self.area.review else ""

    def clock(self, clock: protocols.Clock) -> None:
        """One clock of each dissent: the decision, or the written view that comes before it."""
        if clock.purpose == "decide" and clock.amount:
            start, end, ended, day = "from_at", "ended_at", "how <> 'on_ladder'", "i + from_day"
        elif clock.purpose == "send" and clock.amount:
            start, end, ended, day = "ended", "from_at", "how = 'answered'", "i"
        elif clock.purpose == "tell" and "reviewer_notified" in clock.stops and not clock.amount:
            start, end, ended, day = "ended", f"ended + {chance(22, 240)} * interval '1 minute'", "true", "i"
        else:
            return
        due = "NULL::timestamptz"
        if clock.unit == "calendar_days":
            due = f"((({start} AT TIME ZONE 'Europe/London')::date + {clock.amount}) + time '23:59:59') AT TIME ZONE 'Europe/London'"
        elif clock.amount:
            due = self.end_of(f"{day} + {clock.amount}")
        met = "CASE WHEN how = 'answered' THEN 'met' ELSE 'cancelled' END" if clock.amount else "'met'"
        self.fill(
            Deadline, f"(SELECT *, {due} AS due, {end} AS over FROM past_dissent WHERE {ended}) one", self.number, place="d",
            case_id=f"{self.case}::bigint + d", clock_id=f"'{clock.id}'", rule=f"'{clock.rule}'",
            label="'" + clock.label.replace("'", "''") + "'", purpose=f"'{clock.purpose}'", strength=f"'{clock.strength}'",
            holder=f"'{clock.holder}'", anchor_id=f"{self.event}::bigint + d", anchored_at=start, due_at="due", state=met,
            ended_at="over", breached_at="CASE WHEN over > due THEN due END",
            breach_detected_at="CASE WHEN over > due THEN due END",
        )  # fmt: skip

    def differences(self) -> None:
        """About the plan, with other agencies; and where no dissent is reviewed, each dissent's own."""
        number = self.past.conferences // DIFFERENCES_IN
        care = self.agencies[0].pk
        others = "ARRAY[" + ", ".join(str(one.pk) for one in self.agencies[1:5]) + "]"
        handed = "" if self.area.review is not None else f"""
            UNION ALL SELECT d, {self.case}::bigint + d, i, 'conference_outcome', {care}, agency
              FROM past_dissent WHERE how = 'on_ladder'"""  # fmt: skip
        kinds = pick(32, [("plan_implementation", 55), ("referral_enquiry", 25), ("process", 12)])
        first = self.first[Case]
        self.table(
            "past_difference",
            f"""SELECT *, row_number() OVER () - 1 AS e, {self.at('i', '11:00')} AS raised, {self.at('i + took', '14:00')} AS over
                  FROM (SELECT *, 1 + {chance(34, 25, 'case_id')} AS took, 1 + {chance(35, 3, 'case_id')} AS steps,
                               {pick(36, [('resolved', 80), ('decided', 12), ('withdrawn', 8)], 'case_id')} AS how
                          FROM (SELECT n::bigint AS d, {first}::bigint + n AS case_id, {chance(31, self.many)} AS i, {kinds} AS kind,
                                       {care} AS other, ({others})[1 + {chance(33, 4)}] AS agency
                                  FROM generate_series(0, {number - 1}) n {handed}) made) two""",
        )  # fmt: skip
        self.cursor.execute("SELECT count(*) FROM past_difference")
        many = self.cursor.fetchone()[0]
        self.fill(
            Case, f"past_difference WHERE case_id >= {first}", number, place="d", reference=_reference(CASE, "case_id"),
            kind="CASE kind WHEN 'process' THEN 'conference_process' ELSE kind END", protocol_version_id=str(self.version),
            agency_id="agency", stage="CASE WHEN how = 'withdrawn' THEN 'withdrawn' ELSE 'closed' END", opened_at="raised",
            closed_at="over",
        )  # fmt: skip
        participant, escalation = self.first[Participant], self.first[Escalation]
        self.fill(
            Participant, "past_difference", many, place="e", case_id="case_id", capacity="'requester'", agency_id="agency",
            name="'Invented professional'",
        )  # fmt: skip
        self.fill(
            Escalation, "past_difference", many, place="e", case_id="case_id", kind="kind", agency_id="agency",
            requester_id=f"{participant}::bigint + e", other_agency_id="other", concern=f"'{INVENTED}'", raised_at="raised",
            state="CASE WHEN how = 'withdrawn' THEN 'withdrawn' ELSE 'closed' END", recorded_at="raised", ending=f"'{INVENTED}'",
            recorded_by_id=str(self.chair), closed_at="over", resolved_at="CASE WHEN how = 'resolved' THEN over END",
            decided_at="CASE WHEN how = 'decided' THEN over END", withdrawn_at="CASE WHEN how = 'withdrawn' THEN over END",
        )  # fmt: skip
        self.fill(
            EscalationTier, "past_difference JOIN generate_series(0, 2) t ON t < steps", many * 3, place="e * 3 + t",
            escalation_id=f"{escalation}::bigint + e", tier="'invented_' || t", entered="CASE WHEN t = 0 THEN 'raised' ELSE 'up' END",
            opened_at="raised", opened_by_id=str(self.chair), closed_at="over", closed_by_id=str(self.chair),
            ended="CASE WHEN t + 1 < steps THEN 'moved_on' ELSE how END",
        )  # fmt: skip

    def requests(self) -> None:
        """To hold a conference, each answered; some were supported and refused all the same."""
        number = self.past.conferences // REQUESTS_IN
        first, others = (
            self.first[Case],
            "ARRAY[" + ", ".join(str(one.pk) for one in self.agencies[1:5]) + "]",
        )
        self.table(
            "past_request",
            f"""SELECT n, {self.at('i', '11:00')} AS made, {self.at('i + 3', '14:00')} AS over, agency, refused, supported
                  FROM (SELECT n, {chance(41, self.many)} AS i, ({others})[1 + {chance(42, 4)}] AS agency,
                               {chance(43, 100)} < 30 AS refused, {chance(44, 100)} < 40 AS supported
                          FROM generate_series(0, {number - 1}) n) made""",
        )  # fmt: skip
        self.fill(
            Case, "past_request", number, place="n", reference=_reference(CASE, f"({first}::bigint + n)"), kind="'need_for_conference'",
            protocol_version_id=str(self.version), agency_id="agency", stage="'closed'", opened_at="made", closed_at="over",
        )  # fmt: skip
        participant, request = self.first[Participant], self.first[ConveneRequest]
        self.fill(
            Participant, "past_request", number, place="n", case_id=f"{first}::bigint + n", capacity="'requester'",
            agency_id="agency", name="'Invented professional'",
        )  # fmt: skip
        self.fill(
            ConveneRequest, "past_request", number, place="n", case_id=f"{first}::bigint + n", requester_id=f"{participant}::bigint + n",
            agency_id="agency", state="'closed'", made_how="'form'", made_at="made", recorded_at="made",
            recorded_by_id=str(self.chair), text=f"'{INVENTED}'", closed_at="over",
            supporter=f"CASE WHEN supported THEN '{INVENTED}' ELSE '' END",
            supporter_is="CASE WHEN supported THEN 'senior_manager' ELSE '' END",
        )  # fmt: skip
        self.fill(
            ConveneAnswer, "past_request", number, place="n", convening_id=f"{request}::bigint + n", step="'first'",
            outcome="CASE WHEN refused THEN 'not_convene' ELSE 'convene' END", reply=f"'{INVENTED}'", reasons=f"'{INVENTED}'",
            means="CASE WHEN refused THEN 'stands' ELSE 'moved_on' END", exception="refused AND supported",
            addressee_id="agency", decided_at="over", decided_by_id=str(self.reviewer),
        )  # fmt: skip


def invented_partnership(number: int, like: str, now: dt.datetime) -> Partnership:
    """A partnership that nobody will take for a real one, with the text of a real one's protocol under its own name."""
    slug = f"invented-{number:03d}"
    partnership, _ = Partnership.objects.get_or_create(
        slug=slug, defaults={"name": f"Invented Partnership {number}"}
    )
    for version in protocols.library().versions(like):
        text = version.source_text.replace(f'slug = "{like}"', f'slug = "{slug}"')
        for slot in version.slots:
            Slot.objects.get_or_create(partnership=partnership, key=slot.key, defaults={"title": slot.title})
        ProtocolVersion.objects.get_or_create(
            partnership=partnership, effective_from=version.effective_from,
            defaults={
                "text_id": version.protocol_id, "version": version.version, "source_text": text,
                "sha256": hashlib.sha256(text.encode()).hexdigest(), "published_at": now, "published_by": None,
            },
        )  # fmt: skip
    return partnership
