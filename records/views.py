"""Pages of this room: the records of discussions of one case."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

import protocols
from accounts.edge import ActingRequest, OnceForm, acting, form_status, say_done, submit, with_draft
from cases.models import Case
from cases.selectors import area_of_case, get_case_or_404
from core.clock import london_date
from core.refusals import Denied, Kind
from core.templatetags.pd import day_date
from partnerships.models import Membership
from records import actions, forms, permissions, policies, selectors
from records.models import Discussion


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
    request: ActingRequest,
    case: Case,
    form: Any,
    act: Callable[[], Any],
    done: str,
    *,
    back_url: str,
    template: str = "records/form.html",
    theirs: Callable[[], list[dict[str, Any]]] | None = None,
    renew: Callable[[], Any] | None = None,
    **context: Any,
) -> HttpResponse:
    """One form about one case's records: shown, sent, shown again with what was typed, or gone on from."""

    def to(result: Any) -> str:
        url = (
            reverse("discussion", args=[case.reference, result.uuid])
            if isinstance(result, Discussion)
            else back_url
        )
        return say_done(request, done, url)

    if form.is_bound and not form.errors and form.is_valid():
        response = submit(request, form, act, to, theirs=theirs, renew=renew)
        if response:
            return response
    shown = {
        "form": form,
        "reference": case.reference,
        "back_url": back_url,
        "cancel_url": back_url,
        **context,
    }
    with_draft(request, form)
    return render(request, template, shown, status=form_status(form))


def _list_url(case: Case) -> str:
    return reverse("discussions", args=[case.reference])


@acting
def discussions(request: ActingRequest, reference: str) -> HttpResponse:
    """Every record of a case that this person may read, and which side has made its own."""
    case = get_case_or_404(request.actor, reference)
    area = area_of_case(case)
    permissions.check_write(request.actor, case, area)
    context = {"case": case, "records": selectors.list_page(case, request.actor, area)}
    return render(request, "records/list.html", context)


@acting
def discussion(request: ActingRequest, reference: str, record: uuid.UUID) -> HttpResponse:
    found = selectors.get_discussion_or_404(request.actor, reference, record)
    return render(request, "records/discussion.html", selectors.page_of(found, request.actor))


def _written_form(request: ActingRequest, case: Case, **kwargs: Any) -> forms.DiscussionForm:
    """The form of a discussion, for those who take part in this case."""
    people = selectors.people_to_choose(case)
    rows = Membership.objects.filter(uuid__in=[key for key, _ in people]).values_list("uuid", "pk")
    data = _posted(request)
    if data is not None and data.get("more"):
        data = data.copy()
        data["rows"] = str(max(forms.ROWS, int(data["rows"]) if data["rows"].isdecimal() else 0) + 1)
    return forms.DiscussionForm(data, people=people, known={str(key): pk for key, pk in rows}, **kwargs)


def _fresh_form(case: Case, initial: dict[str, Any]) -> forms.DiscussionForm:
    """The form as it would be opened now, whatever was sent."""
    people = selectors.people_to_choose(case)
    rows = Membership.objects.filter(uuid__in=[key for key, _ in people]).values_list("uuid", "pk")
    return forms.DiscussionForm(
        None, people=people, known={str(key): pk for key, pk in rows}, initial=initial
    )


def _write_page(
    request: ActingRequest, case: Case, form: forms.DiscussionForm, act: Callable[[], Any], done: str, **context: Any
) -> HttpResponse:  # fmt: skip
    if request.POST.get("more"):
        form.one_more()
        act = _nothing
        context["adding"] = True
    area = area_of_case(case)
    duty = policies.duty_of(area)
    context.setdefault("lead", "")
    context["duty"] = duty
    more = {"label": "Add another action", "name": "more", "value": "1"}
    shown = {"template": "records/write.html", "stands": "", "secondary": more, **context}
    if context.pop("adding", False):
        page = {"form": form, "reference": case.reference, "cancel_url": shown["back_url"], **shown}
        with_draft(request, form)
        return render(request, "records/write.html", page)
    return _form_page(request, case, form, act, done, **shown)


def _nothing() -> None:
    """A further row was asked for: nothing is saved."""


@acting
def write(request: ActingRequest, reference: str) -> HttpResponse:
    """Write down a discussion, as a draft of one's own."""
    case = get_case_or_404(request.actor, reference)
    area = area_of_case(case)
    _gate(request, permissions.check_write, case, area)
    mine = str(request.membership.uuid)
    form = _written_form(request, case, initial={"members": [mine], "rows": forms.ROWS})
    return _write_page(
        request, case, form,
        lambda: actions.write_down(case_id=case.pk, by=request.actor, written=form.written(), now=request.now),
        "Saved as a draft. Read it again, then approve it.",
        page_title="Write down a discussion", submit_label="Save the draft", back_url=_list_url(case),
        back_label="Back to the records",
    )  # fmt: skip


def _open(
    request: ActingRequest, reference: str, record: uuid.UUID
) -> tuple[Discussion, protocols.AreaProtocol, str]:
    found = selectors.get_discussion_or_404(request.actor, reference, record)
    return found, area_of_case(found.case), reverse("discussion", args=[found.case.reference, found.uuid])


