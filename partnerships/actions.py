"""Setting up a partnership: its people, posts, calendar, and the protocol it works by."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

import protocols
from accounts.actions import want_key
from accounts.models import User
from accounts.selectors import asked_too_often
from accounts.states import KeyPurpose
from audit.actions import write
from core.actor import Actor
from core.clock import london_date
from core.refusals import Denied, changed, not_yours
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
from partnerships.selectors import (
    holiday_changes,
    other_admins,
    own_text,
    practice_twin,
    real_partnership,
    role_taken,
    text_of_upload,
    unfilled_slots,
    waiting_upload,
    works_anywhere,
)
from partnerships.states import INVENTED_AGENCIES, INVENTED_PEOPLE, AgencyKind, Role
from protocols.holidays import holiday_list


def check_admin(actor: Actor, partnership_id: int) -> None:
    """Only the partnership's own admin changes its posts, people and protocol."""
    if actor.role != Role.PARTNERSHIP_ADMIN or actor.partnership_id != partnership_id:
        raise not_yours("The partnership admin does this.")
    if actor.practice:
        raise not_yours(
            "Practice has no setting of its own: it was filled from that of your partnership, with invented people."
        )


@transaction.atomic
def load_bank_holidays() -> int:
    """Make the table of bank holidays what this release's list and its supplement say. Returns how many days changed.

    A day that the list does not have any longer is taken out: going back to an earlier list is the same operation.
    """
    listed = holiday_list()
    added, gone = holiday_changes()
    BankHoliday.objects.bulk_create(
        (
            BankHoliday(nation=row.nation, date=row.day, title=row.title[:150], source=row.source[:100])
            for row in added
        ),
        ignore_conflicts=True,
    )
    BankHoliday.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for nation in {row.nation for row in listed.rows}:
        HolidayList.objects.update_or_create(
            nation=nation,
            defaults={"first": listed.first, "last": listed.last, "version": listed.version[:80]},
        )
    return len(added) + len(gone)


