"""Reads: the active membership, the protocol in force, the calendar, who fills a post."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject, Lower

import protocols
from audit.models import AuditEvent
from audit.selectors import SENTENCES
from core import sheets
from core.actor import Actor
from core.gather import gather
from core.refusals import Denied
from core.templatetags.pd import day_date
from partnerships.models import (
    Agency,
    AgencyPost,
    BankHoliday,
    ClosureDay,
    DutyContact,
    HolidayList,
    Membership,
    Partnership,
    ProtocolUpload,
    ProtocolVersion,
    Signpost,
    Slot,
    SlotHolder,
)
from partnerships.states import Role
from protocols.calendar import Calendar
from protocols.describe import event_words
from protocols.durations import in_words
from protocols.holidays import BankHoliday as Listed
from protocols.holidays import holiday_list
from protocols.loader import load_text


def on_day(today: dt.date, start: str = "starts_on", end: str = "ends_on") -> Q:
    """Rows in force on a day: started, and not ended before it."""
    return Q(**{f"{start}__lte": today}) & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": today}))


def memberships_of(user_id: int, today: dt.date) -> QuerySet[Membership]:
    """The memberships that a person may act in today, with what every page asks of each: the posts held (`held`) and
    the protocol version in force (`in_force`). One query."""
    return _acting(today).filter(user_id=user_id).exclude(role=Role.GUEST)


def guest_membership(membership_id: int, today: dt.date) -> Membership | None:
    """The membership in which a guest acts today, read as `memberships_of` reads those of people who sign in."""
    return _acting(today).filter(pk=membership_id, role=Role.GUEST).first()


def _acting(today: dt.date) -> QuerySet[Membership]:
    held = SlotHolder.objects.filter(on_day(today), membership_id=OuterRef("pk")).values(
        row=JSONObject(key="slot__key", holder="deputy_for__membership_id")
    )
    versions = ProtocolVersion.objects.filter(partnership_id=OuterRef("partnership_id")).values(
        row=JSONObject(pk="pk", sha256="sha256")
    )
    return (
        Membership.objects.filter(on_day(today), user__is_active=True, partnership__closed_at__isnull=True)
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
    if version is None:
        return None
    return _said_here(_parsed(version["sha256"], version["pk"]), membership.partnership)


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
        practice=membership.partnership.is_practice,
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
        .order_by(F("deputy_for_id").asc(nulls_first=True), "pk")
    )


def all_holders(partnership_id: int) -> QuerySet[SlotHolder]:
    """Whoever fills or filled a post of a partnership, for `in_post`: all posts at once, for pages that name several."""
    return (
        SlotHolder.objects.filter(partnership=partnership_id, membership__user__is_active=True)
        .select_related("slot", "membership__user")
        .order_by("pk")
    )


def in_post(rows: Iterable[SlotHolder], key: str, today: dt.date) -> list[SlotHolder]:
    """Of rows read already: who fills a post on a day, holder first, then deputies."""

    def on(row: Any) -> bool:
        return row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)

    found = [row for row in rows if row.slot.key == key and on(row) and on(row.membership)]
    return sorted(found, key=lambda row: (row.deputy_for_id is not None, row.pk))


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


def version_texts(slug: str = "") -> list[ProtocolVersion]:
    """The published versions without their texts, of one partnership by its slug or of all, the first to hold first."""
    rows = ProtocolVersion.objects.filter(partnership__practice_of__isnull=True)
    rows = rows.filter(partnership__slug=slug) if slug else rows
    return list(
        rows.defer("source_text").select_related("partnership", "published_by").order_by("effective_from")
    )


def text_on(slug: str, day: dt.date, published: Iterable[ProtocolVersion]) -> protocols.AreaProtocol:
    """What a partnership works by on a day: what it has published, else the text that this service brings for it.

    Raises UnknownPartnership where there is neither.
    """
    version = _in_force([row for row in published if row.partnership.slug == slug], day)
    return area_of(version, version.partnership) if version else protocols.library().on(slug, day)


def area_on(slug: str, day: dt.date) -> protocols.AreaProtocol:
    """`text_on` for one partnership. One query."""
    return text_on(slug, day, version_texts(slug))


def areas_on(day: dt.date) -> list[protocols.AreaProtocol]:
    """What each partnership of the known texts works by on a day, by name. One query."""
    published = version_texts()
    areas = (text_on(slug, day, published) for slug in protocols.library().slugs())
    return sorted(areas, key=lambda area: area.partnership_name)


def _in_force(rows: list[ProtocolVersion], day: dt.date) -> ProtocolVersion | None:
    """Of versions by their days: the last that holds on one; before the first, the first."""
    begun = [row for row in rows if row.effective_from <= day]
    return begun[-1] if begun else rows[0] if rows else None


def uploads_of(partnership_id: int) -> list[ProtocolUpload]:
    """The texts that were brought as files, the newest first."""
    return list(
        ProtocolUpload.objects.filter(partnership_id=partnership_id)
        .defer("source_text")
        .select_related("uploaded_by__user", "withdrawn_by__user", "published_as__published_by")
        .order_by("-uploaded_at")
    )


def waiting_upload(partnership_id: int) -> ProtocolUpload | None:
    """The text that waits to be published, if there is one."""
    return ProtocolUpload.objects.filter(
        partnership_id=partnership_id, withdrawn_at__isnull=True, published_as__isnull=True
    ).first()


def text_of_upload(upload: ProtocolUpload) -> protocols.Protocol:
    """The rules of a text that waits; parsed once per process, as those of a version are."""
    if upload.sha256 not in _texts:
        _texts[upload.sha256] = load_text(upload.source_text, f"{upload.text_id} {upload.version}")
    return _texts[upload.sha256]


def _parsed(sha256: str, version_id: int) -> protocols.Protocol:
    protocol = _texts.get(sha256)
    if protocol is None:
        version = ProtocolVersion.objects.get(pk=version_id)
        protocol = load_text(version.source_text, f"{version.text_id} {version.version}")
        _texts[sha256] = protocol
    return protocol


def area_of(version: ProtocolVersion, partnership: Partnership) -> protocols.AreaProtocol:
    """The stored text of a published version, as rules, in the partnership's own words. Parsed once per process."""
    return _said_here(_parsed(version.sha256, version.pk), partnership)