@acting
def change(request: ActingRequest, reference: str, record: uuid.UUID) -> HttpResponse:
    """Change a draft of one's own. An approved record is corrected by a new one instead."""
    found, area, url = _open(request, reference, record)
    _gate(request, permissions.check_change, found, area)
    form = _written_form(request, found.case, initial=forms.initial_of(found))

    def now_written() -> Discussion:
        return selectors.get_discussion_or_404(request.actor, reference, record)

    return _write_page(
        request, found.case, form,
        lambda: actions.rewrite(
            discussion_id=found.pk, by=request.actor, written=form.written(), now=request.now,
            version=form.cleaned_data["version"],
        ),
        "The draft was changed.",
        theirs=lambda: selectors.facts_of(now_written()),
        renew=lambda: _fresh_form(found.case, forms.initial_of(now_written())),
        page_title="Change the draft", submit_label="Save the draft", back_url=url, back_label="Back to the record",
    )  # fmt: skip


@acting
def approve(request: ActingRequest, reference: str, record: uuid.UUID) -> HttpResponse:
    found, area, url = _open(request, reference, record)
    _gate(request, permissions.check_change, found, area)
    form = OnceForm(_posted(request))
    rule = policies.rule_of(area)
    return _form_page(
        request, found.case, form,
        lambda: actions.approve(discussion_id=found.pk, by=request.actor, now=request.now),
        "The record is approved and dated.", back_url=url, back_label="Back to the record",
        template="records/approve.html", page_title="Approve and date the record", submit_label="Approve it",
        lead=f"It is dated now and cannot be changed afterwards, only corrected by a new record.{f' ({rule})' if rule else ''}",
        shown=selectors.page_of(found, request.actor),
    )  # fmt: skip


@acting
def correct(request: ActingRequest, reference: str, record: uuid.UUID) -> HttpResponse:
    """A new record in place of one that was approved. Both stay."""
    found, area, url = _open(request, reference, record)
    _gate(request, permissions.check_correct, found, area)
    form = _written_form(request, found.case, correcting=True, initial=forms.initial_of(found))
    refusal = policies.approved_is_fixed(area)
    return _write_page(
        request, found.case, form,
        lambda: actions.correct(
            discussion_id=found.pk, by=request.actor, written=form.written(), reason=form.cleaned_data["reason"],
            now=request.now,
        ),
        "Saved as a draft. Read it again, then approve it.",
        page_title="Correct the record", submit_label="Save the draft", lead=refusal.sentence, back_url=url,
        back_label="Back to the record",
    )  # fmt: skip


@acting
def filed(request: ActingRequest, reference: str, record: uuid.UUID, child: uuid.UUID) -> HttpResponse:
    """That a copy was placed on one child's file."""
    found, area, url = _open(request, reference, record)
    _gate(request, permissions.check_file, found, area)
    row = found.case.children.filter(uuid=child).first()
    if row is None:
        raise Http404("Not a child of this case.")
    form = forms.FiledForm(_posted(request), initial={"filed_on": london_date(request.now)})
    rule = policies.rule_of(area)
    return _form_page(
        request, found.case, form,
        lambda: actions.file_copy(
            discussion_id=found.pk, by=request.actor, child_uuid=child, filed_on=form.cleaned_data["filed_on"],
            now=request.now,
        ).discussion,
        "The filing was recorded.", back_url=url, back_label="Back to the record",
        page_title="Filed on the child’s file", submit_label="Record it",
        lead=f"{row.initials}: a copy of this record was placed on the file{f' ({rule})' if rule else ''}.",
    )  # fmt: skip


@acting
def done(request: ActingRequest, reference: str, action: uuid.UUID) -> HttpResponse:
    """What became of something agreed: done, or not and why."""
    case = get_case_or_404(request.actor, reference)
    row = selectors.get_agreed_or_404(request.actor, case, action)
    _gate(request, permissions.check_settle, row, case)
    form = forms.SettleForm(_posted(request), initial={"done_on": london_date(request.now)})
    url = (
        reverse("discussion", args=[case.reference, row.discussion.uuid])
        if row.discussion
        else reverse("case", args=[case.reference])
    )
    return _form_page(
        request, case, form,
        lambda: actions.settle_action(action_id=row.pk, by=request.actor, now=request.now, **form.given()),
        "Recorded.", back_url=url, back_label="Back to the record" if row.discussion else "Back to the case",
        page_title="Was it done?", submit_label="Save",
        lead=f"{row.what} ({row.owner}{f', by {day_date(row.due_on)}' if row.due_on else ''})",
    )  # fmt: skip


@acting
def own_record(request: ActingRequest, reference: str) -> HttpResponse:
    """That one's agency made a record of its own, in its own system."""
    case = get_case_or_404(request.actor, reference)
    area = area_of_case(case)
    _gate(request, permissions.check_write, case, area)
    form = forms.OwnRecordForm(_posted(request), initial={"made_on": london_date(request.now)})
    duty = policies.duty_of(area)
    return _form_page(
        request, case, form,
        lambda: actions.made_own_record(
            case_id=case.pk, by=request.actor, made_on=form.cleaned_data["made_on"],
            kept_in=form.cleaned_data["kept_in"], now=request.now,
        ),
        "Ticked: your agency’s own record is made.", back_url=_list_url(case), back_label="Back to the records",
        page_title="Our own record is made", submit_label="Tick it",
        lead=f"{duty.label}. ({duty.rule})" if duty else "Each agency can keep its own record of a discussion.",
    )  # fmt: skip
