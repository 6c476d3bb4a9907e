"""The tick of links and codes: it makes and sends what is wanted."""

from celery import shared_task

from accounts.actions import send_keys
from core.clock import edge_now


@shared_task(name="accounts.tasks.send_one_time_keys")
def send_one_time_keys() -> None:
    send_keys(now=edge_now())