def own_text(partnership: Partnership, day: dt.date) -> protocols.AreaProtocol:
    """What a partnership works by on a day in the text's own words, before the partnership has said them otherwise.

    Raises Denied when it has published none.
    """
    version = version_on(partnership.pk, day)
    return _parsed(version.sha256, version.pk).area(partnership.slug)


def _said_here(text: protocols.Protocol, partnership: Partnership) -> protocols.AreaProtocol:
    return _in_words(text, partnership.slug, tuple(sorted(partnership.words.items())))


@lru_cache(maxsize=128)
def _in_words(
    text: protocols.Protocol, slug: str, words: tuple[tuple[str, str], ...]
) -> protocols.AreaProtocol:
    return text.area(slug).said_as(dict(words))


def version_on(partnership_id: int, day: dt.date) -> ProtocolVersion:
    """The published version in force on a day: that of the conference, or of the difference being raised.

    Raises Denied when the partnership has published none; before the first, the first holds.
    """
    versions = list(ProtocolVersion.objects.filter(partnership_id=partnership_id).order_by("effective_from"))
    if not versions:
        raise Denied(
            "This partnership has not published its protocol yet. Ask the partnership admin to publish it.",
        )
    return _in_force(versions, day) or versions[0]


def calendar_for(
    partnership_id: int, nation: str, *, closed: dt.date | None = None, opened: dt.date | None = None
) -> Calendar:
    """The working-day calendar of a partnership: its nation's bank holidays and its own closure days.

    With `closed` or `opened` as it would be if that day were a closure day, or were none any longer. Raises Denied
    when the bank holidays of the nation have not been loaded.
    """
    lists, days = gather(*calendar_reads(partnership_id, nation))
    return calendar_from(nation, lists, days, closed=closed, opened=opened)


