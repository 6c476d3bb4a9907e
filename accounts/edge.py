"""The edge between a browser and the actions: who may come in, one-time forms, and a page for every refusal."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django import forms
from django.contrib import messages
from django.db import DatabaseError, IntegrityError, transaction
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from accounts.actions import drop_draft, keep_draft
from accounts.models import Submission
from accounts.selectors import drafts_of
from core.actor import Actor
from core.formbase import GovForm
from core.references import CASE, CONFERENCE
from core.refusals import Denied, Kind, Route, not_yours


class ActingRequest(HttpRequest):
    """A request whose person is signed in and has an active membership; `now` was read once at the edge."""

    now: dt.datetime
    actor: Actor
    membership: Any
    said: str  # what the page that follows says was done


View = Callable[..., HttpResponse]

GUEST_KEY = "guest_visit"  # in the session of a guest: their visit
ANY_FORM = "*"  # what was sent when nobody was signed in any more: the form that has such fields takes it
PAGE_LENGTH = 300
RECORD_PAGES = {f"{CASE}-": "case", f"{CONFERENCE}-": "conference"}  # their pages have it in their address

ANOTHER_WAS_FIRST = (
    "Someone else changed this at the same moment. Look at it as it stands now, then save yours."
)


def signed_in(view: View) -> View:
    """For people with an active membership: others are sent to sign in, or to choose a role. Refusals become pages.

    A guest is refused: what is for guests too says so with `acting`.
    """

    @wraps(view)
    def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor is not None and request.actor.kind == "guest":
            home = Route("Go to your case", request.guest_home)
            return refused(
                request, not_yours("This page is for people with an account of this service.", route=home)
            )
        return acting(view)(request, *args, **kwargs)

    return inner


def acting(view: View) -> View:
    """For people with an active membership and for guests. The view then sees by `visible_to` what is the actor's."""

    @wraps(view)
    def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor is None and getattr(request, "guest_ended", False):
            return redirect(f"{reverse('guest-new-link')}?over")
        if request.actor is None and not request.user.is_authenticated:
            return _to_sign_in(request)
        if request.actor is None:
            return redirect(f"{reverse('choose-role')}?{_query(next=_page_of(request))}")
        try:
            return view(request, *args, **kwargs)
        except Denied as denied:
            return refused(request, denied)

    return inner


def _to_sign_in(request: Any) -> HttpResponse:
    """To sign in, and back to the same page. What was sent after the session's end is kept for whoever it was of."""
    page = _page_of(request)
    query = _query(next=page)
    was: int | None = getattr(request, "was_user_id", None)
    if was is not None:
        query = _query(next=page, ended="1")
        if request.method == "POST" and len(page) <= PAGE_LENGTH:
            keep_draft(
                user_id=was,
                page=page,
                form=ANY_FORM,
                typed=typed_in(request.POST),
                token=None,
                now=request.now,
            )
    return redirect(f"{reverse('sign-in')}?{query}")


def _query(**values: str) -> str:
    return urlencode(values, safe="/", quote_via=quote)


def _page_of(request: HttpRequest) -> str:
    """The page to come back to. What was sent came from a form: back to the page that it stood on, if it was ours."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host():
        return reverse("home")
    return came_from._replace(scheme="", netloc="", fragment="").geturl() or reverse("home")


def refused(request: HttpRequest, denied: Denied, form: forms.Form | None = None) -> HttpResponse:
    """The page of a refusal where there is no form to come back to: 403, 409 or 422."""
    template = {Kind.NOT_YOURS: "403.html", Kind.CHANGED: "errors/409.html", Kind.NOT_NOW: "errors/422.html"}
    context = {
        "denied": denied,
        "mine": typed_texts(form) if form else [],
        "theirs": [],
        "cancel_url": request.path,
        **_record_of(request),
    }
    return render(request, template[denied.kind], context, status=denied.kind.value)


def _record_of(request: HttpRequest) -> dict[str, str]:
    """The way back to the record that the refused page belongs to, unless that record's own page was refused."""
    reference = request.resolver_match.kwargs.get("reference", "") if request.resolver_match else ""
    page = RECORD_PAGES.get(reference[:3])
    url = reverse(page, args=[reference]) if page else ""
    return {"back_url": url, "back_label": f"Back to {reference}"} if url and url != request.path else {}


