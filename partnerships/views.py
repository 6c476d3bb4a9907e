"""The role a person acts in, the protocols, and a partnership's own setting."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

import protocols
from accounts import actions as accounts
from accounts.actions import note_role_chosen
from accounts.edge import ActingRequest, OnceForm, form_status, say, say_done, signed_in, submit, with_draft
from accounts.selectors import key_for
from accounts.states import KeyPurpose
from core import sheets
from core.clock import london_date
from core.refusals import Denied
from core.templatetags.pd import day_date, plural
from partnerships import actions
from partnerships.actions import check_admin, fill_slot, publish_protocol
from partnerships.forms import (
    PEOPLE,
    AgencyForm,
    AgencyPostForm,
    ChooseRoleForm,
    ContactsForm,
    FileForm,
    FillSlotForm,
    ForgottenForm,
    LastDayForm,
    PasswordForm,
    PersonChangeForm,
    PersonEntryForm,
    PersonMoveForm,
    PublishForm,
    SignpostForm,
    WordsForm,
)
from partnerships.middleware import SESSION_KEY
from partnerships.models import Agency, Membership, Partnership, ProtocolVersion, Slot, SlotHolder
from partnerships.selectors import (
    actor_for,
    agencies_of,
    agency_posts_of,
    all_agency_posts,
    area_of,
    area_on,
    areas_on,
    duty_contacts,
    entries_of,
    holdings_of,
    in_agency_post,
    members_of,
    memberships_of,
    own_text,
    path_of,
    people_preview,
    per_agency,
    posts_held,
    posts_of,
    review_state,
    rules_of,
    setting_history,
    setting_words,
    signposts_of,
    text_on,
    version_standing,
    version_texts,
    versions_of,
    words_asked,
    words_in_use,
)
from partnerships.states import Role
from protocols.describe import sections
from protocols.diagram import mermaid


@login_required
def choose_role(request: Any) -> HttpResponse:
    """For people with several roles. Someone without any is told so, and whom to ask."""
    every = memberships_of(request.user.pk, london_date(request.now))
    memberships = list(every.filter(partnership__practice_of__isnull=True))
    if not memberships:
        return render(request, "accounts/no_role.html", status=403)
    form = ChooseRoleForm(request.POST if request.method == "POST" else None, memberships=memberships)
    if request.method == "POST" and form.is_valid():
        chosen = next(m for m in memberships if str(m.uuid) == form.cleaned_data["membership"])
        request.session[SESSION_KEY] = chosen.pk
        note_role_chosen(by=actor_for(chosen, london_date(request.now)), now=request.now)
        return redirect(_next(request))
    context = {"form": form, "next": request.GET.get("next", "")}
    return render(request, "accounts/choose_role.html", context, status=form_status(form))


def _next(request: Any) -> str:
    """Where the person was going, when that is within this service."""
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if safe else "home"


def protocol_list(request: Any) -> HttpResponse:
    """The protocols of all partnerships, open to everybody."""
    today = london_date(request.now)
    rows = [_listed(area, today) for area in areas_on(today)]
    return render(request, "partnerships/protocols.html", {"rows": rows})


def _listed(area: protocols.AreaProtocol, today: dt.date) -> dict[str, Any]:
    return {"area": area, "review": review_state(area, today)}


def protocol(request: Any, slug: str = "", begins: str = "") -> HttpResponse:
    """One protocol in plain English, each sentence with its rule. Without a name: that of one's own partnership; with a
    day: the version that holds or held from that day."""
    if not slug:
        return (
            redirect("protocol", request.membership.partnership.slug)
            if request.membership
            else redirect("protocols")
        )
    today = london_date(request.now)
    published = version_texts(slug)
    area = _version_from(slug, begins, published) if begins else _text_on(slug, today, published)
    context = {
        "area": area,
        "standing": version_standing(area, published, today),
        "sections": sections(area),
        "steps": path_of(area),
        "mermaid": mermaid(area),
        "review": review_state(area, today),
        "rules": rules_of(area),
        "links": signposts_of(slug, area),
    }
    return render(request, "partnerships/protocol.html", context)


def _text_on(slug: str, day: dt.date, published: list[ProtocolVersion]) -> protocols.AreaProtocol:
    try:
        return text_on(slug, day, published)
    except protocols.UnknownPartnership:
        raise Http404("No such partnership.") from None


def _version_from(slug: str, begins: str, published: list[ProtocolVersion]) -> protocols.AreaProtocol:
    found = next((row for row in published if row.effective_from.isoformat() == begins), None)
    if found is None:
        raise Http404("No such version.")
    return area_of(found, found.partnership)


def protocol_file(request: Any, slug: str, begins: str) -> HttpResponse:
    """The text of a published version as the file it was, to start a newer one from."""
    text = _version_from(slug, begins, version_texts(slug)).source_text
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{begins}.toml"'
    return response


# --- the partnership's own setting ------------------------------------------------------------------------------


@signed_in
def partnership(request: ActingRequest) -> HttpResponse:
    """Posts and who fills them, the protocol, and the people: for the partnership admin."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    today = london_date(request.now)
    area = area_on(own.slug, today)
    packaged = protocols.library().on(own.slug, today)
    context = {
        "partnership": own,
        "posts": posts_of(own.pk, area, today),
        "agency_posts": agency_posts_of(own.pk, area, today),
        "versions": versions_of(own.pk, packaged),
        "packaged": packaged,
        "area": area,
        "review": review_state(area, today),
        "people": members_of(own.pk, today).count(),
        "agencies": len(agencies_of(own.pk)),
        "signposts": signposts_of(own.slug, area),
        "duty": duty_contacts(own.pk),
        "words": [
            (label, own.words[key]) for key, (label, _) in words_asked(area).items() if key in own.words
        ],
        "form": PublishForm(),
    }
    return render(request, "partnerships/partnership.html", context)


