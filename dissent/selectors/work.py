"""What was read, said and asked in a review, and the checklist it is held against."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse

import protocols
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


def _moments(rows: Iterable[Shown], *names: str) -> list[Shown]:
    return [
        row | {name: dt.datetime.fromisoformat(row[name]) if row[name] else None for name in names}
        for row in rows
    ]


def work_of(dissent: Dissent, tier_id: str) -> Work | None:
    """The review that a dissent is in at a tier, with its work, in one query."""
    here = OuterRef("review_id")
    item: Any = (
        ReviewItem.objects.filter(dissent=dissent, tier=tier_id, removed_at__isnull=True)
        .select_related("review__conflict_override_by__user")
        .annotate(
            seen=ArraySubquery(
                MaterialSeen.objects.filter(review=here).values(
                    json=JSONObject(material="material", at="seen_at", by="seen_by__user__name")
                )
            ),
            talks=ArraySubquery(
                Conversation.objects.filter(review=here)
                .order_by("-happened_at")
                .values(
                    json=JSONObject(
                        dissent="dissent_id", who="with_whom", at="happened_at", how="how", reached="reached",
                        note="note", by="recorded_by__user__name",
                    )
                )
            ),
            asked=ArraySubquery(
                Ask.objects.filter(review=here)
                .order_by("-asked_at")
                .values(
                    json=JSONObject(
                        uuid="uuid", dissent="dissent_id", ask="ask_id", question="question", asked_at="asked_at",
                        reply="reply", replied_at="replied_at", by="replied_by__user__name",
                    )
                )
            ),
        )
        .first()
    )  # fmt: skip
    if item is None:
        return None
    return Work(
        review=item.review,
        seen={row["material"]: row for row in _moments(item.seen, "at")},
        talks=_moments(item.talks, "at"),
        asks=[
            row
            for row in _moments(item.asked, "asked_at", "replied_at")
            if row["dissent"] in (dissent.pk, None)
        ],
    )


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
