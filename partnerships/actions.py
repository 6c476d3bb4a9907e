"""Setting up a partnership: its people, posts, calendar, and the protocol it works by."""

import datetime as dt
import uuid

from django.db import transaction

import protocols
from accounts.models import User
from audit.actions import write
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied, changed, not_yours
from partnerships.models import (
    Agency,
    BankHoliday,
    ClosureDay,
    HolidayList,
    Membership,
    Partnership,
    ProtocolVersion,
    Slot,
    SlotHolder,
)
from partnerships.selectors import unfilled_slots
from partnerships.states import Role
from protocols.holidays import holiday_list


def check_admin(actor: Actor, partnership_id: int) -> None:
    """Only the partnership's own admin changes its posts, people and protocol."""
    if actor.role != Role.PARTNERSHIP_ADMIN or actor.partnership_id != partnership_id:
        raise not_yours("The partnership admin does this.")


@transaction.atomic
def load_bank_holidays() -> int:
    """Fill the table of bank holidays from the packaged list and its supplement. Returns how many rows were added."""
    listed = holiday_list()
    before = BankHoliday.objects.count()
    BankHoliday.objects.bulk_create(
        (
            BankHoliday(nation=row.nation, date=row.day, title=row.title[:150], source=row.source[:100])
            for row in listed.rows
        ),
        ignore_conflicts=True,
    )
    for nation in {row.nation for row in listed.rows}:
        HolidayList.objects.update_or_create(
            nation=nation,
            defaults={"first": listed.first, "last": listed.last, "version": listed.version[:80]},
        )
    return BankHoliday.objects.count() - before


@transaction.atomic
def set_up_partnership(
    *, slug: str, name: str, area: protocols.AreaProtocol, urgent_contact: str = ""
) -> Partnership:
    """A partnership with the posts that its protocol names, still empty."""
    partnership, _ = Partnership.objects.get_or_create(
        slug=slug, defaults={"name": name, "urgent_contact": urgent_contact}
    )
    for slot in area.slots:
        Slot.objects.get_or_create(partnership=partnership, key=slot.key, defaults={"title": slot.title})
    return partnership


@transaction.atomic
def fill_slot(
    *,
    partnership_id: int,
    key: str,
    membership_id: int,
    starts_on: dt.date,
    by: Actor,
    now: dt.datetime,
    ends_on: dt.date | None = None,
    deputy: bool = False,
) -> SlotHolder:
    """Put a person into a post from a day on; as holder, in place of the last one, or as deputy of the holder."""
    check_admin(by, partnership_id)
    slot = Slot.objects.select_for_update().filter(partnership_id=partnership_id, key=key).first()
    membership = (
        Membership.objects.filter(pk=membership_id, partnership_id=partnership_id)
        .exclude(role=Role.GUEST)
        .first()
    )
    if slot is None or membership is None:
        raise Denied("Select a person of this partnership", field="membership")
    if ends_on is not None and ends_on < starts_on:
        raise Denied("The last day must be on or after the first day", field="ends_on")
    holder = SlotHolder.objects.filter(slot=slot, ends_on__isnull=True, deputy_for__isnull=True).first()
    if deputy:
        if holder is None:
            raise Denied("Fill the post first; then it can have a deputy", field="membership")
    elif holder is not None and ends_on is None:
        if holder.starts_on >= starts_on:
            raise Denied("The new holder must start after the present one did", field="starts_on")
        holder.ends_on = starts_on - dt.timedelta(days=1)
        holder.save(update_fields=["ends_on"])
    row = SlotHolder.objects.create(
        partnership_id=partnership_id,
        slot=slot,
        membership=membership,
        starts_on=starts_on,
        ends_on=ends_on,
        deputy_for=holder if deputy else None,
    )
    write(
        "partnership.slot_filled", by=by, now=now, object_type="slot", object_id=slot.pk,
        partnership_id=partnership_id, detail={"slot": key, "membership": membership.pk, "date": starts_on.isoformat()},
    )  # fmt: skip
    return row


