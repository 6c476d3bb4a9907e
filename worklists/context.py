"""What the frame of every page needs: who acts, where they can go, and by which protocol."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from accounts.middleware import seconds_left
from core.actor import Actor
from notifications.selectors import unread_count
from partnerships.selectors import area_in_force
from partnerships.states import RECORDERS, REVIEWERS, Role

SERVICE_NAME = "Professional Dissent"


def page(request: HttpRequest) -> dict[str, Any]:
    """Also for the page of an error that came before anybody was known."""
    context: dict[str, Any] = {
        "service_name": SERVICE_NAME,
        "demonstration": settings.DEMONSTRATION,
        "actor": None,
        "nav": [],
    }
    membership = getattr(request, "membership", None)
    actor = getattr(request, "actor", None)
    if membership is None or actor is None:
        return context
    if request.user.is_authenticated:  # a guest's visit has its own end
        context["session_left"] = seconds_left(request.session, request.now, used=True)["left"]  # type: ignore[attr-defined]
    context["actor"] = {
        "name": actor.name,
        "role_label": membership.job_title or membership.get_role_display(),
        "partnership_name": membership.partnership.name,
        "may_compare": actor.role in (Role.CHAIR, *REVIEWERS, Role.PARTNERSHIP_ADMIN),
        "choose_role": getattr(request, "membership_choices", 1) > 1,
    }
    context["practice"] = actor.practice
    if actor.kind == "guest":
        context["guest_home"] = request.guest_home  # type: ignore[attr-defined]
        context["actor"]["role_label"] = f"{membership.agency.name}, guest"
        context["nav"] = guest_nav(request)
        return context
    context["nav"] = SimpleLazyObject(lambda: nav_of(request, actor))
    area = area_in_force(membership)
    if area is not None:
        context["protocol_label"] = f"Protocol ({area.dated})"
        context["protocol_url"] = _address("protocol", area.slug)
    return context


def home_label(role: str) -> str:
    """The first word of the menu, and the heading of the page behind it."""
    if role in REVIEWERS:
        return "My reviews"
    return {Role.PRACTITIONER: "My dissents", Role.PARTNERSHIP_ADMIN: "Overview"}.get(Role(role), "My work")


def nav_of(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    """The menu of a role: a handful of places, each once. Practice has no figures and no setting."""
    role = actor.role
    unread = unread_count(actor.user_id or 0, actor.partnership_id or 0)
    has_setting = role == Role.PARTNERSHIP_ADMIN and not actor.practice
    places = [
        (home_label(role), "home"),
        ("My conferences" if role in (*RECORDERS, Role.PRACTITIONER) else "Conferences", "conferences"),
        ("Cases", "cases"),
        ("Figures", "figures") if has_setting else None,
        ("Learning", "learning") if has_setting else None,
        ("Partnership", "partnership") if has_setting else None,
        (f"Notices ({unread})" if unread else "Notices", "notices"),
        ("Guidance", "help"),
        ("Sent mail", "mail") if settings.DEMONSTRATION or actor.practice else None,
    ]
    links = [(label, _address(name)) for label, name in filter(None, places)]
    return [
        {"label": label, "href": href, "current": _stands_at(request.path, href)}
        for label, href in links
        if href
    ]


def guest_nav(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu of a guest: their one case, and the guidance."""
    links = [("My case", request.guest_home), ("Guidance", _address("help"))]  # type: ignore[attr-defined]
    return [
        {"label": label, "href": href, "current": _stands_at(request.path, href)} for label, href in links
    ]


def _address(name: str, *args: str) -> str:
    """Where a page stands; empty for one that this installation leaves out."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _stands_at(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href))
