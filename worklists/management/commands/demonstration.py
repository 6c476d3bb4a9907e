"""Loads the demonstration: eleven partnerships, people in every role, and a case in every state.

Everything is made by the real actions, with times in the past. Every person, child and agency is invented.
"""

import datetime as dt
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

import protocols
from accounts.models import User
from cases.models import Case
from complaints import actions as complaints
from complaints.actions import Received
from complaints.models import Complaint
from complaints.policies import tellings_due
from conferences import actions as conferences
from conferences.models import Attendance, Conference
from conferences.selectors import children_of
from conferences.states import Presence, Side, ViewChoice
from convening import actions as convenings
from convening.actions import Asked
from convening.models import ConveneRequest
from core.actor import Actor, operator_actor
from core.clock import LONDON, edge_now, london_date
from deadlines.actions import sweep
from deadlines.models import DeadlineEffect
from dissent import actions as dissents
from dissent import policies
from dissent.actions import Booking, Decided, Said
from dissent.models import Dissent
from dissent.states import DissentState
from notifications.actions import send_due
from notifications.models import Message, Outbox
from notifications.states import MessageState
from partnerships.actions import (
    add_agency,
    add_member,
    load_bank_holidays,
    open_practice,
    publish_protocol,
    set_up_partnership,
)
from partnerships.models import Agency, AgencyPost, Membership, Partnership, Slot, SlotHolder
from partnerships.selectors import DEMONSTRATION_PASSWORD, actor_for, calendar_for
from partnerships.states import AgencyKind, Role
from protocols.calendar import Calendar
from records import actions as records
from records.actions import Agreed, Other, Written
from records.states import Between, HowHeld
from worklists.management import lessons
from worklists.management.ladders import Climb
from worklists.management.papers import Papers

FIRST = (
    "Amber Basil Coral Dill Ember Fern Garnet Hazel Indigo Juniper Kestrel Lark Maple Nettle Olive Pepper Quill Robin "
    "Sorrel Teal Umber Violet Willow Yarrow"
).split()
LAST = "Example Sample Specimen Pretend Mockford Fixture Dummy Invented Stand-In Trial Rehearsal".split()
INITIALS = ("A.X.", "B.X.", "C.X.", "D.X.", "E.X.", "F.X.", "G.X.", "H.X.", "J.X.", "K.X.")

STANDS = {
    "afc": "not_upheld", "camden": "not_upheld", "pan-sussex-7.2": "not_upheld", "west-dunbartonshire": "agree_stands",
}  # fmt: skip
RECONVENES = {
    "afc": "reconvened", "camden": "upheld", "pan-sussex-7.2": "upheld_and_reconvened",
    "west-dunbartonshire": "disagree_reconvene",
}  # fmt: skip

AGENCIES = {
    "care": (AgencyKind.SOCIAL_CARE, "Children's social care", True),
    "police": (AgencyKind.POLICE, "Demonstration Police", True),
    "health": (AgencyKind.HEALTH, "Demonstration Community Health", True),
    "school": (AgencyKind.EDUCATION, "Demonstration Primary School", True),
    "charity": (AgencyKind.VOLUNTARY, "Demonstration Families Charity", False),
}
PEOPLE = {
    "manager": (Role.REVIEWING_MANAGER, "care", "Service manager, conferencing"),
    "chair": (Role.CHAIR, "care", "Conference chair"),
    "chair2": (Role.CHAIR, "care", "Conference chair"),
    "minutes": (Role.MINUTE_TAKER, "care", "Minute taker"),
    "reviewer": (Role.REVIEWING_MANAGER, "care", "Reviewing manager"),
    "deputy": (Role.REVIEWING_MANAGER, "care", "Deputy reviewing manager"),
    "head": (Role.SECOND_TIER, "care", "Head of service"),
    "police": (Role.PRACTITIONER, "police", "Detective sergeant"),
    "health": (Role.PRACTITIONER, "health", "Health visitor"),
    "school": (Role.PRACTITIONER, "school", "Designated safeguarding lead"),
    "charity": (Role.PRACTITIONER, "charity", "Family support worker"),
    "admin": (Role.PARTNERSHIP_ADMIN, "care", "Partnership manager"),
    "admin2": (Role.PARTNERSHIP_ADMIN, "care", "Partnership coordinator"),
    "worker": (Role.PRACTITIONER, "care", "Social worker"),
    "team": (Role.PRACTITIONER, "care", "Team manager"),
    "inspector": (Role.PRACTITIONER, "police", "Detective inspector"),
    "nurse": (Role.PRACTITIONER, "health", "Designated nurse"),
    "headteacher": (Role.PRACTITIONER, "school", "Head teacher"),
}
# Where a protocol has a ladder of its own for them (SUS-37).
FACILITY = (AgencyKind.SPECIALIST_FACILITY, "Demonstration Children’s Hospital", True)
AT_FACILITY = {
    "ward": (Role.PRACTITIONER, "facility", "Ward sister"),
    "matron": (Role.PRACTITIONER, "facility", "Matron"),
}
# Who fills the posts that each agency has: with an account, or by name and address.
LEADS = {
    "care": "team",
    "police": "inspector",
    "health": "nurse",
    "school": "headteacher",
    "charity": "",
    "facility": "matron",
}
REASONS = (
    "The pattern of injuries was not weighed together with the missed appointments.",
    "The child's own words were heard as a wish, and not as a worry about staying at home.",
    "Three agencies described the same risk, and the summary names only one of them.",
    "The progress is four weeks old. It was called lasting change, and nothing shows yet that it is.",
)
ANSWERS = (
    (
        "I read every report again and spoke to those who wrote them. The risk was described fully at the conference, "
        "and the support that was agreed meets it. I ask the team to bring the review forward if an appointment is "
        "missed."
    ),
    (
        "The chronology came after the reports had been read out, and it changes the picture. The conference should "
        "hear all of it and look at the threshold again."
    ),
)