@transaction.atomic
def set_up_partnership(
    *, slug: str, name: str, area: protocols.AreaProtocol, urgent_contact: str = ""
) -> Partnership:
    """A partnership with the posts that its protocol names, still empty."""
    partnership, _ = Partnership.objects.get_or_create(
        slug=slug, practice_of=None, defaults={"name": name, "urgent_contact": urgent_contact}
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
    return _publish(partnership, area, by, now)


def _publish(
    partnership: Partnership, area: protocols.AreaProtocol, by: Actor | None, now: dt.datetime
) -> ProtocolVersion:
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
    twin = practice_twin(partnership.pk)
    if twin is not None:  # practice goes on under the same text
        ProtocolVersion.objects.bulk_create([_copy(version, twin)])
    if by is not None:
        write(
            "partnership.protocol_published", by=by, now=now, object_type="protocol_version", object_id=version.pk,
            partnership_id=partnership.pk, detail={"version": area.version, "date": area.effective_from.isoformat()},
        )  # fmt: skip
    return version


def _copy(version: ProtocolVersion, twin: Partnership) -> ProtocolVersion:
    return ProtocolVersion(
        partnership=twin, text_id=version.text_id, version=version.version, effective_from=version.effective_from,
        source_text=version.source_text, sha256=version.sha256, published_at=version.published_at,
    )  # fmt: skip


# --- a new version of the protocol, brought as a file -----------------------------------------------------------------


@transaction.atomic
def upload_protocol(
    *, partnership_id: int, text: protocols.Protocol, by: Actor, now: dt.datetime
) -> ProtocolUpload:
    """Keep a text that was read without a mistake, until a second person publishes it.

    Raises Denied for a text of other partnerships, for one that would hold from today or before, for a day from which
    another text holds already, and while another upload waits.
    """
    check_admin(by, partnership_id)
    partnership = Partnership.objects.select_for_update().get(pk=partnership_id)
    if partnership.slug not in text.slugs():
        raise Denied(
            f"This text is for {', '.join(text.slugs())}, not for {partnership.slug}. "
            f'Write [[area]] with slug = "{partnership.slug}" in it',
            field="file",
        )
    check_begins_later(text.head.effective_from, now)
    check_day_free(partnership_id, text.head.effective_from)
    if waiting_upload(partnership_id) is not None:
        raise Denied("Another text waits to be published. Publish or withdraw it first", field="file")
    upload = ProtocolUpload.objects.create(
        partnership_id=partnership_id,
        text_id=text.id,
        version=text.head.version,
        effective_from=text.head.effective_from,
        source_text=text.source_text,
        sha256=text.sha256,
        uploaded_at=now,
        uploaded_by_id=by.member,
    )
    _setting(
        "partnership.protocol_uploaded", partnership_id, "protocol_upload", upload.pk, by, now,
        version=upload.version, date=upload.effective_from.isoformat(),
    )  # fmt: skip
    return upload


def check_begins_later(day: dt.date, now: dt.datetime) -> None:
    """A text never holds for days that have passed, nor from the middle of one."""
    if day <= london_date(now):
        raise Denied(
            f"This text would hold from {day_date(day)}. A new version holds from tomorrow at the earliest: cases keep "
            "the version of their day. Change effective_from in the file, and upload it again",
            field="file",
        )


def check_day_free(partnership_id: int, day: dt.date) -> None:
    """From one day, one text."""
    if ProtocolVersion.objects.filter(partnership_id=partnership_id, effective_from=day).exists():
        raise Denied(
            f"A text is published from {day_date(day)} already. Give this one its own date in effective_from",
            field="file",
        )


def check_second_person(actor: Actor, upload: ProtocolUpload) -> None:
    """Whoever brought a text does not publish it, in whatever role they act."""
    if actor.user_id == upload.uploaded_by.user_id:
        raise Denied(
            "You brought this text yourself. Another partnership admin reads the differences and publishes it.",
            route="If there is no other admin, add one under People.",
        )


def _waiting(partnership_id: int, upload: uuid.UUID) -> ProtocolUpload:
    row = (
        ProtocolUpload.objects.select_for_update(of=("self",))
        .select_related("uploaded_by")
        .filter(partnership_id=partnership_id, uuid=upload)
        .first()
    )
    if row is None or row.withdrawn_at is not None or row.published_as_id is not None:
        raise changed("This text does not wait any longer: somebody published or withdrew it.")
    return row


@transaction.atomic
def publish_upload(*, partnership_id: int, upload: uuid.UUID, by: Actor, now: dt.datetime) -> ProtocolVersion:
    """Publish a text that somebody else brought. From its day on, new cases are judged by it; open ones keep theirs."""
    check_admin(by, partnership_id)
    row = _waiting(partnership_id, upload)
    check_second_person(by, row)
    check_begins_later(row.effective_from, now)
    check_day_free(partnership_id, row.effective_from)
    partnership = Partnership.objects.get(pk=partnership_id)
    version = _publish(partnership, text_of_upload(row).area(partnership.slug), by, now)
    row.published_as = version
    row.save(update_fields=["published_as"])
    return version


@transaction.atomic
def withdraw_upload(*, partnership_id: int, upload: uuid.UUID, by: Actor, now: dt.datetime) -> ProtocolUpload:
    """Take a text back that waits. It stays in the list, marked."""
    check_admin(by, partnership_id)
    row = _waiting(partnership_id, upload)
    row.withdrawn_at, row.withdrawn_by_id = now, by.member
    row.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _setting(
        "partnership.protocol_withdrawn", partnership_id, "protocol_upload", row.pk, by, now,
        version=row.version, date=row.effective_from.isoformat(),
    )  # fmt: skip
    return row


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
def correct_address(*, user_id: int, email: str, by: Actor, now: dt.datetime) -> User:
    """The partnership admin corrects the email address of a person, by which they also sign in.

    Raises Denied for an address that somebody else has, and for a person who works in another partnership too, whose
    address is not this partnership's alone to change.
    """
    check_admin(by, by.partnership_id or 0)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.email.lower() == email.lower():
        return user
    if (
        Membership.objects.filter(user=user)
        .exclude(Q(partnership_id=by.partnership_id or 0) | Q(partnership__practice_of__isnull=False))
        .exists()
    ):
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


@transaction.atomic
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


# --- passwords and people -------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_password_link(*, email: str, now: dt.datetime) -> bool:
    """Send a link to set a password to an address that belongs to somebody who may act in a partnership.

    Returns whether one was sent: never told to who asks.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None or not works_anywhere(user.pk, london_date(now)):
        return False
    if asked_too_often(user.pk, KeyPurpose.PASSWORD_LINK, None, now):
        return False
    want_key(user_id=user.pk, purpose=KeyPurpose.PASSWORD_LINK, now=now)
    write(
        "account.password_link_asked",
        by=Actor(kind="person", partnership_id=None, user_id=user.pk, name=user.name),
        now=now,
        object_type="user",
        object_id=user.pk,
    )
    return True


def _setting(
    type_: str,
    partnership_id: int,
    object_type: str,
    object_id: int,
    by: Actor,
    now: dt.datetime,
    **detail: object,
) -> None:
    write(
        type_, by=by, now=now, object_type=object_type, object_id=object_id, partnership_id=partnership_id,
        detail=dict(detail),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is to have an account: who they are, and what they may do here."""

    email: str
    name: str
    role: str
    job_title: str
    agency_id: int
    starts_on: dt.date
    line_manager_id: int | None = None


def _check_setter(by: Actor, partnership_id: int) -> None:
    """The partnership's admin, or the operator of this installation, who sets the first admin up."""
    if by.kind != "operator":
        check_admin(by, partnership_id)


@transaction.atomic
def enter_person(*, partnership_id: int, person: Person, by: Actor, now: dt.datetime) -> Membership:
    """Give somebody a role in the partnership; a new account gets a link to set its password.

    Raises Denied for an address that has this role already, for an agency or line manager of another partnership, and
    for the role of a guest, into which nobody is put by hand.
    """
    _check_setter(by, partnership_id)
    agency = Agency.objects.filter(pk=person.agency_id, partnership_id=partnership_id).first()
    if agency is None:
        raise Denied("Select an agency of this partnership", field="agency")
    if person.role not in Role.values or person.role == Role.GUEST:
        raise Denied("Select a role", field="role")
    if not person.name.strip():
        raise Denied("Enter the person’s name", field="name")
    manager = _line_manager(partnership_id, person.line_manager_id)
    taken = role_taken(partnership_id, person.email, person.role, person.starts_on)
    if taken is not None:
        raise Denied(
            f"{person.email} is already used by {taken.user.name}, {taken.get_role_display().lower()}",
            field="email",
        )
    membership = add_member(
        agency=agency, email=person.email.strip().lower(), name=person.name.strip(), role=person.role,
        job_title=person.job_title.strip(), starts_on=person.starts_on, line_manager=manager,
    )  # fmt: skip
    if not membership.user.has_usable_password():
        want_key(user_id=membership.user_id, purpose=KeyPurpose.PASSWORD_LINK, now=now)
    _setting(
        "person.added", partnership_id, "membership", membership.pk, by, now,
        membership=membership.pk, kind=person.role, date=person.starts_on.isoformat(),
    )  # fmt: skip
    return membership


def _line_manager(partnership_id: int, pk: int | None) -> Membership | None:
    if pk is None:
        return None
    found = Membership.objects.filter(pk=pk, partnership_id=partnership_id).exclude(role=Role.GUEST).first()
    if found is None:
        raise Denied("Select a line manager of this partnership", field="line_manager")
    return found


def _member(membership_id: int, by: Actor) -> Membership:
    row = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "agency")
        .get(pk=membership_id)
    )
    check_admin(by, row.partnership_id)
    if row.role == Role.GUEST:
        raise Denied("A guest is invited to one case and has no entry of their own here.")
    return row


