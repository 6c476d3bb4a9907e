"""Pages of this room: the dissent stage of a conference, the case's own forms, and the review."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

import protocols
from accounts.edge import (
    ActingRequest,
    OnceForm,
    acting,
    form_status,
    refused,
    say,
    say_done,
    signed_in,
    submit,
    with_draft,
)
from cases.selectors import area_of_case
from conferences import actions as conferences
from conferences import permissions as conference_permissions
from conferences.models import Conference
from conferences.selectors import area_of_conference, get_conference_or_404, live_of, own_seat
from conferences.states import ConferenceState
from conferences.views import decisions_shown, live_context
from core.clock import london_date
from core.refusals import Denied, Kind
from core.templatetags.pd import day_time
from dissent import actions, forms, permissions, policies, selectors
from dissent.models import Dissent
from escalation.models import Escalation
from escalation.views import ladder_start

Context = dict[str, Any]


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _gate(request: ActingRequest, check: Callable[..., None], *args: Any) -> None:
    """Who may not come here at all is stopped; what cannot be done now is said on the form once it is sent."""
    try:
        check(request.actor, *args)
    except Denied as denied:
        if request.method != "POST" or denied.kind is Kind.NOT_YOURS:
            raise


def _case_url(dissent: Dissent) -> str:
    return reverse("case", args=[dissent.case.reference])


def _form_page(
    request: ActingRequest,
    dissent: Dissent,
    form: Any,
    act: Callable[[], Any],
    done: str,
    *,
    to: str = "case",
    template: str = "dissent/form.html",
    **context: Any,
) -> HttpResponse:
    """One form about one case: shown, sent, shown again with what was typed, or gone on from."""
    url = reverse(to, args=[dissent.case.reference])
    if form.is_bound and form.is_valid():
        response = submit(request, form, act, lambda _: say_done(request, done, url))
        if response:
            return response
    with_draft(request, form)
    shown = {"form": form, "reference": dissent.case.reference, "back_url": url, "cancel_url": url, **context}
    shown.setdefault("back_label", "Back to the review" if to == "review" else "Back to the case")
    return render(request, template, shown, status=form_status(form))


def _meets(request: ActingRequest, form: Any, act: Callable[[], Any]) -> HttpResponse | None:
    """Try an action and take it back: what would refuse it is said before the check page is shown."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except Denied as denied:
        if denied.kind is Kind.NOT_YOURS:
            raise
        if denied.kind is Kind.CHANGED:
            return refused(request, denied, form)
        say(form, denied)
    return None


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Everything that was posted, to be carried through the check page."""
    kept = (
        (key, values)
        for key, values in request.POST.lists()
        if key not in ("csrfmiddlewaretoken", "step", "tick")
    )
    return [(key, str(value)) for key, values in kept for value in values]


# --- the conference -----------------------------------------------------------------------------------------------


@signed_in
def conference_dissent(request: ActingRequest, reference: str) -> HttpResponse:
    """The dissent stage of a live conference: the chair, or the minute taker, enters what is said."""
    conference = get_conference_or_404(request.actor, reference, extras=True)
    area = area_of_conference(conference)
    _gate(request, permissions.check_enter, conference, area)
    stage = selectors.stage_of(conference, area, request.GET.get("person", ""), request.now)
    if stage.person is None:
        return _stage_page(request, stage, None)
    return _record(request, stage)


def _stage_page(
    request: ActingRequest, stage: selectors.Stage, form: forms.RecordForm | None
) -> HttpResponse:
    template = "dissent/new.html" if stage.you else "dissent/stage.html"
    with_draft(request, form)
    live = live_context(request, stage.live, "dissent")
    context = {
        **live,
        **stage.shown(),
        "form": form,
        "saving": form is not None or None,
        "refile": forms.refile_label(form),
        "decisions": decisions_shown(stage.live),
    }
    return render(request, template, context, status=form_status(form) if form else 200)


@signed_in
def dissent_new(request: ActingRequest, reference: str) -> HttpResponse:
    """Someone who was there enters their own dissent, where the protocol lets them."""
    conference = get_conference_or_404(request.actor, reference)
    area = area_of_conference(conference)
    mine = own_seat(request.actor, conference)
    if mine is None:
        raise Http404("Not on the list.")
    _gate(request, permissions.check_record, conference, mine, area)
    return _record(request, selectors.stage_of(conference, area, str(mine.uuid), request.now, you=True))


def _record(request: ActingRequest, stage: selectors.Stage) -> HttpResponse:
    refiling = request.POST.get("action") == "refile"
    noting = request.POST.get("action") == "note" or refiling  # a dissent is asked for more than either
    form = forms.record_form(stage, _posted(request), noting)
    if form.is_bound and form.is_valid():
        verb: Callable[..., Any] = _refile if refiling else _note if noting else _take
        act = lambda: verb(request, stage, form)  # noqa: E731 - named once
        response = submit(request, form, act, lambda done: _recorded(request, stage, done))
        if response:
            return response
    return _stage_page(request, stage, form)


def _take(request: ActingRequest, stage: selectors.Stage, form: forms.RecordForm) -> Dissent:
    return actions.record(attendance_id=stage.seat.pk, by=request.actor, said=form.said(), now=request.now)


def _refile(request: ActingRequest, stage: selectors.Stage, form: forms.RecordForm) -> Escalation:
    return actions.refile(
        attendance_id=stage.seat.pk,
        by=request.actor,
        ground=form.cleaned_data.get("ground", ""),
        concern=form.cleaned_data["reasons"],
        child_ids=form.child_ids(),
        now=request.now,
    )


def _note(request: ActingRequest, stage: selectors.Stage, form: forms.RecordForm) -> None:
    conferences.note_view(
        attendance_id=stage.seat.pk,
        by=request.actor,
        text=form.cleaned_data["reasons"],
        child_ids=form.child_ids(),
        said_at=form.cleaned_data["expressed_at"],
        now=request.now,
    )


def _recorded(request: ActingRequest, stage: selectors.Stage, done: Dissent | Escalation | None) -> str:
    name = stage.seat.name
    url = reverse("conference-dissent", args=[stage.live.conference.reference])
    if isinstance(done, Escalation):
        kind = done.case.get_kind_display().lower()
        to = reverse("case", args=[done.case.reference]) if stage.you else url
        return say_done(
            request, f"It was filed as a professional difference ({kind}): {done.case.reference}.", to
        )
    if done is None:
        return say_done(
            request,
            f"{name}’s differing view was noted. It is not a formal dissent, and is not reviewed.",
            url,
        )
    whose = "Your" if stage.you else f"{name}’s"
    words = f"{whose} formal dissent was recorded: {done.case.reference}."
    return say_done(request, words, reverse("case", args=[done.case.reference]) if stage.you else url)


@signed_in
def conference_end(request: ActingRequest, reference: str) -> HttpResponse:
    """What is missing, who will be told, and the time it ended."""
    conference = get_conference_or_404(request.actor, reference, extras=True)
    area = area_of_conference(conference)
    if conference.state == ConferenceState.ENDED and request.method != "POST":
        return redirect("conference-ended", conference.reference)
    _gate(request, conference_permissions.check_end, conference, area)
    live = live_of(conference, views=True)
    summary = selectors.ending(live, request.now)
    words = {"undecided": summary["undecided"], "short": summary["short"]}
    form = forms.EndForm(_posted(request), **words, initial={"ended_at": request.now})
    if form.is_bound and form.is_valid():
        to = reverse("conference-ended", args=[conference.reference])
        response = submit(request, form, lambda: _end(request, conference, form), lambda _: to)
        if response:
            return response
    context = {**live_context(request, live, "end"), **summary, "form": form}
    return render(request, "dissent/end.html", context, status=form_status(form))


def _end(request: ActingRequest, conference: Conference, form: forms.EndForm) -> Conference:
    return actions.end_conference(
        conference_id=conference.pk,
        by=request.actor,
        now=request.now,
        ended_at=form.cleaned_data["ended_at"],
        undecided_reason=form.cleaned_data.get("undecided_reason", ""),
    )


@signed_in
def conference_ended(request: ActingRequest, reference: str) -> HttpResponse:
    """Who was told, and what is due when."""
    conference = get_conference_or_404(request.actor, reference)
    area = area_of_conference(conference)
    permissions.check_enter(request.actor, conference, area)
    if conference.state != ConferenceState.ENDED:
        return redirect("conference-end", conference.reference)
    live = live_of(conference)
    context = {**live_context(request, live, "end"), **selectors.ended(live, request.now)}
    return render(request, "dissent/ended.html", context)


@signed_in
def conference_end_correct(request: ActingRequest, reference: str) -> HttpResponse:
    """The time it ended was recorded wrongly: the right one, and why."""
    conference = get_conference_or_404(request.actor, reference)
    area = area_of_conference(conference)
    _gate(request, conference_permissions.check_correct_end, conference, area)
    short = area.word("conference")
    form = forms.CorrectEndForm(_posted(request), short=short, initial={"ended_at": conference.ended_at})
    to = reverse("conference-ended", args=[conference.reference])
    if form.is_bound and form.is_valid():
        act = partial(
            actions.correct_conference_end,
            conference_id=conference.pk,
            by=request.actor,
            ended_at=form.cleaned_data["ended_at"],
            reason=form.cleaned_data["reason"],
            now=request.now,
        )
        words = "The time is corrected. Dates that moved by it are told to the people who hold them."
        response = submit(request, form, act, lambda _: say_done(request, words, to))
        if response:
            return response
    context = {
        "form": form,
        "page_title": f"Correct when the {short} ended",
        "lead": CORRECTED,
        "submit_label": "Correct the time",
        "back_url": to,
        "back_label": "Back",
        "cancel_url": to,
        "reference": conference.reference,
    }
    return render(request, "dissent/form.html", context, status=form_status(form))


CORRECTED = (
    "Dates that count from it are counted anew. The people who hold them are told, the reviewing manager too. "
    "Both times and your reason are kept."
)


# --- the dissenter's own pages ------------------------------------------------------------------------------------


def _open(request: ActingRequest, reference: str) -> tuple[Dissent, protocols.AreaProtocol]:
    dissent = selectors.get_dissent_or_404(request.actor, reference)
    return dissent, area_of_case(dissent.case)


@acting
def written_view(request: ActingRequest, reference: str) -> HttpResponse:
    """The written view: two boxes, a look at it, sent. The reviewing manager enters one that came another way."""
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_send_written_view, dissent, area)
    own = permissions.is_dissenter(request.actor, dissent)
    form = forms.WrittenViewForm(_posted(request), area=area, own=own)
    step = request.POST.get("step", "")
    context = {**selectors.view_page(dissent, area, own, request.now), "form": form}
    if step == "edit":
        form.keep()
    elif form.is_bound and form.is_valid():
        act = lambda: _send_view(request, dissent, form)  # noqa: E731 - used twice, named once
        if step == "send":
            response = submit(request, form, act, lambda _: _view_sent(request, dissent, own))
        else:
            response = _meets(request, form, act)
        if response:
            return response
        if not form.errors:
            context["typed"] = _typed(request)
            context["facts"] = forms.typed_facts(form)
            return render(request, "dissent/written_view_check.html", context)
    with_draft(request, form)
    return render(request, "dissent/written_view.html", context, status=form_status(form))


def _send_view(request: ActingRequest, dissent: Dissent, form: forms.WrittenViewForm) -> Any:
    data = form.cleaned_data
    given = {"received_at": data["received_at"], "how": data["how"]} if "how" in data else {}
    return actions.send_written_view(
        dissent_id=dissent.pk,
        by=request.actor,
        text=data["view"],
        outcome_sought=data["outcome_sought"],
        discussed_with_lead_on=data.get("discussed_with_lead_on"),
        now=request.now,
        **given,
    )


def _view_sent(request: ActingRequest, dissent: Dissent, own: bool) -> str:
    words = (
        "Your written view was sent. The review has begun."
        if own
        else "The written view was entered. The review has begun."
    )
    return say_done(request, words, _case_url(dissent))


@signed_in
def receipt_correct(request: ActingRequest, reference: str) -> HttpResponse:
    """The time the written view was received was recorded wrongly: the right one, and why."""
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_correct_receipt, dissent, area)
    view = getattr(dissent, "written_view", None)
    form = forms.CorrectReceiptForm(
        _posted(request), initial={"received_at": view.received_at if view else None}
    )

    def act() -> Any:
        return actions.correct_receipt(
            dissent_id=dissent.pk,
            by=request.actor,
            received_at=form.cleaned_data["received_at"],
            reason=form.cleaned_data["reason"],
            now=request.now,
        )

    words = "The time is corrected. Dates that moved by it are told to the people who hold them."
    return _form_page(
        request, dissent, form, act, words, page_title="Correct when the written view was received",
        lead=CORRECTED, submit_label="Correct the time",
    )  # fmt: skip


@signed_in
def remind(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_remind, dissent, area)
    form = OnceForm(_posted(request))
    before = f"You last reminded them on {day_time(dissent.reminded_at)}." if dissent.reminded_at else ""
    return _form_page(
        request, dissent, form,
        lambda: actions.remind_of_written_view(dissent_id=dissent.pk, by=request.actor, now=request.now),
        f"{dissent.attendance.name} was reminded.",
        page_title="Remind of the written view", submit_label="Send the reminder",
        lead=f"{dissent.attendance.name} gets a message with the reference and a link, and nothing about a child. {before}",
    )  # fmt: skip


@signed_in
def review_without_view(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_remind, dissent, area)
    rules = area.dissent.written_view
    need = rules.may_proceed_without if rules else None
    form = forms.ReasonForm(
        _posted(request), label="Why do you review without the written view?", message="Enter why you review without the written view"
    )  # fmt: skip
    return _form_page(
        request, dissent, form,
        lambda: actions.review_without_view(
            dissent_id=dissent.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The review has begun on the chair’s record.", to="review",
        page_title=need.label if need else "Review without the written view", submit_label="Begin the review",
        lead="You review what the chair recorded. The days for the answer have not begun: only the time that passes is shown.",
        warning=selectors.not_reminded(dissent, need), back_label="Back",
    )  # fmt: skip


@signed_in
def not_pursued(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_remind, dissent, area)
    rules = area.dissent.written_view
    need = rules.not_pursued if rules else None
    form = forms.ReasonForm(
        _posted(request), label="Why is it not pursued?", message="Enter why the dissent is not pursued"
    )
    return _form_page(
        request, dissent, form,
        lambda: actions.close_as_not_pursued(
            dissent_id=dissent.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The dissent was closed as not pursued. This is no decision on it.",
        page_title="Close as not pursued", submit_label="Close as not pursued",
        lead=need.hint if need else "", warning=selectors.not_reminded(dissent, need),
    )  # fmt: skip


@acting
def withdraw(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_withdraw, dissent, area)
    own = permissions.is_dissenter(request.actor, dissent)
    form = forms.ReasonForm(_posted(request), label="Why?", required=False, hint="You need not say.")
    return _form_page(
        request, dissent, form,
        lambda: actions.withdraw(
            dissent_id=dissent.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The dissent was withdrawn. What was recorded stays on record.",
        page_title="Withdraw your dissent" if own else f"Withdraw the dissent for {dissent.attendance.name}",
        submit_label="Withdraw the dissent",
        lead="Its dates end and nobody decides it. What was recorded stays on record, and it cannot be taken up again.",
    )  # fmt: skip


@acting
def add_information(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_add_information, dissent, area)
    form = forms.InformationForm(_posted(request))
    return _form_page(
        request, dissent, form,
        lambda: actions.add_information(
            dissent_id=dissent.pk, by=request.actor, text=form.cleaned_data["text"], now=request.now
        ),
        "The information was added, and whoever holds the dissent was told.",
        page_title="Add information", submit_label="Add it",
        lead="Whoever holds the dissent is told. It cannot be changed afterwards.",
    )  # fmt: skip


@acting
def task_done(request: ActingRequest, reference: str, task: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    found = next((t for t in area.dissent.tasks if t.id == task), None)
    if found is None:
        raise Http404("No such task.")
    _gate(request, permissions.check_do_task, dissent)
    form = forms.TaskForm(_posted(request), initial={"done_on": london_date(request.now)})
    return _form_page(
        request, dissent, form,
        lambda: actions.do_task(
            dissent_id=dissent.pk, by=request.actor, task=task, done_on=form.cleaned_data["done_on"],
            note=form.cleaned_data["note"], now=request.now,
        ),
        "Recorded as done.",
        page_title=found.label, lead=f"{found.text} ({found.rule})" if found.rule else found.text,
        submit_label="Record it as done",
    )  # fmt: skip


@acting
def challenge_choice(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_choose_challenge, dissent, area)
    own = permissions.is_dissenter(request.actor, dissent)
    form = forms.ChallengeForm(
        _posted(request), area=area, own=own, initial={"challenge_choice": dissent.challenge_choice}
    )
    need = area.dissent.requirement("challenge_choice")
    return _form_page(
        request, dissent, form,
        lambda: actions.choose_challenge(
            dissent_id=dissent.pk, by=request.actor, choice=form.cleaned_data["challenge_choice"], now=request.now
        ),
        "The choice was recorded.",
        page_title="Whether to challenge", submit_label="Save the choice", stands=area.meanwhile.text,
        lead=f"It is the dissenter’s own choice. ({need.rule})" if need and need.rule else "",
    )  # fmt: skip


@acting
def take_further(request: ActingRequest, reference: str, route: str) -> HttpResponse:
    """The answer did not settle it: the step that the protocol's way on leads to, with who stands there."""
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_take_further, dissent, area, route)
    way, form = ladder_start(request, dissent.case, dissent.agency, dissent.conference, route)
    found = area.route(route)
    title = found.label if found else "Take it further"
    return _form_page(
        request, dissent, form,
        lambda: actions.take_further(
            dissent_id=dissent.pk, by=request.actor, route=route, step=form.step(),
            unresolved=form.cleaned_data["unresolved"], now=request.now,
        ),
        "It was taken further. This page now shows its steps.", template="escalation/step.html" if way else "dissent/form.html",
        page_title=title, submit_label="Take it there", way=way, tier=way.tier if way else None,
    )  # fmt: skip


