"""The clocks' tick."""

from celery import shared_task

from core.clock import edge_now
from deadlines.actions import sweep


@shared_task(name="deadlines.tasks.sweep_clocks")
def sweep_clocks() -> None:
    sweep(host_now=edge_now())