@signed_in
def fill_post(request: ActingRequest, key: str) -> HttpResponse:
    """Put somebody into a post, or let somebody stand in for its holder."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    slot = get_object_or_404(Slot, partnership=own, key=key)
    members = list(members_of(own.pk, london_date(request.now)))
    form = FillSlotForm(request.POST if request.method == "POST" else None, members=members, slot=slot)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        response = submit(
            request,
            form,
            lambda: fill_slot(
                partnership_id=own.pk,
                key=key,
                membership_id=next(m.pk for m in members if str(m.uuid) == given["membership"]),
                starts_on=given["starts_on"],
                ends_on=given["ends_on"],
                deputy=given["deputy"] == "deputy",
                by=request.actor,
                now=request.now,
            ),
            lambda _: reverse("partnership"),
        )
        if response:
            return response
    context = {"form": form, "slot": slot, "holders": holdings_of(slot, london_date(request.now))}
    return render(request, "partnerships/fill_post.html", context, status=form_status(form))


@require_POST
@signed_in
def publish(request: ActingRequest) -> HttpResponse:
    """Publish the packaged text for the partnership. A post that nobody fills stops it, by name."""
    own = request.membership.partnership
    check_admin(request.actor, own.pk)
    area = protocols.library().on(own.slug, london_date(request.now))
    form = PublishForm(request.POST)
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: publish_protocol(partnership=own, area=area, by=request.actor, now=request.now),
            lambda _: reverse("partnership"),
        )
        if response:
            return response
    denied = getattr(form, "denied", None) or Denied("Nothing was published. Try again from the page.")
    return render(
        request, "errors/422.html", {"denied": denied, "back_url": reverse("partnership")}, status=422
    )


# --- passwords: open to everybody -----------------------------------------------------------------------------------


@never_cache
def forgotten_password(request: Any) -> HttpResponse:
    """Ask for a link to set a password. The answer is the same for every address."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        actions.ask_for_password_link(email=form.cleaned_data["email"], now=request.now)
        return render(request, "accounts/link_sent.html")
    return render(request, "accounts/forgotten_password.html", {"form": form}, status=form_status(form))


@never_cache
def set_password(request: Any, link: uuid.UUID, secret: str) -> HttpResponse:
    """Choose a password by the link from the e-mail. To look at it uses nothing up."""
    key = key_for(link, secret, KeyPurpose.PASSWORD_LINK, request.now)
    if key is None:
        return render(request, "accounts/link_over.html", status=410)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            done = accounts.set_password(
                key_uuid=link, secret=secret, password=form.cleaned_data["password"], now=request.now
            )
        except Denied as denied:
            say(form, denied)
        else:
            if done is None:
                return render(request, "accounts/link_over.html", status=410)
            logout(request)
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("sign-in")
    context = {"form": form, "email": key.user.email}
    return render(request, "accounts/set_password.html", context, status=form_status(form))


