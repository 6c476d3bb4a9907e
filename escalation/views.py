"""Pages of this room: raising a difference, the steps of its ladder, what was agreed, and acting at once for a child."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, acting, form_status, say_done, signed_in, submit, with_draft
from cases.models import Case
from cases.selectors import area_of_case, get_case_or_404
from conferences.models import Conference
from core.clock import london_date
from core.refusals import Denied, Kind
from escalation import actions, forms, permissions, policies, selectors
from escalation.models import Escalation
from escalation.states import Entered, Side
from partnerships.models import Agency, Membership
from partnerships.selectors import area_in_force


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _gate(request: ActingRequest, check: Callable[..., None], *args: Any) -> None:
    """Who may not come here at all is stopped; what cannot be done now is said on the form once it is sent."""
    try:
        check(request.actor, *args)
    except Denied as denied:
        if request.method != "POST" or denied.kind is Kind.NOT_YOURS:
            raise


def _open(request: ActingRequest, reference: str) -> tuple[Escalation, protocols.AreaProtocol]:
    escalation = selectors.get_escalation_or_404(request.actor, reference)
    return escalation, area_of_case(escalation.case)


def _form_page(
    request: ActingRequest, reference: str, form: Any, act: Callable[[], Any], done: str, *, template: str = "escalation/form.html", **context: Any
) -> HttpResponse:  # fmt: skip
    """One form about one case: shown, sent, shown again with what was typed, or gone on from."""
    url = reverse("case", args=[reference])
    if form.is_bound and form.is_valid():
        response = submit(request, form, act, lambda _: say_done(request, done, url))
        if response:
            return response
    shown = {
        "form": form,
        "reference": reference,
        "back_url": url,
        "cancel_url": url,
        "back_label": "Back to the case",
        **context,
    }
    with_draft(request, form)
    return render(request, template, shown, status=form_status(form))


# --- raising ----------------------------------------------------------------------------------------------------


@signed_in
def raise_kind(request: ActingRequest, kind: str) -> HttpResponse:
    """Raise a difference of one kind: what it is about, whom it concerns, and what would settle it."""
    permissions.check_raise(request.actor)
    area = area_in_force(request.membership)
    found = area.escalation.kind(kind) if area else None
    if area is None or found is None:
        raise Http404("The protocol has no such kind of difference.")
    ladder = area.ladder_for(request.membership.agency.kind, kind)
    form = forms.RaiseForm(
        _posted(request), area=area, kind=found, children=selectors.children_of_actor(request.actor),
        conferences=selectors.conferences_of_actor(request.actor), agencies=selectors.other_agencies(request.actor),
        first=ladder.tiers[0] if ladder else None, now=request.now,
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        act = lambda: actions.raise_difference(by=request.actor, said=form.said(), now=request.now)  # noqa: E731 - named once
        response = submit(request, form, act, lambda row: _raised(request, row))
        if response:
            return response
    context = {
        "form": form,
        "page_title": found.label,
        "kind": found,
        "submit_label": "Raise it",
        "ladder": selectors.ladder_view(area, request.membership.agency.kind, kind),
        "back_url": reverse("raise"),
        "back_label": "Back",
        "cancel_url": reverse("home"),
    }
    with_draft(request, form)
    return render(request, "escalation/raise.html", context, status=form_status(form))


def _raised(request: ActingRequest, row: Escalation) -> str:
    reference = row.case.reference
    return say_done(
        request, f"Your professional difference was recorded: {reference}.", reverse("case", args=[reference])
    )


# --- steps ------------------------------------------------------------------------------------------------------


@acting
def step(request: ActingRequest, reference: str) -> HttpResponse:
    """Take it to a step: what is still open, and who stands there."""
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_open_tier, escalation, area)
    key = request.GET.get("to", "")
    way = policies.check_way(escalation, area, key)
    urgent = way.entered == Entered.URGENT
    form = _step_form(request, escalation, area, way)
    if urgent:
        form.describe("unresolved", label="What is the risk, and what did you do?", required=False)
    return _form_page(
        request, reference, form,
        lambda: actions.open_tier(escalation_id=escalation.pk, by=request.actor, step=form.step(), now=request.now),
        f"It was taken to: {way.tier.label}.", template="escalation/step.html",
        page_title=way.label if way.alternative else way.tier.label, submit_label="Take it there", way=way, tier=way.tier,
        post_url=f"{request.path}?to={way.key}" if not way.alternative else request.get_full_path(),
        urgent=selectors.urgent_view(area, escalation.case.partnership.urgent_contact) if urgent else None,
    )  # fmt: skip


def _step_form(
    request: ActingRequest, escalation: Escalation, area: protocols.AreaProtocol, way: policies.Way
) -> forms.StepForm:
    today = london_date(request.now)
    people: dict[str, list[Membership]] = {
        side: selectors.people_for(escalation, side, today, way.tier) for side in (Side.OURS, Side.THEIRS)
    }
    if way.tier.place == "chair" and not selectors.has_chair(escalation):
        people[Side.DECIDES] = selectors.people_for(escalation, Side.DECIDES, today, way.tier)
    urgent = way.entered == Entered.URGENT
    return forms.StepForm(
        _posted(request),
        escalation=escalation,
        way=way,
        area=area,
        people=people,
        agencies=selectors.other_agencies(request.actor),
        posts={
            side: policies.in_post(escalation, way.tier, side, today) for side in (Side.OURS, Side.THEIRS)
        },
        late="" if urgent or escalation.pk is None else selectors.late_words(escalation, area, request.now),
    )


def ladder_start(
    request: ActingRequest, case: Case, agency: Agency, conference: Conference, tier: str
) -> tuple[policies.Way | None, Any]:
    """The first step of a ladder that is not open yet, beside a dissent: how it is entered, and its form; without a
    ladder for this agency, only what is still open is asked."""
    area = area_of_case(case)
    ladder = area.ladder_for(agency.kind, selectors.OUTCOME_KIND)
    if ladder is None:
        return None, forms.OpenForm(_posted(request))
    first = ladder.tier(tier) or ladder.tiers[0]
    way = policies.Way(first, Entered.RAISED, first.label, first.rule)
    other = conference.chair.agency
    unsaved = Escalation(
        partnership_id=case.partnership_id, case=case, agency=agency, conference=conference,
        other_agency=other if other != agency else None, requester=selectors.dissenter_of(case),
    )  # fmt: skip
    return way, _step_form(request, unsaved, area, way)


@acting
def person(request: ActingRequest, reference: str, side: str) -> HttpResponse:
    """Say who stands at the open step for one side, or that it is somebody else now."""
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_name_person, escalation, area)
    row = policies.check_at_step(escalation)
    tier = policies.step_of(row, policies.ladder_of(escalation, area))
    if (
        tier is None
        or side not in (Side.OURS, Side.THEIRS, Side.DECIDES)
        or (side == Side.THEIRS and tier.between is None)
    ):
        raise Http404("There is no such side at this step.")
    title = area.word("chair") if side == Side.DECIDES else selectors.title_at(escalation, tier, side)
    people = selectors.people_for(escalation, side, london_date(request.now), tier)
    agencies = [] if side == Side.OURS or escalation.other_agency else selectors.other_agencies(request.actor)
    form = forms.PersonForm(_posted(request), side=side, title=title, people=people, agencies=agencies)
    return _form_page(
        request, reference, form,
        lambda: actions.name_person(escalation_id=escalation.pk, by=request.actor, person=form.person(), now=request.now, instead=True),
        "Recorded. They were told, with the reference and a link.", page_title=f"Who stands here: {title}",
        submit_label="Save", lead=f"{tier.label} ({tier.rule})" if tier.rule else tier.label,
    )  # fmt: skip


@acting
def meeting(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_record, escalation, area)
    tier = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
    heard = tier is not None and tier.place == "partnership"
    form = forms.MeetingForm(
        _posted(request),
        people=selectors.participants_of(escalation),
        heard=heard,
        initial={"met_at": request.now},
    )
    lead = ""
    if tier is not None and tier.meeting:
        lead = f"Everyone concerned is called to a meeting at this step. ({tier.meeting_rule or tier.rule})"
    return _form_page(
        request, reference, form,
        lambda: actions.record_meeting(escalation_id=escalation.pk, by=request.actor, now=request.now, **form.given()),
        "The meeting was recorded.", page_title="Whom you heard" if heard else "Record a meeting or a talk",
        submit_label="Record it", lead=lead,
    )  # fmt: skip


@acting
def agree(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_record, escalation, area)
    form = forms.AgreeForm(_posted(request))
    return _form_page(
        request, reference, form,
        lambda: actions.agree(
            escalation_id=escalation.pk, by=request.actor, what=form.cleaned_data["what"], owner=form.cleaned_data["owner"],
            due_on=form.cleaned_data["due_on"], now=request.now,
        ),
        "What was agreed was noted.", template="escalation/agree.html", page_title="Note something that was agreed",
        submit_label="Note it", names=selectors.names_in(escalation),
    )  # fmt: skip


@acting
def dates(request: ActingRequest, reference: str) -> HttpResponse:
    """Those who take part agree on other dates for the open step."""
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_change_dates, escalation, area)
    step = policies.step_of(policies.open_tier(escalation), policies.ladder_of(escalation, area))
    clock = area.clock(step.clock) if step and step.clock else None
    form = forms.DatesForm(
        _posted(request), asks=policies.asks_for_dates(area, step), hint=clock.text if clock else "",
        initial={"agreed_date": escalation.agreed_date, "protect_by_date": escalation.protect_by_date},
    )  # fmt: skip
    return _form_page(
        request, reference, form,
        lambda: actions.change_dates(
            escalation_id=escalation.pk, by=request.actor, agreed_date=form.cleaned_data.get("agreed_date"),
            protect_by_date=form.cleaned_data.get("protect_by_date"), reason=form.cleaned_data["reason"], now=request.now,
        ),
        "The dates were changed. Those before stay on record.", page_title="Agree on other dates",
        submit_label="Save the dates", lead=f"The earliest date holds ({clock.rule})." if clock and clock.rule else "",
    )  # fmt: skip


@acting
def authorities(request: ActingRequest, reference: str) -> HttpResponse:
    """Which authority is responsible for the child, and which is where the facility is."""
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_name_authorities, escalation, area)
    form = forms.AuthoritiesForm(
        _posted(request),
        initial={
            "authority_responsible": escalation.authority_responsible,
            "authority_of_place": escalation.authority_of_place,
        },
    )
    return _form_page(
        request, reference, form,
        lambda: actions.name_authorities(
            escalation_id=escalation.pk, by=request.actor, responsible=form.cleaned_data["authority_responsible"],
            of_place=form.cleaned_data["authority_of_place"], now=request.now,
        ),
        "The authorities were saved.", page_title="Authorities responsible", submit_label="Save",
    )  # fmt: skip


@acting
def resolve(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_resolve, escalation)
    form = forms.WordsForm(
        _posted(request), label="How was it settled?", message="Enter how it was settled",
        late=selectors.late_words(escalation, area, request.now),
        hint="What was agreed, and what changes for the child. Everyone who takes part reads this.",
    )  # fmt: skip
    return _form_page(
        request, reference, form,
        lambda: actions.resolve(
            escalation_id=escalation.pk, by=request.actor, words=form.cleaned_data["text"],
            late_reason=form.cleaned_data.get("late_reason", ""), now=request.now,
        ),
        "It is recorded as settled. Everyone who takes part was told.", page_title="It is settled", submit_label="Record it as settled",
    )  # fmt: skip


@acting
def decide(request: ActingRequest, reference: str) -> HttpResponse:
    """The chair, the partnership or the top of a ladder answers."""
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_decide, escalation, area)
    row = policies.check_at_step(escalation)
    tier = policies.step_of(row, policies.ladder_of(escalation, area))
    if tier is None:
        raise Http404("No step is open.")
    late = selectors.late_words(escalation, area, request.now)
    form = forms.DecideForm(_posted(request), tier=tier, heard=bool(row.meetings.all()), late=late)
    page = selectors.Page(escalation, area, request.actor, request.now, [])
    return _form_page(
        request, reference, form,
        lambda: actions.decide(escalation_id=escalation.pk, by=request.actor, now=request.now, **form.given()),
        "Your answer was recorded. Everyone who takes part was told.", template="escalation/decide.html",
        page_title=tier.label, submit_label="Record the answer and tell everyone", page=page.shown(), tier=tier,
    )  # fmt: skip


# --- endings ----------------------------------------------------------------------------------------------------


@acting
def withdraw(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, _ = _open(request, reference)
    _gate(request, permissions.check_withdraw, escalation)
    form = forms.WordsForm(_posted(request), label="Why?", hint="You need not say.", required=False)
    return _form_page(
        request, reference, form,
        lambda: actions.withdraw(escalation_id=escalation.pk, by=request.actor, reason=form.cleaned_data["text"], now=request.now),
        "The escalation was withdrawn. What was recorded stays on record.", page_title="Withdraw the escalation",
        submit_label="Withdraw it", lead="What was recorded stays on record. You can raise it again at any time.",
    )  # fmt: skip


@acting
def unsettled(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_close_unsettled, escalation, area)
    form = forms.WordsForm(
        _posted(request), label="What did you do about it, or where does it go now?",
        message="Enter what you did about it, or where it goes now",
        late=selectors.late_words(escalation, area, request.now),
    )  # fmt: skip
    return _form_page(
        request, reference, form,
        lambda: actions.close_unsettled(
            escalation_id=escalation.pk, by=request.actor, reason=form.cleaned_data["text"],
            late_reason=form.cleaned_data.get("late_reason", ""), now=request.now,
        ),
        "It was closed as not settled.", page_title="Not settled, and no further step", submit_label="Close it",
        lead="The protocol has no further step from here. It is recorded as not settled.",
    )  # fmt: skip


@acting
def close(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_close, escalation, area)
    left = policies.actions_open(escalation)
    form = forms.CloseForm(_posted(request), left=len(left))
    return _form_page(
        request, reference, form,
        lambda: actions.close(
            escalation_id=escalation.pk, by=request.actor, now=request.now, confirmed=bool(form.cleaned_data.get("confirmed"))
        ),
        "The escalation was closed.", template="escalation/close.html", page_title="Close the escalation", submit_label="Close it", left=left,
    )  # fmt: skip


@acting
def forum(request: ActingRequest, reference: str) -> HttpResponse:
    escalation, area = _open(request, reference)
    _gate(request, permissions.check_share, escalation)
    route = area.route("forum")
    if route is None:
        raise Http404("This protocol has no forum.")
    form = forms.WordsForm(
        _posted(request), label="Summary without names", message="Enter a summary without names",
        hint="No name, initials, school or address. Say what agencies can learn from it.",
    )  # fmt: skip
    return _form_page(
        request, reference, form,
        lambda: actions.share_with_forum(escalation_id=escalation.pk, by=request.actor, text=form.cleaned_data["text"], now=request.now),
        "The summary was shared with the forum.", page_title=route.label, submit_label="Share it", lead=f"{route.text} ({route.rule})",
    )  # fmt: skip


# --- the child first --------------------------------------------------------------------------------------------


@acting
def urgent(request: ActingRequest, reference: str) -> HttpResponse:
    """Whom to call now; below it, what was done, and, when there is a ladder, the steps further up. Nothing is recorded
    until somebody has seen this and writes it."""
    case = get_case_or_404(request.actor, reference)
    area = area_of_case(case)
    escalation = selectors.escalation_of(selectors.read_ladders(case))
    form = forms.UrgentForm(_posted(request), initial={"taken_at": request.now})
    ways = policies.urgent_ways(escalation, area) if escalation else []
    if escalation is None or not permissions.may_open(request.actor, escalation, area):
        ways = []
    return _form_page(
        request, reference, form,
        lambda: actions.act_urgently(
            case_id=case.pk, by=request.actor, what=form.cleaned_data["what"], taken_at=form.cleaned_data["taken_at"], now=request.now
        ),
        "What you did was recorded.", template="escalation/urgent.html", page_title="Act now for a child",
        submit_label="Record what I did", urgent=selectors.urgent_view(area, case.partnership.urgent_contact),
        ways=[{"label": way.tier.label, "href": f"{reverse('escalation-step', args=[reference])}?to={way.key}"} for way in ways],
    )  # fmt: skip