# --- the review ---------------------------------------------------------------------------------------------------


@signed_in
def review(request: ActingRequest, reference: str) -> HttpResponse:
    """The reviewer's page: the evidence, the clock, and the decision; checked, then sent."""
    dissent, area = _open(request, reference)
    permissions.check_reads_review(request.actor, dissent, area)
    tier = selectors.tier_at_work(dissent, area, request.POST.get("tier", ""))
    if request.method != "POST" or tier is None:
        try:
            permissions.check_review(request.actor, dissent, area)
        except Denied as denied:
            if denied.kind is not Kind.CHANGED or request.method == "POST":
                raise
            messages.info(request, denied.reason)
            return redirect(_case_url(dissent))
    if tier is None:
        raise Http404("Nobody reviews this dissent now.")
    page = selectors.Desk(request.actor, dissent, area, tier, request.now)
    if request.POST.get("tick"):
        _tick(request, dissent)
        page.read_again()
    form = forms.decision_form(page, _posted(request))
    if request.POST.get("tick"):
        form.keep()
    elif request.POST.get("step") == "edit":
        form.keep()
    elif form.is_bound:
        response = _decide(request, page, form)
        if response:
            return response
    with_draft(request, form)
    return render(request, "dissent/review.html", {**page.shown(), "form": form}, status=form_status(form))