# --- people ---------------------------------------------------------------------------------------------------------


def _own(request: ActingRequest) -> Partnership:
    """The partnership whose admin this is; everybody else is refused."""
    own: Partnership = request.membership.partnership
    check_admin(request.actor, own.pk)
    return own


def _posted(request: ActingRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _form_page(
    request: ActingRequest,
    form: Any,
    act: Callable[[], Any],
    done: str,
    back: tuple[str, str],
    *,
    template: str = "partnerships/form.html",
    only_shown: bool = False,
    **context: Any,
) -> HttpResponse:
    """One form of the setting: shown, sent, shown again with what was typed, or gone on from. `only_shown`: sent to be
    looked at, and not to be saved."""
    url, label = back
    if form.is_bound and not only_shown and form.is_valid():
        response = submit(request, form, act, lambda _: say_done(request, done, url))
        if response:
            return response
    shown = {"form": form, "back_url": url, "back_label": label, "cancel_url": url, **context}
    with_draft(request, form)
    return render(request, template, shown, status=form_status(form))


def _pick(rows: Iterable[Any], typed: str) -> int | None:
    """The id of the row that a list's choice names."""
    return next((row.pk for row in rows if str(row.uuid) == typed), None)


@signed_in
def people(request: ActingRequest) -> HttpResponse:
    """Everybody with a role, now, before or later; found by name, address, agency or job title."""
    own = _own(request)
    today = london_date(request.now)
    typed = request.GET.get("find", "")[:80]
    page = Paginator(entries_of(own.pk, today, typed), 50).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "typed": typed,
        "today": today,
        "query": urlencode({"find": typed}) + "&" if typed else "",
    }
    return render(request, "partnerships/people.html", context)


@signed_in
def person_new(request: ActingRequest) -> HttpResponse:
    own = _own(request)
    today = london_date(request.now)
    agencies, members = agencies_of(own.pk), list(members_of(own.pk, today))
    form = PersonEntryForm(_posted(request), agencies=agencies, members=members, initial={"starts_on": today})
    return _form_page(
        request, form, lambda: actions.enter_person(
            partnership_id=own.pk,
            person=actions.Person(
                email=form.cleaned_data["email"], name=form.cleaned_data["name"], role=form.cleaned_data["role"],
                job_title=form.cleaned_data["job_title"], agency_id=_pick(agencies, form.cleaned_data["agency"]) or 0,
                starts_on=form.cleaned_data["starts_on"],
                line_manager_id=_pick(members, form.cleaned_data["line_manager"]),
            ),
            by=request.actor, now=request.now,
        ),
        "The person was added. Somebody new gets a link to set a password.", (reverse("people"), "People"),
        page_title="Add a person", submit_label="Add the person",
    )  # fmt: skip


def _entry(request: ActingRequest, membership: uuid.UUID) -> Membership:
    own = _own(request)
    rows = Membership.objects.select_related("user", "agency", "line_manager__user").exclude(role=Role.GUEST)
    return get_object_or_404(rows, partnership=own, uuid=membership)


@signed_in
def person(request: ActingRequest, membership: uuid.UUID) -> HttpResponse:
    """One person's role: what it is, what they fill, what was changed about it, and what can be."""
    row = _entry(request, membership)
    today = london_date(request.now)
    area = area_on(row.partnership.slug, today)
    events = setting_history(row.partnership_id, membership_id=row.pk)[:50]
    context = {
        "person": row,
        "posts": posts_held(row.pk, today),
        "others": Membership.objects.filter(user=row.user, partnership=row.partnership)
        .exclude(pk=row.pk)
        .exclude(role=Role.GUEST)
        .select_related("agency")
        .order_by("starts_on"),
        "history": setting_words(events, {slot.key: slot.title for slot in area.slots}),
        "left": row.ends_on is not None and row.ends_on < today,
        "form": OnceForm(),
    }
    return render(request, "partnerships/person.html", context)


