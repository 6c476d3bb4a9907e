"""Builders: they walk the real actions to reach a state, as people would. Every name is invented.

`World("camden")` is a partnership with its protocol published and its posts filled. Times are London times of a quiet
week in 2026 without bank holidays, unless a test says otherwise.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import protocols
from cases.actions import admit
from cases.models import Case, Participant
from cases.selectors import guest_actor
from complaints import actions as complaints
from complaints.actions import Received
from complaints.models import Complaint
from conferences import actions as conferences
from conferences.models import Attendance, Conference, ConferenceChild
from conferences.selectors import children_of
from conferences.states import Presence, Side, ViewChoice
from convening import actions as convenings
from convening.actions import Asked
from convening.models import ConveneRequest
from core.actor import Actor
from core.clock import LONDON, london_date
from dissent import actions as dissents
from dissent import policies
from dissent.actions import Decided, Said
from dissent.models import Dissent
from dissent.states import DissentState
from partnerships.actions import (
    add_agency,
    add_member,
    load_bank_holidays,
    publish_protocol,
    set_up_partnership,
    upload_protocol,
)
from partnerships.models import (
    Agency,
    HolidayList,
    Membership,
    Partnership,
    ProtocolUpload,
    Slot,
    SlotHolder,
)
from partnerships.selectors import actor_for
from partnerships.states import AgencyKind, Role
from records import actions as records
from records.actions import Agreed, Written
from records.models import Discussion

PASSWORD = "a-long-invented-password"
START = dt.date(2020, 1, 1)


def at(day: str, time: str = "10:00") -> dt.datetime:
    """An instant from a London day and time: `at("2026-03-03", "15:00")`."""
    return dt.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=LONDON).astimezone(dt.UTC)


# A Tuesday; the ten working days that follow hold no bank holiday in any nation.
BOOKED = at("2026-03-02", "09:00")
BEGINS = at("2026-03-03", "10:00")
SPOKEN = at("2026-03-03", "11:30")
ENDS = at("2026-03-03", "12:00")
LATER = at("2026-03-04", "10:00")

# Per source text: a first outcome that leaves the decision, and one that brings the conference back.
STANDS = {
    "afc": "not_upheld", "camden": "not_upheld", "pan-sussex-7.2": "not_upheld", "west-dunbartonshire": "agree_stands",
}  # fmt: skip
RECONVENES = {
    "afc": "reconvened", "camden": "upheld", "pan-sussex-7.2": "upheld_and_reconvened",
    "west-dunbartonshire": "disagree_reconvene",
}  # fmt: skip
# One slug for each of the five texts.
FIVE = ("kingston-richmond", "camden", "brighton-hove", "west-dunbartonshire", "hampshire")
REVIEWED = FIVE[:4]


@dataclass
class World:
    """A partnership ready for work, with people in every role."""

    slug: str
    area: protocols.AreaProtocol = field(init=False)
    partnership: Partnership = field(init=False)
    agencies: dict[str, Agency] = field(init=False, default_factory=dict)
    people: dict[str, Membership] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not HolidayList.objects.exists():
            load_bank_holidays()
        self.area = protocols.library().on(self.slug, BEGINS.date())
        self.partnership = set_up_partnership(
            slug=self.slug,
            name=self.area.partnership_name,
            area=self.area,
            urgent_contact="Duty team, 00000 000000",
        )
        for kind, name in {
            AgencyKind.SOCIAL_CARE: "Children's social care",
            AgencyKind.POLICE: "Police",
            AgencyKind.HEALTH: "Health visiting",
            AgencyKind.EDUCATION: "Invented Primary School",
            AgencyKind.VOLUNTARY: "Invented Families Charity",
        }.items():
            self.agencies[kind] = add_agency(
                partnership=self.partnership,
                name=name,
                kind=kind,
                statutory=kind != AgencyKind.VOLUNTARY,
                email=f"{kind}@{self.slug}.example.org",
            )
        self._add(
            "manager", "Maud Manager", Role.REVIEWING_MANAGER, AgencyKind.SOCIAL_CARE, "Service manager"
        )
        self._add("chair", "Cora Chair", Role.CHAIR, AgencyKind.SOCIAL_CARE, "Conference chair", "manager")
        self._add(
            "other_chair", "Otto Chair", Role.CHAIR, AgencyKind.SOCIAL_CARE, "Conference chair", "manager"
        )
        self._add("minutes", "Mina Minutes", Role.MINUTE_TAKER, AgencyKind.SOCIAL_CARE, "Minute taker")
        self._add(
            "reviewer", "Rhea Reviewer", Role.REVIEWING_MANAGER, AgencyKind.SOCIAL_CARE, "Head of review"
        )
        self._add("second", "Sven Second", Role.SECOND_TIER, AgencyKind.SOCIAL_CARE, "Head of service")
        self._add(
            "deputy", "Dora Deputy", Role.REVIEWING_MANAGER, AgencyKind.SOCIAL_CARE, "Deputy head of review"
        )
        self._add("police", "Pia Police", Role.PRACTITIONER, AgencyKind.POLICE, "Detective constable")
        self._add("health", "Hugo Health", Role.PRACTITIONER, AgencyKind.HEALTH, "Health visitor")
        self._add("school", "Sara School", Role.PRACTITIONER, AgencyKind.EDUCATION, "Designated teacher")
        self._add("charity", "Cleo Charity", Role.PRACTITIONER, AgencyKind.VOLUNTARY, "Family worker")
        self._add("admin", "Adam Admin", Role.PARTNERSHIP_ADMIN, AgencyKind.SOCIAL_CARE, "Business manager")
        for slot in self.area.slots:
            if slot.per == "partnership":
                self.fill(slot.key, {"reviewer": "reviewer", "second_tier": "second"}.get(slot.key, "admin"))
        publish_protocol(partnership=self.partnership, area=self.area, by=None, now=BOOKED)

    def _add(
        self, key: str, name: str, role: Role, agency: AgencyKind, title: str, manager: str = ""
    ) -> None:
        self.people[key] = add_member(
            agency=self.agencies[agency],
            email=f"{key}@{self.slug}.example.org",
            name=name,
            role=role,
            job_title=title,
            starts_on=START,
            line_manager=self.people.get(manager),
        )

    def fill(self, key: str, who: str, **dates: Any) -> SlotHolder:
        return SlotHolder.objects.create(
            partnership=self.partnership,
            slot=Slot.objects.get(partnership=self.partnership, key=key),
            membership=self.people[who],
            **{"starts_on": START, **dates},
        )

    def actor(self, who: str, now: dt.datetime = LATER) -> Actor:
        return actor_for(self.people[who], london_date(now))

    def guest(self, participant: Participant, now: dt.datetime = LATER) -> Actor:
        """A participant without an account, come in as a guest."""
        return guest_actor(participant, admit(participant, now=now))

    @property
    def text(self) -> str:
        return self.area.protocol_id

    # --- the protocol ---------------------------------------------------------------------------------------------

    def newer_text(self, *changes: tuple[str, str], day: str = "2026-03-05") -> str:
        """The text of the partnership with some words changed, to hold from a day."""
        text = self.area.source_text
        begins = (
            f"effective_from = {self.area.effective_from.isoformat()}", f"effective_from = {day}"
        )  # fmt: skip
        for old, new in (begins, *changes):
            assert text.count(old) == 1, f"{text.count(old)} times: {old}"
            text = text.replace(old, new)
        return text

    def uploaded(
        self, *changes: tuple[str, str], day: str = "2026-03-05", by: str = "admin", now: dt.datetime = LATER
    ) -> ProtocolUpload:
        """A newer text that the admin has brought, and that waits for a second one."""
        text = protocols.load_text(self.newer_text(*changes, day=day), "a newer text")
        return upload_protocol(partnership_id=self.partnership.pk, text=text, by=self.actor(by), now=now)

    def second_admin(self) -> None:
        """Somebody else who may publish what the admin has brought."""
        self._add("admin2", "Ada Second", Role.PARTNERSHIP_ADMIN, AgencyKind.SOCIAL_CARE, "Business support")

    # --- conferences ----------------------------------------------------------------------------------------------

    def booked(
        self, *, starts_at: dt.datetime = BEGINS, children: int = 1, chair: str = "chair"
    ) -> Conference:
        """A booked conference with its children, four professionals, a grandparent, and a report from a charity."""
        by = self.actor("chair", starts_at)
        now = starts_at - dt.timedelta(days=1)
        conference = conferences.book(
            by=by,
            kind="initial",
            starts_at=starts_at,
            chair_id=self.people[chair].pk,
            minute_taker_id=self.people["minutes"].pk,
            place="Room 1",
            now=now,
        )
        by = self.actor(chair, starts_at)
        for number in range(children):
            conferences.add_child(
                conference_id=conference.pk,
                by=by,
                child=conferences.NewChild(
                    initials=f"Q.{'XYZ'[number]}.", born_on=dt.date(2019 + number, 5, 1)
                ),
                now=now,
            )
        for who in ("police", "health", "school"):
            self.invite(conference, who, now=now)
        self.invite(conference, "charity", now=now)
        conferences.add_person(
            conference_id=conference.pk,
            by=by,
            name="Gran Invented",
            side=Side.FAMILY,
            now=now,
            presence=Presence.INVITED,
        )
        return Conference.objects.get(pk=conference.pk)

    def invite(self, conference: Conference, who: str, *, now: dt.datetime) -> Attendance:
        chair = next(key for key, m in self.people.items() if m.pk == conference.chair_id)
        return conferences.add_person(
            conference_id=conference.pk, by=self.actor(chair, now), membership_id=self.people[who].pk, now=now
        )

    def started(self, **kw: Any) -> Conference:
        """In session: three are here, the charity sent a report only, the grandparent came."""
        conference = self.booked(**kw)
        by, now = self.recorder(conference), conference.starts_at
        conferences.start(conference_id=conference.pk, by=by, now=now)
        for row in Attendance.objects.filter(conference=conference):
            charity = row.agency is not None and row.agency.kind == AgencyKind.VOLUNTARY
            conferences.record_presence(
                attendance_id=row.pk,
                by=by,
                presence=Presence.REPORT_ONLY if charity else Presence.ATTENDED,
                report_submitted=charity or None,
                now=now,
            )
        return Conference.objects.get(pk=conference.pk)

    def recorder(self, conference: Conference) -> Actor:
        chair = next(key for key, m in self.people.items() if m.pk == conference.chair_id)
        return self.actor(chair, conference.starts_at)

    def decided(self, *, on_plan: bool = False, **kw: Any) -> Conference:
        """In session with everyone's views and the chair's decision about each child: no plan, unless said."""
        conference = self.started(**kw)
        by, now = self.recorder(conference), conference.starts_at + dt.timedelta(minutes=75)
        for step in self.area.conference.script:
            conferences.tick_script(conference_id=conference.pk, by=by, step=step.step, now=now)
        for child in children_of(conference):
            for row in self.present(conference):
                for phase in self.area.conference.view_phases:
                    conferences.record_view(
                        attendance_id=row.pk,
                        conference_child_id=child.pk,
                        by=by,
                        phase=phase,
                        choice=ViewChoice.MET if row.name.startswith("Pia") else ViewChoice.NOT_MET,
                        reasons="Said in the round.",
                        now=now,
                    )
            self.decide(child, on_plan=on_plan, by=by, now=now)
        return Conference.objects.get(pk=conference.pk)

    def decide(self, child: ConferenceChild, *, on_plan: bool, by: Actor, now: dt.datetime) -> None:
        option = next(d for d in self.area.conference.decisions if d.on_plan is on_plan)
        category = (
            self.area.conference.categories[0].id if on_plan and self.area.conference.categories else ""
        )
        conferences.record_decision(
            conference_child_id=child.pk, by=by, option=option.id, basis="chair", category=category,
            reasons="What was heard does not reach the threshold.", now=now,
        )  # fmt: skip

    def present(self, conference: Conference) -> list[Attendance]:
        return list(
            Attendance.objects.filter(
                conference=conference, side=Side.PROFESSIONAL, presence=Presence.ATTENDED
            ).order_by("pk")
        )

    def ended(self, *, ended_at: dt.datetime | None = None, **kw: Any) -> Conference:
        conference = self.decided(**kw)
        ended_at = ended_at or conference.starts_at + dt.timedelta(hours=2)
        return dissents.end_conference(
            conference_id=conference.pk, by=self.recorder(conference), ended_at=ended_at, now=ended_at
        )

    def seat(self, conference: Conference, who: str) -> Attendance:
        return Attendance.objects.get(conference=conference, membership=self.people[who])

    # --- dissents -------------------------------------------------------------------------------------------------

    def said(self, conference: Conference, **changes: Any) -> Said:
        """What is said in a complete dissent from a decision against a plan, for every child."""
        children = children_of(conference)
        on_plan = bool(children and getattr(children[0], "decision", None) and children[0].decision.on_plan)
        start = conference.started_at or conference.starts_at
        given: dict[str, Any] = {
            "directions": {c.pk: "less_protection" if on_plan else "more_protection" for c in children},
            "expressed_at": start + dt.timedelta(minutes=90),
            "name_attribution": True,
            "discussed_with_chair": True,
            "discussed_note": "Talked through.",
            "reasons": "The risk at home was not heard.",
            "parents_understanding": "It helps them to see the risk.",
            **changes,
        }
        return Said(**given)

    def recorded(
        self, conference: Conference | None = None, *, who: str = "police", **changes: Any
    ) -> Dissent:
        """A dissent recorded by the chair while the conference is in session."""
        conference = conference or self.decided()
        said = self.said(conference, **changes)
        return dissents.record(
            attendance_id=self.seat(conference, who).pk,
            by=self.recorder(conference),
            said=said,
            now=max(said.expressed_at, conference.ended_at or said.expressed_at),
        )

    def end(self, conference: Conference, ended_at: dt.datetime | None = None) -> Conference:
        conference.refresh_from_db()
        ended_at = ended_at or conference.starts_at + dt.timedelta(hours=2)
        return dissents.end_conference(
            conference_id=conference.pk, by=self.recorder(conference), ended_at=ended_at, now=ended_at
        )

    def dissent_at(self, state: str, *, children: int = 1, who: str = "police", **kw: Any) -> Dissent:
        """A dissent walked to a state by the real actions. `now` of each later step: the next day."""
        conference = self.decided(children=children, **kw)
        dissent = self.recorded(conference, who=who)
        if state == DissentState.RECORDED:
            return self.fresh(dissent)
        self.end(conference)
        if state in (DissentState.AWAITING_VIEW, DissentState.ON_LADDER):
            return self.fresh(dissent)
        if state == DissentState.NOT_PURSUED:
            by = self.actor("reviewer")
            dissents.remind_of_written_view(dissent_id=dissent.pk, by=by, now=LATER)
            dissents.close_as_not_pursued(dissent_id=dissent.pk, by=by, reason="No answer came.", now=LATER)
            return self.fresh(dissent)
        if state == DissentState.WITHDRAWN:
            dissents.withdraw(dissent_id=dissent.pk, by=self.actor(who), reason="Settled.", now=LATER)
            return self.fresh(dissent)
        if self.area.dissent.written_view is not None:
            self.send_view(dissent, who=who)
        if state == DissentState.UNDER_REVIEW:
            return self.fresh(dissent)
        if state == DissentState.SECOND_TIER:
            return self.answer(dissent, "upheld")
        self.answer(dissent, STANDS[self.text])
        if state == DissentState.CLOSED:
            self.discharge(dissent)
            dissents.close(dissent_id=dissent.pk, by=self.actor("reviewer"), now=LATER, confirmed=True)
        return self.fresh(dissent)

    def dissent_of_guest(self, state: str, *, email: str = "gita@surgery.example.org") -> Dissent:
        """A dissent of a GP without an account, known by name and address: awaiting the view, or under review."""
        conference = self.started()
        by, now = self.recorder(conference), conference.starts_at + dt.timedelta(minutes=75)
        seat = conferences.add_person(
            conference_id=conference.pk, by=by, name="Gita Guest", email=email, job_title="General practitioner",
            agency_id=self.agencies[AgencyKind.HEALTH].pk, presence=Presence.ATTENDED, now=now,
        )  # fmt: skip
        for child in children_of(conference):
            self.decide(child, on_plan=False, by=by, now=now)
        conference = Conference.objects.get(pk=conference.pk)
        said = self.said(conference)
        dissent = dissents.record(attendance_id=seat.pk, by=by, said=said, now=said.expressed_at)
        self.end(conference)
        if state == DissentState.UNDER_REVIEW and self.area.dissent.written_view is not None:
            self.send_view(dissent, who="reviewer")
        return self.fresh(dissent)

    def send_view(self, dissent: Dissent, *, who: str = "police", now: dt.datetime = LATER) -> None:
        dissents.send_written_view(
            dissent_id=dissent.pk,
            by=self.actor(who, now),
            text="My view and the reasons for it.",
            outcome_sought="That the conference meets again.",
            now=now,
        )

    def talk(
        self, dissent: Dissent, *, now: dt.datetime = LATER, reached: bool = True, by: str = "reviewer"
    ) -> None:
        dissents.log_conversation(
            dissent_id=dissent.pk, by=self.actor(by, now), happened_at=now, how="phone", reached=reached,
            note="Went through the reasons.", now=now,
        )  # fmt: skip

    def read_all(self, dissent: Dissent, *, by: str = "reviewer", now: dt.datetime = LATER) -> None:
        dissent = self.fresh(dissent)
        tier = policies.current_tier(dissent, self.area)
        for material in tier.materials if tier else ():
            dissents.see_material(
                dissent_id=dissent.pk, by=self.actor(by, now), material=material.id, now=now
            )

    def answer(
        self,
        dissent: Dissent,
        outcome: str,
        *,
        by: str = "reviewer",
        now: dt.datetime = LATER,
        **changes: Any,
    ) -> Dissent:
        """Answer a dissent with everything that the protocol wants first."""
        tier = policies.current_tier(self.fresh(dissent), self.area)
        if tier and tier.gates:
            self.talk(dissent, now=now, by=by)
        self.read_all(dissent, by=by, now=now)
        given: dict[str, Any] = {
            "outcome": outcome,
            "reasons": "All of it was weighed again.",
            "parts": {part.id: "Looked at in full." for part in (tier.parts if tier else ())},
            "different_chair": False,
            **changes,
        }
        found = tier.outcome(outcome) if tier else None
        if found and found.book_date_required and "booking" not in changes:
            given["booking"] = dissents.Booking(
                starts_at=now + dt.timedelta(days=14), chair_id=self.people["other_chair"].pk
            )
        dissents.answer(dissent_id=dissent.pk, by=self.actor(by, now), decided=Decided(**given), now=now)
        return self.fresh(dissent)

    def discharge(self, dissent: Dissent, *, now: dt.datetime = LATER) -> None:
        """Tell everyone the protocol names, and file for each child."""
        by = self.actor("reviewer", now)
        dissent = self.fresh(dissent)
        for tell in policies.tellings_due(dissent, self.area):
            dissents.told(dissent_id=dissent.pk, by=by, tell_id=tell.id, told_at=now, how="Letter", now=now)
        for child in dissent.case.children.all():
            dissents.file_on_record(
                dissent_id=dissent.pk, by=by, child_uuid=child.uuid, filed_on=london_date(now), now=now
            )

    # --- records of discussions -----------------------------------------------------------------------------------

    def written(self, who: str = "police", other: str = "chair", **changes: Any) -> Written:
        """A discussion between two people on the day of the dissent, with one action agreed."""
        given: dict[str, Any] = {
            "between": "agencies",
            "how": "phone",
            "happened_at": ENDS,
            "notes": "We went through what each of us saw.",
            "outcome": "Still open.",
            "members": (self.people[who].pk, self.people[other].pk),
            "agreed": (Agreed("Send the chronology", "Pia Police", LATER.date()),),
            **changes,
        }
        return Written(**given)

    def discussion(
        self,
        case: Case,
        *,
        who: str = "police",
        approved: bool = True,
        now: dt.datetime = LATER,
        **changes: Any,
    ) -> Discussion:
        """One side's record of a discussion, approved by its writer unless said."""
        by = self.actor(who, now)
        found = records.write_down(case_id=case.pk, by=by, written=self.written(who, **changes), now=now)
        return records.approve(discussion_id=found.pk, by=by, now=now) if approved else found

    # --- complaints -----------------------------------------------------------------------------------------------

    def complaint(self, *, conference: Conference | None = None, **changes: Any) -> Complaint:
        """A parent's complaint about how a conference was run, logged the next day."""
        given: dict[str, Any] = {
            "about": "conference",
            "made_by": "parent",
            "aspects": ("process",),
            "summary": "We were not heard.",
            "received_on": LATER.date(),
            **changes,
        }
        conference = conference or self.ended()
        return complaints.record(
            conference_reference=conference.reference, by=self.actor("admin"), received=Received(**given), now=LATER
        )  # fmt: skip

    def complaint_acknowledged(self, complaint: Complaint | None = None) -> Complaint:
        complaint = complaint or self.complaint()
        return complaints.acknowledge(
            complaint_id=complaint.pk, by=self.actor("admin"), told_at=LATER, how="Letter", now=LATER
        )

    def complaint_decided(self, complaint: Complaint, outcome: str) -> Complaint:
        if complaint.acknowledged_at is None:
            complaint = self.complaint_acknowledged(complaint)
        return complaints.decide(
            complaint_id=complaint.pk, by=self.actor("admin"), outcome=outcome, reasons="It was looked at again.",
            decider="Sven Second, Head of service", now=LATER,
        )  # fmt: skip

    # --- requests for a conference --------------------------------------------------------------------------------

    def convening(self, *, who: str = "police", now: dt.datetime = LATER, **changes: Any) -> ConveneRequest:
        """A supported request for a conference about a new child; the manager answers, the second tier is the last resort."""
        for slots, holder in (
            (("convening_manager", "csc_senior_manager"), "manager"),
            (("senior_cp_manager",), "second"),
        ):
            SlotHolder.objects.filter(slot__partnership=self.partnership, slot__key__in=slots).update(
                membership=self.people[holder]
            )
        given: dict[str, Any] = {
            "text": "Please hold a conference: three agencies are worried.",
            "serious_concern": "He is left alone at night.",
            "basis": "most_involved",
            "senior": True,
            "supporter": "Nora Nurse, designated nurse",
            "supporter_is": "professional",
            "new_child": conferences.NewChild("C.R.", born_on=dt.date(2021, 5, 1)),
            **changes,
        }
        return convenings.ask(by=self.actor(who, now), asked=Asked(**given), now=now)

    def convening_answered(
        self, convening: ConveneRequest | None = None, outcome: str = "not_convene", *, by: str = "manager", **changes: Any
    ) -> ConveneRequest:  # fmt: skip
        convening = convening or self.convening()
        given: dict[str, Any] = {
            "reply": "We thought about it.",
            "reasons": "Support is in place.",
            **changes,
        }
        convenings.answer(convening_id=convening.pk, by=self.actor(by), outcome=outcome, now=LATER, **given)
        return ConveneRequest.objects.get(pk=convening.pk)

    def fresh(self, dissent: Dissent) -> Dissent:
        """The row as it stands, with what checks read."""
        return (
            Dissent.objects.select_related(
                "case__protocol_version", "case__partnership", "conference", "attendance__membership"
            )
            .prefetch_related("conversations")
            .get(pk=dissent.pk)
        )

    def case(self, dissent: Dissent) -> Case:
        return Case.objects.select_related("protocol_version", "partnership").get(pk=dissent.case_id)
