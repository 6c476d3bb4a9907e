"""Opening a case, naming its participants, leaving facts on it, writing where it stands, and inviting guests to it."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.actions import use_key, void_keys, want_key
from accounts.models import OneTimeKey
from accounts.selectors import asked_too_often
from accounts.states import TRIES, KeyPurpose
from audit.actions import write
from cases import permissions, policies
from cases.models import (
    Case,
    CaseChild,
    CaseEvent,
    Child,
    GuestVisit,
    Invitation,
    Participant,
    SavedFilter,
)
from cases.selectors import address_of, guest_actor, invitation_in_force, invitations_to
from cases.states import FINAL, VISIT, Capacity, Stage
from core.actor import Actor
from core.clock import london_date
from core.references import CASE, new_reference
from core.refusals import Denied
from partnerships.actions import add_guest
from partnerships.models import Agency, Membership, ProtocolVersion, Slot

ANOTHER_CODE = dt.timedelta(hours=1)  # how long after opening a link a further code can be asked for


@transaction.atomic
def open_case(
    *,
    partnership_id: int,
    kind: str,
    protocol_version: ProtocolVersion,
    agency: Agency,
    children: list[Child],
    stage: str,
    held_by: str,
    now: dt.datetime,
) -> Case:
    """Open a case with a fresh reference and the children it is about."""
    for _ in range(8):
        try:
            with transaction.atomic():
                case = Case.objects.create(
                    partnership_id=partnership_id,
                    reference=new_reference(CASE),
                    kind=kind,
                    protocol_version=protocol_version,
                    agency=agency,
                    stage=stage,
                    held_by=held_by,
                    opened_at=now,
                )
            break
        except IntegrityError:
            continue
    else:
        raise RuntimeError("no free reference was found in eight tries")
    CaseChild.objects.bulk_create(
        CaseChild(partnership_id=partnership_id, case=case, child=child) for child in children
    )
    return case


def add_participant(
    case: Case,
    capacity: Capacity,
    *,
    membership: Membership | None = None,
    slot: Slot | None = None,
    agency: Agency | None = None,
    name: str = "",
    email: str = "",
) -> Participant:
    """Say what someone is in a case; saying it twice changes nothing."""
    if membership is None and slot is None:
        return Participant.objects.create(
            partnership_id=case.partnership_id,
            case=case,
            capacity=capacity,
            agency=agency,
            name=name,
            email=email,
        )
    participant, _ = Participant.objects.get_or_create(
        case=case,
        capacity=capacity,
        membership=membership,
        slot=slot,
        defaults={
            "partnership_id": case.partnership_id,
            "agency": agency or (membership.agency if membership else None),
        },
    )
    return participant


def correct_participant_address(
    *, partnership_id: int, was: str, email: str, by: Actor, now: dt.datetime
) -> int:
    """Correct the address of somebody without an account wherever they take part. Returns how many rows.

    An invitation under the old address ends with it. Called inside the transaction of an action.
    """
    for invitation in invitations_to(was):
        if invitation.partnership_id == partnership_id:
            _end_invitation(invitation, by, now)
            _audit_guest("guest.invitation_withdrawn", invitation, by, now)
    return Participant.objects.filter(
        partnership_id=partnership_id, membership__isnull=True, slot__isnull=True, email__iexact=was
    ).update(email=email)


def admit(participant: Participant, *, now: dt.datetime) -> Membership:
    """The membership in which a participant without an account acts as a guest; made the first time.

    Raises Denied for a participant who has an account, or who was named without an address or an agency.
    """
    policies.check_may_be_guest(participant.case, participant)
    if not participant.email or participant.agency is None:
        raise Denied("Enter the email address to which the link goes", field="email")
    return add_guest(
        agency=participant.agency, email=participant.email, name=participant.name, starts_on=london_date(now)
    )


def leave_fact(case: Case, name: str, *, at: dt.datetime, by: Actor, now: dt.datetime) -> CaseEvent:
    """Leave a named fact on a case. Callers use `deadlines.actions.happened`, which also runs the clocks."""
    return CaseEvent.objects.create(
        partnership_id=case.partnership_id,
        case=case,
        name=name,
        happened_at=at,
        recorded_at=now,
        recorded_by_id=by.membership_id,
    )


def stand(
    case: Case, *, stage: Stage, held_by: str, now: dt.datetime, outcome_label: str | None = None
) -> None:
    """Write where the case stands: its status word, who holds it, and, when it is over, since when."""
    case.stage = stage
    case.held_by = held_by
    case.version += 1
    if outcome_label is not None:
        case.outcome_label = outcome_label
    if stage in FINAL:
        case.closed_at = case.closed_at or now
    case.save(update_fields=["stage", "held_by", "version", "outcome_label", "closed_at"])


# --- guests -------------------------------------------------------------------------------------------------------


def _audit_guest(
    type_: str, invitation: Invitation, by: Actor, now: dt.datetime, *, outcome: str = "ok", **detail: object
) -> None:
    write(
        type_, by=by, now=now, object_type="invitation", object_id=invitation.pk, outcome=outcome,
        object_ref=invitation.case.reference, case_id=invitation.case_id, partnership_id=invitation.partnership_id,
        detail=dict(detail),
    )  # fmt: skip


def _as_guest(invitation: Invitation) -> Actor:
    return guest_actor(invitation.participant, invitation.membership)


@transaction.atomic
def invite(*, participant_id: int, by: Actor, now: dt.datetime, email: str = "") -> Invitation:
    """Invite a participant without an account, and send them a link; again for somebody invited already: a new link.

    `email` corrects the address that the case has, for each of their places in it; an earlier invitation under the
    old address ends with that. Raises Denied for people with an account, for families, and in a closed case.
    """
    case_id = Participant.objects.values_list("case_id", flat=True).get(pk=participant_id)
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    participant = Participant.objects.select_related("agency", "case").get(pk=participant_id)
    permissions.check_invite(by, case, participant)
    address = email.strip() or participant.email
    invitation = (
        Invitation.objects.select_related("case", "membership__user")
        .filter(participant=participant, withdrawn_at__isnull=True)
        .first()
    )
    if address.lower() != participant.email.lower():
        if invitation is not None:
            _end_invitation(invitation, by, now)
            invitation = None
        mine = address_of(participant)
        Participant.objects.filter(mine, case=case).update(email=address)
        participant.email = address
    if invitation is None:
        invitation = Invitation.objects.create(
            partnership_id=case.partnership_id,
            case=case,
            participant=participant,
            membership=admit(participant, now=now),
            invited_at=now,
            invited_by_id=by.member,
        )
    _want_link(invitation, now)
    _audit_guest("guest.invited", invitation, by, now, membership=invitation.membership_id)
    return invitation


def _want_link(invitation: Invitation, now: dt.datetime) -> None:
    want_key(
        user_id=invitation.membership.user_id, purpose=KeyPurpose.GUEST_LINK, about=invitation.uuid,
        label=invitation.case.reference, now=now,
    )  # fmt: skip


def _end_invitation(invitation: Invitation, by: Actor, now: dt.datetime) -> None:
    invitation.withdrawn_at, invitation.withdrawn_by_id = now, by.member
    invitation.save(update_fields=["withdrawn_at", "withdrawn_by"])
    for purpose in (KeyPurpose.GUEST_LINK, KeyPurpose.GUEST_CODE):
        void_keys(purpose=purpose, about=invitation.uuid, now=now)
    GuestVisit.objects.filter(invitation=invitation, ended_at__isnull=True).update(ended_at=now)


@transaction.atomic
def withdraw_invitation(*, invitation_id: int, by: Actor, now: dt.datetime) -> Invitation:
    """Take an invitation back: its links, codes and open visit end at once. What the guest did stays on record."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",)).select_related("case").get(pk=invitation_id)
    )
    permissions.check_withdraw(by, invitation.case, invitation)
    _end_invitation(invitation, by, now)
    _audit_guest("guest.invitation_withdrawn", invitation, by, now, membership=invitation.membership_id)
    return invitation


