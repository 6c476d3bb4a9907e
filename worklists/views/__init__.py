"""Pages that join the rooms: what is mine to do, one case, finding, and the pages that say why there is none."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.edge import ActingRequest, acting, signed_in
from cases.models import Case
from cases.permissions import check_holds
from cases.selectors import area_of_case, guests_of
from cases.states import INVITERS, Kind
from convening.models import ConveneRequest
from convening.selectors import convening_of, request_shown
from convening.selectors import page_of as convening_page
from convening.states import MEANS as CONVENING_MEANS
from core.gather import gather
from core.refusals import allowed
from deadlines.selectors import clocks_of, corrections_of
from dissent.models import Dissent
from dissent.selectors import (
    answer_view,
    case_actions,
    clock_view,
    duties_open,
    if_unresolved,
    looking,
    next_step,
    own_view,
    tasks_open,
    tracker_steps,
)
from dissent.states import FINAL, LADDER
from dissent.states import MEANS as DISSENT_MEANS
from escalation.models import Escalation
from escalation.permissions import in_capacity
from escalation.selectors import (
    OUTCOME_KIND,
    escalation_of,
    identity_view,
    ladder_view,
    read_ladders,
    urgent_view,
)
from escalation.selectors import Page as EscalationPage
from escalation.states import MEANS as ESCALATION_MEANS
from learning.permissions import check_note
from learning.states import DECIDED
from notifications.selectors import is_undelivered_in, undelivered
from operations.selectors import office_warnings, service_reads
from partnerships.selectors import area_in_force
from partnerships.states import RECORDERS, Role
from protocols import AreaProtocol
from records.selectors import beside_case
from worklists import selectors
from worklists.context import home_label
from worklists.selectors import finding
from worklists.selectors.helping import means_of

LED_BY_LADDER = (
    *FINAL,
    *LADDER,
)  # once the dissent is over, or handed to it, the ladder says what happens next

# On a narrow screen the side column stands below: whom to call at once is one press away all the same.
TO_URGENT = {"href": "#urgent", "label": "If a child is at risk now"}


@signed_in
def home(request: ActingRequest) -> HttpResponse:
    """What is mine to do, what waits for others, what is late, and what was closed lately."""
    actor, now = request.actor, request.now
    closed = request.GET.get("closed") == "all"
    found = selectors.work_list(actor, now, number=request.GET.get("page", "1"), all_closed=closed)
    area = area_in_force(request.membership)
    context: dict[str, Any] = {
        "page_title": home_label(actor.role),
        "sections": [s for s in found.sections if s.rows or (s.part.empty and found.page.number == 1)],
        "page": found.page,
        "query": "closed=all&" if closed else "",
        "all_closed": closed,
        "todo": selectors.by_task(row for section in found.sections for row in section.rows),
        "has_rows": found.page.paginator.count > 0,
        "can_raise": area is not None and actor.role != Role.PARTNERSHIP_ADMIN,
    }
    if actor.role in RECORDERS:
        context["conferences"] = selectors.conferences_ahead(actor, now)
    if actor.role == Role.PARTNERSHIP_ADMIN:
        context["is_admin"] = True
        tenant = request.membership.partnership_id
        waiting, *service = gather(undelivered(tenant)[: selectors.PAGE], *service_reads())
        context["undelivered"] = [selectors.undelivered_view(row, area) for row in waiting]
        context["service_warnings"] = office_warnings(now, tenant, service)
        context["unfilled"] = found.posts.unfilled(area) if area else []
        context["banner"] = selectors.review_banner(area, now)
    if actor.role == Role.PRACTITIONER:
        context["empty_words"] = selectors.practitioner_empty(area)
    return render(request, "worklists/home.html", context)


@acting
def case(request: ActingRequest, reference: str) -> HttpResponse:
    """One case: what happens next, where it stands, its dates, and what this person may see and do."""
    found, dissent = selectors.case_of(request.actor, reference)
    if found.kind == Kind.COMPLAINT:  # no difference: it has a log of its own
        return redirect("complaint", found.reference)
    if dissent is None:
        escalation = escalation_of(read_ladders(found, request.actor))
        if escalation is not None:
            return render(request, "escalation/case.html", _escalation_page(request, found, escalation))
        convening = convening_of(found)
        if convening is not None:
            return render(request, "convening/case.html", _convening_page(request, found, convening))
        return render(request, "worklists/case_plain.html", _plain(request, found))
    return render(request, "worklists/case.html", _dissent_page(request, found, dissent))


def _plain(request: ActingRequest, found: Case) -> dict[str, Any]:
    area = area_of_case(found)
    return {
        "case": found,
        **_undelivered(request, found),
        "records": beside_case(found, request.actor, area),
        "history": selectors.history_of(found, area, request.actor),
        "urgent": urgent_view(area, found.partnership.urgent_contact),
        "guests": guests_of(found) if allowed(check_holds, request.actor, found) else [],
    }


def _convening_page(request: ActingRequest, found: Case, convening: ConveneRequest) -> dict[str, Any]:
    area = area_of_case(found)
    return {
        **convening_page(convening, request.actor, request.now),
        "case": found,
        "links": _papers(found),
        "jump": TO_URGENT,
        "status_means": means_of(CONVENING_MEANS, convening.state, area),
        "records": beside_case(found, request.actor, area),
        "history": selectors.history_of(found, area, request.actor, limit=selectors.ON_PAGE),
        "guests": _guests(request, found),
        "urgent": urgent_view(area, found.partnership.urgent_contact)
        | {"href": reverse("urgent", args=[found.reference])},
        **_protocol(found, area),
    }


def _escalation_page(request: ActingRequest, found: Case, escalation: Escalation) -> dict[str, Any]:
    area, now = area_of_case(found), request.now
    clocks, corrections = clocks_of(found, now), corrections_of(found)
    page = EscalationPage(escalation, area, request.actor, now, clocks)
    learn = _lesson(found) if allowed(check_note, request.actor, found) else []
    stands = escalation.kind == OUTCOME_KIND and found.closed_at is None
    whole = page.shown()
    convening = convening_of(found) if found.kind == Kind.NEED_FOR_CONFERENCE else None
    return {
        "case": found,
        "links": _papers(found),
        "status_means": means_of(ESCALATION_MEANS, escalation.state, area),
        "whole": whole,
        "request_shown": request_shown(convening, area) if convening else None,
        "records": beside_case(found, request.actor, area),
        **_undelivered(request, found),
        "identity": identity_view(page),
        "jump": TO_URGENT,
        "learn": learn,
        "clocks": [clock_view(clock, now, corrections=corrections) for clock in clocks],
        "running": sum(clock.is_open for clock in clocks),
        "ended": sum(not clock.is_open for clock in clocks),
        "stands": area.meanwhile.text if stands and area.meanwhile.text not in whole["next"]["yours"] else "",
        "history": selectors.history_of(found, area, request.actor, limit=selectors.ON_PAGE),
        "guests": _guests(request, found),
        "urgent": urgent_view(area, found.partnership.urgent_contact) | {"href": whole["urgent_href"]},
        **_protocol(found, area),
    }


def _protocol(found: Case, area: AreaProtocol) -> dict[str, str]:
    """The link to the version by which a case is judged, whatever is in force now."""
    begins = area.effective_from.isoformat()
    return {
        "protocol_label": f"Protocol ({area.dated})",
        "protocol_url": reverse("protocol-version", args=[found.partnership.slug, begins]),
    }


def _papers(found: Case) -> list[dict[str, str]]:
    """The link to the papers of a case, at the top of its page."""
    return [{"href": reverse("papers", args=[found.reference]), "label": "Letters and papers"}]


def _guests(request: ActingRequest, found: Case) -> list[dict[str, Any]]:
    """People without an account, for those who may invite them: of a case that was read with its participants."""
    actor = request.actor
    admin = actor.role == Role.PARTNERSHIP_ADMIN and actor.partnership_id == found.partnership_id
    holds = actor.kind == "person" and (admin or in_capacity(actor, found, *INVITERS))
    return guests_of(found) if holds else []


def _lesson(found: Case) -> list[dict[str, str]]:
    """The way to say what a decided case teaches."""
    if found.stage not in DECIDED:
        return []
    return [{"href": reverse("lesson", args=[found.reference]), "label": "Say what can be learnt from it"}]


def _undelivered(request: ActingRequest, found: Case) -> dict[str, Any]:
    return {
        "undelivered": is_undelivered_in(found),
        "sees_undelivered": request.actor.role == Role.PARTNERSHIP_ADMIN,
    }


def _dissent_page(request: ActingRequest, found: Case, dissent: Dissent) -> dict[str, Any]:
    actor, now, area = request.actor, request.now, area_of_case(found)
    clocks, corrections = clocks_of(found, now), corrections_of(found)
    who = looking(actor, dissent, area)
    step = next_step(dissent, area, clocks, actor, now)
    escalation = escalation_of(found)
    whole = EscalationPage(escalation, area, actor, now, clocks).shown() if escalation else None
    if whole and dissent.state in LED_BY_LADDER:
        step = whole["next"]
    return {
        "case": found,
        "status_means": means_of(DISSENT_MEANS, dissent.state, area),
        "dissent": dissent,
        "who": who,
        "identity": selectors.identity_of(found, dissent, area, actor, now),
        "links": _papers(found),
        "next": step,
        **_undelivered(request, found),
        "steps": tracker_steps(dissent, area, clocks),
        "clocks": [clock_view(clock, now, corrections=corrections) for clock in clocks],
        "running": sum(clock.is_open for clock in clocks),
        "ended": sum(not clock.is_open for clock in clocks),
        "stands": area.meanwhile.text
        if found.closed_at is None and area.meanwhile.text not in step["yours"]
        else "",
        "own": own_view(dissent, area) if who.dissenter or who.reviewer or who.chair else None,
        "answers": answer_view(dissent, area, actor),
        "duties": duties_open(dissent, area, actor),
        "tasks": tasks_open(dissent, area, actor) if who.dissenter else [],
        "records": beside_case(found, actor, area),
        "additions": list(dissent.additions.all()) if who.dissenter or who.reviewer else [],
        "questions": selectors.questions_for(actor, dissent),
        "actions": case_actions(dissent, area, actor) + (_lesson(found) if who.reviewer else []),
        "unresolved": if_unresolved(dissent, area, None if whole and whole["open"] else actor),
        "whole": whole,
        "ladder": ladder_view(area, dissent.agency.kind),
        "elapsed": selectors.elapsed(dissent, now) if area.review is None else None,
        "no_review": area.refusal("no_review") if area.review is None else None,
        "history": selectors.history_of(found, area, actor, limit=selectors.ON_PAGE),
        "urgent": urgent_view(area, found.partnership.urgent_contact)
        | {"href": reverse("urgent", args=[found.reference])},
        **_protocol(found, area),
        "guests": guests_of(found) if who.chair or who.reviewer or who.admin else [],
    }


@signed_in
def sorter(request: ActingRequest) -> HttpResponse:
    """What do you disagree about? The kinds of the partnership's own protocol, and what is not for this service."""
    area = area_in_force(request.membership)
    context = {"kinds": selectors.kinds_of(area), "elsewhere": selectors.not_here(area), "protocol": area}
    return render(request, "worklists/sorter.html", context)


