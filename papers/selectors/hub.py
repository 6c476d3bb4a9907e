"""The papers of a case on one page, for whoever looks: letters due and issued, packs, and what can be taken out."""

from typing import Any

from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case
from core.actor import Actor
from core.refusals import allowed
from core.templatetags.pd import day_time
from dissent.models import Dissent
from dissent.permissions import check_discharge
from dissent.selectors import get_dissent_or_404
from dissent.selectors.words import seat_title
from papers import permissions, policies
from papers.policies import Plan
from records.models import FilePack, Letter
from records.states import LetterKind, LetterStanding

Shown = dict[str, Any]
FOR_WHOM = {
    policies.AGENCIES: "the agencies",
    policies.PARENTS: "the parents",
    policies.DISSENTER: "the dissenter",
    policies.CHAIR: "the chair",
}


def gate(actor: Actor, reference: str) -> Dissent:
    return get_dissent_or_404(actor, reference)


def plan_or_404(dissent: Dissent, area: protocols.AreaProtocol, slug: str) -> Plan:
    plan = policies.plan_of(dissent, area, slug)
    if plan is None:
        raise Http404("No such letter.")
    return plan


def letter_of(dissent: Dissent, plan: Plan) -> Letter | None:
    """The letter of a plan, as far as it is; the dropped ones aside."""
    return (
        Letter.objects.filter(case=dissent.case_id, key=plan.key, child=plan.child, dropped_at__isnull=True)
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
    if plan.kind in ("response", "invitation"):
        return label
    to = " and ".join(FOR_WHOM.get(seat, seat_title(seat, area)) for seat in plan.to)
    return f"{label} to {to}"


def _letter_row(
    plan: Plan, dissent: Dissent, area: protocols.AreaProtocol, actor: Actor, found: Letter | None
) -> Shown:
    reference = dissent.case.reference
    standing = found.standing if found else None
    writes = allowed(permissions.check_write, actor, dissent, area, plan)
    row: Shown = {
        "title": letter_title(plan, area),
        "rule": plan.rule,
        "by": seat_title(plan.by, area),
        "standing": standing.label if standing else "Not written yet",
        "done": standing == LetterStanding.ISSUED,
        "small": "",
        "links": [],
    }
    if found is not None and standing == LetterStanding.ISSUED:
        row["small"] = f"{day_time(found.issued_at)}, {found.how_sent}"
        if allowed(permissions.check_read_letter, actor, dissent, area, found):
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
    if found is not None and allowed(permissions.check_second_person, actor, dissent, area, found):
        row["links"].append(
            {
                "href": reverse("letter-check", args=[reference, plan.slug]),
                "label": "Check it before it is issued",
            }
        )
    return row


def letters_view(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> list[Shown]:
    """The letters that this person has to do with: to write, to check, to read."""
    known = {
        (row.key, row.child_id): row
        for row in Letter.objects.filter(case=dissent.case_id, dropped_at__isnull=True).prefetch_related(
            "recipients"
        )
    }
    everything = permissions.works_on(actor, dissent, area) or permissions.is_admin(
        actor, dissent.partnership_id
    )
    rows, seen = [], set()
    for plan in policies.plans_of(dissent, area):
        key = (plan.key, plan.child.pk if plan.child else None)
        found = known.get(key)
        seen.add(key)
        mine = found is not None and found.issued_at and permissions.addressed_to(actor, dissent, found)
        if everything or mine:
            rows.append(_letter_row(plan, dissent, area, actor, found))
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


def hub(dissent: Dissent, area: protocols.AreaProtocol, actor: Actor) -> Shown:
    return {
        "case": dissent.case,
        "dissent": dissent,
        "reference": dissent.case.reference,
        "letters": letters_view(dissent, area, actor),
        "packs": packs_view(dissent, area, actor),
        "may_add": allowed(permissions.check_upload_to_case, actor, dissent, area),
        "may_export": allowed(permissions.check_export, actor, dissent, area),
        "extract": allowed(permissions.check_extract, actor, dissent.conference, area),
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
