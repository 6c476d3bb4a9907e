"""Reads of one-time keys: whether one opens anything still, how its mail is worded, what a demonstration has kept; and of drafts."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Draft, KeptMail, OneTimeKey
from accounts.states import DRAFTS_KEPT, LIVES, PER_HOUR, TRIES, KeyPurpose

PAGES = {KeyPurpose.GUEST_LINK: "guest-link", KeyPurpose.PASSWORD_LINK: "set-password"}


@dataclass(frozen=True, slots=True)
class KeyMail:
    """The mail of a key, in words."""

    subject: str
    body: str


def digest_of(key: OneTimeKey, secret: str) -> str:
    """What is kept of a secret. It depends on the key's row and on this installation, so short codes hide in it too."""
    return salted_hmac("accounts.one-time-key", f"{key.uuid}:{secret}", algorithm="sha256").hexdigest()


def in_force(key: OneTimeKey, now: dt.datetime) -> bool:
    """Whether a key was made and is neither used, expired, replaced nor guessed at too often."""
    return (
        key.expires_at is not None
        and key.expires_at > now
        and key.used_at is None
        and key.void_at is None
        and key.tries < TRIES
    )


def opens(key: OneTimeKey, secret: str, now: dt.datetime) -> bool:
    return in_force(key, now) and constant_time_compare(key.digest, digest_of(key, secret))


def key_for(key_uuid: uuid.UUID, secret: str, purpose: KeyPurpose, now: dt.datetime) -> OneTimeKey | None:
    """The key of a link, if it opens anything. Looking uses nothing up: a scanner of mail may look too."""
    key = OneTimeKey.objects.select_related("user").filter(uuid=key_uuid, purpose=purpose).first()
    return key if key is not None and opens(key, secret, now) else None


def asked_too_often(user_id: int, purpose: KeyPurpose, about: uuid.UUID | None, now: dt.datetime) -> bool:
    """Whether so many keys were wanted in the last hour that no further one is sent now."""
    since = now - dt.timedelta(hours=1)
    rows = OneTimeKey.objects.filter(user_id=user_id, purpose=purpose, about=about, wanted_at__gt=since)
    return rows.count() >= PER_HOUR


def mail_of(key: OneTimeKey, secret: str) -> KeyMail:
    """The mail that carries a secret. It says nothing about a child, and what to do when one did not ask for it."""
    page = PAGES.get(KeyPurpose(key.purpose))
    life = LIVES[key.purpose]
    context = {
        "name": key.user.name,
        "label": key.label,
        "first": not key.user.has_usable_password(),
        "code": "" if page else secret,
        "address": f"{settings.SITE_ADDRESS.rstrip('/')}{reverse(page, args=[key.uuid, secret])}"
        if page
        else "",
        "again": f"{settings.SITE_ADDRESS.rstrip('/')}{reverse(AGAIN[KeyPurpose(key.purpose)])}",
        "minutes": int(life.total_seconds() // 60),
        "hours": int(life.total_seconds() // 3600),
    }
    subject = render_to_string(f"accounts/mail/{key.purpose}.subject.txt", context)
    body = render_to_string(f"accounts/mail/{key.purpose}.txt", context).strip()
    return KeyMail(" ".join(subject.split()), f"{body}\n")


AGAIN = {
    KeyPurpose.GUEST_LINK: "guest-new-link",
    KeyPurpose.GUEST_CODE: "guest-new-link",
    KeyPurpose.PASSWORD_LINK: "forgotten-password",
}


def mail_kept() -> QuerySet[KeptMail]:
    """Links and codes of a demonstration, newest first."""
    return KeptMail.objects.order_by("-at", "-pk")


def drafts_of(user_id: int, page: str, forms: Iterable[str], now: dt.datetime) -> list[Draft]:
    """The words that this person left in these forms of a page, the newest first."""
    return list(
        Draft.objects.filter(user_id=user_id, page=page, form__in=forms, saved_at__gte=now - DRAFTS_KEPT)
        .exclude(typed={})
        .order_by("-saved_at")
    )
