"""States of a message on its way."""

from django.db import models


class OutboxState(models.TextChoices):
    PENDING = "pending", "Waiting"  # to be sent when its time comes
    SENDING = "sending", "Being sent"  # a sender holds the lease
    SENT = "sent", "Sent"  # handed to every person in the seat
    NOBODY = "nobody", "Nobody in the post"  # a task for the partnership admin; sent once someone holds it
    SUPERSEDED = "superseded", "No longer needed"  # what it was about was met or moved
    DEAD = "dead", "Could not be sent"  # given up after 72 hours; a task for the partnership admin


class Channel(models.TextChoices):
    NOTICE = "notice", "In the application"
    EMAIL = "email", "E-mail"
