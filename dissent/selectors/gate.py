"""The one gate to a dissent in a URL, everything that hangs on it, and what whoever looks is in it."""

from dataclasses import dataclass

from django.http import Http404

import protocols
from cases.models import Case, CaseEvent, Child
from cases.selectors import guest_reads
from conferences.permissions import is_recorder
from core.actor import Actor
from core.gather import attach, gather
from core.references import normalise
from deadlines.models import Deadline
from dissent import permissions
from dissent.models import (
    Addition,
    Answer,
    AnswerChild,
    Ask,
    Conversation,
    Dissent,
    DissentChild,
    FollowUp,
    PractitionerTask,
    ReviewItem,
)
from escalation.selectors import LADDER_READS, ladder_reads, put_together
from notifications.selectors import undelivered_in
from partnerships.selectors import all_holders
from partnerships.states import Role
from records.models import Filing, Telling

WITH_EVERYTHING = (
    "case__partnership", "case__protocol_version", "case__agency", "conference__chair__user",
    "conference__minute_taker", "conference__protocol_version", "conference__partnership",
    "attendance__membership__user", "attendance__agency", "agency", "written_view__recorded_by__user",
    "recorded_by__user",
)  # fmt: skip
# The texts of protocols are parsed once per process, not read with every case.


WITHOUT_TEXTS = ("case__protocol_version__source_text", "conference__protocol_version__source_text")


def get_dissent_or_404(actor: Actor, reference: str) -> Dissent:
    """The one gate to a dissent in a URL: by the reference of its case. A stranger gets 404. Two queries in all."""
    found: Dissent | None = (
        Dissent.objects.visible_to(actor)
        .select_related(*WITH_EVERYTHING)
        .defer(*WITHOUT_TEXTS)
        .filter(case__reference=normalise(reference) or reference)
        .first()
    )
    if found is None:
        raise Http404("No such dissent.")
    return _with_the_rest(found)


def dissent_of(case: Case) -> Dissent | None:
    """The dissent that a case is about, with all that a page shows of it; None for other kinds of case."""
    found: Dissent | None = (
        Dissent.objects.select_related(*WITH_EVERYTHING).defer(*WITHOUT_TEXTS).filter(case=case).first()
    )
    return _with_the_rest(found) if found else None


def _with_the_rest(dissent: Dissent) -> Dissent:
    """Everything that hangs on a dissent and its case, by one query; checks and pages then ask the database no more."""
    key, case_id = dissent.pk, dissent.case_id
    (
        children, answers, per_child, follow_ups, tasks, additions, asks, talks, items,
        deadlines, events, tellings, filings, of_case, posts, *others,
    ) = gather(
        DissentChild.objects.filter(dissent=key)
        .select_related("conference_child__child", "conference_child__decision")
        .order_by("conference_child_id"),
        Answer.objects.filter(dissent=key).select_related("decided_by__user", "acting_for__user").order_by("decided_at"),
        AnswerChild.objects.filter(answer__dissent=key).order_by("pk"),
        FollowUp.objects.filter(answer__dissent=key).select_related("conference__chair__user").order_by("pk"),
        PractitionerTask.objects.filter(dissent=key).order_by("pk"),
        Addition.objects.filter(dissent=key).select_related("added_by__user").order_by("added_at"),
        Ask.objects.filter(dissent=key).order_by("asked_at"),
        Conversation.objects.filter(dissent=key).order_by("happened_at"),
        ReviewItem.objects.filter(dissent=key).order_by("pk"),
        Deadline.objects.filter(case=case_id).order_by("pk"),
        CaseEvent.objects.filter(case=case_id).order_by("recorded_at", "pk"),
        Telling.objects.filter(case=case_id).select_related("recorded_by__user").order_by("pk"),
        Filing.objects.filter(case=case_id).order_by("pk"),
        Child.objects.filter(case_children__case=case_id).order_by("pk"),
        all_holders(dissent.partnership_id),
        *ladder_reads(case_id),
        undelivered_in(dissent.case),
        *guest_reads(case_id),
    )  # fmt: skip
    ladder, undelivered, guests = others[:LADDER_READS], others[LADDER_READS], others[LADDER_READS + 1 :]
    dissent.case.undelivered = undelivered  # type: ignore[attr-defined]  # read along, for the banner
    put_together(dissent.case, ladder)
    dissent.case.posts = posts  # type: ignore[attr-defined]
    dissent.case.guest_rows = guests  # type: ignore[attr-defined]  # read along, for who has no account
    dissent.posts = posts  # type: ignore[attr-defined]  # read along, for the names of who holds what
    by_key = {row.pk: row for row in children}
    for row in per_child:
        row.dissent_child = by_key[row.dissent_child_id]
    for answer in answers:
        attach(answer, "answer_children", [row for row in per_child if row.answer_id == answer.pk])
        attach(answer, "follow_ups", [row for row in follow_ups if row.answer_id == answer.pk])
    for name, rows in (
        ("dissent_children", children), ("answers", answers), ("practitioner_tasks", tasks), ("additions", additions),
        ("asks", asks), ("conversations", talks), ("review_items", items),
    ):  # fmt: skip
        attach(dissent, name, rows)
    for name, rows in (
        ("deadlines", deadlines), ("events", events), ("tellings", tellings), ("filings", filings), ("children", of_case),
    ):  # fmt: skip
        attach(dissent.case, name, rows)
    return dissent


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at a dissent: what they are in it."""

    dissenter: bool
    reviewer: bool  # fills a post that reviews here, at any tier
    chair: bool  # or the minute taker, for the chair
    admin: bool

    @property
    def evidence(self) -> bool:
        """Whether the work of the review is for these eyes."""
        return self.reviewer


def looking(actor: Actor, dissent: Dissent, area: protocols.AreaProtocol) -> Looking:
    return Looking(
        dissenter=permissions.is_dissenter(actor, dissent),
        reviewer=permissions.is_reviewer(actor, dissent, area),
        chair=is_recorder(actor, dissent.conference),
        admin=actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == dissent.partnership_id,
    )
