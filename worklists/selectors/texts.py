"""What an admin sees of the texts of the protocol: the versions, a text that waits, and what it would change."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import Http404
from django.urls import reverse

import protocols
from cases.models import Case
from cases.states import Kind
from conferences.models import Conference
from conferences.states import ConferenceState
from core.actor import Actor
from core.clock import LONDON, london_date
from core.templatetags.pd import day_date, day_time, short_date
from deadlines.selectors import worked_out
from partnerships.models import Partnership, ProtocolUpload, ProtocolVersion
from partnerships.selectors import unfilled_slots
from protocols.calendar import Calendar
from protocols.difference import differences, value_changes
from protocols.timeline import Given

LISTED = 50  # of the cases and conferences that a page names


def get_upload_or_404(partnership_id: int, upload: Any) -> ProtocolUpload:
    found = (
        ProtocolUpload.objects.filter(partnership_id=partnership_id, uuid=upload)
        .select_related("uploaded_by__user", "withdrawn_by__user", "published_as__published_by")
        .first()
    )
    if found is None:
        raise Http404("There is no such text.")
    return found


def versions_listed(published: list[ProtocolVersion], slug: str, today: dt.date) -> list[dict[str, Any]]:
    """Every published version, the newest first: when it holds, who published it, where it is read."""
    rows, until = [], None
    for row in reversed(published):
        begins = row.effective_from
        if begins > today:
            standing = "From that day"
        elif until is None or until > today:
            standing = "In force"
        else:
            standing = f"Until {day_date(until - dt.timedelta(days=1))}"
        rows.append(
            {
                "begins": begins,
                "version": row.version,
                "standing": standing,
                "published_at": row.published_at,
                "published_by": row.published_by.name if row.published_by else "",
                "href": reverse("protocol-version", args=[slug, begins.isoformat()]),
                "file": reverse("protocol-file", args=[slug, begins.isoformat()]),
            }
        )
        until = begins
    return rows


def changes_of(old: protocols.AreaProtocol, new: protocols.AreaProtocol) -> dict[str, Any]:
    """What the newer text says otherwise: the sentences by section, how many of each kind, and every value."""
    sections = differences(old, new)
    all_of = [change for section in sections for change in section.changes]
    return {
        "sections": sections,
        "values": value_changes(old, new),
        "added": sum(change.kind == "added" for change in all_of),
        "removed": sum(change.kind == "removed" for change in all_of),
        "changed": sum(change.kind == "changed" for change in all_of),
    }


def untouched_by(actor: Actor, begins: dt.date) -> dict[str, Any]:
    """The open cases, which keep the version they began under, and the conferences that the new one will hold for."""
    cases = Case.objects.visible_to(actor).filter(closed_at__isnull=True)
    by_version = cases.values("protocol_version__effective_from").annotate(count=Count("pk", distinct=True))
    shown = cases.select_related("protocol_version").defer("protocol_version__source_text")
    first = dt.datetime.combine(begins, dt.time(), LONDON)
    booked = Conference.objects.filter(
        partnership_id=actor.partnership_id or 0, state=ConferenceState.BOOKED, starts_at__gte=first
    )
    return {
        "count": sum(row["count"] for row in by_version),
        "cases": [
            {
                "ref": case.reference,
                "href": reverse(
                    "complaint" if case.kind == Kind.COMPLAINT else "case", args=[case.reference]
                ),
                "kind": case.get_kind_display(),
                "opened": short_date(case.opened_at),
                "stage": case.get_stage_display(),
                "version": day_date(case.protocol_version.effective_from),
            }
            for case in shown.order_by("opened_at", "pk")[:LISTED]
        ],
        "booked": booked.count(),
        "conferences": [
            {
                "ref": row.reference,
                "href": reverse("conference", args=[row.reference]),
                "when": day_time(row.starts_at),
            }
            for row in booked.order_by("starts_at", "pk")[:LISTED]
        ],
        "listed": LISTED,
    }


def standing_of(upload: ProtocolUpload, actor: Actor) -> dict[str, Any]:
    """Whether a text waits, was published or was withdrawn, by whom, and whose it is."""
    published = upload.published_as
    withdrawn = upload.withdrawn_by
    return {
        "waits": published is None and withdrawn is None,
        "published": published,
        "withdrawn_by": withdrawn.user.name if withdrawn else "",
        "by": upload.uploaded_by.user.name,
        "own": upload.uploaded_by.user_id == actor.user_id,
    }


def hindrances(
    upload: ProtocolUpload, area: protocols.AreaProtocol, partnership: Partnership, now: dt.datetime
) -> dict[str, Any]:
    """What would stop publishing it now, whoever asks: posts that nobody fills, and a first day that has come."""
    today = london_date(now)
    return {
        "unfilled": unfilled_slots(partnership.pk, area, today),
        "too_late": upload.effective_from <= today,
    }


# --- clocks side by side ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """One clock of either text, or of both."""

    label: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @property
    def differs(self) -> bool:
        if self.old is None or self.new is None:
            return True
        keys = ("words", "amount", "strength", "holder", "anchor")
        return any(self.old[key] != self.new[key] for key in keys)


def side_by_side(
    old: protocols.AreaProtocol,
    new: protocols.AreaProtocol,
    given: Given,
    calendars: tuple[Calendar, Calendar],
) -> list[Pair]:
    """Every clock that the events start in either text: the same clock in one row, by its name in the files, else by
    its label.

    Raises CalendarHorizon for a date outside the known bank holidays.
    """
    before = {row["id"]: row for row in worked_out(old, given, calendars[0])}
    after = {row["id"]: row for row in worked_out(new, given, calendars[1])}
    pairs = []
    for name, row in before.items():
        other = after.pop(name, None)
        if other is None:
            other_id = next((key for key, each in after.items() if each["label"] == row["label"]), None)
            other = after.pop(other_id) if other_id else None
        labels = dict.fromkeys(each["label"] for each in (row, other) if each is not None)
        pairs.append(Pair(" / ".join(labels), row, other))
    return [*pairs, *(Pair(row["label"], None, row) for row in after.values())]
