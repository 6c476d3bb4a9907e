"""The nightly look for what should be impossible."""

from celery import shared_task

from core.clock import database_now
from operations.actions import look


@shared_task(name="operations.tasks.look_for_the_impossible")
def look_for_the_impossible() -> None:
    look(now=database_now())
