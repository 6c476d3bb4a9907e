"""What a one-time key opens, and how long things of an account last."""

import datetime as dt

from django.db import models


class KeyPurpose(models.TextChoices):
    GUEST_LINK = "guest_link", "Link for a guest"
    GUEST_CODE = "guest_code", "Code for a guest"
    PASSWORD_LINK = "password_link", "Link to set a password"


# How long each opens what it is for, from when it was sent.
LIVES: dict[str, dt.timedelta] = {
    KeyPurpose.GUEST_LINK: dt.timedelta(hours=24),
    KeyPurpose.GUEST_CODE: dt.timedelta(minutes=15),
    KeyPurpose.PASSWORD_LINK: dt.timedelta(hours=24),
}
TRIES = 5  # of a code, before it opens nothing any more
PER_HOUR = 5  # keys of one purpose, for one person and one thing
DRAFTS_KEPT = dt.timedelta(days=14)  # what was typed and never sent
