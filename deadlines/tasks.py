"""The clocks' tick."""

from celery import shared_task

from deadlines.actions import sweep


@shared_task(name="deadlines.tasks.sweep_clocks")
def sweep_clocks() -> None:
    sweep()