def calendar_reads(partnership_id: int, nation: str) -> tuple[QuerySet[HolidayList], QuerySet[ClosureDay]]:
    """What `calendar_from` makes a calendar of, for whoever reads it along with other rows."""
    return (
        HolidayList.objects.filter(nation=nation),
        ClosureDay.objects.filter(partnership_id=partnership_id, removed_at__isnull=True).order_by("date"),
    )


def calendar_from(
    nation: str,
    lists: Sequence[HolidayList],
    days: Sequence[ClosureDay],
    *,
    closed: dt.date | None = None,
    opened: dt.date | None = None,
) -> Calendar:
    """As `calendar_for`, of rows that were read already."""
    if not lists:
        raise Denied("The bank holidays of this nation are not loaded. Ask the operator to load them.")
    listed = lists[0]
    closures = {row.date: row.reason for row in days}
    if closed is not None:
        closures.setdefault(closed, "A closure day that is being looked at")
    closures.pop(opened, None)  # type: ignore[arg-type]  # nothing is opened: nothing is taken out
    return _calendar(
        listed.pk, nation, listed.first, listed.last, listed.version, tuple(sorted(closures.items()))
    )


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


def holiday_changes() -> tuple[list[Listed], list[BankHoliday]]:
    """How this release's list of bank holidays differs from the table: the days to add, and those it has no longer.
    One query."""
    known = {(row.nation, row.date): row for row in BankHoliday.objects.order_by("nation", "date")}
    listed = {(row.nation, row.day): row for row in holiday_list().rows}
    added = [row for key, row in listed.items() if key not in known]
    return added, [row for key, row in known.items() if key not in listed]


def slot_of(partnership_id: int, key: str) -> Slot:
    return Slot.objects.get(partnership_id=partnership_id, key=key)


def partnership_by_slug(slug: str) -> Partnership:
    return Partnership.objects.get(slug=slug, practice_of__isnull=True)


def real_partnership(slug: str) -> Partnership | None:
    """The partnership of an area, never its practice twin; None where it does not work here."""
    return Partnership.objects.filter(slug=slug, practice_of__isnull=True).first()


def practice_twin(partnership_id: int) -> Partnership | None:
    """The open practice twin of a partnership."""
    return Partnership.objects.filter(practice_of=partnership_id, closed_at__isnull=True).first()


def way_back(actor: Actor, today: dt.date) -> Membership | None:
    """The membership of the real partnership that somebody in practice goes back to: in the same role where there is
    one."""
    rows = memberships_of(actor.user_id or 0, today).filter(
        partnership__practices__id=actor.partnership_id or 0
    )
    return min(rows, key=lambda row: row.role != actor.role, default=None)


# Public on purpose: only invented people have it, in a demonstration that says so on every page.
DEMONSTRATION_PASSWORD = "demonstration-only-2026"  # noqa: S105


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
    rows = (
        Membership.objects.filter(
            user__is_active=True,
            ends_on__isnull=True,
            user__email__endswith=".example.org",
            partnership__practice_of__isnull=True,
        )
        .exclude(role=Role.GUEST)
        .select_related("partnership", "user", "agency")
    )
    return [
        SignInOffer(
            m.partnership.name, m.partnership.slug, m.user.name, m.user.email, m.role, m.get_role_display(),
            m.job_title, m.agency.name,
        )
        for m in sorted(rows, key=lambda m: (m.partnership.name, order[m.role], m.user.name))
    ]  # fmt: skip


# --- a partnership's own setting ----------------------------------------------------------------------------------