@dataclass
class Stage:
    """One partnership of the demonstration, and the steps its cases are walked through."""

    slug: str
    number: int
    now: dt.datetime
    area: protocols.AreaProtocol = field(init=False)
    partnership: Partnership = field(init=False)
    calendar: Calendar = field(init=False)
    agencies: dict[str, Agency] = field(init=False, default_factory=dict)
    people: dict[str, Membership] = field(init=False, default_factory=dict)
    made: int = field(init=False, default=0)
    actors: dict[str, Actor] = field(init=False, default_factory=dict)

    def set_up(self) -> None:
        today = london_date(self.now)
        self.area = protocols.library().on(self.slug, today)
        self.partnership = set_up_partnership(
            slug=self.slug,
            name=self.area.partnership_name,
            area=self.area,
            urgent_contact="Children’s social care duty team (demonstration), 00000 000 000",
        )
        facility = any(
            AgencyKind.SPECIALIST_FACILITY in each.for_agencies for each in self.area.escalation.ladders
        )
        agencies = AGENCIES | ({"facility": FACILITY} if facility else {})
        people = PEOPLE | (AT_FACILITY if facility else {})
        for key, (kind, name, statutory) in agencies.items():
            email = f"{key}@{self.slug}.example.org"
            self.agencies[key] = add_agency(
                partnership=self.partnership, name=name, kind=kind, statutory=statutory, email=email
            )
        start = dt.date(2020, 1, 1)
        for index, (key, (role, agency, title)) in enumerate(people.items()):
            first = FIRST[(index * 2 + self.number) % len(FIRST)]
            last = LAST[(index + self.number) % len(LAST)]
            managed = "manager" if key in ("chair", "chair2") else ""
            self.people[key] = add_member(
                agency=self.agencies[agency],
                email=f"{key}@{self.slug}.example.org",
                name=f"{first} {last}",
                role=role,
                job_title=title,
                starts_on=start,
                password=None,
                line_manager=self.people.get(managed),
            )
        for slot in self.area.slots:
            if slot.per == "agency":
                self._posts_of(slot.key, start)
            if slot.per != "partnership":
                continue
            who = {"reviewer": "reviewer", "second_tier": "head"}.get(slot.key, "admin")
            holder = self._hold(slot.key, who, start)
            if slot.key == "reviewer":
                self._hold(slot.key, "deputy", today - dt.timedelta(days=30), deputy_for=holder)
        publish_protocol(
            partnership=self.partnership, area=self.area, by=None, now=self.now - dt.timedelta(days=200)
        )
        open_practice(partnership_id=self.partnership.pk, by=operator_actor(), now=self.now)
        self.calendar = calendar_for(self.partnership.pk, self.area.nation)

    def _posts_of(self, key: str, start: dt.date) -> None:
        """Who fills a post for each agency; at the charity somebody without an account."""
        slot = Slot.objects.get(partnership=self.partnership, key=key)
        for name, agency in self.agencies.items():
            member = self.people[LEADS[name]] if LEADS[name] else None
            AgencyPost.objects.create(
                partnership=self.partnership, slot=slot, agency=agency, membership=member, starts_on=start,
                name="" if member else "Fern Standby", email="" if member else f"standby@{self.slug}.example.org",
            )  # fmt: skip

    def _hold(self, key: str, who: str, start: dt.date, deputy_for: SlotHolder | None = None) -> SlotHolder:
        return SlotHolder.objects.create(
            partnership=self.partnership,
            slot=Slot.objects.get(partnership=self.partnership, key=key),
            membership=self.people[who],
            starts_on=start,
            deputy_for=deputy_for,
        )

    # --- time and people --------------------------------------------------------------------------------------------

    def ago(self, days: int, hour: int = 10) -> dt.datetime:
        """An instant so many working days ago (or ahead, when negative), on the hour."""
        day = self.calendar.add_working_days(london_date(self.now), -days)
        return dt.datetime.combine(day, dt.time(hour), tzinfo=LONDON).astimezone(dt.UTC)

    def actor(self, who: str) -> Actor:
        """Read once: who fills which post changes in one place only, which empties this."""
        if who not in self.actors:
            row = Membership.objects.select_related("user").get(pk=self.people[who].pk)
            self.actors[who] = actor_for(row, london_date(self.now))
        return self.actors[who]

    # --- conferences ------------------------------------------------------------------------------------------------

    def booked(self, starts_at: dt.datetime, *, children: int = 1, chair: str = "chair") -> Conference:
        by, now = self.actor(chair), min(starts_at - dt.timedelta(days=6), self.now)
        conference = conferences.book(
            by=by, kind="initial", starts_at=starts_at, chair_id=self.people[chair].pk,
            minute_taker_id=self.people["minutes"].pk, place="Civic Centre, room 4 (demonstration)", now=now,
        )  # fmt: skip
        today = london_date(self.now)
        for _ in range(children):
            age = (self.made * 3) % 15
            unborn = self.made % 9 == 8
            conferences.add_child(
                conference_id=conference.pk,
                by=by,
                child=conferences.NewChild(
                    initials=INITIALS[self.made % len(INITIALS)],
                    born_on=None if unborn else today - dt.timedelta(days=366 * age + 40),
                    due_on=today + dt.timedelta(days=60) if unborn else None,
                ),
                now=now,
            )
            self.made += 1
        for who in ("police", "health", "school", "charity"):
            conferences.add_person(
                conference_id=conference.pk, by=by, membership_id=self.people[who].pk, now=now
            )
        conferences.add_person(
            conference_id=conference.pk, by=by, name="Dr Moss Placeholder", agency_id=self.agencies["health"].pk,
            job_title="General practitioner", email="moss.placeholder@practice.example.org", now=now,
        )  # fmt: skip
        conferences.add_person(
            conference_id=conference.pk, by=by, name="A family member", side=Side.FAMILY, now=now
        )
        return conference

    def started(self, starts_at: dt.datetime, **kw: Any) -> Conference:
        conference = self.booked(starts_at, **kw)
        by = self.actor(kw.get("chair", "chair"))
        conferences.start(conference_id=conference.pk, by=by, now=starts_at)
        for row in Attendance.objects.filter(conference=conference).select_related("agency"):
            charity = row.agency is not None and row.agency.kind == AgencyKind.VOLUNTARY
            remote = row.agency is not None and row.agency.kind == AgencyKind.EDUCATION
            conferences.record_presence(
                attendance_id=row.pk, by=by, now=starts_at,
                presence=Presence.REPORT_ONLY if charity else Presence.REMOTE if remote else Presence.ATTENDED,
                report_submitted=row.side == Side.PROFESSIONAL, report_shared=charity,
            )  # fmt: skip
        for step in self.area.conference.script[:2]:
            conferences.tick_script(conference_id=conference.pk, by=by, step=step.step, now=starts_at)
        return Conference.objects.get(pk=conference.pk)

    def decided(self, starts_at: dt.datetime, *, on_plan: bool = False, **kw: Any) -> Conference:
        conference = self.started(starts_at, **kw)
        chair = kw.get("chair", "chair")
        by, now = self.actor(chair), starts_at + dt.timedelta(minutes=50)
        for step in self.area.conference.script:
            conferences.tick_script(conference_id=conference.pk, by=by, step=step.step, now=now)
        option = next(d for d in self.area.conference.decisions if d.on_plan is on_plan)
        present = Attendance.objects.filter(
            conference=conference, side=Side.PROFESSIONAL, presence__in=(Presence.ATTENDED, Presence.REMOTE)
        ).order_by("pk")
        for child in children_of(conference):
            for index, row in enumerate(present):
                met = (index == 0) is not on_plan
                for phase in self.area.conference.view_phases:
                    conferences.record_view(
                        attendance_id=row.pk, conference_child_id=child.pk, by=by, phase=phase,
                        choice=ViewChoice.MET if met else ViewChoice.NOT_MET,
                        reasons="The risk is likely to go on without a plan." if met else "Support by agreement is enough.",
                        now=now,
                    )  # fmt: skip
            conferences.record_decision(
                conference_child_id=child.pk, by=by, option=option.id, basis="chair", now=now,
                category=self.area.conference.categories[0].id if on_plan and self.area.conference.categories else "",
                reasons="Two agencies saw lasting change. Support by agreement was accepted by the family."
                if not on_plan
                else "The risk of significant harm was described by three agencies and is likely to go on.",
            )  # fmt: skip
        for part in self.area.conference.fields:
            wanted = part.when == "always" or (part.when == "on_plan") is on_plan
            if wanted and part.strength != "may":
                conferences.record_field(
                    conference_id=conference.pk, by=by, field=part.id, now=now,
                    text="Written down at the conference, in the words of those who were there.",
                )  # fmt: skip
        return Conference.objects.get(pk=conference.pk)

    def dissent(
        self,
        conference: Conference,
        who: str = "police",
        *,
        chair: str = "chair",
        index: int = 0,
        guest: bool = False,
    ) -> Dissent:
        """A dissent said 80 minutes into the conference, recorded by the chair."""
        start = conference.started_at or conference.starts_at
        moment = start + dt.timedelta(minutes=55)
        if guest:
            row = Attendance.objects.get(
                conference=conference, membership__isnull=True, side=Side.PROFESSIONAL
            )
        else:
            row = Attendance.objects.get(conference=conference, membership=self.people[who])
        children = children_of(conference)
        on_plan = children[0].decision.on_plan
        return dissents.record(
            attendance_id=row.pk,
            by=self.actor(chair),
            said=Said(
                directions={c.pk: "less_protection" if on_plan else "more_protection" for c in children},
                expressed_at=moment,
                name_attribution=True,
                discussed_with_chair=True,
                discussed_at=moment - dt.timedelta(minutes=3),
                discussed_note="Talked through in the conference; the difference remained.",
                reasons=REASONS[index % len(REASONS)],
                parents_understanding="It shows the parents that the worry is shared and why.",
            ),
            now=moment,
        )

    def end(self, conference: Conference, chair: str = "chair") -> None:
        conference.refresh_from_db()
        moment = (conference.started_at or conference.starts_at) + dt.timedelta(minutes=95)
        dissents.end_conference(
            conference_id=conference.pk, by=self.actor(chair), ended_at=moment, now=moment
        )

    def dissented(self, days: int, who: str = "police", **kw: Any) -> Dissent:
        """A dissent from a conference so many working days ago, which has ended."""
        guest, index = kw.pop("guest", False), kw.pop("index", 0)
        conference = self.decided(self.ago(days), **kw)
        found = self.dissent(conference, who, chair=kw.get("chair", "chair"), index=index, guest=guest)
        self.end(conference, kw.get("chair", "chair"))
        return self.fresh(found)

    def fresh(self, dissent: Dissent) -> Dissent:
        return (
            Dissent.objects.select_related(
                "case__protocol_version", "case__partnership", "conference", "attendance"
            )
            .prefetch_related("conversations")
            .get(pk=dissent.pk)
        )

    # --- reviews ----------------------------------------------------------------------------------------------------

    def view(self, dissent: Dissent, days: int, who: str = "police") -> Dissent:
        """The written view arrives so many working days ago, where the protocol has one."""
        if self.area.dissent.written_view is not None:
            guest = dissent.attendance.membership_id is None
            moment = self.ago(days, 14)
            dissents.send_written_view(
                dissent_id=dissent.pk,
                by=self.actor("reviewer" if guest else who),
                text=f"{REASONS[dissent.pk % len(REASONS)]} I have set out the dates and what each of us saw.",
                outcome_sought="That the conference hears the chronology and looks at the threshold again.",
                received_at=moment,
                how="email" if guest else "form",
                now=moment,
            )
        return self.fresh(dissent)

    def work(self, dissent: Dissent, days: int, *, by: str = "reviewer", part: bool = False) -> Dissent:
        """The reviewer reads the materials and speaks to the dissenter."""
        dissent = self.fresh(dissent)
        tier = policies.current_tier(dissent, self.area)
        moment = self.ago(days, 15)
        materials = tier.materials if tier else ()
        for material in materials[:1] if part else materials:
            dissents.see_material(dissent_id=dissent.pk, by=self.actor(by), material=material.id, now=moment)
        if not part:
            dissents.log_conversation(
                dissent_id=dissent.pk, by=self.actor(by), happened_at=moment, how="phone", reached=True, now=moment,
                note="We went through the reasons one by one. The chronology was offered and has been added.",
            )  # fmt: skip
        return self.fresh(dissent)

    def answer(
        self, dissent: Dissent, outcome: str, days: int, *, by: str = "reviewer", **kw: Any
    ) -> Dissent:
        """The answer, so many working days ago; with a reason when that was late."""
        self.work(dissent, days, by=by)
        dissent = self.fresh(dissent)
        tier = policies.current_tier(dissent, self.area)
        found = tier.outcome(outcome) if tier else None
        moment = self.ago(days, 16)
        if found and found.book_date_required and "booking" not in kw:
            kw["booking"] = Booking(starts_at=self.ago(-12, 10), chair_id=self.people["chair2"].pk)
        late = policies.late_clock(dissent, moment)
        dissents.answer(
            dissent_id=dissent.pk,
            by=self.actor(by),
            decided=Decided(
                outcome=outcome,
                reasons=ANSWERS[0 if found and found.means == "stands" else 1],
                late_reason="A report was missing and came after the date." if late else "",
                parts={
                    p.id: "Read again in full, together with those who wrote it."
                    for p in (tier.parts if tier else ())
                },
                different_chair=False if found and found.different_chair else None,
                **kw,
            ),
            now=moment,
        )
        return self.fresh(dissent)

    def close(self, dissent: Dissent, days: int) -> None:
        """Everyone told, filed for each child, closed."""
        moment, by = self.ago(days, 16) + dt.timedelta(minutes=20), self.actor("reviewer")
        dissent = self.fresh(dissent)
        for tell in policies.tellings_due(dissent, self.area):
            dissents.told(
                dissent_id=dissent.pk,
                by=by,
                tell_id=tell.id,
                told_at=moment,
                how="Letter by secure e-mail",
                now=moment,
            )
        for child in dissent.case.children.all():
            dissents.file_on_record(
                dissent_id=dissent.pk, by=by, child_uuid=child.uuid, filed_on=london_date(moment), now=moment
            )
        dissents.close(dissent_id=dissent.pk, by=by, now=moment, confirmed=True)

    def withdraw(self, dissent: Dissent, days: int, who: str) -> None:
        dissents.withdraw(
            dissent_id=dissent.pk, by=self.actor(who), now=self.ago(days, 11),
            reason="What I asked for was agreed in the core group.",
        )  # fmt: skip

    # --- the cases --------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Conferences before, during and after; then the dissents that this protocol can have."""
        self.booked(self.ago(-2, 10))
        self.booked(self.ago(-6, 14), children=2, chair="chair2")
        self.live()
        adjourned = self.started(self.ago(3), chair="chair2")
        conferences.adjourn(
            conference_id=adjourned.pk, by=self.actor("chair2"), at=self.ago(3, 11), now=self.ago(3, 11),
            reason="A report that the decision rests on had not come.", resumes_at=self.ago(-3, 10),
        )  # fmt: skip
        quiet = self.decided(self.ago(7), on_plan=True)
        school = Attendance.objects.get(conference=quiet, membership=self.people["school"])
        conferences.note_view(
            attendance_id=school.pk, by=self.actor("chair"), now=self.ago(7) + dt.timedelta(minutes=60),
            text="The category could also have been neglect; the decision itself is shared.",
            child_ids=[c.pk for c in children_of(quiet)],
        )  # fmt: skip
        self.end(quiet)
        if self.area.review is None:
            self.play_ladder()
        else:
            self.play_reviews()
        self.play_records()
        if self.area.complaints is not None:
            self.play_complaints()
        if self.area.escalation.convening is not None:
            self.play_requests()
        Climb(self).play()
        Papers(self).play()
        lessons.play(self)

    def live(self) -> None:
        """A conference in session now, its decision made and one dissent recorded."""
        start = self.now.replace(second=0, microsecond=0) - dt.timedelta(minutes=75)
        conference = self.decided(start, children=2)
        self.dissent(conference, "police", index=1)

    def play_ladder(self) -> None:
        self.dissented(1, "school")
        note = self.dissented(6, "police", index=1)
        dissents.choose_challenge(
            dissent_id=note.pk, by=self.actor("police"), choice="note_only", now=self.ago(5, 12)
        )
        challenge = self.dissented(9, "health", index=2, children=2)
        dissents.choose_challenge(
            dissent_id=challenge.pk, by=self.actor("health"), choice="challenge", now=self.ago(8, 12)
        )
        self.dissented(12, "police", index=3, chair="chair2", guest=True)
        self.withdraw(self.dissented(15, "school"), 13, "school")

    def play_reviews(self) -> None:
        text, awaits = self.area.protocol_id, self.area.dissent.written_view is not None
        if awaits:
            self.dissented(2, "school")
            self.dissented(8, "health", index=1)
            stale = self.dissented(20, "police", index=2)
            dissents.remind_of_written_view(
                dissent_id=stale.pk, by=self.actor("reviewer"), now=self.ago(13, 10)
            )
            dissents.close_as_not_pursued(
                dissent_id=stale.pk, by=self.actor("reviewer"), now=self.ago(9, 10),
                reason="The dissenting professional was reminded twice and wrote that the core group settled it.",
            )  # fmt: skip
        fresh = self.dissented(3, "health", index=2)
        self.view(fresh, 1, "health")
        soon = self.dissented(8, "police", index=3)
        self.work(self.view(soon, 7), 4, part=True)
        late = self.dissented(14 if awaits else 12, "school", index=1)
        self.view(late, 11, "school")
        guest = self.dissented(5, index=2, guest=True)
        self.view(guest, 3)
        together = self.decided(self.ago(6), children=2)
        pair = [self.dissent(together, who, index=i) for i, who in enumerate(("police", "school"))]
        self.end(together)
        for dissent, who in zip(pair, ("police", "school"), strict=True):
            self.view(dissent, 4, who)
        if text == "afc":
            conferences.ask_missing_entry(
                attendance_id=Attendance.objects.get(
                    conference=together, membership=self.people["health"]
                ).pk,
                by=self.actor("health"),
                text="I said at the end that I could not put my name to the decision.",
                said_at=(together.started_at or self.now) + dt.timedelta(minutes=70),
                now=self.ago(5, 9),
            )
        self.withdraw(self.dissented(10, "health", index=3), 8, "health")
        stands = self.view(self.dissented(7, "school", index=1), 5, "school")
        self.answer(stands, STANDS[text], 2)
        back = self.view(self.dissented(9, "police", index=2, children=2), 7)
        self.answer(back, RECONVENES[text], 3)
        booked = self.view(self.dissented(10, "health", index=3), 8, "health")
        self.answer(booked, RECONVENES[text], 4)
        if text == "camden":
            self.answer(booked, "reconvene", 3, by="head", new_information="A fuller chronology has come.")
        dissents.book_follow_up(
            dissent_id=booked.pk, by=self.actor("reviewer"), now=self.ago(2, 12),
            booking=Booking(starts_at=self.ago(-5, 10), chair_id=self.people["chair2"].pk, place="Civic Centre, room 2"),
        )  # fmt: skip
        if text == "afc":
            early = self.view(self.dissented(11, "school", index=1), 9, "school")
            self.answer(early, "early_review", 4)
        done = self.view(self.dissented(18, "police", index=2), 14)
        self.close(self.answer(done, STANDS[text], 9), 8)
        slow = self.view(self.dissented(28, "school", index=3), 25, "school")
        self.close(self.answer(slow, STANDS[text], 11), 10)

    # --- records of discussions, complaints, requests for a conference ------------------------------------------------

    def written(self, days: int, who: str, other: str, notes: str, **kw: Any) -> Written:
        """A discussion so many working days ago, at half past nine."""
        return Written(
            between=kw.pop("between", Between.AGENCIES), how=kw.pop("how", HowHeld.PHONE),
            happened_at=self.ago(days, 9) + dt.timedelta(minutes=30), notes=notes,
            members=tuple(self.people[each].pk for each in (who, other) if each), **kw,
        )  # fmt: skip

    def play_records(self) -> None:
        """Both sides' records of a talk about one open dissent: approved, corrected, written late, a draft, one's own."""
        dissent = Dissent.objects.filter(
            partnership=self.partnership, closed_at__isnull=True, attendance__membership=self.people["police"],
            conference__ended_at__isnull=False,
        ).order_by("-pk").first()  # fmt: skip
        if dissent is None:
            return
        case, police, chair = dissent.case, self.actor("police"), self.actor("chair")
        now = self.ago(1, 11)
        first = records.write_down(
            case_id=case.pk, by=police, now=now,
            written=self.written(
                1, "police", "chair", "We went through the dates. The chair sees the visits as enough; I do not.",
                outcome="Still open between us.",
                agreed=(Agreed("Send the chronology to the chair", "Police", london_date(self.ago(0))),),
            ),
        )  # fmt: skip
        records.approve(discussion_id=first.pk, by=police, now=now)
        records.settle_action(
            action_id=first.agreed_actions.get().pk,
            by=police,
            done_on=london_date(now),
            now=now,
            note="Sent.",
        )
        child = case.children.order_by("pk")[0]
        records.file_copy(
            discussion_id=first.pk, by=police, child_uuid=child.uuid, filed_on=london_date(now), now=now
        )
        corrected = records.correct(
            discussion_id=first.pk, by=police, now=now, reason="The reviewing officer was on the call too.",
            written=self.written(
                1, "police", "chair", "We went through the dates. The chair sees the visits as enough; I do not.",
                outcome="Still open between us.", others=(Other("Sam Standin", "Children’s social care"),),
            ),
        )  # fmt: skip
        records.approve(discussion_id=corrected.pk, by=police, now=now)
        late = records.write_down(
            case_id=case.pk, by=chair, now=now,
            written=self.written(3, "chair", "police", "A first talk after the conference: each of us kept to their view."),
        )  # fmt: skip
        records.approve(discussion_id=late.pk, by=chair, now=now)
        records.write_down(
            case_id=case.pk, by=police, now=now,
            written=self.written(
                1, "police", "", "With my own manager: what I put in writing next.", between=Between.OWN,
                how=HowHeld.IN_PERSON, others=(Other("Mel Manager", "Police"),),
            ),
        )  # fmt: skip
        records.made_own_record(
            case_id=case.pk, by=chair, made_on=london_date(now), kept_in="Case notes of social care", now=now
        )

    def play_complaints(self) -> None:
        """One complaint to be answered, one decided with its conference booked, one closed."""
        held = Conference.objects.filter(
            partnership=self.partnership, ended_at__isnull=False, chair=self.people["chair"]
        )
        first, second, third = held.order_by("pk")[:3]
        by = self.actor("admin")
        rules = self.area.complaints
        aspects = [aspect.id for aspect in rules.aspects] if rules else []

        def logged(conference: Conference, days: int, aspect: str, **kw: Any) -> Complaint:
            return complaints.record(
                conference_reference=conference.reference, by=by, now=self.ago(days, 10),
                received=Received(
                    about="conference", made_by=kw.pop("made_by", "parent"), received_on=london_date(self.ago(days)),
                    aspects=(aspect,) if aspect else (), outside_list=not aspect,
                    summary="We were asked to wait outside while the others spoke, and heard the decision last.",
                ),
            )  # fmt: skip

        logged(first, 1, "")
        decided = logged(second, 6, aspects[0], made_by="carer")
        self._answered(decided, 5, "reconvened_other_chair")
        complaints.book_follow_up(
            complaint_id=decided.pk,
            by=by,
            starts_at=self.ago(-9),
            chair_id=self.people["chair2"].pk,
            now=self.ago(3),
        )
        over = logged(third, 12, aspects[-1])
        self._answered(over, 11, "decision_stands")
        for tell, seat, row in tellings_due(Complaint.objects.get(pk=over.pk), self.area):
            if row is None:
                complaints.told(
                    complaint_id=over.pk, by=by, tell_id=tell.id, seat=seat, told_at=self.ago(8), how="Letter", now=self.ago(8)
                )  # fmt: skip
        complaints.close(complaint_id=over.pk, by=by, now=self.ago(7))

    def _answered(self, complaint: Complaint, days: int, outcome: str) -> None:
        by = self.actor("admin")
        complaints.acknowledge(
            complaint_id=complaint.pk, by=by, told_at=self.ago(days), how="Letter", now=self.ago(days, 11)
        )
        complaints.decide(
            complaint_id=complaint.pk, by=by, outcome=outcome, decider="Head of service (demonstration)",
            reasons="The notes of the conference were read with everyone who was there.", now=self.ago(days - 1, 11),
        )  # fmt: skip

    def play_requests(self) -> None:
        """Requests for a conference: waiting, refused though supported, granted; and, where there is one, the last resort."""
        rules = self.area.escalation.convening
        for key in filter(None, (rules.decided_by, rules.last_resort_by) if rules else ()):
            who = "manager" if rules and key == rules.decided_by else "head"
            SlotHolder.objects.filter(
                slot__partnership=self.partnership,
                slot__key=key.removeprefix("slot:"),
                deputy_for__isnull=True,
            ).update(membership=self.people[who])
        self.actors.clear()
        self.requested(2, "health", support=True)
        refused = self.requested(7, "school", support=True)
        self._replied(refused, 5, "not_convene")
        self._replied(self.requested(6, "police", support=False), 4, "convene")
        if rules and rules.last_resort_by:
            last = self.requested(9, "police", support=True)
            self._replied(last, 8, "not_convene")
            convenings.ask_last_resort(convening_id=last.pk, by=self.actor("police"), now=self.ago(7))
        ladder = self.requested(11, "health", support=False)
        self._replied(ladder, 10, "not_convene")
        convenings.take_to_ladder(
            convening_id=ladder.pk, by=self.actor("health"), now=self.ago(9),
            unresolved="Support by agreement was tried twice and was not kept up.",
        )  # fmt: skip

    def requested(self, days: int, who: str, *, support: bool) -> ConveneRequest:
        age = (self.made * 3) % 15
        self.made += 1
        born = london_date(self.now) - dt.timedelta(days=366 * age + 40)
        return convenings.ask(
            by=self.actor(who), now=self.ago(days, 11),
            asked=Asked(
                text="Please hold a conference. Three agencies have written of the same worry since the summer.",
                serious_concern="The child is alone at night and was found outside twice.", basis="most_involved",
                senior=not support, supporter="The designated nurse (demonstration)" if support else "",
                supporter_is="professional" if support else "", made_how="phone" if who == "school" else "form",
                new_child=conferences.NewChild(initials=INITIALS[self.made % len(INITIALS)], born_on=born),
            ),
        )  # fmt: skip

    def _replied(self, convening: ConveneRequest, days: int, outcome: str) -> None:
        convenings.answer(
            convening_id=convening.pk, by=self.actor("manager"), outcome=outcome, now=self.ago(days, 15),
            reply="Thank you for writing. We talked it through with the team and with those who know the family.",
            reasons="Support by agreement is in place and is reviewed next week." if outcome == "not_convene" else "",
        )  # fmt: skip