@transaction.atomic
def change_person(
    *, membership_id: int, job_title: str, line_manager_id: int | None, by: Actor, now: dt.datetime
) -> Membership:
    """Correct a job title or name another line manager. Another role or agency is a move, from a day on."""
    row = _member(membership_id, by)
    manager = _line_manager(row.partnership_id, line_manager_id)
    if manager is not None and manager.user_id == row.user_id:
        raise Denied("Nobody is their own line manager", field="line_manager")
    row.job_title, row.line_manager = job_title.strip(), manager
    row.save(update_fields=["job_title", "line_manager"])
    _setting("person.changed", row.partnership_id, "membership", row.pk, by, now, membership=row.pk)
    return row


@transaction.atomic
def move_person(
    *,
    membership_id: int,
    agency_id: int,
    role: str,
    job_title: str,
    starts_on: dt.date,
    by: Actor,
    now: dt.datetime,
) -> Membership:
    """Another role or agency from a day on: the old entry ends the day before, a new one begins. History keeps both."""
    row = _member(membership_id, by)
    if agency_id == row.agency_id and role == row.role:
        raise Denied(
            "Select another role or agency. A job title alone is changed without a date", field="role"
        )
    if starts_on <= row.starts_on:
        raise Denied("The first day must be after the first day of the present role", field="starts_on")
    _end(row, starts_on - dt.timedelta(days=1))
    person = Person(row.user.email, row.user.name, role, job_title, agency_id, starts_on, row.line_manager_id)
    moved = enter_person(partnership_id=row.partnership_id, person=person, by=by, now=now)
    _setting(
        "person.moved", row.partnership_id, "membership", row.pk, by, now,
        membership=row.pk, kind=role, date=starts_on.isoformat(),
    )  # fmt: skip
    return moved