def typed_texts(form: forms.Form) -> list[dict[str, Any]]:
    """What was typed into a form, as label and value: shown again when someone else was first, so nothing is lost."""
    return [
        {"label": form[name].label, "value": _chosen(field).get(value, value), "typed": True}
        for name, field in form.fields.items()
        if not field.widget.is_hidden and isinstance(value := form[name].value(), str) and value.strip()
    ]


def _chosen(field: forms.Field) -> dict[str, str]:
    """The words of a list of choices by what they send."""
    listed: Any = getattr(field, "choices", ())
    flat = [
        pair
        for key, words in listed
        for pair in (words if isinstance(words, list | tuple) else [(key, words)])
    ]
    return {str(key): str(words) for key, words in flat}


class OnceForm(GovForm):
    """A form with a one-time token: the same token sent twice is the same record.

    Where there is a text to type, it is kept on the server until it is sent: its page calls `with_draft`.
    """

    draft_left_at: dt.datetime | None = None
    draft_drop_url: str = ""
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("token", uuid.uuid4())

    def retyped(self) -> None:
        """A draft was put back into it: a form with rows makes room for as many as were typed."""

    @property
    def drafted(self) -> bool:
        return any(isinstance(field.widget, forms.Textarea) for field in self.fields.values())


def with_draft(request: Any, *shown: Any) -> None:
    """Let a page keep what is typed into its forms; the first time that it is shown, give back what was left in them.

    Called when the view has done its own work, just before the page is made: a form that was given its draft looks as
    if it had been sent. One query for all forms of a page.
    """
    page = request.get_full_path()
    typing = [form for form in shown if form is not None and getattr(form, "drafted", False)]
    if not typing or len(page) > PAGE_LENGTH:
        return
    for form in typing:
        query = urlencode({"page": page, "form": _kept_as(request, form)})
        form.draft_url, form.draft_drop_url = (
            f"{reverse('draft')}?{query}",
            f"{reverse('draft-drop')}?{query}",
        )
    open_ = [form for form in typing if not form.is_bound]
    if request.method == "POST" or not open_:
        return
    names = [_kept_as(request, form) for form in open_]
    left = drafts_of(request.membership.user_id, page, [*names, ANY_FORM], request.now)
    for form, name in zip(open_, names, strict=True):
        for draft in left:
            if draft.form in (name, ANY_FORM) and _restore(form, draft.typed):
                form.draft_left_at = draft.saved_at
                break


def _kept_as(request: Any, form: forms.Form) -> str:
    """The name of a form's draft. What is typed in practice never comes back in a real form at the same address."""
    in_practice = request.actor is not None and request.actor.practice
    return f"practice.{draft_name(form)}" if in_practice else draft_name(form)


def draft_name(form: forms.Form) -> str:
    return f"{type(form).__name__}{f'-{form.prefix}' if form.prefix else ''}"


def _restore(form: Any, typed: dict[str, list[str]]) -> bool:
    """Show what was typed without judging it, under a new token. False when none of it belongs to this form."""
    seen = {form.add_prefix(name) for name, field in form.fields.items() if not field.widget.is_hidden}
    parts = {key for key in typed if any(typed[key]) and (key in seen or key.rpartition("_")[0] in seen)}
    if not parts:
        return False
    data = QueryDict(mutable=True)
    for key, values in typed.items():
        data.setlist(key, values)
    data[form.add_prefix("token")] = str(uuid.uuid4())
    form.data, form.is_bound, form._errors = data, True, ErrorDict()
    form.retyped()
    return True


def typed_in(data: QueryDict) -> dict[str, list[str]]:
    """What was posted, as a draft keeps it: without tokens, and without what the database cannot hold."""
    kept = ((key, values) for key, values in data.lists() if not key.endswith("token") and "\x00" not in key)
    return {key: [str(value).replace("\x00", "") for value in values] for key, values in kept}


