"""Reads: the active membership, the protocol in force, the calendar, who fills a post."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

import protocols
from core.actor import Actor
from core.refusals import Denied
from partnerships.models import (
    BankHoliday,
    ClosureDay,
    HolidayList,
    Membership,
    Partnership,
    ProtocolVersion,
    Slot,
    SlotHolder,
)
from partnerships.states import Role
from protocols.calendar import Calendar
from protocols.loader import load_text


def on_day(today: dt.date, start: str = "starts_on", end: str = "ends_on") -> Q:
    """Rows in force on a day: started, and not ended before it."""
    return Q(**{f"{start}__lte": today}) & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": today}))


def memberships_of(user_id: int, today: dt.date) -> QuerySet[Membership]:
    """The memberships that a person may act in today, with what every page asks of each: the posts held (`held`) and
    the protocol version in force (`in_force`). One query."""
    held = SlotHolder.objects.filter(on_day(today), membership_id=OuterRef("pk")).values(
        row=JSONObject(key="slot__key", holder="deputy_for__membership_id")
    )
    versions = ProtocolVersion.objects.filter(partnership_id=OuterRef("partnership_id")).values(
        row=JSONObject(pk="pk", sha256="sha256")
    )
    return (
        Membership.objects.filter(on_day(today), user_id=user_id, user__is_active=True)
        .select_related("partnership", "agency", "user")
        .annotate(
            held=ArraySubquery(held),
            in_force=Coalesce(
                Subquery(versions.filter(effective_from__lte=today).order_by("-effective_from")[:1]),
                Subquery(versions.order_by("effective_from")[:1]),
            ),
        )
        .order_by("partnership__name", "role")
    )


def area_in_force(membership: Membership) -> protocols.AreaProtocol | None:
    """The protocol in force today for a membership of `memberships_of`; None where none is published."""
    version: dict[str, Any] | None = membership.in_force  # type: ignore[attr-defined]
    return _parsed(version["sha256"], version["pk"]).area(membership.partnership.slug) if version else None


def slots_held(membership_id: int, today: dt.date) -> dict[str, int]:
    """Keys of the posts that a membership fills today, each with the membership it is filled for (its own, or the
    holder's for whom it deputises)."""
    rows = SlotHolder.objects.filter(on_day(today), membership_id=membership_id).values_list(
        "slot__key", "deputy_for__membership_id"
    )
    return _posts(membership_id, rows)


def _posts(membership_id: int, rows: Iterable[tuple[str, int | None]]) -> dict[str, int]:
    held: dict[str, int] = {}
    for key, holder in rows:
        if holder is None:
            held[key] = membership_id
        else:
            held.setdefault(key, holder)
    return held


def actor_for(membership: Membership, today: dt.date, request_id: str = "") -> Actor:
    """The actor of a request: this person, in this membership, with the posts they fill today."""
    known: list[dict[str, Any]] | None = getattr(membership, "held", None)
    return Actor(
        kind="person",
        partnership_id=membership.partnership_id,
        user_id=membership.user_id,
        membership_id=membership.pk,
        agency_id=membership.agency_id,
        role=membership.role,
        name=membership.user.name,
        slots=slots_held(membership.pk, today)
        if known is None
        else _posts(membership.pk, ((row["key"], row["holder"]) for row in known)),
        request_id=request_id,
    )


def holders_of(partnership_id: int, key: str, today: dt.date) -> list[SlotHolder]:
    """Who fills a post on a day: holder first, then deputies."""
    return list(
        SlotHolder.objects.filter(
            on_day(today),
            on_day(today, "membership__starts_on", "membership__ends_on"),
            slot__partnership_id=partnership_id,
            slot__key=key,
            membership__user__is_active=True,
        )
        .select_related("membership__user", "slot")
        .order_by("deputy_for_id", "pk")
    )


def unfilled_slots(partnership_id: int, area: protocols.AreaProtocol, today: dt.date) -> list[str]:
    """Titles of the posts that the protocol requires and nobody fills today."""
    filled = set(
        SlotHolder.objects.filter(on_day(today), slot__partnership_id=partnership_id, deputy_for__isnull=True)
        .filter(
            on_day(today, "membership__starts_on", "membership__ends_on"), membership__user__is_active=True
        )
        .values_list("slot__key", flat=True)
    )
    return [s.title for s in area.slots if s.required and s.per == "partnership" and s.key not in filled]


_texts: dict[str, protocols.Protocol] = {}  # by the hash of the text: a published text never changes


def _parsed(sha256: str, version_id: int) -> protocols.Protocol:
    protocol = _texts.get(sha256)
    if protocol is None:
        version = ProtocolVersion.objects.get(pk=version_id)
        protocol = load_text(version.source_text, f"{version.text_id} {version.version}")
        _texts[sha256] = protocol
    return protocol


def area_of(version: ProtocolVersion, slug: str) -> protocols.AreaProtocol:
    """The stored text of a published version, as rules. Parsed once per process."""
    return _parsed(version.sha256, version.pk).area(slug)


def version_on(partnership_id: int, day: dt.date) -> ProtocolVersion:
    """The published version in force on a day: that of the conference, or of the difference being raised.

    Raises Denied when the partnership has published none; before the first, the first holds.
    """
    versions = list(ProtocolVersion.objects.filter(partnership_id=partnership_id).order_by("effective_from"))
    if not versions:
        raise Denied(
            "This partnership has not published its protocol yet. Ask the partnership admin to publish it.",
        )
    in_force = [v for v in versions if v.effective_from <= day]
    return in_force[-1] if in_force else versions[0]


def calendar_for(partnership_id: int, nation: str) -> Calendar:
    """The working-day calendar of a partnership: its nation's bank holidays and its own closure days.

    Raises Denied when the bank holidays of the nation have not been loaded.
    """
    days = (
        ClosureDay.objects.filter(partnership_id=partnership_id)
        .order_by("date")
        .values(row=JSONObject(date="date", reason="reason"))
    )
    listed = HolidayList.objects.filter(nation=nation).annotate(closures=ArraySubquery(days)).first()
    if listed is None:
        raise Denied("The bank holidays of this nation are not loaded. Ask the operator to load them.")
    closures = tuple((dt.date.fromisoformat(row["date"]), row["reason"]) for row in listed.closures)
    return _calendar(listed.pk, nation, listed.first, listed.last, listed.version, closures)


@lru_cache(maxsize=64)
def _calendar(
    list_id: int,
    nation: str,
    first: dt.date,
    last: dt.date,
    version: str,
    closures: tuple[tuple[dt.date, str], ...],
) -> Calendar:
    """A calendar is built once for the same days: its cumulative index is worth keeping."""
    holidays = dict(BankHoliday.objects.filter(nation=nation).values_list("date", "title"))
    local = dict(closures)
    mark = f"{version}; {len(local)} local closure days" if local else version
    return Calendar(nation, holidays, local, first, last, mark)


def slot_of(partnership_id: int, key: str) -> Slot:
    return Slot.objects.get(partnership_id=partnership_id, key=key)


def partnership_by_slug(slug: str) -> Partnership:
    return Partnership.objects.get(slug=slug)


@dataclass(frozen=True, slots=True)
class SignInOffer:
    """A demonstration person, as the page to sign in on offers them."""

    partnership: str
    slug: str
    name: str
    email: str
    role: str
    role_label: str
    job_title: str
    agency: str


def sign_in_offers() -> list[SignInOffer]:
    """Everybody who can sign in to a demonstration, by partnership and role. Asked for only where one is run."""
    order = {role: number for number, role in enumerate(Role.values)}
    rows = Membership.objects.filter(
        user__is_active=True, ends_on__isnull=True, user__email__endswith=".example.org"
    ).select_related("partnership", "user", "agency")
    return [
        SignInOffer(
            m.partnership.name, m.partnership.slug, m.user.name, m.user.email, m.role, m.get_role_display(),
            m.job_title, m.agency.name,
        )
        for m in sorted(rows, key=lambda m: (m.partnership.name, order[m.role], m.user.name))
    ]  # fmt: skip
