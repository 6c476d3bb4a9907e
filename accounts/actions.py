"""Coming in: signing in and choosing a role are written down."""

import datetime as dt

from audit.actions import write
from core.actor import Actor


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
