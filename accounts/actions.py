"""Coming in: signing in and choosing a role are written down; links and codes are made, sent and used up;
what is typed and not sent yet is kept, for its author."""

import datetime as dt
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping

import structlog
from celery import current_app
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import Draft, KeptMail, OneTimeKey, Submission, User
from accounts.selectors import digest_of, in_force, key_for, mail_of, opens
from accounts.states import DRAFTS_KEPT, LIVES, KeyPurpose
from audit.actions import write
from core.actor import Actor
from core.refusals import Denied

log = structlog.get_logger(__name__)


def note_sign_in(*, user_id: int, name: str, now: dt.datetime) -> None:
    """A person signed in. It belongs to the installation: no role, and so no partnership, is chosen yet."""
    write(
        "account.signed_in",
        by=Actor(kind="person", partnership_id=None, user_id=user_id, name=name),
        now=now,
        object_type="user",
        object_id=user_id,
    )


def note_role_chosen(*, by: Actor, now: dt.datetime) -> None:
    """A person with several roles chose the one to act in."""
    write(
        "account.role_chosen",
        by=by,
        now=now,
        object_type="membership",
        object_id=by.membership_id or 0,
        detail={"membership": by.membership_id},
    )


# --- one-time keys --------------------------------------------------------------------------------------------------

HandOver = Callable[[str, str, str, str], bool]
GIVE_UP_AFTER = dt.timedelta(hours=1)
CODE_DIGITS = 6


@transaction.atomic
def want_key(
    *, user_id: int, purpose: KeyPurpose, now: dt.datetime, about: uuid.UUID | None = None, label: str = ""
) -> OneTimeKey:
    """Ask for a key to be made and sent to a person's address. An older code makes way for the newer one."""
    if purpose == KeyPurpose.GUEST_CODE:
        void_keys(purpose=purpose, about=about, now=now, user_id=user_id)
    key = OneTimeKey.objects.create(
        user_id=user_id, purpose=purpose, about=about, label=label, wanted_at=now, try_at=now
    )
    transaction.on_commit(_wake_sender)
    return key


def void_keys(
    *, purpose: KeyPurpose, about: uuid.UUID | None, now: dt.datetime, user_id: int | None = None
) -> int:
    """Unused keys that open nothing from now on. Returns how many."""
    rows = OneTimeKey.objects.filter(purpose=purpose, about=about, used_at__isnull=True, void_at__isnull=True)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    return rows.update(void_at=now)


