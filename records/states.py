"""How a discussion was held and between whom, kinds of letters and documents: closed lists that code knows."""

from django.db import models


class Between(models.TextChoices):
    """Who took part decides who may read the record once it is approved."""

    AGENCIES = "agencies", "Between agencies"  # read by everyone in the case
    OWN = "own", "Within our agency"  # read by those of the agency who are in the case


class HowHeld(models.TextChoices):
    IN_PERSON = "in_person", "In person"
    PHONE = "phone", "Telephone call"
    VIDEO = "video", "Video call"
    EMAIL = "email", "E-mail"


class LetterKind(models.TextChoices):
    """What a letter is. Which of them a case needs, and to whom, is the protocol's."""

    DECISION = "decision", "Decision letter"  # to the agencies, with a copy to the partnership (CAM-12)
    NOTICE = "notice", "Formal notice"  # to the chair, to the dissenter (WDC-14)
    RESPONSE = "response", "Answer to the dissenter"  # AFC-18
    SECOND_TIER = "second_tier", "Second-tier decision"  # to the agency and the chair (CAM-15)
    PARENTS = (
        "parents",
        "Letter to the parents",
    )  # nothing about third parties; a second person checks (CAM-15)
    NOT_CONVENE = "not_convene", "Decision not to hold a conference"  # SUS-14
    COMPLAINT = "complaint", "Acknowledgement of a complaint"  # CAM-19
    INVITATION = "invitation", "Invitation to the conference that follows"


class LetterStanding(models.TextChoices):
    """How far a letter is, read from who did what to it."""

    DRAFT = "draft", "Draft"
    TO_CHECK = "to_check", "Waits for a second person"
    CHECKED = "checked", "Checked, not issued"
    ISSUED = "issued", "Issued"
    DROPPED = "dropped", "Dropped"


class DocumentKind(models.TextChoices):
    REPORT = "report", "Report to the conference"
    SUMMARY = "summary", "Chair’s Summary"
    OTHER = "other", "Other document"


class Scan(models.TextChoices):
    """What the virus scanner said of a document."""

    NONE = "none", "No scanner is set up"
    WAITING = "waiting", "Not scanned yet"  # cannot be opened
    CLEAN = "clean", "Scanned, nothing found"
    INFECTED = "infected", "Refused by the scanner"  # cannot be opened, ever


OPENABLE = (Scan.NONE, Scan.CLEAN)
CLOSED = (Scan.WAITING, Scan.INFECTED)
