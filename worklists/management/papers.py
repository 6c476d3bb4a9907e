"""Papers of the demonstration: letters in every state, documents, packs, calendars. All by the real actions."""

import datetime as dt
from typing import TYPE_CHECKING

import letters
from cases.models import Case
from complaints.models import Complaint
from conferences.models import Conference
from conferences.selectors import children_of
from convening.models import ConveneRequest
from core.clock import london_date
from deadlines.actions import reset_feed
from dissent import actions as dissents
from dissent.models import Dissent
from dissent.selectors import dissent_of
from dissent.states import DissentState
from papers import actions, policies
from papers.policies import Plan
from papers.selectors.documents import Place
from papers.selectors.matters import locked
from records.models import FilePack, Letter

if TYPE_CHECKING:
    from worklists.management.commands.demonstration import Stage

HOW = "secure e-mail"
# One partnership of each text, so that the demonstration is loaded while somebody waits for it.
IN_FULL = ("camden", "east-sussex", "hampshire", "kingston-richmond", "west-dunbartonshire")
FOR_PARENTS = (
    "We read every report again and talked to the people who wrote them. We looked at what helps your child now and at "
    "what still worries us. You can ask us about anything in this letter."
)
REPORT = (
    "This report was written for the conference. It says what we saw, what we did and what we think would help.",
    (
        "We visited four times in the last three months. Two visits were missed and made up for. The home was warm and there "
        "was food. The child talked about school and about what they like to play."
    ),
    (
        "What worries us: three injuries in two months, each explained in another way. What helps: a grandparent who comes "
        "every day, and a school that notices."
    ),
)