def _wake_sender() -> None:
    """Have it sent at once. Where no message can be passed on now, the next sweep sends it, within a minute."""
    try:
        current_app.send_task("notifications.tasks.send_one_time_keys", ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("key_sender_not_woken", error=type(error).__name__)


@transaction.atomic
def use_key(*, key_uuid: uuid.UUID, secret: str, purpose: KeyPurpose, now: dt.datetime) -> OneTimeKey | None:
    """Use a key up. None when it opens nothing; a wrong secret is counted, and after the fifth the key is dead.

    It refuses by its answer and not by an exception, which would take the count back.
    """
    key = OneTimeKey.objects.select_for_update().filter(uuid=key_uuid, purpose=purpose).first()
    if key is None or not in_force(key, now):
        return None
    if not opens(key, secret, now):
        key.tries += 1
        key.save(update_fields=["tries"])
        return None
    key.used_at = now
    key.save(update_fields=["used_at"])
    void_keys(purpose=purpose, about=key.about, now=now, user_id=key.user_id)
    return key


def send_keys(*, now: dt.datetime, hand_over: HandOver, limit: int = 100) -> int:
    """Make and send the keys that are wanted. Safe for any number of senders. Returns how many were handed over.

    `hand_over` gives one e-mail to the way out (its key, the address, subject and text) and says whether it was taken.

    A key that could not be sent within an hour is not sent any more: whoever wanted it has asked for another.
    """
    OneTimeKey.objects.filter(
        sent_at__isnull=True, void_at__isnull=True, wanted_at__lt=now - GIVE_UP_AFTER
    ).update(void_at=now)
    waiting = OneTimeKey.objects.filter(sent_at__isnull=True, void_at__isnull=True, try_at__lte=now)
    return sum(
        _send_key(pk, now, hand_over)
        for pk in list(waiting.order_by("try_at").values_list("pk", flat=True)[:limit])
    )


def _send_key(pk: int, now: dt.datetime, hand_over: HandOver) -> bool:
    made = _make_secret(pk, now)
    if made is None:
        return False
    key, secret = made
    mail = mail_of(key, secret)
    if not hand_over(f"{key.uuid}-{key.attempts}", key.user.email, mail.subject, mail.body):
        log.warning("key_not_sent", key=key.pk, purpose=key.purpose)
        return False
    with transaction.atomic():
        OneTimeKey.objects.filter(pk=pk).update(sent_at=now)
        if settings.DEMONSTRATION:
            KeptMail.objects.create(to_email=key.user.email, subject=mail.subject, body=mail.body, at=now)
    return True


@transaction.atomic
def _make_secret(pk: int, now: dt.datetime) -> tuple[OneTimeKey, str] | None:
    """The secret of a key, once per try; in the database stands its hash. None when another sender has it."""
    key = (
        OneTimeKey.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .filter(pk=pk, sent_at__isnull=True, void_at__isnull=True, try_at__lte=now)
        .first()
    )
    if key is None:
        return None
    secret = (
        f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        if key.purpose == KeyPurpose.GUEST_CODE
        else secrets.token_urlsafe(24)
    )
    key.attempts += 1
    key.digest = digest_of(key, secret)
    key.expires_at = now + LIVES[key.purpose]
    key.try_at = now + dt.timedelta(seconds=30 * 2 ** min(key.attempts, 5))
    key.save(update_fields=["attempts", "digest", "expires_at", "try_at"])
    return key, secret


# --- drafts ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_draft(
    *,
    user_id: int,
    page: str,
    form: str,
    typed: Mapping[str, list[str]],
    token: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    """Keep what was typed into a form. False when that form was sent meanwhile: the draft came after what became of it."""
    if token is not None and Submission.objects.filter(token=token).exists():
        return False
    Draft.objects.update_or_create(
        user_id=user_id, page=page, form=form, defaults={"typed": dict(typed), "saved_at": now}
    )
    return True


@transaction.atomic
def throw_draft_away(
    *, user_id: int, page: str, forms: Iterable[str], token: uuid.UUID | None, now: dt.datetime
) -> None:
    """Empty a draft that its author does not want, and take its token: one still on its way is not kept either."""
    drop_draft(user_id=user_id, page=page, forms=forms)
    if token is not None:
        Submission.objects.get_or_create(
            token=token, defaults={"user_id": user_id, "path": page, "result_url": page, "at": now}
        )


def drop_draft(*, user_id: int, page: str, forms: Iterable[str]) -> None:
    """Empty a draft: it was sent, or thrown away. The row without words stays."""
    Draft.objects.filter(user_id=user_id, page=page, form__in=forms).exclude(typed={}).update(typed={})


def empty_old_drafts(*, now: dt.datetime) -> int:
    """Empty what nobody came back to within 14 days. Returns how many."""
    return Draft.objects.filter(saved_at__lt=now - DRAFTS_KEPT).exclude(typed={}).update(typed={})


@transaction.atomic
def set_password(*, key_uuid: uuid.UUID, secret: str, password: str, now: dt.datetime) -> User | None:
    """Set a password by the link from an e-mail, and use the link up; whoever was signed in elsewhere no longer is.

    None when the link opens nothing. Raises Denied for a password that is too easy to guess; the link stays usable.
    """
    key = key_for(key_uuid, secret, KeyPurpose.PASSWORD_LINK, now)
    if key is None or not key.user.is_active:
        return None
    try:
        validate_password(password, key.user)
    except ValidationError as error:
        raise Denied(" ".join(error.messages), field="password") from None
    if use_key(key_uuid=key_uuid, secret=secret, purpose=KeyPurpose.PASSWORD_LINK, now=now) is None:
        return None
    user = key.user
    user.set_password(password)
    user.save(update_fields=["password"])
    write(
        "account.password_set",
        by=Actor(kind="person", partnership_id=None, user_id=user.pk, name=user.name),
        now=now,
        object_type="user",
        object_id=user.pk,
    )
    return user
