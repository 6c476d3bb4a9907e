"""Reads of the records of discussions: the gate, the list beside a case, and one record."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case, Child, Participant
from cases.selectors import area_of_case
from cases.states import Kind
from core.actor import Actor
from core.gather import gather
from core.references import normalise
from core.refusals import allowed
from core.templatetags.pd import day_time
from partnerships.models import Agency
from records import permissions, policies
from records.models import AgreedAction, Discussion, OwnRecord
from records.states import Between, HowHeld
from records.visibility import seats_of

Shown = dict[str, Any]

READ_WITH = (
    "people",
    Prefetch(
        "agreed_actions", AgreedAction.objects.select_related("settled__recorded_by__user").order_by("pk")
    ),
    "filings__child",
    "corrections",
)


def get_discussion_or_404(actor: Actor, reference: str, wanted: uuid.UUID) -> Discussion:
    """The one gate to a record in a URL. A stranger, and the other side of a draft, get 404."""
    discussion: Discussion | None = (
        Discussion.objects.visible_to(actor)
        .select_related(
            "case__partnership", "case__protocol_version", "agency", "written_by__user", "corrects"
        )
        .prefetch_related(*READ_WITH)
        .filter(case__reference=normalise(reference) or reference, uuid=wanted)
        .first()
    )
    if discussion is None:
        raise Http404("No such record.")
    return discussion


def get_agreed_or_404(actor: Actor, case: Case, wanted: uuid.UUID) -> AgreedAction:
    """Something agreed in a case, at a step or in a record that this person may read. Everything else gets 404."""
    found: AgreedAction | None = (
        AgreedAction.objects.filter(case=case, uuid=wanted)
        .filter(
            Q(discussion__isnull=True)
            | Q(discussion__in=Discussion.objects.visible_to(actor).filter(case=case))
        )
        .select_related("discussion", "settled")
        .first()
    )
    if found is None:
        raise Http404("No such action.")
    return found


def sides_of(case: Case) -> list[Agency]:
    """The agencies that take part in a case: the one that differs first, then by name."""
    return [case.agency, *_other_sides(case)]


def _other_sides(case: Case) -> QuerySet[Agency]:
    part = Participant.objects.filter(case=case).values("agency_id")
    rows = Agency.objects.filter(pk__in=part, partnership_id=case.partnership_id)
    return rows.exclude(pk=case.agency_id).order_by("name")


def people_to_choose(case: Case) -> list[tuple[str, str]]:
    """The people with an account who take part in a case, as choices: uuid, and name with agency."""
    rows = (
        Participant.objects.filter(case=case, membership__isnull=False)
        .select_related("membership__user", "membership__agency")
        .order_by("membership__user__name")
    )
    found = {str(row.membership.uuid): row.membership for row in rows if row.membership}
    return [(key, f"{m.user.name}, {m.agency.name}") for key, m in found.items()]


# --- what pages show ----------------------------------------------------------------------------------------------


def beside_reads(case_id: int, actor: Actor) -> tuple[QuerySet[Any], ...]:
    """What `beside_case` reads: the seats of whoever looks, the records that they may read, and what was agreed there."""
    readable = Discussion.objects.visible_to(actor).filter(case=case_id)
    return (
        seats_of(actor).filter(case=case_id),
        readable.select_related("case", "agency", "written_by__user").order_by("-happened_at", "-pk"),
        AgreedAction.objects.filter(discussion__in=readable).select_related("settled").order_by("pk"),
    )


def beside_case(case: Case, actor: Actor, area: protocols.AreaProtocol) -> Shown | None:
    """The records as the case page shows them; None for whoever takes no part. {rows, list_url, write_url}. One query, or
    none when the page has read them along (`case.records_read`)."""
    if case.kind == Kind.COMPLAINT:
        return None
    read = getattr(case, "records_read", None) or gather(*beside_reads(case.pk, actor))
    return _beside(case, area, *read)


def _beside(
    case: Case,
    area: protocols.AreaProtocol,
    seats: Sequence[Any],
    rows: Sequence[Any],
    actions: Sequence[Any],
) -> Shown | None:
    if not seats:
        return None
    return {
        "rows": _rows(rows, actions, area),
        "list_url": reverse("discussions", args=[case.reference]),
        "write_url": reverse("discussion-new", args=[case.reference]),
    }


def list_page(case: Case, actor: Actor, area: protocols.AreaProtocol) -> Shown:
    """All that a person may read of the discussions of a case, what the protocol asks, and which side has its record. One
    query."""
    seats, rows, actions, own, others = gather(
        *beside_reads(case.pk, actor),
        OwnRecord.objects.filter(case=case).order_by("made_on"),
        _other_sides(case),
    )
    shown = _beside(case, area, seats, rows, actions) or {"rows": [], "list_url": "", "write_url": ""}
    duty = policies.duty_of(area)
    return {
        **shown,
        "sides": _sides([case.agency, *others], own, rows),
        "duty": {"text": duty.label, "more": duty.text, "rule": duty.rule} if duty else None,
        "own_url": reverse("own-record", args=[case.reference]),
    }


def _rows(
    rows: Sequence[Discussion], actions: Iterable[AgreedAction], area: protocols.AreaProtocol
) -> list[Shown]:
    """Records as a list shows them."""
    corrected = {row.corrects_id for row in rows if row.approved_at is not None}
    waiting = Counter(action.discussion_id for action in actions if action.is_open)
    return [
        {
            "href": reverse("discussion", args=[row.case.reference, row.uuid]),
            "happened_at": row.happened_at,
            "agency": row.agency.name,
            "writer": row.written_by.user.name,
            "between": Between(row.between).label,
            "how": HowHeld(row.how).label,
            "draft": row.approved_at is None,
            "late": policies.written_late(row, area),
            "correction": row.corrects_id is not None,
            "corrected": row.pk in corrected,
            "open_actions": waiting[row.pk],
        }
        for row in rows
    ]


def _sides(sides: Iterable[Agency], own: Iterable[OwnRecord], rows: Iterable[Discussion]) -> list[Shown]:
    """Per agency: how many approved records of its own this person may read, and when it ticked one kept elsewhere."""
    ticks: dict[int, list[Shown]] = {}
    for tick in own:
        ticks.setdefault(tick.agency_id, []).append({"made_on": tick.made_on, "kept_in": tick.kept_in})
    here = Counter(row.agency_id for row in rows if row.approved_at is not None)
    return [
        {
            "agency": side.name,
            "here": here[side.pk],
            "elsewhere": ticks.get(side.pk, []),
            "done": bool(here[side.pk] or ticks.get(side.pk)),
        }
        for side in sides
    ]


def facts_of(discussion: Discussion) -> list[Shown]:
    """What a record says, as rows beside what is typed in another window."""
    people = [", ".join(filter(None, (p.name, p.agency_name))) for p in discussion.people.all()]
    agreed = [f"{a.what} ({a.owner})" for a in discussion.agreed_actions.all()]
    rows = (
        ("When was it?", day_time(discussion.happened_at)),
        ("How did you speak?", discussion.get_how_display()),
        ("Who took part?", "\n".join(people)),
        ("What was said?", discussion.notes),
        ("What came of it?", discussion.outcome),
        ("What was agreed", "\n".join(agreed)),
    )
    return [{"label": label, "value": value, "typed": True} for label, value in rows if value]


def page_of(discussion: Discussion, actor: Actor) -> Shown:
    """One record in full, with what this person may do with it."""
    case, area = discussion.case, area_of_case(discussion.case)
    names = (case.reference, discussion.uuid)
    later = next((row for row in discussion.corrections.all() if row.approved_at), None)
    children = list(Child.objects.filter(case_children__case=case).order_by("pk"))
    filed = {filing.child_id: filing for filing in discussion.filings.all()}
    may_file = allowed(permissions.check_file, actor, discussion, area)
    mine = discussion.written_by_id == actor.membership_id
    return {
        "case": case,
        "discussion": discussion,
        "between": Between(discussion.between).label,
        "late": policies.written_late(discussion, area),
        "rule": policies.rule_of(area),
        "people": [(p.name, p.agency_name) for p in discussion.people.all()],
        "agreed": [
            {
                "what": a.what,
                "owner": a.owner,
                "due_on": a.due_on,
                "settled": getattr(a, "settled", None),
                "href": reverse("agreed-action-done", args=[case.reference, a.uuid])
                if discussion.approved_at and a.is_open
                else "",
            }
            for a in discussion.agreed_actions.all()
        ],
        "corrects_url": _address(discussion.corrects, actor),
        "corrected_by": _address(later, actor),
        "filed": [
            {
                "child": child,
                "filing": filed.get(child.pk),
                "href": reverse("discussion-filed", args=[*names, child.uuid])
                if may_file and child.pk not in filed
                else "",
            }
            for child in children
        ],
        "change_url": reverse("discussion-change", args=names)
        if mine and discussion.approved_at is None
        else "",
        "approve_url": reverse("discussion-approve", args=names)
        if mine and discussion.approved_at is None
        else "",
        "correct_url": reverse("discussion-correct", args=names)
        if allowed(permissions.check_correct, actor, discussion, area)
        else "",
    }


def _address(discussion: Discussion | None, actor: Actor) -> str:
    """Where the other half of a correction stands, if this person may read it."""
    if discussion is None or not Discussion.objects.visible_to(actor).filter(pk=discussion.pk).exists():
        return ""
    return reverse("discussion", args=[discussion.case.reference, discussion.uuid])