@transaction.atomic
def end_person(*, membership_id: int, ends_on: dt.date, by: Actor, now: dt.datetime) -> Membership:
    """Enter somebody's last day. The posts they fill end with it; what they did stays theirs.

    Raises Denied for the last partnership admin: somebody must be left who can let others in.
    """
    row = _member(membership_id, by)
    if ends_on < row.starts_on:
        raise Denied("The last day must be on or after the first day", field="ends_on")
    if row.role == Role.PARTNERSHIP_ADMIN and not other_admins(row).exists():
        raise Denied(
            "This is the only partnership admin. Nobody could let people in afterwards.",
            route="Add another partnership admin first.",
            field="ends_on",
        )
    _end(row, ends_on)
    _setting(
        "person.left",
        row.partnership_id,
        "membership",
        row.pk,
        by,
        now,
        membership=row.pk,
        date=ends_on.isoformat(),
    )
    return row


def _end(row: Membership, ends_on: dt.date) -> None:
    row.ends_on = ends_on
    row.save(update_fields=["ends_on"])
    held = SlotHolder.objects.filter(membership=row).filter(Q(ends_on__isnull=True) | Q(ends_on__gt=ends_on))
    held.filter(starts_on__lte=ends_on).update(ends_on=ends_on)
    posts = AgencyPost.objects.filter(membership=row, ends_on__isnull=True, starts_on__lte=ends_on)
    posts.update(ends_on=ends_on)


@transaction.atomic
def send_password_link(*, membership_id: int, by: Actor, now: dt.datetime) -> None:
    """Send somebody a link to set their password, once more."""
    row = _member(membership_id, by)
    if asked_too_often(row.user_id, KeyPurpose.PASSWORD_LINK, None, now):
        raise Denied("Several links were sent within the hour. The newest one works.")
    want_key(user_id=row.user_id, purpose=KeyPurpose.PASSWORD_LINK, now=now)
    _setting(
        "person.password_link_sent", row.partnership_id, "membership", row.pk, by, now, membership=row.pk
    )


@transaction.atomic
def import_people(*, partnership_id: int, people: list[Person], by: Actor, now: dt.datetime) -> int:
    """Enter everybody of a checked list, or nobody: the first that cannot be entered stops all. Returns how many."""
    check_admin(by, partnership_id)
    for person in people:
        enter_person(partnership_id=partnership_id, person=person, by=by, now=now)
    _setting(
        "partnership.people_imported",
        partnership_id,
        "partnership",
        partnership_id,
        by,
        now,
        count=len(people),
    )
    return len(people)


@transaction.atomic
def save_agency(
    *,
    partnership_id: int,
    name: str,
    kind: str,
    statutory: bool,
    email: str,
    by: Actor,
    now: dt.datetime,
    agency_id: int | None = None,
) -> Agency:
    """Add an agency, or change one. Raises Denied for a name that another agency has."""
    check_admin(by, partnership_id)
    others = Agency.objects.filter(partnership_id=partnership_id, name__iexact=name.strip()).exclude(
        pk=agency_id or 0
    )
    if others.exists():
        raise Denied("Another agency has this name already", field="name")
    row = (
        Agency.objects.select_for_update().get(pk=agency_id, partnership_id=partnership_id)
        if agency_id
        else Agency(partnership_id=partnership_id)
    )
    row.name, row.kind, row.statutory, row.email = name.strip(), kind, statutory, email.strip()
    row.save()
    _setting(
        "agency.changed" if agency_id else "agency.added",
        partnership_id,
        "agency",
        row.pk,
        by,
        now,
        agency=row.pk,
    )
    return row


