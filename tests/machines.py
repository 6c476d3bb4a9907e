"""What every state machine test does: worlds made once, each example in a transaction that is taken back, and each verb
tried on a model written apart from the code before it is tried on the rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django_fsm import TransitionNotAllowed
from hypothesis import HealthCheck, settings

from core.refusals import Denied

quiet = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


class Undo(Exception):
    """Takes back one example."""


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def done(verb: Callable[[], Any]) -> bool:
    """Whether a verb was let through; a refusal leaves nothing behind."""
    try:
        with transaction.atomic():
            verb()
    except (Denied, TransitionNotAllowed):
        return False
    return True
