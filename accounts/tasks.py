"""Housekeeping of what was typed and never sent."""

from celery import shared_task

from accounts.actions import empty_old_drafts
from core.clock import edge_now


@shared_task(name="accounts.tasks.empty_drafts")
def empty_drafts() -> int:
    return empty_old_drafts(now=edge_now())
