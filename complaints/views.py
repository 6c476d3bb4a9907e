"""Pages of this room: the log of complaints for the admin, and the open page that says where a family complains."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, OnceForm, form_status, say_done, signed_in, submit, with_draft
from cases.selectors import area_of_case
from complaints import actions, forms, permissions, policies, selectors
from complaints.models import Complaint
from conferences.selectors import members_by_role
from core.clock import london_date
from core.refusals import Denied, Kind
from partnerships.selectors import area_in_force, area_on
from partnerships.states import Role


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _gate(request: ActingRequest, check: Callable[..., None], *args: Any) -> None:
    """Who may not come here at all is stopped; what cannot be done now is said on the form once it is sent."""
    try:
        check(request.actor, *args)
    except Denied as denied:
        if request.method != "POST" or denied.kind is Kind.NOT_YOURS:
            raise


def _form_page(
    request: ActingRequest, form: Any, act: Callable[[], Any], done: str, *, back_url: str, **context: Any
) -> HttpResponse:
    def to(result: Any) -> str:
        url = (
            reverse("complaint", args=[result.case.reference]) if isinstance(result, Complaint) else back_url
        )
        return say_done(request, done, url)

    if form.is_bound and form.is_valid():
        response = submit(request, form, act, to)
        if response:
            return response
    shown = {
        "form": form,
        "back_url": back_url,
        "cancel_url": back_url,
        "back_label": "Back to the complaint",
        **context,
    }
    with_draft(request, form)
    return render(request, "complaints/form.html", shown, status=form_status(form))  # fmt: skip


def signpost(request: HttpRequest, slug: str) -> HttpResponse:
    """Open to everybody: where a parent, a carer or a child complains, and what a complaint can and cannot do."""
    try:
        area = area_on(slug, london_date(request.now))  # type: ignore[attr-defined]
    except protocols.UnknownPartnership:
        raise Http404("No such partnership.") from None
    return render(request, "complaints/about.html", selectors.signpost_of(area))


@signed_in
def complaints(request: ActingRequest) -> HttpResponse:
    """The log; where the text only says where complaints go, that."""
    permissions.check_admin(request.actor)
    area = area_in_force(request.membership)
    context: dict[str, Any] = {
        "page": selectors.complaints_listed(request.actor, request.GET.get("page", "1")),
        "signpost": selectors.signpost_of(area) if area else None,
        "slug": request.membership.partnership.slug,
    }
    return render(request, "complaints/list.html", context)


@signed_in
def record(request: ActingRequest) -> HttpResponse:
    """Log a complaint. Nothing here leads to a dissent, and nothing is changed by it."""
    permissions.check_admin(request.actor)
    area = area_in_force(request.membership)
    if area is None:
        raise Denied("This partnership has not published its protocol yet.")
    rules = policies.rules_of(area)
    agency = policies.about_agency(area)
    form = forms.RecordForm(
        _posted(request), rules=rules, agency=f"{agency.reason} ({agency.rule})" if agency.rule else agency.reason,
        initial={"conference": request.GET.get("conference", "")[:12], "received_on": london_date(request.now)},
    )  # fmt: skip
    return _form_page(
        request, form,
        lambda: actions.record(
            conference_reference=form.reference(), by=request.actor, received=form.received(), now=request.now
        ),
        "The complaint was logged. The chair knows that the decision stands.",
        back_url=reverse("complaints"), back_label="Back to the complaints", page_title="Log a complaint",
        submit_label="Log it", lead=rules.text, stands=policies.refusal(rules, "changes_decision").sentence,
    )  # fmt: skip


@signed_in
def complaint(request: ActingRequest, reference: str) -> HttpResponse:
    found = selectors.get_complaint_or_404(request.actor, reference)
    return render(request, "complaints/complaint.html", selectors.page_of(found, request.actor, request.now))


def _open(request: ActingRequest, reference: str) -> tuple[Complaint, protocols.AreaProtocol, str]:
    found = selectors.get_complaint_or_404(request.actor, reference)
    return found, area_of_case(found.case), reverse("complaint", args=[found.case.reference])


@signed_in
def acknowledge(request: ActingRequest, reference: str) -> HttpResponse:
    """The family is answered: the words to use, and when and how they had them."""
    found, area, url = _open(request, reference)
    _gate(request, permissions.check_acknowledge, found)
    form = forms.ToldForm(_posted(request))
    words = selectors.page_of(found, request.actor, request.now)["stands"]
    return _form_page(
        request, form,
        lambda: actions.acknowledge(
            complaint_id=found.pk, by=request.actor, told_at=form.cleaned_data["told_at"],
            how=form.cleaned_data["how"], now=request.now,
        ),
        "The acknowledgement was recorded.", back_url=url, reference=found.case.reference,
        page_title="Acknowledge the complaint", submit_label="Record it",
        lead="Tell whoever complained that you have it, and in these words that the decision stands:",
        stands=f"{words['text']} ({words['rule']})" if words["rule"] else words["text"],
        warning=policies.outside_words(found, area),
    )  # fmt: skip


@signed_in
def told(request: ActingRequest, reference: str, tell_id: str, seat: str) -> HttpResponse:
    found, area, url = _open(request, reference)
    _gate(request, permissions.check_tell, found)
    due = policies.tellings_due(found, area)
    tell = next((t for t, s, _ in due if t.id == tell_id and s == f"capacity:{seat}"), None)
    if tell is None:
        raise Http404("Nobody is to be told that.")
    form = forms.ToldForm(_posted(request))
    return _form_page(
        request, form,
        lambda: actions.told(
            complaint_id=found.pk, by=request.actor, tell_id=tell.id, seat=f"capacity:{seat}",
            told_at=form.cleaned_data["told_at"], how=form.cleaned_data["how"], now=request.now,
        ),
        "Recorded.", back_url=url, reference=found.case.reference,
        page_title=f"Told: {selectors.who(f'capacity:{seat}', area)}", submit_label="Record it",
        lead=f"{tell.what} ({tell.rule})" if tell.rule else tell.what,
    )  # fmt: skip


@signed_in
def decide(request: ActingRequest, reference: str) -> HttpResponse:
    """One of the outcomes that the text has; none of them changes what was decided."""
    found, area, url = _open(request, reference)
    _gate(request, permissions.check_decide, found)
    rules = policies.rules_of(area)
    form = forms.DecideForm(_posted(request), rules=rules)
    return _form_page(
        request, form,
        lambda: actions.decide(
            complaint_id=found.pk, by=request.actor, outcome=form.cleaned_data["outcome"],
            reasons=form.cleaned_data["reasons"], decider=form.cleaned_data["decider"], now=request.now,
        ),
        "The outcome was recorded. Tell everyone concerned.", back_url=url, reference=found.case.reference,
        page_title="Outcome of the complaint", submit_label="Record the outcome",
        stands=policies.refusal(rules, "changes_decision").sentence,
    )  # fmt: skip


@signed_in
def book(request: ActingRequest, reference: str) -> HttpResponse:
    found, area, url = _open(request, reference)
    _gate(request, permissions.check_follow_up, found, area)
    outcome = policies.outcome_of(found, area)
    must = outcome is not None and outcome.different_chair == "must"
    form = forms.BookForm(
        _posted(request),
        chairs=members_by_role(found.partnership_id, Role.CHAIR, london_date(request.now)),
        first=found.conference.chair,
        hint=policies.refusal(policies.rules_of(area), "same_chair").sentence if must else "",
    )
    return _form_page(
        request, form,
        lambda: actions.book_follow_up(
            complaint_id=found.pk, by=request.actor, starts_at=form.cleaned_data["starts_at"],
            chair_id=form.chairs[form.cleaned_data["chair"]], place=form.cleaned_data["place"], now=request.now,
        ),
        "The conference is booked.", back_url=url, reference=found.case.reference,
        page_title="Book the conference", submit_label="Book it",
        lead=f"{outcome.label}. It decides anew by its own rules." if outcome else "",
    )  # fmt: skip


@signed_in
def withdraw(request: ActingRequest, reference: str) -> HttpResponse:
    found, _, url = _open(request, reference)
    _gate(request, permissions.check_withdraw, found)
    form = forms.WithdrawForm(_posted(request))
    return _form_page(
        request, form,
        lambda: actions.withdraw(
            complaint_id=found.pk, by=request.actor, reason=form.cleaned_data["reason"], now=request.now
        ),
        "Recorded as withdrawn.", back_url=url, reference=found.case.reference, page_title="The complaint is withdrawn",
        submit_label="Record it as withdrawn", lead="What was recorded stays on record.",
    )  # fmt: skip


@signed_in
def close(request: ActingRequest, reference: str) -> HttpResponse:
    found, area, url = _open(request, reference)
    _gate(request, permissions.check_close, found, area)
    form = OnceForm(_posted(request))
    return _form_page(
        request, form, lambda: actions.close(complaint_id=found.pk, by=request.actor, now=request.now),
        "The complaint was closed.", back_url=url, reference=found.case.reference, page_title="Close the complaint",
        submit_label="Close it", lead="Everyone concerned was told. What was recorded stays on record.",
    )  # fmt: skip
