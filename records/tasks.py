"""Ticks of Celery: they read the time and call one action each."""

from celery import shared_task

from core.clock import edge_now
from records.actions import scan_waiting


@shared_task
def scan_documents() -> int:
    """Documents that came while the scanner did not answer."""
    return scan_waiting(now=edge_now())