def works_anywhere(user_id: int, today: dt.date) -> bool:
    """Whether somebody has a role in a partnership, today or from a later day on. A guest has none, and one in practice
    is none: the people invented for it have no address that anybody reads."""
    rows = Membership.objects.filter(user_id=user_id, partnership__practice_of__isnull=True).exclude(
        role=Role.GUEST
    )
    return rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today)).exists()


def role_taken(partnership_id: int, email: str, role: str, day: dt.date) -> Membership | None:
    """The entry of an address that has this role already on a day, or from a later one on."""
    return (
        Membership.objects.filter(partnership_id=partnership_id, user__email__iexact=email.strip(), role=role)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
        .select_related("user")
        .first()
    )


def other_admins(row: Membership) -> QuerySet[Membership]:
    """Partnership admins without a last day, beside this one."""
    return Membership.objects.filter(
        partnership_id=row.partnership_id,
        role=Role.PARTNERSHIP_ADMIN,
        ends_on__isnull=True,
        user__is_active=True,
    ).exclude(pk=row.pk)


def members_of(partnership_id: int, today: dt.date) -> QuerySet[Membership]:
    """Everyone with an account who may act in a partnership today, by agency and name. Guests are not among them."""
    return (
        Membership.objects.filter(on_day(today), partnership_id=partnership_id, user__is_active=True)
        .exclude(role=Role.GUEST)
        .select_related("user", "agency")
        .order_by("agency__name", "user__name", "role")
    )


WORD_LABELS = {
    "chair": "Who chairs",
    "conference": "The meeting, in full",
    "conference_short": "The meeting, in short",
    "plan": "The plan for a child",
    "reviewer": "Who reviews a dissent",
    "second_tier": "Who decides after the review",
    "chairs_summary": "What the chair writes about the meeting",
    "dissent_review": "The review of a dissent",
}


def words_asked(area: protocols.AreaProtocol) -> dict[str, tuple[str, str]]:
    """The words that this text has and that may be changed: {key: (label, what the text says)}."""
    return {key: (WORD_LABELS[key], area.words[key]) for key in protocols.LOCAL_WORDS if area.words.get(key)}


def words_in_use(area: protocols.AreaProtocol) -> list[str]:
    """Sentences as pages say them, to see how the words read."""
    word = area.words.get
    tried = (
        f"You are the {word('chair')} of this {word('conference')}.",
        f"The {word('conference_short')} has ended, and a dissent was recorded in it.",
        f"The decision not to make a {word('plan')} stands while the dissent is reviewed.",
        f"The dissent goes to the {word('reviewer')}.",
        f"It can then go on to the {word('second_tier')}." if word("second_tier") else "",
        f"The dissent is part of the {word('chairs_summary')}.",
    )
    return [sentence for sentence in tried if sentence]


def duty_contacts(partnership_id: int) -> list[DutyContact]:
    """Whom to call at once for a child, in the order in which they are tried."""
    return list(
        DutyContact.objects.filter(partnership_id=partnership_id, removed_at__isnull=True).order_by("place")
    )


def posts_of(partnership_id: int, area: protocols.AreaProtocol, today: dt.date) -> list[dict[str, Any]]:
    """The posts of the protocol, with who fills each today and who stands in; empty ones first."""
    rows = (
        SlotHolder.objects.filter(
            on_day(today) | Q(starts_on__gt=today),
            partnership_id=partnership_id,
            membership__user__is_active=True,
        )
        .select_related("slot", "membership__user", "membership__agency")
        .order_by("starts_on", "pk")
    )
    by_key: dict[str, list[SlotHolder]] = {}
    for row in rows:
        by_key.setdefault(row.slot.key, []).append(row)
    posts = []
    for slot in area.slots:
        if slot.per != "partnership":
            continue
        people = by_key.get(slot.key, [])
        filled = any(row.deputy_for_id is None and row.starts_on <= today for row in people)
        posts.append(
            {
                "key": slot.key,
                "title": slot.title,
                "rule": slot.rule,
                "required": slot.required,
                "filled": filled,
                "people": [
                    {
                        "name": row.membership.user.name,
                        "title": row.membership.job_title,
                        "deputy": row.deputy_for_id is not None,
                        "from": row.starts_on,
                        "until": row.ends_on,
                        "later": row.starts_on > today,
                    }
                    for row in people
                ],
            }
        )
    return sorted(posts, key=lambda post: (post["filled"], not post["required"]))