@signed_in
def raise_about_conference(request: ActingRequest) -> HttpResponse:
    """What a conference decided: a formal dissent where its time is not over, otherwise the ladder."""
    area = area_in_force(request.membership)
    rows = selectors.conferences_to_differ_from(request.actor, area, request.now)
    return render(request, "worklists/about_conference.html", {"rows": rows, "protocol": area})


@signed_in
def elsewhere(request: ActingRequest, what: str) -> HttpResponse:
    """What this service is not for, and where it goes."""
    found = next(
        (row for row in selectors.not_here(area_in_force(request.membership)) if row["id"] == what), None
    )
    if found is None:
        raise Http404("There is no such page.")
    return render(request, "worklists/elsewhere.html", {"found": found})


@acting
def case_history(request: ActingRequest, reference: str) -> HttpResponse:
    """Everything that happened to a case, newest first."""
    found, _ = selectors.case_of(request.actor, reference)
    area = area_of_case(found)
    page = selectors.history_page(found, area, request.actor, request.GET.get("page", "1"))
    return render(request, "worklists/case_history.html", {"case": found, "page": page})


@require_POST
@signed_in
def find(request: ActingRequest) -> HttpResponse:
    """Go to the case or conference of a reference, however it was typed. What is not for them is not found."""
    typed = request.POST.get("reference", "")[: finding.TYPED]
    found = finding.find(request.actor, typed)
    if found.href:
        return redirect(found.href)
    context = {
        "typed": typed.strip()[:60],
        "found": found,
        "near": finding.open_for(request.actor, request.now),
    }
    return render(request, "worklists/not_found.html", context, status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose security token is missing or old."""
    return render(request, "errors/csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)
