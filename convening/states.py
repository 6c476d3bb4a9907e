"""States of a request to hold a conference, and the closed lists of what is said with it."""

from django.db import models

from cases.states import Stage


class ConveneState(models.TextChoices):
    REQUESTED = "requested", "Asked for"  # waits for the answer of whoever decides it
    REFUSED = "refused", "Answered: none is held"  # with reasons; the ladder or the last resort can follow
    LAST_RESORT = (
        "last_resort",
        "With the last resort",
    )  # the senior manager decides, after consulting (SUS-16)
    AGREED = "agreed", "Answered: one is held"  # it is still to be booked
    CLOSED = "closed", "Closed"  # booked, accepted, or gone on to the ladder
    WITHDRAWN = "withdrawn", "Withdrawn"  # by whoever asked; kept on record


WAITING = (ConveneState.REQUESTED, ConveneState.LAST_RESORT)
ANSWERED = (ConveneState.REFUSED, ConveneState.AGREED)
FINAL = (ConveneState.CLOSED, ConveneState.WITHDRAWN)

# What each means to whoever looks at it; words in braces are the protocol's own.
MEANS = {
    ConveneState.REQUESTED: "An agency asks for a {conference_short}. Whoever decides that has not answered yet. The answer is given in writing, with reasons.",
    ConveneState.REFUSED: "The answer is that no {conference_short} is held, with the reasons. Whoever asked can accept it or take it further.",
    ConveneState.LAST_RESORT: "A senior manager decides in the end whether a {conference_short} is held, after asking those whom the protocol names.",
    ConveneState.AGREED: "The answer is that a {conference_short} is held. It still has to be booked.",
    ConveneState.CLOSED: "The {conference_short} is booked, or the answer was accepted, or the disagreement went on to the ladder.",
    ConveneState.WITHDRAWN: "Whoever asked took the request back. It stays on record.",
}

STAGE = {
    ConveneState.REQUESTED: Stage.UNDER_REVIEW,
    ConveneState.REFUSED: Stage.DECIDED,
    ConveneState.LAST_RESORT: Stage.UNDER_REVIEW,
    ConveneState.AGREED: Stage.DECIDED,
    ConveneState.CLOSED: Stage.CLOSED,
    ConveneState.WITHDRAWN: Stage.WITHDRAWN,
}


class MadeHow(models.TextChoices):
    """How the request came: one made by telephone is typed up, so that it is not lost (SUS-13)."""

    FORM = "form", "Written here"
    PHONE = "phone", "By telephone, typed up here"
    LETTER = "letter", "By letter or e-mail, entered here"


class Basis(models.TextChoices):
    """By what right it is asked for (HIPS-2): declared by whoever asks."""

    MOST_INVOLVED = "most_involved", "Among those most involved with the child and the family"
    ENQUIRY = "enquiry", "Took part in the section 47 enquiry"
    NEITHER = "neither", "Neither of these"


class SupporterIs(models.TextChoices):
    SENIOR = "senior", "A senior colleague"
    SENIOR_MANAGER = "senior_manager", "A senior manager"
    PROFESSIONAL = "professional", "A named or designated professional"


class AnswerStep(models.TextChoices):
    FIRST = "first", "First answer"
    LAST_RESORT = "last_resort", "Last resort"