def per_agency(area: protocols.AreaProtocol) -> list[protocols.Slot]:
    """The posts that a protocol has once per agency."""
    return [slot for slot in area.slots if slot.per == "agency"]


def in_agency_post(rows: Iterable[AgencyPost], key: str, agency_id: int, today: dt.date) -> AgencyPost | None:
    """Of rows read already: who fills a post of an agency on a day."""
    return next(
        (
            row
            for row in rows
            if row.slot.key == key
            and row.agency_id == agency_id
            and row.starts_on <= today
            and (row.ends_on is None or row.ends_on >= today)
        ),
        None,
    )


def all_agency_posts(partnership_id: Any) -> QuerySet[AgencyPost]:
    """Whoever fills or filled a post of an agency of a partnership, by its id or a query for it: for `in_agency_post`."""
    return (
        AgencyPost.objects.filter(partnership=partnership_id)
        .select_related("slot", "agency", "membership__user", "membership__agency")
        .order_by("starts_on", "pk")
    )


def agency_posts_of(
    partnership_id: int, area: protocols.AreaProtocol, today: dt.date
) -> list[dict[str, Any]]:
    """The posts that a protocol has once per agency, with who fills each for each agency today: for the admin."""
    slots = per_agency(area)
    if not slots:
        return []
    known = list(all_agency_posts(partnership_id))
    agencies = list(Agency.objects.filter(partnership_id=partnership_id).order_by("name"))
    return [
        {
            "key": slot.key,
            "title": slot.title,
            "rule": slot.rule,
            "agencies": [
                {"agency": agency, "row": in_agency_post(known, slot.key, agency.pk, today)}
                for agency in agencies
            ],
        }
        for slot in slots
    ]


def versions_of(partnership_id: int, area: protocols.AreaProtocol) -> dict[str, Any]:
    """The published versions, and whether the packaged text is one of them."""
    rows = list(
        ProtocolVersion.objects.filter(partnership_id=partnership_id)
        .defer("source_text")
        .select_related("published_by")
        .order_by("-effective_from")
    )
    return {"rows": rows, "published": any(row.sha256 == area.sha256 for row in rows)}


def version_standing(
    area: protocols.AreaProtocol, published: list[ProtocolVersion], today: dt.date
) -> dict[str, Any]:
    """How a text stands among the published versions: {words, now, others}. `words` is empty for the one in force."""
    current = _in_force(published, today)
    shown = next((row for row in published if row.sha256 == area.sha256), None)
    words = ""
    if shown is not None and current is not None and shown != current:
        later = [row for row in published if row.effective_from > shown.effective_from]
        if shown.effective_from > today:
            words = f"This version is published and holds from {day_date(shown.effective_from)}."
        else:
            until = later[0].effective_from - dt.timedelta(days=1)
            words = f"This version held until {day_date(until)}. It still holds for the cases that began under it."
    others = [row for row in reversed(published) if row != shown]
    return {"words": words, "version": shown, "others": others, "is_current": shown == current}


def review_state(area: protocols.AreaProtocol, today: dt.date) -> dict[str, Any]:
    """What a page says of the dates of a text: {overdue, undated, words}."""
    overdue = area.is_review_overdue(today)
    if overdue and area.review_due:
        words = f"Its review was due in {area.review_due:%B %Y} and is overdue. It stays in force until it is replaced."
    elif area.review_due:
        words = f"Its next review is due in {area.review_due:%B %Y}."
    else:
        words = area.head.banner or "It names no review date."
    return {"overdue": overdue, "undated": area.dated == "undated", "words": words}