@transaction.atomic
def ask_for_links(*, email: str, now: dt.datetime) -> int:
    """Send a new link for every open case to which an address is invited. Returns how many: never told to who asks."""
    sent = 0
    for invitation in invitations_to(email):
        if asked_too_often(invitation.membership.user_id, KeyPurpose.GUEST_LINK, invitation.uuid, now):
            continue
        _want_link(invitation, now)
        _audit_guest("guest.link_asked", invitation, _as_guest(invitation), now)
        sent += 1
    return sent


@transaction.atomic
def open_link(*, key_uuid: uuid.UUID, secret: str, now: dt.datetime) -> OneTimeKey | None:
    """Use a guest's link up and send the code. Returns the key of the code; None when the link opens nothing."""
    link = use_key(key_uuid=key_uuid, secret=secret, purpose=KeyPurpose.GUEST_LINK, now=now)
    invitation = invitation_in_force(link.about) if link is not None else None
    if link is None or invitation is None:
        return None
    code = _want_code(invitation, now)
    _audit_guest("guest.link_opened", invitation, _as_guest(invitation), now)
    return code


def _want_code(invitation: Invitation, now: dt.datetime) -> OneTimeKey:
    return want_key(
        user_id=invitation.membership.user_id, purpose=KeyPurpose.GUEST_CODE, about=invitation.uuid,
        label=invitation.case.reference, now=now,
    )  # fmt: skip


