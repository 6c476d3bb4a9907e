"""The sender's tick."""

from celery import shared_task

from core.clock import edge_now
from notifications.actions import send_due, send_keys_due


@shared_task(name="notifications.tasks.send_messages")
def send_messages() -> None:
    send_due(now=edge_now())


@shared_task(name="notifications.tasks.send_one_time_keys")
def send_one_time_keys() -> None:
    send_keys_due(now=edge_now())
