"""What was read, said and asked in a review, and the checklist it is held against."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

import protocols
from core.gather import gather
from core.templatetags.pd import plural
from dissent.models import Ask, Conversation, Dissent, MaterialSeen, Review, ReviewItem
from dissent.selectors.words import Shown


@dataclass(frozen=True, slots=True)
class Work:
    """What was seen, said and asked in the review of one dissent."""

    review: Review
    seen: dict[str, Shown]
    talks: list[Shown]
    asks: list[Shown]

    def talks_with(self, dissent: Dissent) -> list[Shown]:
        """Conversations with this dissenter, and attempts, since the dissent was expressed."""
        return [t for t in self.talks if t["dissent"] == dissent.pk and t["at"] > dissent.expressed_at]


def work_rows(dissent: Dissent, tier_id: str) -> tuple[QuerySet[Any], ...]:
    """What `work_from` is made of, to be gathered with whatever else a page reads."""
    item = ReviewItem.objects.filter(dissent=dissent, tier=tier_id, removed_at__isnull=True)
    here = item.values("review")
    return (
        item.select_related("review__conflict_override_by__user"),
        MaterialSeen.objects.filter(review__in=here).select_related("seen_by__user").order_by("pk"),
        Conversation.objects.filter(review__in=here)
        .select_related("recorded_by__user")
        .order_by("-happened_at"),
        Ask.objects.filter(review__in=here).select_related("replied_by__user").order_by("-asked_at"),
    )


def work_from(
    dissent: Dissent,
    items: list[ReviewItem],
    seen: list[MaterialSeen],
    talks: list[Conversation],
    asks: list[Ask],
) -> Work | None:
    """The review that a dissent is in at a tier, with its work; None where there is none."""
    if not items:
        return None
    return Work(
        review=items[0].review,
        seen={row.material: {"at": row.seen_at, "by": row.seen_by.user.name} for row in seen},
        talks=[
            {
                "dissent": row.dissent_id,
                "who": row.with_whom,
                "at": row.happened_at,
                "how": row.how,
                "reached": row.reached,
                "note": row.note,
                "by": row.recorded_by.user.name,
            }
            for row in talks
        ],
        asks=[
            {
                "uuid": row.uuid,
                "ask": row.ask_id,
                "question": row.question,
                "asked_at": row.asked_at,
                "reply": row.reply,
                "replied_at": row.replied_at,
                "by": row.replied_by.user.name if row.replied_by else "",
            }
            for row in asks
            if row.dissent_id in (dissent.pk, None)
        ],
    )


def work_of(dissent: Dissent, tier_id: str) -> Work | None:
    """The same, by one query of its own."""
    items, seen, talks, asks = gather(*work_rows(dissent, tier_id))
    return work_from(dissent, items, seen, talks, asks)


def checklist(dissent: Dissent, tier: protocols.Tier, work: Work | None) -> Shown:
    """What the protocol wants before the decision: the gate, and each piece of the materials with its tick."""
    talks = work.talks_with(dissent) if work else []
    spoken, attempts = any(t["reached"] for t in talks), sum(not t["reached"] for t in talks)
    gate = next((g for g in tier.gates if g.needs == "contact_with_dissenter"), None)
    small = "" if spoken else "This protocol does not ask for it; worth doing."
    if gate and not spoken:
        small = f"Needed before you decide. {plural(attempts, 'attempt')} recorded."
    rule = f" ({gate.rule})" if gate else ""
    seen = work.seen if work else {}
    materials = [
        {"id": m.id, "label": m.label, "rule": m.rule or tier.materials_rule, "seen": seen.get(m.id)}
        for m in tier.materials
    ]
    return {
        "gates": [{"text": f"Spoken with {dissent.attendance.name}{rule}", "done": spoken, "small": small}],
        "gate": None if spoken else gate,
        "materials": materials,
        "unseen": [str(m["label"]) for m in materials if m["seen"] is None],
    }


def other_dissents(others: Iterable[Dissent], items: Iterable[ReviewItem], work: Work | None) -> list[Shown]:
    """The other dissents of the same conference, for the reviewer: together with this one, or apart."""
    together = {item.dissent_id for item in items if work and item.review_id == work.review.pk}
    return [
        {
            "href": reverse("case", args=[row.case.reference]),
            "reference": row.case.reference,
            "who": f"{row.attendance.name}, {row.agency.name}",
            "status": row.case.get_stage_display(),
            "outcome": row.case.outcome_label,
            "together": row.pk in together,
        }
        for row in others
    ]