class Command(BaseCommand):
    help = "Load the demonstration data into an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only", action="append", default=[], help="a partnership's slug; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "Set DEMONSTRATION=1: demonstration data is never loaded into a real installation."
            )
        if Partnership.objects.exists():
            raise CommandError(
                "There is data in this database already. Demonstration data goes into an empty one."
            )
        now = edge_now()
        with transaction.atomic():
            load_bank_holidays()
            for number, slug in enumerate(options["only"] or protocols.library().slugs()):
                stage = Stage(slug, number, now)
                stage.set_up()
                stage.play()
                self.stdout.write(
                    f"{slug}: {Case.objects.filter(partnership=stage.partnership).count()} cases"
                )
            one = User(email="x@example.org", name="x")
            one.set_password(DEMONSTRATION_PASSWORD)
            User.objects.update(password=one.password)
            self._let_time_pass(now)
        self.stdout.write(f"{Dissent.objects.exclude(state=DissentState.CLOSED).count()} dissents are open.")

    @staticmethod
    def _let_time_pass(now: dt.datetime) -> None:
        """Sweep and send at each moment at which something was due, as the clocks would have done."""
        moments = set(DeadlineEffect.objects.filter(fire_at__lte=now).values_list("fire_at", flat=True))
        moments |= set(Outbox.objects.filter(not_before__lte=now).values_list("not_before", flat=True))
        for moment in sorted(moments):
            sweep(now=moment)
            send_due(now=moment, limit=10_000)
            # What waits for office hours goes when they begin, before the next thing happens.
        for moment in sorted(
            set(
                Message.objects.filter(not_before__lte=now, state=MessageState.WAITING).values_list(
                    "not_before", flat=True
                )
            )
        ):
            send_due(now=moment, limit=10_000)
