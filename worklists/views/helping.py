"""Help at the point of need: what a rule, a status and a role mean, and what the service says of itself."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from core.clock import london_date
from partnerships.selectors import area_in_force
from partnerships.states import RECORDERS, REVIEWERS
from worklists.selectors import helping as selectors


def help_page(request: Any) -> HttpResponse:
    """Plain words about dissent and this service; with those of one's own protocol when signed in."""
    area = area_in_force(request.membership) if request.membership else None
    complaints = area.route("complaints") if area else None
    context = {
        "urgent_contact": "; ".join(request.membership.partnership.urgent_contact.splitlines())
        if request.membership
        else "",
        "own_slug": area.slug if area else "",
        "means": area.dissent.means if area else "",
        "complaints": complaints.text if complaints else "",
        "guidance": [g for g in area.guidance if g.audience in _audiences(request.actor.role)]
        if area
        else [],
        "several": request.membership_choices > 1,
        "roles": selectors.role_helps(),
        "own_role": selectors.help_of(request.actor.role) if request.actor else None,
    }
    return render(request, "help/help.html", context)


def role_help(request: Any, role: str) -> HttpResponse:
    """What one of the roles does here, from the first page to the last, in the words of the reader's own protocol."""
    found = selectors.help_of(role)
    if found is None:
        raise Http404("There is no such role.")
    context = {
        "found": found,
        "words": selectors.words_for(request.membership),
        "roles": selectors.role_helps(),
    }
    return render(request, f"help/roles/{found.key}.html", context)


def means_page(request: Any) -> HttpResponse:
    """What each status word means, for conferences, dissents, escalations, requests and complaints."""
    return render(request, "help/means.html", {"tables": selectors.all_means(request.membership)})


def rule(request: Any, number: str) -> HttpResponse:
    """One rule in our own words: where its source says it, and what this service does by it, partnership by partnership."""
    own = request.membership.partnership.slug if request.membership else ""
    found = selectors.rule_shown(number, london_date(request.now), own)
    if found is None:
        raise Http404("There is no such rule.")
    return render(request, "help/rule.html", found)


def _audiences(role: str) -> tuple[str, ...]:
    if role in RECORDERS:
        return ("everyone", "chair", "practitioner")
    if role in REVIEWERS:
        return ("everyone", "reviewer", "manager")
    return ("everyone", "practitioner")


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "help/accessibility.html")


def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "help/privacy.html")