@transaction.atomic
def end_post(*, holder_id: int, ends_on: dt.date, by: Actor, now: dt.datetime) -> SlotHolder:
    """Enter the last day on which somebody fills a post or stands in for its holder."""
    row = SlotHolder.objects.select_for_update(of=("self",)).select_related("slot").get(pk=holder_id)
    check_admin(by, row.partnership_id)
    if ends_on < row.starts_on:
        raise Denied("The last day must be on or after the first day", field="ends_on")
    row.ends_on = ends_on
    row.save(update_fields=["ends_on"])
    _setting(
        "partnership.slot_ended", row.partnership_id, "slot", row.slot_id, by, now,
        slot=row.slot.key, membership=row.membership_id, date=ends_on.isoformat(),
    )  # fmt: skip
    return row


@dataclass(frozen=True, slots=True)
class Duty:
    """A team to call at once for a child, as it is entered."""

    team: str
    telephone: str
    hours: str = ""


@transaction.atomic
def fill_agency_post(
    *,
    partnership_id: int,
    key: str,
    agency_id: int,
    by: Actor,
    starts_on: dt.date,
    now: dt.datetime,
    membership_id: int | None = None,
    name: str = "",
    email: str = "",
) -> AgencyPost | None:
    """Say who fills, for one agency, a post that the protocol has once per agency: the map of the agencies'
    representatives on the partnership (CAM-17). Without anybody: nobody does from that day on, and None is returned.

    Raises Denied for somebody of another agency, and for a first day before that of whoever fills it now.
    """
    check_admin(by, partnership_id)
    slot = Slot.objects.select_for_update().get(partnership_id=partnership_id, key=key)
    agency = Agency.objects.get(pk=agency_id, partnership_id=partnership_id)
    member = _of_agency(agency, membership_id, email)
    before = AgencyPost.objects.filter(slot=slot, agency=agency, ends_on__isnull=True).first()
    if before is not None and starts_on <= before.starts_on:
        raise Denied(
            f"The first day must be after {day_date(before.starts_on)}, when {before.who} began",
            field="starts_on",
        )
    if before is not None:
        before.ends_on = starts_on - dt.timedelta(days=1)
        before.save(update_fields=["ends_on"])
    somebody = member is not None or bool(name.strip())
    if somebody and member is None and not email.strip():
        raise Denied("Enter an email address, so that they can be told", field="email")
    row = None
    if somebody:
        row = AgencyPost.objects.create(
            partnership_id=partnership_id, slot=slot, agency=agency, membership=member, starts_on=starts_on,
            name="" if member else name.strip(), email="" if member else email.strip(),
        )  # fmt: skip
    _setting(
        "partnership.agency_post_filled" if row else "partnership.agency_post_emptied", partnership_id, "slot",
        slot.pk, by, now, slot=key, agency=agency.pk, date=starts_on.isoformat(),
    )  # fmt: skip
    return row


def _of_agency(agency: Agency, membership_id: int | None, email: str) -> Membership | None:
    """Somebody of an agency with an account: chosen, or known by the address."""
    rows = Membership.objects.filter(agency=agency, ends_on__isnull=True).exclude(role=Role.GUEST)
    if membership_id is not None:
        found = rows.filter(pk=membership_id).first()
        if found is None:
            raise Denied("Select somebody of this agency", field="membership")
        return found
    return rows.filter(user__email__iexact=email.strip()).order_by("pk").first() if email.strip() else None


@transaction.atomic
def save_contacts(
    *, partnership_id: int, name: str, duty: Sequence[Duty], by: Actor, now: dt.datetime
) -> Partnership:
    """The partnership's name as its pages and letters say it, and whom to call at once for a child, in that order.

    What was entered before stays, marked. Raises Denied for a team without a name or a number to call.
    """
    check_admin(by, partnership_id)
    for each in duty:
        if not each.team.strip() or not re.search(r"[0-9]", each.telephone):
            raise Denied("Enter the name of each team and the number to call")
    row = Partnership.objects.select_for_update().get(pk=partnership_id)
    DutyContact.objects.filter(partnership=row, removed_at__isnull=True).update(
        removed_at=now, removed_by_id=by.member
    )
    contacts = [
        DutyContact(
            partnership=row, place=place, team=each.team.strip(), hours=each.hours.strip(),
            telephone=each.telephone.strip(),
        )
        for place, each in enumerate(duty, 1)
    ]  # fmt: skip
    DutyContact.objects.bulk_create(contacts)
    row.name, row.urgent_contact = name.strip(), "\n".join(map(str, contacts))
    row.save(update_fields=["name", "urgent_contact"])
    _setting("partnership.contacts_changed", partnership_id, "partnership", partnership_id, by, now)
    return row