@transaction.atomic
def publish_protocol(
    *, partnership: Partnership, area: protocols.AreaProtocol, by: Actor | None, now: dt.datetime
) -> ProtocolVersion:
    """Publish a text for a partnership. A post that it requires and nobody fills stops it, by name."""
    if by is not None:
        check_admin(by, partnership.pk)
    existing = ProtocolVersion.objects.filter(
        partnership=partnership, effective_from=area.effective_from
    ).first()
    if existing is not None:
        if existing.sha256 == area.sha256:
            return existing
        raise Denied("A different text is already published from that date. Give the new one its own date.")
    for slot in area.slots:
        Slot.objects.get_or_create(partnership=partnership, key=slot.key, defaults={"title": slot.title})
    empty = unfilled_slots(partnership.pk, area, london_date(now))
    if empty:
        raise Denied(
            f"This protocol cannot be published yet: nobody fills {', '.join(empty)}. Fill each post first, "
            "so that no notice is lost."
        )
    version = ProtocolVersion.objects.create(
        partnership=partnership,
        text_id=area.protocol_id,
        version=area.version,
        effective_from=area.effective_from,
        source_text=area.source_text,
        sha256=area.sha256,
        published_at=now,
        published_by_id=by.user_id if by else None,
    )
    if by is not None:
        write(
            "partnership.protocol_published", by=by, now=now, object_type="protocol_version", object_id=version.pk,
            partnership_id=partnership.pk, detail={"version": area.version, "date": area.effective_from.isoformat()},
        )  # fmt: skip
    return version


@transaction.atomic
def add_agency(
    *, partnership: Partnership, name: str, kind: str, statutory: bool = True, email: str = ""
) -> Agency:
    return Agency.objects.get_or_create(
        partnership=partnership, name=name, defaults={"kind": kind, "statutory": statutory, "email": email}
    )[0]


@transaction.atomic
def add_member(
    *,
    agency: Agency,
    email: str,
    name: str,
    role: str,
    job_title: str,
    starts_on: dt.date,
    password: str | None = None,
    line_manager: Membership | None = None,
) -> Membership:
    """A person with a membership; an account is made when the address has none."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email=email, name=name, password=password)
    return Membership.objects.create(
        partnership_id=agency.partnership_id,
        user=user,
        agency=agency,
        role=role,
        job_title=job_title,
        starts_on=starts_on,
        line_manager=line_manager,
    )


@transaction.atomic
@transaction.atomic
def correct_address(*, user_id: int, email: str, by: Actor, now: dt.datetime) -> User:
    """The partnership admin corrects the email address of a person, by which they also sign in.

    Raises Denied for an address that somebody else has, and for a person who works in another partnership too, whose
    address is not this partnership's alone to change.
    """
    check_admin(by, by.partnership_id or 0)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.email.lower() == email.lower():
        return user
    if Membership.objects.filter(user=user).exclude(partnership_id=by.partnership_id or 0).exists():
        raise Denied(
            "This person also works in another partnership, so their address cannot be changed here.",
            route="Ask the operator of this service to change it.",
            field="email",
        )
    if User.objects.filter(email__iexact=email).exists():
        raise Denied("Somebody else has this address already. Enter the person's own address", field="email")
    user.email = email.lower()
    user.save(update_fields=["email"])
    write("account.address_corrected", by=by, now=now, object_type="user", object_id=user.pk)
    return user


def add_guest(*, agency: Agency, email: str, name: str, starts_on: dt.date) -> Membership:
    """The membership of a guest of an agency: once per address, with a user who has no password."""
    user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(
        email=email, name=name
    )
    return Membership.objects.get_or_create(
        user=user,
        agency=agency,
        role=Role.GUEST,
        defaults={"partnership_id": agency.partnership_id, "job_title": "Guest", "starts_on": starts_on},
    )[0]


@transaction.atomic
def add_closure_day(
    *, partnership_id: int, date: dt.date, reason: str, by: Actor, now: dt.datetime
) -> ClosureDay:
    """Enter a day on which the offices are closed. Open clocks are moved by `deadlines.actions.recount_clocks`."""
    check_admin(by, partnership_id)
    if not reason.strip():
        raise Denied("Enter why the offices are closed", field="reason")
    day, created = ClosureDay.objects.get_or_create(
        partnership_id=partnership_id, date=date, removed_at=None, defaults={"reason": reason.strip()[:150]}
    )
    if not created:
        raise Denied("This day is already on the list", field="date")
    write(
        "partnership.closure_day_added", by=by, now=now, object_type="closure_day", object_id=day.pk,
        partnership_id=partnership_id, detail={"date": date.isoformat()},
    )  # fmt: skip
    return day


@transaction.atomic
def remove_closure_day(*, partnership_id: int, day: uuid.UUID, by: Actor, now: dt.datetime) -> ClosureDay:
    """Take a closure day back: it counts as any other day again. The row stays. Open clocks are moved as by adding one."""
    check_admin(by, partnership_id)
    row = ClosureDay.objects.select_for_update().filter(partnership_id=partnership_id, uuid=day).first()
    if row is None or row.removed_at is not None:
        raise changed("This day is not on the list any longer.")
    row.removed_at, row.removed_by_id = now, by.member
    row.save(update_fields=["removed_at", "removed_by"])
    write(
        "partnership.closure_day_removed", by=by, now=now, object_type="closure_day", object_id=row.pk,
        partnership_id=partnership_id, detail={"date": row.date.isoformat()},
    )  # fmt: skip
    return row