@transaction.atomic
def send_another_code(*, code_uuid: uuid.UUID, now: dt.datetime) -> OneTimeKey:
    """A fresh code for whoever opened a link lately; the one before opens nothing any more.

    Raises Denied when the link is too long ago, or when codes were asked for too often.
    """
    code = (
        OneTimeKey.objects.select_for_update().filter(uuid=code_uuid, purpose=KeyPurpose.GUEST_CODE).first()
    )
    invitation = invitation_in_force(code.about) if code is not None else None
    if code is None or invitation is None or code.used_at is not None or code.wanted_at < now - ANOTHER_CODE:
        raise Denied("This page is too old to send another code. Ask for a new link")
    if asked_too_often(code.user_id, KeyPurpose.GUEST_CODE, invitation.uuid, now):
        raise Denied(
            "Several codes were sent within the hour. Type the newest one, or wait and ask for a new link"
        )
    return _want_code(invitation, now)


@transaction.atomic
def come_in(*, code_uuid: uuid.UUID, code: str, now: dt.datetime) -> GuestVisit | None:
    """Begin a visit with the code from the e-mail; an earlier visit of the same guest ends. None for a wrong code.

    It refuses by its answer, so that a wrong code is counted; the fifth is written in the history.
    """
    row = OneTimeKey.objects.filter(uuid=code_uuid, purpose=KeyPurpose.GUEST_CODE).first()
    invitation = invitation_in_force(row.about) if row is not None else None
    if row is None or invitation is None:
        return None
    used = use_key(key_uuid=code_uuid, secret=code, purpose=KeyPurpose.GUEST_CODE, now=now)
    if used is None:
        row.refresh_from_db(fields=["tries"])
        if row.tries == TRIES and row.void_at is None:
            void_keys(purpose=KeyPurpose.GUEST_CODE, about=invitation.uuid, now=now)
            _audit_guest("guest.code_refused", invitation, _as_guest(invitation), now, outcome="denied")
        return None
    GuestVisit.objects.filter(invitation=invitation, ended_at__isnull=True).update(ended_at=now)
    visit = GuestVisit.objects.create(
        partnership_id=invitation.partnership_id,
        invitation=invitation,
        started_at=now,
        seen_at=now,
        ends_at=now + VISIT,
    )
    _audit_guest("guest.came_in", invitation, _as_guest(invitation), now)
    return visit


def seen(visit: GuestVisit, *, now: dt.datetime) -> None:
    """Note that a guest is still there, once a minute at most."""
    if now - visit.seen_at >= dt.timedelta(minutes=1):
        visit.seen_at = now
        visit.save(update_fields=["seen_at"])


@transaction.atomic
def leave(*, visit_uuid: uuid.UUID, now: dt.datetime) -> None:
    """A guest leaves; leaving twice changes nothing."""
    visit = (
        GuestVisit.objects.select_for_update(of=("self",))
        .select_related("invitation__case", "invitation__participant", "invitation__membership__user")
        .filter(uuid=visit_uuid, ended_at__isnull=True)
        .first()
    )
    if visit is not None:
        visit.ended_at = now
        visit.save(update_fields=["ended_at"])
        _audit_guest("guest.left", visit.invitation, _as_guest(visit.invitation), now)


# --- views of the list that a person keeps ------------------------------------------------------------------------


def _own_filters(by: Actor) -> tuple[Membership, QuerySet[SavedFilter]]:
    """Those of the person, locked by their membership, so that two windows do not make two defaults."""
    membership = Membership.objects.select_for_update().get(pk=by.member)
    return membership, SavedFilter.objects.filter(membership_id=by.member, removed_at__isnull=True)


@transaction.atomic
def save_filter(*, by: Actor, name: str, query: str, default: bool, now: dt.datetime) -> SavedFilter:
    """Keep a view of the list of cases by a name; the same name again is the view as it is now.

    Raises Denied where the name is missing, or where there are as many as the list can show.
    """
    permissions.check_keeps_filters(by)
    membership, own = _own_filters(by)
    name = " ".join(name.split())
    policies.check_filter(name, query, kept=own.exclude(name=name).count())
    if default:
        own.filter(is_default=True).update(is_default=False)
    row, _ = SavedFilter.objects.update_or_create(
        membership=membership,
        name=name,
        removed_at=None,
        defaults={
            "partnership_id": membership.partnership_id,
            "query": query,
            "is_default": default,
            "saved_at": now,
        },
    )
    return row


@transaction.atomic
def default_filter(*, filter_uuid: uuid.UUID, by: Actor, default: bool) -> None:
    """Let the list open with this view, or no longer. Another person's is not found."""
    permissions.check_keeps_filters(by)
    _, own = _own_filters(by)
    own.filter(is_default=True).update(is_default=False)
    own.filter(uuid=filter_uuid).update(is_default=default)


@transaction.atomic
def remove_filter(*, filter_uuid: uuid.UUID, by: Actor, now: dt.datetime) -> None:
    """Take a view off the list. Its row stays, like every row."""
    permissions.check_keeps_filters(by)
    _, own = _own_filters(by)
    own.filter(uuid=filter_uuid).update(removed_at=now, is_default=False)