def rule_order(number: str) -> tuple[str, int]:
    """AFC-9 before AFC-10."""
    text, _, digits = number.partition("-")
    return text, int(digits) if digits.isdecimal() else 0


def rules_of(area: protocols.AreaProtocol) -> list[protocols.Rule]:
    """The rules of this text, in order: those that share their letters with the rule its head cites."""
    letters = area.head.rule.partition("-")[0]
    found = [rule for rule in area.register.values() if rule.number.partition("-")[0] == letters]
    return sorted(found or area.register.values(), key=lambda rule: rule_order(rule.number))


def path_of(area: protocols.AreaProtocol) -> list[dict[str, Any]]:
    """The path of a dissent as steps: {label, text, time, rule, ways: [{label, then, rule}]}, from the first word to the
    last step that the protocol names. What the drawing shows, for everyone who does not see it."""
    steps = [_first_step(area)]
    view = area.dissent.written_view
    if area.dissent.acknowledged:
        steps.append(
            _timed(
                area, "The chair acknowledges it and passes it on", _clock_after(area, "dissent_acknowledged")
            )
        )
    if view is not None:
        steps.append(_timed(area, view.label, area.clock(view.clock), view.text, view.rule))
    for tier in area.review.tiers if area.review else ():
        clock = next((c for c in area.clocks if c.tier == tier.id and c.purpose == "decide"), None)
        step = _timed(area, tier.label, clock, tier.text, tier.rule)
        step["ways"] = [_way(area, tier, outcome) for outcome in tier.outcomes]
        steps.append(step)
    if area.review is None:
        ladder = next((each for each in area.escalation.ladders if "conference_outcome" in each.kinds), None)
        for mode in area.dissent.modes:
            steps.append({"label": mode.label, "text": mode.text, "time": "", "rule": mode.rule, "ways": []})
        for rung in ladder.tiers if ladder else ():
            clock = area.clock(rung.clock) if rung.clock else None
            steps.append(_timed(area, rung.label, clock, rung.text, rung.rule))
    for after in area.dissent.if_unresolved:
        steps.append(
            {
                "label": _unsettled(area, after.after_outcomes),
                "text": after.text,
                "time": "",
                "rule": after.rule,
                "ways": [],
            }
        )
    return steps


def _unsettled(area: protocols.AreaProtocol, outcomes: Iterable[str]) -> str:
    """If it is not settled, after which outcomes."""
    labels = [found.label for name in outcomes if (found := area.outcome(name))]
    return f"If it is not settled by: {' or '.join(labels)}" if labels else "If it is not settled"


def _first_step(area: protocols.AreaProtocol) -> dict[str, Any]:
    window = area.dissent.window
    if not window.after:
        time = "No time limit"
    elif window.amount:
        time = f"Within {in_words(window.amount, window.unit)} after {event_words(area, window.after)}"
    else:
        time = f"Before {event_words(area, window.after)}"
    return {
        "label": "A dissent is made",
        "text": area.dissent.means,
        "time": time,
        "rule": window.rule,
        "ways": [],
    }


def _clock_after(area: protocols.AreaProtocol, event: str) -> protocols.Clock | None:
    return next((clock for clock in area.clocks if clock.after == event), None)


def _timed(
    area: protocols.AreaProtocol, label: str, clock: protocols.Clock | None, text: str = "", rule: str = ""
) -> dict[str, Any]:
    time = ""
    if clock is not None:
        rule = rule or clock.rule
        time = clock.words.capitalize() or "No fixed limit"
        if clock.unit != "none":
            time = f"Within {in_words(clock.amount, clock.unit)} after {event_words(area, clock.after)} ({clock.rule})"
    return {"label": label, "text": text, "time": time, "rule": rule, "ways": []}