@signed_in
def person_change(request: ActingRequest, membership: uuid.UUID) -> HttpResponse:
    row = _entry(request, membership)
    members = [
        m for m in members_of(row.partnership_id, london_date(request.now)) if m.user_id != row.user_id
    ]
    manager = str(row.line_manager.uuid) if row.line_manager else ""
    form = PersonChangeForm(
        _posted(request), members=members, initial={"job_title": row.job_title, "line_manager": manager}
    )
    return _form_page(
        request, form, lambda: actions.change_person(
            membership_id=row.pk, job_title=form.cleaned_data["job_title"],
            line_manager_id=_pick(members, form.cleaned_data["line_manager"]), by=request.actor, now=request.now,
        ),
        "The entry was changed.", _person_url(row), page_title=f"Change the entry of {row.user.name}",
        submit_label="Save",
    )  # fmt: skip


def _person_url(row: Membership) -> tuple[str, str]:
    return reverse("person", args=[row.uuid]), "Back to the person"


@signed_in
def person_move(request: ActingRequest, membership: uuid.UUID) -> HttpResponse:
    row = _entry(request, membership)
    agencies = agencies_of(row.partnership_id)
    initial = {"agency": str(row.agency.uuid), "job_title": row.job_title, "role": row.role}
    form = PersonMoveForm(_posted(request), agencies=agencies, initial=initial)
    return _form_page(
        request, form, lambda: actions.move_person(
            membership_id=row.pk, agency_id=_pick(agencies, form.cleaned_data["agency"]) or 0,
            role=form.cleaned_data["role"], job_title=form.cleaned_data["job_title"],
            starts_on=form.cleaned_data["starts_on"], by=request.actor, now=request.now,
        ),
        f"{row.user.name} moves to the new role or agency.", (reverse("people"), "People"),
        page_title=f"Move {row.user.name}", submit_label="Save the move",
        lead="The present role ends the day before, and the posts filled in it. Cases of the present role do not move along: "
        "what an agency knows stays with that agency.",
    )  # fmt: skip


@signed_in
def person_end(request: ActingRequest, membership: uuid.UUID) -> HttpResponse:
    row = _entry(request, membership)
    form = LastDayForm(_posted(request), initial={"ends_on": row.ends_on or london_date(request.now)})
    posts = ", ".join(holding.slot.title for holding in posts_held(row.pk, london_date(request.now)))
    return _form_page(
        request, form, lambda: actions.end_person(
            membership_id=row.pk, ends_on=form.cleaned_data["ends_on"], by=request.actor, now=request.now
        ),
        "The last day was entered.", _person_url(row), page_title=f"Last day of {row.user.name}",
        submit_label="Save the last day",
        lead="They can sign in until the end of that day. What they did stays on record under their name.",
        warning=f"They fill: {posts}. Fill these posts anew, or messages to them wait." if posts else "",
    )  # fmt: skip


@require_POST
@signed_in
def person_password(request: ActingRequest, membership: uuid.UUID) -> HttpResponse:
    row = _entry(request, membership)
    form = OnceForm(request.POST)
    url, _ = _person_url(row)
    if form.is_valid():
        response = submit(
            request, form,
            lambda: actions.send_password_link(membership_id=row.pk, by=request.actor, now=request.now),
            lambda _: say_done(request, f"{row.user.name} was sent a link to set a password.", url),
        )  # fmt: skip
        if response:
            return response
    denied = getattr(form, "denied", None) or Denied("Nothing was sent. Try again from the page.")
    return render(request, "errors/422.html", {"denied": denied, "back_url": url}, status=422)


