"""Pages of this room: asking for a conference, answering in writing, and what follows a refusal."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import protocols
from accounts.edge import (
    ActingRequest,
    OnceForm,
    acting,
    form_status,
    say_done,
    signed_in,
    submit,
    with_draft,
)
from cases.selectors import area_of_case
from conferences.forms import BookForm
from conferences.selectors import agencies_of, members_by_role
from convening import actions, forms, permissions, policies, selectors
from convening.models import ConveneRequest
from core.clock import london_date
from core.refusals import Denied, Kind
from escalation.selectors import children_of_actor, ladder_view, urgent_view
from partnerships.selectors import area_in_force
from partnerships.states import Role
from protocols.describe import seat_words


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _gate(request: ActingRequest, check: Callable[..., None], *args: Any) -> None:
    """Who may not come here at all is stopped; what cannot be done now is said on the form once it is sent."""
    try:
        check(request.actor, *args)
    except Denied as denied:
        if request.method != "POST" or denied.kind is Kind.NOT_YOURS:
            raise


def _open(request: ActingRequest, reference: str) -> tuple[ConveneRequest, protocols.AreaProtocol]:
    convening = selectors.get_convening_or_404(request.actor, reference)
    return convening, area_of_case(convening.case)


def _form_page(
    request: ActingRequest, convening: ConveneRequest, form: Any, act: Callable[[], Any], done: str, *, template: str = "convening/form.html", **context: Any
) -> HttpResponse:  # fmt: skip
    """One form about one request: shown, sent, shown again with what was typed, or gone on from."""
    reference = convening.case.reference
    url = reverse("case", args=[reference])
    if form.is_bound and form.is_valid():
        response = submit(request, form, act, lambda _: say_done(request, done, url))
        if response:
            return response
    shown = {
        "form": form, "reference": reference, "back_url": url, "cancel_url": url, "back_label": "Back to the case",
        **context,
    }  # fmt: skip
    with_draft(request, form)
    return render(request, template, shown, status=form_status(form))


@signed_in
def ask(request: ActingRequest) -> HttpResponse:
    """Ask that a conference be held: what it is about, and what speaks for it. Nothing here waits for it."""
    area = area_in_force(request.membership)
    if area is None:
        raise Denied("This partnership has not published its protocol yet.")
    _gate(request, permissions.check_ask, area)
    rules = policies.rules_of(area)
    form = forms.AskForm(
        _posted(request), rules=rules, children=children_of_actor(request.actor), day=london_date(request.now),
        agencies=agencies_of(request.membership.partnership_id), initial={"made_how": "form"},
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.ask(by=request.actor, asked=form.asked(), now=request.now),
            lambda row: _asked(request, row),
        )
        if response:
            return response
    context = {
        "form": form,
        "page_title": f"Ask for a {area.word('conference')}",
        "rules": rules,
        "who": seat_words(area, rules.decided_by),
        "urgent": urgent_view(area, request.membership.partnership.urgent_contact),
        "submit_label": "Send the request",
        "back_url": reverse("raise"),
        "back_label": "Back",
        "cancel_url": reverse("home"),
        "secondary": {"label": "Go on without", "name": "go_on", "value": "1"} if form.warned else None,
    }
    with_draft(request, form)
    return render(request, "convening/ask.html", context, status=form_status(form))


def _asked(request: ActingRequest, row: ConveneRequest) -> str:
    reference = row.case.reference
    return say_done(request, f"Your request was sent: {reference}.", reverse("case", args=[reference]))


@signed_in
def answer(request: ActingRequest, reference: str) -> HttpResponse:
    """Yes or no, in writing. A no needs its reasons, which go out as a letter."""
    convening, area = _open(request, reference)
    _gate(request, permissions.check_answer, convening, area)
    rules = policies.rules_of(area)
    form = forms.AnswerForm(
        _posted(request), rules=rules, convening=convening, area=area,
        involved=permissions.involvement(request.actor, convening),
    )  # fmt: skip
    return _form_page(
        request, convening, form,
        lambda: actions.answer(
            convening_id=convening.pk, by=request.actor, outcome=form.cleaned_data["outcome"],
            reply=form.cleaned_data["reply"], reasons=form.cleaned_data["reasons"],
            involved_reason=form.cleaned_data.get("involved_reason", ""), now=request.now,
        ),
        "The answer was recorded, and whoever asked was told.", template="convening/answer.html",
        page_title="Answer the request", submit_label="Record the answer",
        request_shown=selectors.request_shown(convening, area),
    )  # fmt: skip


@signed_in
def consult(request: ActingRequest, reference: str) -> HttpResponse:
    """Who was consulted before the last resort decides."""
    convening, area = _open(request, reference)
    _gate(request, permissions.check_consult, convening, area)
    form = forms.ConsultForm(
        _posted(request),
        agencies=agencies_of(convening.partnership_id),
        initial={"consulted_at": request.now},
    )
    need = policies.rules_of(area).last_resort
    return _form_page(
        request, convening, form,
        lambda: actions.consult(
            convening_id=convening.pk, by=request.actor, who=form.cleaned_data["who"],
            agency_id=form.agencies[form.cleaned_data["agency"]], consulted_at=form.cleaned_data["consulted_at"],
            note=form.cleaned_data["note"], now=request.now,
        ),
        "The consultation was recorded.", page_title="Record a consultation", submit_label="Record it",
        lead=f"{need.label} ({need.rule})" if need else "",
    )  # fmt: skip


@acting
def last_resort(request: ActingRequest, reference: str) -> HttpResponse:
    convening, area = _open(request, reference)
    _gate(request, permissions.check_last_resort, convening, area)
    rules = policies.rules_of(area)
    form = OnceForm(_posted(request))
    who = seat_words(area, rules.last_resort_by) if rules.last_resort_by else ""
    rule = f" ({rules.last_resort.rule})" if rules.last_resort else ""
    return _form_page(
        request, convening, form,
        lambda: actions.ask_last_resort(convening_id=convening.pk, by=request.actor, now=request.now),
        "It was taken to the last resort.", page_title="Take it to the last resort", submit_label="Take it there",
        lead=f"It goes to {who}, who decides after talking to members of the partnership.{rule} "
        "If a child needs you to act now, act now: nothing waits for this.",
    )  # fmt: skip


@acting
def ladder(request: ActingRequest, reference: str) -> HttpResponse:
    """A refusal is a difference: it goes on by the ladder that the protocol has for it."""
    convening, area = _open(request, reference)
    _gate(request, permissions.check_escalate, convening)
    found = area.ladder_for(convening.agency.kind, selectors.KIND)
    form = forms.LadderForm(_posted(request), first=found.tiers[0] if found else None, area=area)
    return _form_page(
        request, convening, form,
        lambda: actions.take_to_ladder(
            convening_id=convening.pk, by=request.actor, unresolved=form.cleaned_data["unresolved"],
            needs=form.needs() if form.asks else None, now=request.now,
        ),
        "It was taken to the ladder.", template="convening/ladder.html", page_title="Take it to the ladder",
        submit_label="Take it there", ladder=ladder_view(area, convening.agency.kind, selectors.KIND),
    )  # fmt: skip


@acting
def accept(request: ActingRequest, reference: str) -> HttpResponse:
    convening, _ = _open(request, reference)
    _gate(request, permissions.check_accept, convening)
    form = OnceForm(_posted(request))
    return _form_page(
        request, convening, form,
        lambda: actions.accept(convening_id=convening.pk, by=request.actor, now=request.now),
        "The request is over.", page_title="Accept that no conference is held", submit_label="Accept the answer",
        lead="The case is closed then. You can ask again if something changes.",
    )  # fmt: skip


@acting
def withdraw(request: ActingRequest, reference: str) -> HttpResponse:
    convening, _ = _open(request, reference)
    _gate(request, permissions.check_withdraw, convening)
    form = forms.WithdrawForm(_posted(request))
    return _form_page(
        request, convening, form,
        lambda: actions.withdraw(
            convening_id=convening.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "The request was withdrawn. What was recorded stays on record.", page_title="Withdraw the request",
        submit_label="Withdraw it", lead="Nobody decides it then. What was recorded stays on record.",
    )  # fmt: skip


@signed_in
def book(request: ActingRequest, reference: str) -> HttpResponse:
    convening, area = _open(request, reference)
    _gate(request, permissions.check_book, convening, area)
    today = london_date(request.now)
    chairs = members_by_role(convening.partnership_id, Role.CHAIR, today)
    takers = members_by_role(convening.partnership_id, Role.MINUTE_TAKER, today)
    ids = {str(m.uuid): m.pk for m in (*chairs, *takers)}
    form = BookForm(_posted(request), chairs=chairs, minute_takers=takers)
    return _form_page(
        request, convening, form,
        lambda: actions.book_conference(
            convening_id=convening.pk, by=request.actor, kind=form.cleaned_data["kind"],
            starts_at=form.cleaned_data["starts_at"], chair_id=ids[form.cleaned_data["chair"]],
            minute_taker_id=ids.get(form.cleaned_data["minute_taker"]), place=form.cleaned_data["place"],
            now=request.now,
        ),
        "The conference is booked, and whoever asked was told.", page_title="Book the conference",
        submit_label="Book it",
    )  # fmt: skip