@transaction.atomic
def save_words(*, partnership_id: int, words: Mapping[str, str], by: Actor, now: dt.datetime) -> Partnership:
    """The partnership's own words for what the protocol names: a word left empty is the protocol's again.

    Rules, dates and letters that were issued do not change with it. Raises Denied for a word that may not be changed
    here, since the text rests on it.
    """
    check_admin(by, partnership_id)
    row = Partnership.objects.select_for_update().get(pk=partnership_id)
    said = own_text(row, london_date(now)).words
    if set(words) - set(protocols.LOCAL_WORDS):
        raise Denied("This word is the protocol’s own and cannot be changed here")
    row.words = {
        key: text for key, word in words.items() if (text := " ".join(word.split())) and text != said.get(key)
    }
    row.save(update_fields=["words"])
    _setting("partnership.words_changed", partnership_id, "partnership", partnership_id, by, now)
    return row


@transaction.atomic
def save_signpost(
    *, partnership_id: int, key: str, text: str, url: str, by: Actor, now: dt.datetime
) -> Signpost:
    """Where people go for what the protocol names and does not give an address for; empty takes it off the pages."""
    check_admin(by, partnership_id)
    row, _ = Signpost.objects.select_for_update().get_or_create(partnership_id=partnership_id, key=key)
    row.text, row.url = text.strip(), url.strip()
    row.save(update_fields=["text", "url"])
    _setting("partnership.signpost_changed", partnership_id, "signpost", row.pk, by, now, kind=key)
    return row


