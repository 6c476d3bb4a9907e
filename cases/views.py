"""Guests: inviting one to a case, and the way in for them: link, code, visit. A signed-in person takes none of these."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.edge import GUEST_KEY, ActingRequest, OnceForm, form_status, say, say_done, signed_in, submit
from accounts.selectors import key_for
from accounts.states import KeyPurpose
from cases import actions, permissions
from cases.forms import CodeForm, InviteForm, NewLinkForm
from cases.models import Case, Invitation, Participant
from cases.selectors import get_case_or_404, invitation_in_force
from core.refusals import Denied

CODE_KEY = "guest_code"  # in the session: the code that was sent after a link was opened


# --- for those who hold the case ------------------------------------------------------------------------------------


def _participant(case: Case, participant: uuid.UUID) -> Participant:
    row = case.participants.select_related("agency").filter(uuid=participant).first()
    if row is None or row.membership_id is not None or row.slot_id is not None:
        raise Http404("No such person.")
    return row


@signed_in
def invite_guest(request: ActingRequest, reference: str, participant: uuid.UUID) -> HttpResponse:
    """Invite a participant without an account, or send them another link."""
    case = get_case_or_404(request.actor, reference)
    permissions.check_holds(request.actor, case)
    person = _participant(case, participant)
    permissions.check_invite(request.actor, case, person)
    posted = request.POST if request.method == "POST" else None
    form = InviteForm(posted, initial={"email": person.email})
    url = reverse("case", args=[case.reference])
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.invite(
                participant_id=person.pk, by=request.actor, email=form.cleaned_data["email"], now=request.now
            ),
            lambda _: say_done(request, f"{person.name} was sent a link.", url),
        )
        if response:
            return response
    context = {
        "form": form,
        "case": case,
        "person": person,
        "invited": person.invitations.filter(withdrawn_at__isnull=True).exists(),
        "back_url": url,
    }
    return render(request, "cases/invite.html", context, status=form_status(form))


@signed_in
def end_guest(request: ActingRequest, reference: str, participant: uuid.UUID) -> HttpResponse:
    """Take the invitation of a guest back."""
    case = get_case_or_404(request.actor, reference)
    permissions.check_holds(request.actor, case)
    person = _participant(case, participant)
    invitation = person.invitations.order_by("-invited_at").first()
    if invitation is None:
        raise Http404("This person was not invited.")
    permissions.check_withdraw(request.actor, case, invitation)
    form = OnceForm(request.POST if request.method == "POST" else None)
    url = reverse("case", args=[case.reference])
    if form.is_bound and form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.withdraw_invitation(
                invitation_id=invitation.pk, by=request.actor, now=request.now
            ),
            lambda _: say_done(request, f"The invitation of {person.name} was taken back.", url),
        )
        if response:
            return response
    context = {"form": form, "case": case, "person": person, "back_url": url}
    return render(request, "cases/end_guest.html", context, status=form_status(form))


# --- the way in -----------------------------------------------------------------------------------------------------


@never_cache
def guest_link(request: Any, link: uuid.UUID, secret: str) -> HttpResponse:
    """The link of the e-mail. To look at it uses nothing up; the button does, and sends the code."""
    key = key_for(link, secret, KeyPurpose.GUEST_LINK, request.now)
    invitation = invitation_in_force(key.about) if key is not None else None
    if invitation is None:
        return render(request, "cases/link_over.html", status=410)
    if request.method != "POST":
        return render(request, "cases/link.html", {"invitation": invitation})
    code = actions.open_link(key_uuid=link, secret=secret, now=request.now)
    if code is None:
        return render(request, "cases/link_over.html", status=410)
    logout(request)  # whoever else was here: this browser is the guest's from now on
    request.session[CODE_KEY] = str(code.uuid)
    return redirect("guest-code")


def _code_asked(request: Any) -> uuid.UUID | None:
    kept = request.session.get(CODE_KEY)
    return uuid.UUID(kept) if kept else None


@never_cache
def guest_code(request: Any) -> HttpResponse:
    """The code from the e-mail begins a visit."""
    asked = _code_asked(request)
    if asked is None:
        return redirect("guest-new-link")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        visit = actions.come_in(code_uuid=asked, code=form.cleaned_data["code"], now=request.now)
        if visit is not None:
            return _begin(request, visit.invitation, str(visit.uuid))
        form.add_error(
            "code",
            "This code is not right, or it works no more. Check the newest email, or send another code",
        )
    return render(request, "cases/code.html", {"form": form}, status=form_status(form))


def _begin(request: Any, invitation: Invitation, visit: str) -> HttpResponse:
    request.session.flush()
    request.session[GUEST_KEY] = visit
    return redirect("case", invitation.case.reference)


@require_POST
def guest_code_again(request: Any) -> HttpResponse:
    asked = _code_asked(request)
    if asked is None:
        return redirect("guest-new-link")
    try:
        code = actions.send_another_code(code_uuid=asked, now=request.now)
    except Denied as denied:
        form = CodeForm({})
        form.errors.clear()
        say(form, denied)
        return render(request, "cases/code.html", {"form": form}, status=422)
    request.session[CODE_KEY] = str(code.uuid)
    messages.success(request, "Another code was sent. The one before works no more.")
    return redirect("guest-code")


@never_cache
def guest_new_link(request: Any) -> HttpResponse:
    """Ask for a new link. The answer is the same for every address: it does not tell who is invited."""
    form = NewLinkForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        actions.ask_for_links(email=form.cleaned_data["email"], now=request.now)
        return render(request, "cases/link_sent.html")
    context = {"form": form, "ended": getattr(request, "guest_ended", False) or "over" in request.GET}
    return render(request, "cases/new_link.html", context, status=form_status(form))


@require_POST
def guest_leave(request: Any) -> HttpResponse:
    """A guest signs out."""
    if request.user.is_authenticated:
        return redirect("home")
    visit = request.session.get(GUEST_KEY)
    if visit and request.guest_home:
        actions.leave(visit_uuid=uuid.UUID(visit), now=request.now)
    request.session.flush()
    return render(request, "cases/left.html")
