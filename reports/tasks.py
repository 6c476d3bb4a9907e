"""The figures' tick: count anew what has happened, and publish a quarter when it is over."""

from celery import shared_task

from core.clock import edge_now
from reports.actions import partnerships_to_count, publish_what_is_over


@shared_task(name="reports.tasks.count_figures")
def count_figures() -> None:
    now = edge_now()
    for partnership_id in partnerships_to_count():
        publish_what_is_over(partnership_id=partnership_id, now=now)