def _tick(request: ActingRequest, dissent: Dissent) -> None:
    """A piece of the materials was read: ticked beside a decision that is still being written."""
    actions.see_material(
        dissent_id=dissent.pk, by=request.actor, material=request.POST["tick"], now=request.now
    )


def _decide(request: ActingRequest, page: selectors.Desk, form: forms.DecisionForm) -> HttpResponse | None:
    dissent = page.dissent
    sending = request.POST.get("step") == "send"  # twice the same is one: its token is looked at first
    if page.answered is not None and not (sending and form.is_valid()):
        return refused(request, policies.answered(dissent), form)
    if not form.is_valid():
        return None

    def act() -> Any:
        return actions.answer(
            dissent_id=dissent.pk, by=request.actor, decided=form.decided(), now=request.now, version=form.expected_version()
        )  # fmt: skip

    if sending:
        return submit(
            request,
            form,
            act,
            lambda row: say_done(request, page.sent_words(row), _case_url(dissent)),
            theirs=page.theirs,
        )
    response = _meets(request, form, act)
    if response is None and not form.errors:
        return _check_page(request, page, form)
    return response


def _check_page(request: ActingRequest, page: selectors.Desk, form: forms.DecisionForm) -> HttpResponse:
    outcome = page.tier.outcome(form.cleaned_data["outcome"])
    context = {
        "reference": page.dissent.case.reference,
        "form": form,
        "facts": forms.typed_facts(form),
        "typed": _typed(request),
        "told": page.told(outcome) if outcome else [],
        "dates": page.dates(outcome) if outcome else [],
        "stands": page.area.meanwhile.text,
    }
    return render(request, "dissent/review_check.html", context)