@signed_in
def people_import(request: ActingRequest) -> HttpResponse:
    """Add people from a file: chosen, checked row by row, and entered all together or not at all."""
    own = _own(request)
    form = FileForm(_posted(request), request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if form.is_bound and form.is_valid():
        try:
            rows = sheets.read(form.cleaned_data["rows"], PEOPLE)
        except sheets.Unreadable as reason:
            form.add_error("file", str(reason))
        else:
            preview = people_preview(own.pk, rows, actions.Person)
            once = OnceForm(request.POST if request.POST.get("step") == "import" else None)
            if once.is_bound and once.is_valid() and not preview.wrong:
                response = submit(
                    request, once,
                    lambda: actions.import_people(
                        partnership_id=own.pk, people=preview.people, by=request.actor, now=request.now
                    ),
                    lambda count: say_done(
                        request, f"{plural(count, 'person,people')} added. Each new one gets a link to set a password.",
                        reverse("people"),
                    ),
                )  # fmt: skip
                if response:
                    return response
            context |= {
                "preview": preview, "once": once, "rows": form.cleaned_data["rows"], "page_title": "Check the people",
                "headings": [column.heading for column in PEOPLE],
                "ready": f"{plural(len(preview.people), 'person,people')} can be added. Nothing is saved yet.",
                "submit_label": f"Add {plural(len(preview.people), 'person,people')}",
                "back_url": reverse("people-import"), "back_label": "Choose another file", "cancel_url": reverse("people"),
            }  # fmt: skip
            bad = bool(preview.wrong or once.errors)
            return render(request, "components/file_check.html", context, status=422 if bad else 200)
    return render(request, "partnerships/people_import.html", context, status=form_status(form))


@signed_in
def people_template(request: ActingRequest) -> HttpResponse:
    """The file to fill in."""
    _own(request)
    response = HttpResponse(sheets.template(PEOPLE), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="people.csv"'
    return response


# --- agencies, posts, contacts, history -----------------------------------------------------------------------------


@signed_in
def agencies(request: ActingRequest) -> HttpResponse:
    own = _own(request)
    return render(request, "partnerships/agencies.html", {"agencies": agencies_of(own.pk)})


@signed_in
def agency(request: ActingRequest, agency: uuid.UUID | None = None) -> HttpResponse:
    """Add an agency, or change one."""
    own = _own(request)
    row = get_object_or_404(Agency, partnership=own, uuid=agency) if agency else None
    initial = (
        {
            "name": row.name,
            "kind": row.kind,
            "statutory": "yes" if row.statutory else "no",
            "email": row.email,
        }
        if row
        else {}
    )
    form = AgencyForm(_posted(request), initial=initial)
    return _form_page(
        request, form, lambda: actions.save_agency(
            partnership_id=own.pk, agency_id=row.pk if row else None, by=request.actor, now=request.now,
            **{key: form.cleaned_data[key] for key in ("name", "kind", "statutory", "email")},
        ),
        "The agency was saved.", (reverse("agencies"), "Agencies"),
        page_title=f"Change {row.name}" if row else "Add an agency", submit_label="Save",
    )  # fmt: skip


@signed_in
def end_post(request: ActingRequest, holding: uuid.UUID) -> HttpResponse:
    """The last day of somebody in a post."""
    own = _own(request)
    row = get_object_or_404(
        SlotHolder.objects.select_related("slot", "membership__user"), partnership=own, uuid=holding
    )
    form = LastDayForm(_posted(request), initial={"ends_on": row.ends_on or london_date(request.now)})
    return _form_page(
        request, form, lambda: actions.end_post(
            holder_id=row.pk, ends_on=form.cleaned_data["ends_on"], by=request.actor, now=request.now
        ),
        "The last day was entered.", (reverse("fill-post", args=[row.slot.key]), "Back to the post"),
        page_title=f"Last day of {row.membership.user.name}", submit_label="Save the last day",
        lead=f"{row.slot.title}{', as deputy' if row.deputy_for_id else ''}. Work follows the post: what is open goes to "
        "whoever fills it next.",
    )  # fmt: skip


@signed_in
def contacts(request: ActingRequest) -> HttpResponse:
    """The partnership's name, and whom to call at once for a child: several teams, in their order."""
    own = _own(request)
    initial: dict[str, Any] = {"name": own.name}
    for row in duty_contacts(own.pk):
        n = row.place
        initial |= {f"team_{n}": row.team, f"hours_{n}": row.hours, f"telephone_{n}": row.telephone}
    form = ContactsForm(_posted(request), initial=initial)
    return _form_page(
        request, form, lambda: actions.save_contacts(
            partnership_id=own.pk, name=form.cleaned_data["name"],
            duty=[actions.Duty(*row) for row in form.duty()], by=request.actor, now=request.now,
        ),
        "Name and duty contacts were saved.", (reverse("partnership"), "Partnership"),
        template="partnerships/contacts.html", page_title="Name and duty contacts", submit_label="Save",
        old=own.urgent_contact if not duty_contacts(own.pk) else "",
    )  # fmt: skip


@signed_in
def words(request: ActingRequest) -> HttpResponse:
    """What the protocol names and is called otherwise here; seen in sentences before it is saved."""
    own = _own(request)
    area = own_text(own, london_date(request.now))
    form = WordsForm(_posted(request), words=words_asked(area), initial=own.words)
    trying = form.is_bound and "preview" in request.POST and form.is_valid()
    shown = own.words
    if trying:
        shown = {key: " ".join(word.split()) for key, word in form.words().items() if word.strip()}
    context: dict[str, Any] = {
        "page_title": "Words used here", "submit_label": "Save", "trying": trying,
        "secondary": {"label": "See how it reads", "name": "preview", "value": "1"},
        "sentences": words_in_use(area.said_as(shown)), "template": "partnerships/words.html",
        "lead": "The pages speak in the words of your protocol. Where people say something else here, enter it. Rules and "
        "dates stay the same, and what was sent stays as it was.",
    }  # fmt: skip
    act = lambda: actions.save_words(  # noqa: E731 - named once
        partnership_id=own.pk, words=form.words(), by=request.actor, now=request.now
    )
    return _form_page(
        request,
        form,
        act,
        "The words were saved.",
        (reverse("partnership"), "Partnership"),
        only_shown=trying,
        **context,
    )


@signed_in
def signpost(request: ActingRequest, place: str) -> HttpResponse:
    """The address of something that the protocol names without one."""
    own = _own(request)
    area = area_on(own.slug, london_date(request.now))
    found = next((row for row in signposts_of(own.slug, area) if row["key"] == place), None)
    if found is None:
        raise Http404("The protocol names nothing like that.")
    form = SignpostForm(_posted(request), initial={"text": found["text"], "url": found["url"]})
    return _form_page(
        request, form, lambda: actions.save_signpost(
            partnership_id=own.pk, key=place, text=form.cleaned_data["text"], url=form.cleaned_data["url"],
            by=request.actor, now=request.now,
        ),
        "The address was saved. It stands on the page of the protocol.", (reverse("partnership"), "Partnership"),
        page_title=found["label"], submit_label="Save",
        lead=f"The protocol names it{' (' + found['rule'] + ')' if found['rule'] else ''}. {found['note']}",
    )  # fmt: skip


@signed_in
def agency_post(request: ActingRequest, agency: uuid.UUID, key: str) -> HttpResponse:
    """Who fills, for one agency, a post that the protocol has once per agency."""
    own, today = _own(request), london_date(request.now)
    area = area_on(own.slug, today)
    post = next((slot for slot in per_agency(area) if slot.key == key), None)
    found = get_object_or_404(Agency, partnership=own, uuid=agency)
    if post is None:
        raise Http404("The protocol has no such post for each agency.")
    members = [m for m in members_of(own.pk, today) if m.agency_id == found.pk]
    row = in_agency_post(all_agency_posts(own.pk), key, found.pk, today)
    form = AgencyPostForm(
        _posted(request), members=members, filled=row is not None, initial={"starts_on": today}
    )
    held = f"Now: {row.who}, since {day_date(row.starts_on)}." if row else "Nobody is entered yet."
    return _form_page(
        request, form, lambda: actions.fill_agency_post(
            partnership_id=own.pk, key=key, agency_id=found.pk, starts_on=form.cleaned_data["starts_on"],
            by=request.actor, now=request.now, **form.given(members),
        ),
        f"Saved for {found.name}.", (reverse("partnership"), "Partnership"),
        page_title=f"{post.title}: {found.name}", submit_label="Save",
        lead=f"{held} When a disagreement comes to their step, they are named there and told{' (' + post.rule + ')' if post.rule else ''}.",
    )  # fmt: skip


@signed_in
def setting_log(request: ActingRequest) -> HttpResponse:
    """Every change of the setting, newest first."""
    own = _own(request)
    area = area_on(own.slug, london_date(request.now))
    page: Any = Paginator(setting_history(own.pk), 50).get_page(request.GET.get("page"))
    page.object_list = setting_words(page.object_list, {slot.key: slot.title for slot in area.slots})
    return render(request, "partnerships/history.html", {"page": page})
