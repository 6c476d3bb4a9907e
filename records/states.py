"""How a discussion was held, and between whom: closed lists that code knows."""

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