def _way(area: protocols.AreaProtocol, tier: protocols.Tier, outcome: protocols.Outcome) -> dict[str, str]:
    """One outcome and what follows from it."""
    then = outcome.text
    if outcome.next_tier and (above := area.tier(outcome.next_tier)):
        then = f"Goes on to: {above.label}."
    elif outcome.book:
        held = next(
            (
                c
                for c in area.clocks
                if c.purpose == "hold" and (not c.on_outcomes or outcome.id in c.on_outcomes)
            ),
            None,
        )
        if held is not None and held.unit != "none":
            then = f"{then} {held.label}: within {in_words(held.amount, held.unit)} ({held.rule}).".strip()
    return {"label": outcome.label, "then": then, "rule": outcome.rule}


# --- people, agencies and where to go: what the admin's pages show ----------------------------------------------------


def agencies_of(partnership_id: int) -> list[Agency]:
    """The agencies of a partnership, each with how many people of it have an account today or later."""
    people = Count(
        "memberships", filter=Q(memberships__ends_on__isnull=True) & ~Q(memberships__role=Role.GUEST)
    )
    return list(Agency.objects.filter(partnership_id=partnership_id).annotate(people=people).order_by("name"))


def entries_of(partnership_id: int, today: dt.date, typed: str = "") -> QuerySet[Membership]:
    """Everybody who has, had or will have a role, by name; found by name, address, agency or job title."""
    rows = (
        Membership.objects.filter(partnership_id=partnership_id)
        .exclude(role=Role.GUEST)
        .select_related("user", "agency")
        .order_by("user__name", "starts_on", "pk")
    )
    for word in typed.split():
        rows = rows.filter(
            Q(user__name__icontains=word)
            | Q(user__email__icontains=word)
            | Q(agency__name__icontains=word)
            | Q(job_title__icontains=word)
        )
    return rows


def posts_held(membership_id: int, today: dt.date) -> list[SlotHolder]:
    """The posts that somebody fills today or later, or stands in for."""
    return list(
        SlotHolder.objects.filter(membership_id=membership_id)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("slot", "deputy_for__membership__user")
        .order_by("starts_on", "pk")
    )


def holdings_of(slot: Slot, today: dt.date) -> list[SlotHolder]:
    """Who fills a post today or later, and who stands in for whom; the present first."""
    return list(
        SlotHolder.objects.filter(slot=slot)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("membership__user", "deputy_for__membership__user")
        .order_by("starts_on", "pk")
    )


def signposts_of(partnership_slug: str, area: protocols.AreaProtocol) -> list[dict[str, Any]]:
    """What a protocol names to read or to turn to, with the address that the partnership has added."""
    rows = Signpost.objects.filter(partnership__slug=partnership_slug, partnership__practice_of__isnull=True)
    added = {row.key: row for row in rows}
    return [
        {
            "key": link.id,
            "label": link.label,
            "note": "" if link.id in added and added[link.id].url else link.note,
            "rule": link.rule,
            "text": added[link.id].text if link.id in added else "",
            "url": (added[link.id].url if link.id in added else "") or link.url,
        }
        for link in area.links
    ]


@dataclass(slots=True)
class Preview:
    """A file of people as it would be entered: each row with its mistakes in words, and those that can be entered."""

    rows: list[sheets.Row]
    people: list[Any]

    @property
    def wrong(self) -> int:
        return sum(bool(row.errors) for row in self.rows)


