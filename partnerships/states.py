"""Roles, kinds of agency and channels: closed lists that code knows."""

from django.db import models


class Role(models.TextChoices):
    """What a membership may do. Rights are code; who has which role are rows."""

    CHAIR = "chair", "Conference chair"
    MINUTE_TAKER = "minute_taker", "Minute taker"  # the chair's delegate (AFC-13)
    REVIEWING_MANAGER = "reviewing_manager", "Reviewing manager"
    SECOND_TIER = "second_tier_decider", "Second-tier decider"  # Camden's Head of Service (CAM-13)
    PRACTITIONER = "practitioner", "Practitioner"
    PARTNERSHIP_ADMIN = "partnership_admin", "Partnership admin"
    GUEST = (
        "guest",
        "Guest in one case",
    )  # invited by e-mail; no sign-in leads to it, nobody is put into it by hand


RECORDERS = (Role.CHAIR, Role.MINUTE_TAKER)
REVIEWERS = (Role.REVIEWING_MANAGER, Role.SECOND_TIER)


class AgencyKind(models.TextChoices):
    """Kinds of agency, as the ladders of the protocols tell them apart."""

    SOCIAL_CARE = "social_care", "Children's social care"
    POLICE = "police", "Police"
    HEALTH = "health", "Health"
    EDUCATION = "education", "Education"
    PROBATION = "probation", "Probation"
    HOUSING = "housing", "Housing"
    VOLUNTARY = "voluntary", "Voluntary and community"
    SPECIALIST_FACILITY = "specialist_facility", "Specialist facility"
    OTHER = "other", "Other"


class Nation(models.TextChoices):
    """Whose bank holidays count."""

    ENGLAND_AND_WALES = "england-and-wales", "England and Wales"
    SCOTLAND = "scotland", "Scotland"
    NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"


# Who is in a practice twin. Everybody is invented, and their names say so.
INVENTED_AGENCIES = (
    (AgencyKind.SOCIAL_CARE, "Practice social care", True),
    (AgencyKind.POLICE, "Practice Police", True),
    (AgencyKind.HEALTH, "Practice Community Health", True),
    (AgencyKind.EDUCATION, "Practice Primary School", True),
    (AgencyKind.VOLUNTARY, "Practice Families Charity", False),
)
INVENTED_PEOPLE = (
    (
        "manager",
        "Maple Pretend",
        Role.REVIEWING_MANAGER,
        AgencyKind.SOCIAL_CARE,
        "Service manager, conferencing",
    ),
    ("chair", "Coral Pretend", Role.CHAIR, AgencyKind.SOCIAL_CARE, "Conference chair"),
    ("minutes", "Dill Pretend", Role.MINUTE_TAKER, AgencyKind.SOCIAL_CARE, "Minute taker"),
    ("reviewer", "Olive Pretend", Role.REVIEWING_MANAGER, AgencyKind.SOCIAL_CARE, "Reviewing manager"),
    ("head", "Umber Pretend", Role.SECOND_TIER, AgencyKind.SOCIAL_CARE, "Head of service"),
    ("office", "Teal Pretend", Role.PARTNERSHIP_ADMIN, AgencyKind.SOCIAL_CARE, "Partnership manager"),
    ("worker", "Hazel Pretend", Role.PRACTITIONER, AgencyKind.SOCIAL_CARE, "Social worker"),
    ("police", "Basil Pretend", Role.PRACTITIONER, AgencyKind.POLICE, "Detective sergeant"),
    ("health", "Fern Pretend", Role.PRACTITIONER, AgencyKind.HEALTH, "Health visitor"),
    ("school", "Juniper Pretend", Role.PRACTITIONER, AgencyKind.EDUCATION, "Designated safeguarding lead"),
    ("charity", "Robin Pretend", Role.PRACTITIONER, AgencyKind.VOLUNTARY, "Family support worker"),
)