@signed_in
def log_conversation(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    permissions.check_reads_review(request.actor, dissent, area)
    _gate(request, permissions.check_review, dissent, area)
    form = forms.ConversationForm(_posted(request), dissent=dissent, initial={"happened_at": request.now})
    return _form_page(
        request, dissent, form,
        lambda: actions.log_conversation(dissent_id=dissent.pk, by=request.actor, now=request.now, **form.given()),
        "The conversation was recorded.", to="review",
        page_title="Record a conversation", submit_label="Record it", lead=selectors.gate_words(dissent, area),
    )  # fmt: skip


@signed_in
def ask(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    permissions.check_reads_review(request.actor, dissent, area)
    permissions.check_review(request.actor, dissent, area)
    tier = policies.current_tier(dissent, area)
    if tier is None or not tier.may_ask:
        raise Denied(
            "This protocol has nothing to ask for at this step. You can speak with them and record it."
        )
    form = forms.AskForm(_posted(request), tier=tier)
    return _form_page(
        request, dissent, form,
        lambda: actions.ask(
            dissent_id=dissent.pk, by=request.actor, ask_id=form.cleaned_data["ask_id"],
            question=form.cleaned_data["question"], now=request.now,
        ),
        "Your question was sent. It does not stop the clock.", to="review",
        page_title="Ask for advice or information", submit_label="Send the question",
        lead="Asking does not stop the clock.",
    )  # fmt: skip


@acting
def reply(request: ActingRequest, reference: str, ask_uuid: uuid.UUID) -> HttpResponse:
    """Whoever was asked replies; the reviewer may enter a reply that came another way."""
    dissent, _ = _open(request, reference)
    row = dissent.asks.select_related("asked_by__user").filter(uuid=ask_uuid).first()
    if row is None:
        raise Http404("No such question.")
    mine = (
        actions.holds_seat(request.actor, row.seat, dissent) or row.asked_by_id == request.actor.membership_id
    )
    _gate(request, permissions.check_reply, row, mine)
    asker = row.asked_by_id == request.actor.membership_id
    form = forms.ReplyForm(_posted(request))
    return _form_page(
        request, dissent, form,
        lambda: actions.reply(ask_uuid=row.uuid, by=request.actor, text=form.cleaned_data["text"], now=request.now),
        "The reply was recorded." if asker else "Your reply was sent.", to="review" if asker else "case",
        template="dissent/reply.html", ask=row,
        page_title="Enter the reply" if asker else "A question about a dissent",
        submit_label="Record the reply" if asker else "Send your reply",
    )  # fmt: skip


@signed_in
def conflict_reason(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    permissions.check_reads_review(request.actor, dissent, area)
    _gate(request, permissions.check_review, dissent, area)
    form = forms.ReasonForm(
        _posted(request), label="Why can nobody else review this dissent?", message="Enter why nobody else can review this dissent"
    )  # fmt: skip
    return _form_page(
        request, dissent, form,
        lambda: actions.override_conflict(
            dissent_id=dissent.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The reason is on record. You can go on.", to="review",
        page_title="Go on although you were involved", submit_label="Save the reason and go on",
        lead="This is a safeguard of this service, not a rule of the protocol. The reason stays on record.",
    )  # fmt: skip


@signed_in
def review_apart(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    permissions.check_reads_review(request.actor, dissent, area)
    _gate(request, permissions.check_review, dissent, area)
    form = OnceForm(_posted(request))
    return _form_page(
        request, dissent, form,
        lambda: actions.review_apart(dissent_id=dissent.pk, by=request.actor, now=request.now),
        "This dissent is now reviewed by itself.", to="review",
        page_title="Review this dissent apart", submit_label="Review it apart",
        lead="Its own conversations go with it. Ticks and shared conversations stay with the others. It cannot be joined again.",
    )  # fmt: skip


# --- after the answer ---------------------------------------------------------------------------------------------


@signed_in
def follow_up(request: ActingRequest, reference: str) -> HttpResponse:
    """Book the conference that the answer asks for."""
    dissent, area = _open(request, reference)
    permissions.check_follow_up(request.actor, dissent, area)
    page = selectors.follow_up_page(dissent, area, request.now)
    form = forms.FollowUpForm(
        _posted(request), chairs=page.pop("chairs"), first=dissent.conference.chair_id, hint=page.pop("hint")
    )
    return _form_page(
        request, dissent, form,
        lambda: actions.book_follow_up(
            dissent_id=dissent.pk, by=request.actor, booking=form.booking(), now=request.now
        ),
        "The conference is booked.", submit_label="Book it", **page,
    )  # fmt: skip


@signed_in
def told(request: ActingRequest, reference: str, tell_id: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    permissions.check_discharge(request.actor, dissent, area)
    tell = next((t for t in policies.tellings_due(dissent, area) if t.id == tell_id), None)
    if tell is None:
        raise Http404("Nobody is to be told that.")
    form = forms.ToldForm(_posted(request), tell=tell)
    who = selectors.seat_title(tell.who, area)
    return _form_page(
        request, dissent, form,
        lambda: actions.told(
            dissent_id=dissent.pk, by=request.actor, tell_id=tell_id, told_at=form.cleaned_data["told_at"],
            how=form.cleaned_data["how"], withheld_reason=form.cleaned_data.get("withheld_reason", ""), now=request.now,
        ),
        "Recorded.", page_title=f"{who}: told of the outcome", submit_label="Record it",
        lead=f"{tell.what} ({tell.rule})" if tell.rule else tell.what,
    )  # fmt: skip


@signed_in
def filed(request: ActingRequest, reference: str, child: uuid.UUID) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_discharge, dissent, area)
    row = dissent.case.children.filter(uuid=child).first()
    if row is None:
        raise Http404("Not a child of this dissent.")
    duty = next((d for d in area.duties if d.done == "filed_on_record"), None)
    form = forms.FiledForm(_posted(request), initial={"filed_on": london_date(request.now)})
    return _form_page(
        request, dissent, form,
        lambda: actions.file_on_record(
            dissent_id=dissent.pk, by=request.actor, child_uuid=child, filed_on=form.cleaned_data["filed_on"],
            now=request.now,
        ),
        "The filing was recorded.", page_title="Filed on the child’s record", submit_label="Record it",
        lead=f"{row.initials}: {duty.text or duty.label} ({duty.rule})" if duty else row.initials,
    )  # fmt: skip


@signed_in
def close(request: ActingRequest, reference: str) -> HttpResponse:
    """What is still missing, with its rules; then closed."""
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_close, dissent, area)
    page = selectors.closing_page(dissent, area, request.actor)
    form = forms.CloseForm(_posted(request), warn=page["warn"])
    return _form_page(
        request, dissent, form,
        lambda: actions.close(
            dissent_id=dissent.pk, by=request.actor, now=request.now,
            confirmed=bool(form.cleaned_data.get("confirmed")),
        ),
        "The dissent was closed.", template="dissent/close.html", page_title="Close the dissent",
        submit_label="Close the dissent", **page,
    )  # fmt: skip


@signed_in
def pass_on(request: ActingRequest, reference: str) -> HttpResponse:
    dissent, area = _open(request, reference)
    _gate(request, permissions.check_pass_on, dissent, area)
    form = OnceForm(_posted(request))
    return _form_page(
        request, dissent, form,
        lambda: actions.pass_to_reviewer(dissent_id=dissent.pk, by=request.actor, now=request.now),
        "The dissent was passed on.", page_title="Pass the dissent on", submit_label="Pass it on",
        lead=f"It goes to the {area.word('reviewer')}. It could not be sent before, because nobody filled the post.",
    )  # fmt: skip