def submit(
    request: ActingRequest,
    form: forms.Form,
    act: Callable[[], Any],
    to: Callable[[Any], str],
    *,
    theirs: Callable[[], list[dict[str, Any]]] | None = None,
    renew: Callable[[], forms.Form] | None = None,
) -> HttpResponse | None:
    """Run an action for a valid form and go on to its result.

    Returns a redirect, or the 409 page with what was typed when someone else was first; None when the form is to be
    shown again (its error is then on it: render it with `form_status(form)`). 403 is raised as Denied, which
    `signed_in` makes a page of. `theirs`: what stands there now; `renew`: the form as it would be opened now, so that
    the conflict page can offer to save what was typed all the same.
    """
    token = form.cleaned_data.get("token") if hasattr(form, "cleaned_data") else None
    try:
        with transaction.atomic():
            if token is not None:
                first = _claim(request, token)
                if first is not None:
                    return redirect(say_done(request, first.said, first.result_url or request.path))
            result = act()
            url = to(result)
            if token is not None:
                said = getattr(request, "said", "")
                Submission.objects.filter(token=token).update(result_url=url, said=said)
            if getattr(form, "drafted", False):
                drop_draft(
                    user_id=request.membership.user_id,
                    page=request.get_full_path(),
                    forms=(_kept_as(request, form), ANY_FORM),
                )
        return redirect(url)
    except Denied as denied:
        if denied.kind is Kind.NOT_YOURS:
            raise
        if denied.kind is Kind.CHANGED:
            return _conflict(request, form, denied, theirs, renew)
        say(form, denied)
        return None
    except (ConcurrentTransition, TransitionNotAllowed):
        return _conflict(request, form, Denied(ANOTHER_WAS_FIRST, kind=Kind.CHANGED), theirs, renew)
    except IntegrityError:
        return _conflict(request, form, Denied(ANOTHER_WAS_FIRST, kind=Kind.CHANGED), theirs, renew)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") not in ("40P01", "55P03", "40001"):
            raise
        form.add_error(
            None, "The service was busy with this record. Your text is still on this screen. Try again"
        )
        return None


def say(form: forms.Form, denied: Denied) -> None:
    """Put a refusal on the form: at its field when the form has it, with the rule, and the route after it."""
    field = denied.field if denied.field in form.fields else None
    sentence = denied.sentence
    if denied.route.text:
        sentence = f"{sentence.rstrip('.')}. {denied.route.text}"
    form.add_error(field, sentence)
    form.denied = denied  # type: ignore[attr-defined]


def form_status(form: forms.Form) -> int:
    """200 for a form shown the first time, 422 for one that was refused."""
    return 422 if form.is_bound and form.errors else 200


def _conflict(
    request: HttpRequest,
    form: forms.Form,
    denied: Denied,
    theirs: Callable[[], list[dict[str, Any]]] | None,
    renew: Callable[[], forms.Form] | None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "denied": denied,
        "theirs": theirs() if theirs else [],
        "mine": typed_texts(form),
        "cancel_url": request.path,
    }
    if renew is not None:
        again = renew()
        _retype(again, form)
        with_draft(request, again)
        query = urlencode({"page": request.get_full_path(), "form": _kept_as(request, form)})
        context |= {"form": again, "keep_theirs": f"{reverse('draft-drop')}?{query}"}
    return render(request, "errors/409.html", context, status=409)


def _retype(again: forms.Form, sent: forms.Form) -> None:
    """What was typed, in a form as it would be opened now: under today's hidden versions, and with what the other
    person wrote where this one changed nothing (`untouched`)."""
    typed: Any = sent.data
    data = typed.copy()
    untouched = sent.untouched() if hasattr(sent, "untouched") else ()
    for name, field in again.fields.items():
        if field.widget.is_hidden or name in untouched:
            data[again.add_prefix(name)] = str(again.get_initial_for_field(field, name) or "")
    again.data, again.is_bound = data, True
    again._errors = ErrorDict()  # type: ignore[attr-defined]


def say_done(request: Any, words: str, url: str) -> str:
    """Say on the page that follows what was done. Returns its address, as the `to` of `submit` does.

    A form that is sent twice says it again: a browser follows only the last of its requests, and the answer to the
    one that did the work may be the one it threw away.
    """
    if words:
        request.said = words
        messages.success(request, words)
    return url


def _claim(request: ActingRequest, token: uuid.UUID) -> Submission | None:
    """Claim a form's token. Returns its first sending, if there was one; raises Denied when it was another form's."""
    body = {k: v for k, v in request.POST.lists() if k != "csrfmiddlewaretoken"}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    _, created = Submission.objects.get_or_create(
        token=token,
        defaults={
            "user_id": request.membership.user_id,
            "path": request.path[:300],
            "body_hash": digest,
            "at": request.now,
        },
    )
    if created:
        return None
    row = Submission.objects.select_for_update().get(token=token)
    if row.user_id != request.membership.user_id or row.path != request.path[:300]:
        raise Denied("This form was already used. Open the page again and send it from there.")
    if row.body_hash != digest:
        raise Denied(
            "This form was already sent once with other words. Open the page again to see what was saved."
        )
    return row
