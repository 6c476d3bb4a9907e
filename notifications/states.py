"""States of a message on its way."""

from django.db import models


class OutboxState(models.TextChoices):
    """Of a message to a seat: whoever is in it."""

    PENDING = "pending", "Waiting"  # its time has not come, or nobody has looked who is in the seat
    SENDING = "sending", "Being sent"  # addressed; not every email has left yet
    SENT = "sent", "Sent"  # nothing is left to do, and somebody was reached
    NOBODY = "nobody", "Nobody in the post"  # a task for the partnership admin; sent once someone holds it
    SUPERSEDED = "superseded", "No longer needed"  # what it was about was met or moved
    DEAD = "dead", "Could not be sent"  # reached no one; a task for the partnership admin


UNREACHED = (OutboxState.NOBODY, OutboxState.DEAD)


class MessageState(models.TextChoices):
    """Of a message to one person."""

    WAITING = "waiting", "Waiting"  # to be sent when its time comes, or tried again
    SENDING = "sending", "Being sent"  # a sender holds the lease
    SENT = "sent", "Sent"  # taken by the mail server or by GOV.UK Notify; shown, for a notice
    DELIVERED = "delivered", "Delivered"  # GOV.UK Notify says that it arrived
    FAILED = "failed", "Not delivered"  # refused for good, or given up: a task for the partnership admin
    KEPT = "kept", "Not sent: practice"  # of a practice twin: to be read in the application only
    TOLD = "told", "Told in another way"  # the partnership admin told the person otherwise
    SUPERSEDED = "superseded", "No longer needed"  # what it was about is over, or the person left the post


TO_SEND = (MessageState.WAITING, MessageState.SENDING)
REACHED = (MessageState.SENT, MessageState.DELIVERED, MessageState.TOLD, MessageState.KEPT)


class Channel(models.TextChoices):
    NOTICE = "notice", "In the application"
    EMAIL = "email", "E-mail"


class Pace(models.TextChoices):
    """When a person wants to be written to."""

    AT_ONCE = "at_once", "An email for each message, at once"
    DAILY = "daily", "One email a day, at 8am on working days"


class Otherwise(models.TextChoices):
    """How a person was told whom no email reached."""

    PHONE = "phone", "By phone"
    IN_PERSON = "in_person", "In person"
    LETTER = "letter", "By letter"
    COLLEAGUE = "colleague", "Through a colleague of theirs"