def people_preview(partnership_id: int, rows: list[sheets.Row], person: Callable[..., Any]) -> Preview:
    """Compare a file of people with the partnership. `person` makes the entry of a row without mistakes. Four queries."""
    agencies = {a.name.lower(): a.pk for a in Agency.objects.filter(partnership_id=partnership_id)}
    roles = {label.lower(): value for value, label in Role.choices if value != Role.GUEST}
    roles |= {value: value for value in roles.values()}
    emails = [row.values["email"].lower() for row in rows]
    known = list(
        Membership.objects.filter(partnership_id=partnership_id, ends_on__isnull=True)
        .annotate(address=Lower("user__email"))
        .exclude(role=Role.GUEST)
        .select_related("user")
    )
    taken = {(m.address, m.role): m for m in known}
    managers = {m.address: m.pk for m in known}
    seen: dict[tuple[str, str], int] = {}
    people = []
    for row, email in zip(rows, emails, strict=True):
        given = row.values
        if email and not is_address(email):
            row.errors.append("email address must be like name@example.org")
        agency = agencies.get(given["agency"].lower())
        if given["agency"] and agency is None:
            row.errors.append(
                f"there is no agency “{given['agency']}” in this partnership. Add it first, or correct it"
            )
        role = roles.get(given["role"].lower())
        if given["role"] and role is None:
            row.errors.append(f"“{given['role']}” is no role. The roles are: {', '.join(_role_labels())}")
        starts_on = sheets.day(given["starts_on"])
        if given["starts_on"] and starts_on is None:
            row.errors.append(f"“{given['starts_on']}” is no day. Write it like 1/9/2026")
        manager = managers.get(given["line_manager"].lower())
        if given["line_manager"] and manager is None:
            row.errors.append(f"nobody here has the line manager’s address {given['line_manager']}")
        if role and email:
            if other := taken.get((email, role)):
                row.errors.append(
                    f"email address is already used by {other.user.name}, {other.get_role_display()}"
                )
            if (email, role) in seen:
                row.errors.append(f"the same person and role as row {seen[email, role]}")
            seen.setdefault((email, role), row.number)
        if not row.errors:
            people.append(
                person(
                    email, given["name"], role, given["job_title"], agency, starts_on, line_manager_id=manager
                )
            )
    return Preview(rows, people)


def _role_labels() -> list[str]:
    return [label for value, label in Role.choices if value != Role.GUEST]


def is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


SETTING = ("partnership.", "person.", "agency.")


def setting_history(partnership_id: int, *, membership_id: int | None = None) -> QuerySet[AuditEvent]:
    """What was changed in a partnership's setting, or about one person in it, newest first."""
    about = Q()
    for start in SETTING:
        about |= Q(type__startswith=start)
    rows = AuditEvent.objects.filter(about, partnership_id=partnership_id).order_by("-seq")
    return rows.filter(detail__membership=membership_id) if membership_id else rows


def setting_words(events: Iterable[AuditEvent], slots: dict[str, str]) -> list[dict[str, Any]]:
    """Events of the setting in sentences, with who did it. Two queries."""
    events = list(events)
    wanted = {event.membership_id for event in events} | {event.detail.get("membership") for event in events}
    people = {
        row.pk: row.user.name
        for row in Membership.objects.filter(pk__in=[pk for pk in wanted if pk]).select_related("user")
    }
    names = dict(
        Agency.objects.filter(
            pk__in=[e.detail["agency"] for e in events if "agency" in e.detail]
        ).values_list("pk", "name")
    )
    labels = {"slot": slots, "kind": {value: label.lower() for value, label in Role.choices}}
    told = []
    for event in events:
        words = {
            key: (people if key == "membership" else names if key == "agency" else labels.get(key, {})).get(
                value
            )
            or (
                day_date(dt.date.fromisoformat(value[:10]))
                if key == "date" and value
                else str(value).replace("_", " ")
            )
            for key, value in event.detail.items()
        }
        try:
            title = SENTENCES[event.type].format_map(words)
        except KeyError:
            title = SENTENCES[event.type].partition(":")[0]
        by = {"clock": "this service", "operator": "the operator"}.get(event.actor_kind)
        told.append(
            {
                "title": title.rstrip("."),
                "by": by or people.get(event.membership_id or 0, ""),
                "at": event.at,
                "text": "",
                "rule": "",
            }
        )
    return told