class Papers:
    """The papers of one partnership."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage

    def play(self) -> None:
        self._head()
        if self.stage.slug not in IN_FULL:
            return
        self._letters()
        self._others()
        self._documents()
        self._packs()
        for who in ("reviewer", "police"):
            reset_feed(by=self.stage.actor(who), now=self.stage.ago(4))

    def _head(self) -> None:
        stage = self.stage
        by, now = stage.actor("admin"), stage.ago(60)
        actions.save_head(
            partnership_id=stage.partnership.pk, by=by, address="Demonstration House\n1 Example Street\nExampletown EX1 2AB",
            contact="safeguarding@demonstration.example.org", marking="Official-Sensitive", now=now,
        )  # fmt: skip
        actions.save_wording(
            partnership_id=stage.partnership.pk, by=by, kind="response", opening="",
            closing="Please call me if you would like to talk this through. {partnership} thanks you for speaking up.", now=now,
        )  # fmt: skip

    # --- letters ----------------------------------------------------------------------------------------------------

    def _letters(self) -> None:
        """Of one matter all are issued, or wait for a second person; of two there are drafts; the rest were not begun."""
        found = Dissent.objects.filter(
            partnership=self.stage.partnership, state=DissentState.DECIDED, answers__isnull=False
        )
        ways = [self._issue, self._draft, self._draft]
        for row, way in zip(found.distinct().order_by("-pk")[:3], ways, strict=False):
            for plan in self._plans(row.case):
                way(row, plan)

    def _plans(self, case: Case) -> list[Plan]:
        matter = locked(case.pk)
        return policies.plans_of(matter, self.stage.area)

    def _writer(self, plan: Plan) -> str:
        return "head" if plan.by == "slot:second_tier" else "reviewer"

    def _save(self, case: Case, plan: Plan, who: str, now: dt.datetime, **texts: str) -> Letter:
        if plan.kind == "parents":
            texts.setdefault("reasons", FOR_PARENTS)
        return actions.save_letter(
            case_id=case.pk, slug=plan.slug, by=self.stage.actor(who), texts=texts, now=now
        )

    def _draft(self, row: Dissent, plan: Plan) -> None:
        self._save(row.case, plan, self._writer(plan), self.stage.ago(1, 15))

    def _issue(self, row: Dissent, plan: Plan) -> None:
        """Issue it; what a second person reads first waits for them."""
        now, by = self.stage.ago(1, 11), self.stage.actor(self._writer(plan))
        self._save(row.case, plan, self._writer(plan), now)
        if plan.needs_check:
            actions.send_for_check(case_id=row.case_id, slug=plan.slug, by=by, now=now)
        else:
            actions.issue(case_id=row.case_id, slug=plan.slug, by=by, how=HOW, now=now)

    def _others(self) -> None:
        """The letters of requests that were refused, and of complaints: the first issued, the second a draft."""
        matters: list[tuple[Case, str]] = []
        for request in ConveneRequest.objects.filter(partnership=self.stage.partnership).order_by("pk"):
            matters.append((request.case, "manager"))
        for complaint in Complaint.objects.filter(partnership=self.stage.partnership).order_by("-pk")[:2]:
            matters.append((complaint.case, "admin"))
        done: dict[str, int] = {}
        for case, who in matters:
            for plan in self._plans(case):
                done[plan.kind] = done.get(plan.kind, 0) + 1
                if done[plan.kind] > 2:
                    continue
                now = self.stage.ago(2, 12)
                self._save(case, plan, who, now)
                if done[plan.kind] == 1:
                    actions.issue(
                        case_id=case.pk, slug=plan.slug, by=self.stage.actor(who), how="post", now=now
                    )

    # --- documents --------------------------------------------------------------------------------------------------

    def _documents(self) -> None:
        """A report and a summary of one conference, opened by its reviewer; a document shown to a guest."""
        stage = self.stage
        now, report = stage.ago(2, 9), self._report()
        conference = Conference.objects.filter(partnership=stage.partnership, ended_at__isnull=False).latest(
            "pk"
        )
        children = [row.child.uuid for row in children_of(conference)]
        for kind in ("report", "summary"):
            document = actions.add_to_conference(
                conference_id=conference.pk, by=stage.actor("admin"), kind=kind, data=report, children=children[:1], now=now
            )  # fmt: skip
        actions.open_document(document, by=stage.actor("admin"), place=Place(conference), now=now)
        guest = Dissent.objects.filter(
            partnership=stage.partnership, attendance__membership__isnull=True, closed_at__isnull=True
        ).last()
        if guest is not None:
            self._shown(guest, report, now)

    def _shown(self, row: Dissent, report: bytes, now: dt.datetime) -> None:
        """To a dissenter without an account."""
        who = "chair" if row.conference.chair_id == self.stage.people["chair"].pk else "chair2"
        by = self.stage.actor(who)
        document = actions.add_to_case(
            case_id=row.case_id, by=by, kind="other", data=report,
            children=[row.case.children.order_by("pk")[0].uuid], now=now,
        )  # fmt: skip
        actions.share_document(
            document, by=by, place=Place(row.conference, row.case), may_upload=True,
            participant=row.case.participants.get(capacity="dissenter").uuid, now=now,
        )  # fmt: skip

    def _report(self) -> bytes:
        """A readable report of one page, from nobody about nobody."""
        return letters.pack_pdf(
            letters.Pack(
                title="Report to the conference", marking="Invented for a demonstration", sender="Demonstration Community Health",
                reference="Report", child="", facts=(("Written for", "the conference"),), made_at=self.stage.ago(3),
                parts=(letters.Part(title="Report", blocks=tuple(letters.Block(kind="note", text=text) for text in REPORT)),),
            )
        )  # fmt: skip

    # --- packs ------------------------------------------------------------------------------------------------------

    def _packs(self) -> None:
        """Of a matter that was decided, or else of one on the ladder: made with a report in full, and filed."""
        stage = self.stage
        rows = Dissent.objects.filter(partnership=stage.partnership)
        row = (
            rows.filter(state=DissentState.DECIDED).first()
            or rows.filter(state=DissentState.ON_LADDER).first()
        )
        if row is None:
            return
        found = dissent_of(row.case)
        who = "chair" if row.conference.chair_id == stage.people["chair"].pk else "chair2"
        now = stage.ago(1, 16)
        child = row.case.children.order_by("pk")[0]
        actions.add_to_case(
            case_id=row.case_id, by=stage.actor(who), kind="report", data=self._report(), children=[child.uuid], now=now
        )  # fmt: skip
        pack: FilePack = actions.ask_pack(case_id=row.case_id, by=stage.actor(who), child=child.uuid, now=now)
        if pack.made_at and found and any(duty.done == "filed_on_record" for duty in stage.area.duties):
            dissents.file_on_record(
                dissent_id=row.pk,
                by=stage.actor(who),
                child_uuid=child.uuid,
                filed_on=london_date(now),
                now=now,
            )
