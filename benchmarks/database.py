"""The database that is measured on: the product's own, with one world built by the real actions and copied by SQL."""

import os
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.core.management import call_command

from benchmarks.scale import Connection, Pattern
from deadlines.models import Deadline
from dissent.models import Dissent
from tests.builders import World


@dataclass(frozen=True, slots=True)
class Bench:
    """A connection beside Django's for what is bare, and what is copied."""

    bare: Connection
    pattern: Pattern
    camden: World
    world: World
    awaiting: Dissent

    def tidy(self) -> None:
        """Leave no work for the background, and let the planner know what there is."""
        self.bare.execute(b"VACUUM ANALYZE")
        self.bare.execute(b"CHECKPOINT")


def prepare() -> Bench:
    call_command("migrate", verbosity=0)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The measured actions wake nobody: no broker is part of what is measured.
    settings.CELERY_BROKER_URL = "memory://"
    camden = World("camden")
    dissent = camden.dissent_at("under_review")
    kingston = World("kingston-richmond")
    awaiting = kingston.dissent_at("awaiting_view")
    deadline = Deadline.objects.get(case=dissent.case, clock_id="decision", state="open")
    pattern = Pattern(camden.partnership.pk, dissent.case_id, deadline.pk, camden.people["reviewer"].pk)
    bare = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    return Bench(bare, pattern, camden, kingston, awaiting)
