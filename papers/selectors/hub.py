"""The papers of a case on one page, for whoever looks: letters due and issued, packs, and what can be taken out."""

from typing import Any

from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case
from convening.models import ConveneRequest
from convening.states import AnswerStep
from core.actor import Actor
from core.refusals import allowed
from core.templatetags.pd import day_time
from dissent.models import Dissent
from dissent.permissions import check_discharge
from dissent.selectors import get_dissent_or_404
from dissent.selectors.words import seat_title
from escalation.models import Escalation
from papers import permissions, policies
from papers.policies import Matter, Plan
from papers.selectors.documents import shared_with
from papers.selectors.matters import conference_of, matter_or_404
from records.models import FilePack, Letter
from records.states import LetterKind, LetterStanding

Shown = dict[str, Any]
FOR_WHOM = {
    policies.AGENCIES: "the agencies",
    policies.PARENTS: "the parents",
    policies.DISSENTER: "the dissenter",
    policies.CHAIR: "the chair",
}


def gate(actor: Actor, reference: str) -> Matter:
    return matter_or_404(actor, reference)


def dissent_gate(actor: Actor, reference: str) -> Dissent:
    return get_dissent_or_404(actor, reference)


def plan_or_404(matter: Matter, area: protocols.AreaProtocol, slug: str) -> Plan:
    plan = policies.plan_of(matter, area, slug)
    if plan is None:
        raise Http404("No such letter.")
    return plan


def letter_of(matter: Matter, plan: Plan) -> Letter | None:
    """The letter of a plan, as far as it is; the dropped ones aside."""
    return (
        Letter.objects.filter(case=matter.case_id, key=plan.key, child=plan.child, dropped_at__isnull=True)
        .select_related(
            "case", "drafted_by__user", "sent_for_check_by__user", "checked_by__user", "issued_by__user"
        )
        .first()
    )


def letter_title(plan: Plan, area: protocols.AreaProtocol) -> str:
    """Formal notice to the chair; Letter to the parents: Q.X."""
    label = LetterKind(plan.kind).label
    if plan.kind == "parents":
        return f"{label}: {plan.child.initials}" if plan.child else label
    if plan.kind in ("response", "invitation", "complaint"):
        return label
    if plan.kind == "not_convene":
        return f"{label}: the last resort" if plan.tier == AnswerStep.LAST_RESORT else label
    to = " and ".join(FOR_WHOM.get(seat, seat_title(seat, area)) for seat in plan.to)
    return f"{label} to {to}"


def written_by(plan: Plan, matter: Matter, area: protocols.AreaProtocol) -> str:
    """Whose letter it is, in words."""
    if isinstance(matter, ConveneRequest):
        return policies.answer_of(matter, plan).decided_by.user.name
    return seat_title(plan.by, area) if plan.by else "Partnership admin"


def _letter_row(
    plan: Plan, matter: Matter, area: protocols.AreaProtocol, actor: Actor, found: Letter | None
) -> Shown:
    reference = matter.case.reference
    standing = found.standing if found else None
    writes = allowed(permissions.check_write, actor, matter, area, plan)
    row: Shown = {
        "title": letter_title(plan, area),
        "rule": plan.rule,
        "by": written_by(plan, matter, area),
        "standing": standing.label if standing else "Not written yet",
        "done": standing == LetterStanding.ISSUED,
        "small": "",
        "links": [],
    }
    if found is not None and standing == LetterStanding.ISSUED:
        row["small"] = f"{day_time(found.issued_at)}, {found.how_sent}"
        if allowed(permissions.check_read_letter, actor, matter, area, found):
            row["links"].append(
                {
                    "href": reverse("letter-issued", args=[reference, found.uuid]),
                    "label": "Open the letter (PDF)",
                }
            )
        return row
    if writes:
        label = "Go on with it" if found else "Write it"
        row["links"].append({"href": reverse("letter", args=[reference, plan.slug]), "label": label})
    if (
        found is not None
        and found.needs_check
        and allowed(permissions.check_second_person, actor, matter, area, found)
    ):
        row["links"].append(
            {
                "href": reverse("letter-check", args=[reference, plan.slug]),
                "label": "Check it before it is issued",
            }
        )
    return row


def letters_view(matter: Matter, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """The letters that this person has to do with: to write, to check, to read."""
    known = {
        (row.key, row.child_id): row
        for row in Letter.objects.filter(case=matter.case_id, dropped_at__isnull=True).prefetch_related(
            "recipients"
        )
    }
    everything = permissions.works_on(actor, matter, area) or permissions.is_admin(
        actor, matter.partnership_id
    )
    rows = []
    for plan in policies.plans_of(matter, area):
        found = known.get((plan.key, plan.child.pk if plan.child else None))
        mine = found is not None and found.issued_at and permissions.addressed_to(actor, matter, found)
        if everything or mine:
            rows.append(_letter_row(plan, matter, area, actor, found))
    return rows


def packs_view(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """Per child: the packs made and waiting, what was filed, and the next step."""
    if not allowed(permissions.check_pack, actor, dissent, area):
        return []
    reference = dissent.case.reference
    packs = list(
        FilePack.objects.filter(case=dissent.case_id)
        .select_related("child", "made_by__user", "asked_by__user", "content")
        .defer("content__pdf")
        .order_by("asked_at")
    )
    filed = {f.child_id: f for f in dissent.case.filings.all()}
    files = any(duty.done == "filed_on_record" for duty in area.duties)
    rows = []
    for child in dissent.case.children.all():
        filing = filed.get(child.pk)
        rows.append(
            {
                "child": child.initials,
                "made": [
                    {
                        "words": f"Made {day_time(p.made_at)} by {p.made_by.user.name}, {p.content.pages} pages",
                        "href": reverse("pack-file", args=[reference, p.uuid]),
                    }
                    for p in packs
                    if p.child_id == child.pk and p.made_by is not None
                ],
                "waiting": next(
                    (
                        reverse("pack", args=[reference, p.uuid])
                        for p in packs
                        if p.child_id == child.pk and p.made_at is None
                    ),
                    "",
                ),
                "ask": reverse("pack-ask", args=[reference, child.uuid]),
                "filing": filing,
                "file": reverse("filed", args=[reference, child.uuid])
                if files and allowed(check_discharge, actor, dissent, area)
                else "",
            }
        )
    return rows


def hub(matter: Matter, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    conference = conference_of(matter)
    dissent = matter if isinstance(matter, Dissent) else None
    person = actor.kind == "person"
    return {
        "case": matter.case,
        "matter": matter,
        "conference": conference,
        "reference": matter.case.reference,
        "letters": letters_view(matter, area, actor),
        "no_letters": "A ladder has no letters: what was agreed at a step is on record in the case."
        if isinstance(matter, Escalation)
        else "No letter is due yet. The letters that the protocol asks for appear here once it was decided.",
        "packs": packs_view(dissent, area, actor) if dissent else [],
        "shared": shared_with(actor, matter.case),
        "may_add": allowed(permissions.check_upload_to_case, actor, matter, area),
        "conference_documents": conference is not None
        and person
        and allowed(permissions.check_read_documents, actor, conference),
        "may_export": allowed(permissions.check_export, actor, matter, area),
        "extract": dissent is not None
        and allowed(permissions.check_extract, actor, dissent.conference, area),
        "summary_word": area.word("chairs_summary"),
    }


def pack_or_404(case: Case, wanted: Any) -> FilePack:
    row = (
        FilePack.objects.filter(case=case, uuid=wanted)
        .select_related("child", "case", "asked_by__user", "made_by__user")
        .first()
    )
    if row is None:
        raise Http404("No such pack.")
    return row
