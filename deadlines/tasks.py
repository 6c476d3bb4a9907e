"""The clocks' tick, and the nightly clearing up after it."""

from celery import shared_task

from core.clock import database_now, edge_now
from deadlines.actions import sweep, trim_sweep_runs


@shared_task(name="deadlines.tasks.sweep_clocks")
def sweep_clocks() -> None:
    sweep(host_now=edge_now())


@shared_task(name="deadlines.tasks.clear_sweep_runs")
def clear_sweep_runs() -> None:
    trim_sweep_runs(now=database_now())
