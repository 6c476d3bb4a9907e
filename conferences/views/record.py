"""What is written down beside views: the script, the decisions, and the further parts of the record."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

import protocols
from accounts.edge import ActingRequest, submit
from conferences import actions, permissions
from conferences.forms import DecisionForm, QuorumForm, RecordForm, TickForm, record_form
from conferences.models import ConferenceChild
from conferences.selectors import (
    Extras,
    Live,
    extras_of,
    fields_now,
    live_of,
    missing_from_record,
    shown,
    tally,
)
from conferences.states import LIVE
from conferences.views.live import (
    address_of,
    data_of,
    decision_lines,
    decisions_shown,
    done,
    form_page,
    press,
    stage,
    stage_page,
    to_record,
)
from core.refusals import Denied

COUNTED = "revisits"  # a part of the record that is counted by a button, not written


@stage(extras=True)
def conference_script(request: ActingRequest, live: Live) -> HttpResponse:
    """The protocol's lines for the chair, each with one button that notes the time."""
    form = TickForm(data_of(request))
    if form.is_valid():
        step = form.cleaned_data["step"]
        response = submit(
            request,
            form,
            lambda: actions.tick_script(
                conference_id=live.conference.pk, by=request.actor, step=step, now=request.now
            ),
            lambda tick: f"{reverse('conference-script', args=[live.conference.reference])}#step-{tick.step}",
        )
        if response:
            return response
    return stage_page(request, live, "script", form=form, steps=steps_of(live, extras_of(live.conference)))


def steps_of(live: Live, extras: Extras) -> list[dict[str, Any]]:
    return [
        {
            "step": s,
            "done_at": extras.ticks.get(s.step),
            "form": None if s.step in extras.ticks else TickForm(initial={"step": s.step}),
        }
        for s in live.area.conference.script
    ]


@stage(views=True, extras=True)
def conference_decision(request: ActingRequest, live: Live) -> HttpResponse:
    """The decision about each child: the chair's to enter, once; views are shown beside it and never decide."""
    chair, forms = permissions.is_chair(request.actor, live.conference), _decision_forms(request, live)
    if request.method == "POST":
        child = next((c for c in live.children if str(c.uuid) == request.POST.get("child")), None)
        if child is None:
            raise Denied("That child is not one of this conference's children. Choose a child from its list.")
        response = _save_decision(request, live, forms[child.pk], child)
        if response:
            return response
    extras = extras_of(live.conference)
    return stage_page(
        request,
        live,
        "decision",
        forms=list(forms.values()),
        rows=[
            {
                "child": c,
                "shown": shown(c.child, live.day),
                "lines": [] if c in live.undecided else decision_lines(c.decision, live.area),
                "tally": tally(live, c),
                "form": forms[c.pk]
                if chair and c in live.undecided and live.conference.state in LIVE
                else None,
            }
            for c in live.children
        ],
        lacking=missing_from_record(
            live.conference, live.area, live.people, live.children, extras.ticks, extras.fields
        ),
        majority=live.area.conference.basis_refusal("majority"),
        next_url=address_of("conference-dissent", live.conference.reference),
    )


def _decision_forms(request: ActingRequest, live: Live) -> dict[int, DecisionForm]:
    """A form for each child; the one that was sent holds what was typed."""
    posted = request.POST.get("child", "")
    return {
        child.pk: DecisionForm(
            data_of(request) if str(child.uuid) == posted else None,
            prefix=f"child-{number}",
            rules=live.area.conference,
        )
        for number, child in enumerate(live.children, start=1)
    }


def _save_decision(
    request: ActingRequest, live: Live, form: DecisionForm, child: ConferenceChild
) -> HttpResponse | None:
    if not form.is_valid():
        return None
    given = form.cleaned_data
    response = submit(
        request,
        form,
        lambda: actions.record_decision(
            conference_child_id=child.pk,
            by=request.actor,
            option=given["option"],
            basis=given["basis"],
            category=given.get("category", ""),
            reasons=given["reasons"],
            now=request.now,
        ),
        lambda _: reverse("conference-decision", args=[live.conference.reference]),
        theirs=lambda: [
            {"label": d["child"], "value": "\n".join(d["lines"]), "typed": True}
            for d in decisions_shown(live_of(live.conference))
        ],
    )
    return done(request, response, "The decision is recorded.") if response else None


def _parts(live: Live) -> tuple[protocols.model.RecordField, ...]:
    """The parts that the protocol asks for here: some only where a child is, or is not, on the plan."""
    on_plan = [c.decision.on_plan for c in live.children if c not in live.undecided]
    wanted = {"always": True, "on_plan": any(on_plan), "not_on_plan": not all(on_plan)}
    return tuple(f for f in live.area.conference.fields if wanted[f.when] and f.id != COUNTED)


@stage(extras=True)
def conference_record(request: ActingRequest, live: Live) -> HttpResponse:
    """What else the protocol wants written down, the reason below the quorum, and how often it was reopened."""
    extras = extras_of(live.conference)
    form = record_form(_parts(live), extras.fields, data_of(request))
    if form.is_valid():
        url = reverse("conference-record", args=[live.conference.reference])
        response = submit(
            request,
            form,
            lambda: _save_record(request, live, form),
            lambda _: url,
            theirs=lambda: _recorded_now(live, form),
            renew=lambda: record_form(_parts(live), fields_now(live.conference)),
        )
        if response:
            return done(request, response, "The record is saved.")
    rules = live.area.conference
    return stage_page(
        request,
        live,
        "record",
        form=form if form.parts else None,
        extras=extras,
        counts_revisits=any(f.id == COUNTED for f in rules.fields),
        later=bool(live.undecided) and any(f.when != "always" for f in rules.fields),
        decisions=decisions_shown(live),
    )


def _recorded_now(live: Live, form: RecordForm) -> list[dict[str, Any]]:
    """What stands now in the parts that this person changed."""
    now, changed = fields_now(live.conference), {part for part, _, _ in form.changed()}
    return [
        {"label": part.label, "value": now[part.id][0], "typed": True}
        for part in form.parts
        if part.id in changed and part.id in now
    ]


def _save_record(request: ActingRequest, live: Live, form: RecordForm) -> None:
    for field, text, version in form.changed():
        actions.record_field(
            conference_id=live.conference.pk,
            by=request.actor,
            field=field,
            text=text,
            version=version,
            now=request.now,
        )


@stage()
def conference_quorum(request: ActingRequest, live: Live) -> HttpResponse:
    """Why the conference goes on with fewer agencies than its quorum."""
    form = QuorumForm(data_of(request), initial={"quorum_reason": live.conference.quorum_reason})
    if form.is_valid():
        response = submit(
            request,
            form,
            lambda: actions.explain_quorum(
                conference_id=live.conference.pk,
                by=request.actor,
                reason=form.cleaned_data["quorum_reason"],
                now=request.now,
            ),
            to_record(live),
        )
        if response:
            return done(request, response, "The reason is saved.")
    quorum = live.area.conference.quorum
    return form_page(
        request,
        live,
        form,
        back="conference-record",
        page_title="Below the quorum",
        lead=f"{quorum.text} ({quorum.rule})" if quorum and quorum.rule else "",
        submit_label="Save reason",
    )


@require_POST
@stage()
def conference_revisit(request: ActingRequest, live: Live) -> HttpResponse:
    return press(
        request, live, actions.revisit_discussion, "Counted: the discussion was reopened.", to_record(live)
    )