@transaction.atomic
def set_up_with_admin(
    *,
    slug: str,
    name: str,
    area: protocols.AreaProtocol,
    agency_name: str,
    admin_email: str,
    admin_name: str,
    job_title: str,
    urgent_contact: str,
    by: Actor,
    now: dt.datetime,
) -> Membership:
    """A new partnership on a server, with the posts of its protocol still empty and its first admin, who gets a link to
    set a password and fills the posts. Raises Denied when the partnership is there already."""
    if real_partnership(slug) is not None:
        raise Denied(f"{slug} is set up already. To add another admin: manage.py add_admin {slug} …")
    partnership = set_up_partnership(slug=slug, name=name, area=area, urgent_contact=urgent_contact)
    _setting("partnership.set_up", partnership.pk, "partnership", partnership.pk, by, now)
    return add_admin(
        partnership=partnership, agency_name=agency_name, email=admin_email, name=admin_name, job_title=job_title,
        by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def add_admin(
    *,
    partnership: Partnership,
    agency_name: str,
    email: str,
    name: str,
    job_title: str,
    by: Actor,
    now: dt.datetime,
) -> Membership:
    """A partnership admin, in an agency of that name, which is made if there is none."""
    agency = add_agency(partnership=partnership, name=agency_name, kind=AgencyKind.SOCIAL_CARE)
    person = Person(email, name, Role.PARTNERSHIP_ADMIN, job_title, agency.pk, london_date(now))
    return enter_person(partnership_id=partnership.pk, person=person, by=by, now=now)


# --- practice ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_practice(*, partnership_id: int, by: Actor, now: dt.datetime) -> Partnership:
    """A practice twin of a partnership: its protocol, its closure days, and invented people in every role and post.

    Raises Denied where one is open, and where no protocol is published yet.
    """
    _check_setter(by, partnership_id)
    real = Partnership.objects.select_for_update().get(pk=partnership_id)
    if practice_twin(real.pk) is not None:
        raise changed("Practice is open already.")
    versions = list(ProtocolVersion.objects.filter(partnership=real))
    if not versions:
        raise Denied("Publish the protocol first: practice follows it.")
    twin = Partnership.objects.create(
        slug=real.slug,
        name=f"Practice: {real.name}"[:200],
        urgent_contact=real.urgent_contact,
        words=real.words,
        practice_of=real,
    )
    ProtocolVersion.objects.bulk_create(_copy(row, twin) for row in versions)
    ClosureDay.objects.bulk_create(
        ClosureDay(partnership=twin, date=row.date, reason=row.reason)
        for row in ClosureDay.objects.filter(partnership=real, removed_at__isnull=True)
    )
    _invent_people(real, twin, london_date(now))
    _setting("partnership.practice_opened", real.pk, "partnership", twin.pk, by, now)
    return twin


def _invent_people(real: Partnership, twin: Partnership, today: dt.date) -> None:
    """Agencies and people of practice. Their addresses end in .invalid, where no mail can go; none has a password."""
    agencies = {
        kind: add_agency(partnership=twin, name=name, kind=kind, statutory=statutory)
        for kind, name, statutory in INVENTED_AGENCIES
    }
    people: dict[str, Membership] = {}
    for key, name, role, kind, title in INVENTED_PEOPLE:
        people[key] = add_member(
            agency=agencies[kind], email=f"{key}@{real.slug}.practice.invalid", name=name, role=role, job_title=title,
            starts_on=today, line_manager=people.get("manager") if role == Role.CHAIR else None,
        )  # fmt: skip
    for post in own_text(real, today).slots:
        if post.per == "partnership":
            filled = {"reviewer": "reviewer", "second_tier": "head"}.get(post.key, "office")
            slot = Slot.objects.create(partnership=twin, key=post.key, title=post.title)
            SlotHolder.objects.create(partnership=twin, slot=slot, membership=people[filled], starts_on=today)


@transaction.atomic
def restart_practice(*, partnership_id: int, by: Actor, now: dt.datetime) -> Partnership:
    """Empty practice: the twin is closed with all that is in it, and a fresh one is opened."""
    check_admin(by, partnership_id)
    twin = Partnership.objects.select_for_update().filter(practice_of=partnership_id, closed_at=None).first()
    if twin is None:
        raise changed("Practice is not open.")
    twin.closed_at = now
    twin.save(update_fields=["closed_at"])
    _setting("partnership.practice_emptied", partnership_id, "partnership", twin.pk, by, now)
    return open_practice(partnership_id=partnership_id, by=by, now=now)


@transaction.atomic
def join_practice(*, by: Actor, now: dt.datetime) -> Membership:
    """Somebody goes to practise, in the role that they have: their entry in the twin, made the first time.

    A reviewing manager stands in for the invented one, so that what is practised comes to them too. Raises Denied where
    no practice is open.
    """
    if by.kind != "person" or by.partnership_id is None:
        raise not_yours("Only people with a role in the partnership can practise.")
    if by.practice:
        return Membership.objects.select_related("partnership", "user", "agency").get(pk=by.member)
    twin = practice_twin(by.partnership_id)
    if twin is None:
        raise Denied("Practice is not open yet.", route="Ask your partnership admin to open it.")
    own = Membership.objects.select_related("agency", "user").get(pk=by.member)
    joined = Membership.objects.filter(partnership=twin, user=own.user, role=own.role).first()
    if joined is None:
        joined = _admit_to_practice(own, twin, london_date(now))
        _setting("partnership.practice_joined", twin.pk, "membership", joined.pk, by, now)
    return Membership.objects.select_related("partnership", "user", "agency").get(pk=joined.pk)


def _admit_to_practice(own: Membership, twin: Partnership, today: dt.date) -> Membership:
    agency = Agency.objects.filter(partnership=twin, kind=own.agency.kind).first()
    if agency is None:
        agency = add_agency(
            partnership=twin, name=f"Practice {own.agency.get_kind_display().lower()}", kind=own.agency.kind
        )
    manager = Membership.objects.filter(partnership=twin, role=Role.REVIEWING_MANAGER).order_by("pk").first()
    joined = Membership.objects.create(
        partnership=twin, user=own.user, agency=agency, role=own.role, job_title=own.job_title, starts_on=today,
        line_manager=manager if own.role == Role.CHAIR else None,
    )  # fmt: skip
    key = {Role.REVIEWING_MANAGER: "reviewer", Role.SECOND_TIER: "second_tier"}.get(Role(own.role))
    holder = (
        SlotHolder.objects.filter(partnership=twin, slot__key=key, deputy_for=None).first() if key else None
    )
    if holder is not None:
        SlotHolder.objects.create(
            partnership=twin, slot_id=holder.slot_id, membership=joined, starts_on=today, deputy_for=holder
        )
    return joined
