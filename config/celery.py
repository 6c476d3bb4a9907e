"""The Celery application and the one beat table. Celery only wakes things up: the database is the truth."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("professional_dissent")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_scheduler = "config.beat:Scheduler"

app.conf.beat_schedule = {
    "sweep-clocks": {"task": "deadlines.tasks.sweep_clocks", "schedule": 60.0, "options": {"expires": 55}},
    "send-one-time-keys": {
        "task": "notifications.tasks.send_one_time_keys",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "send-messages": {
        "task": "notifications.tasks.send_messages",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "scan-documents": {
        "task": "records.tasks.scan_documents",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    # In UTC, as the whole table: no night has this hour twice, or not at all.
    "look-for-the-impossible": {
        "task": "operations.tasks.look_for_the_impossible",
        "schedule": crontab(hour="3", minute="20"),
    },
    "clear-sweep-runs": {
        "task": "deadlines.tasks.clear_sweep_runs",
        "schedule": crontab(hour="3", minute="40"),
    },
    "count-figures": {"task": "reports.tasks.count_figures", "schedule": 600.0, "options": {"expires": 500}},
    "empty-drafts": {"task": "accounts.tasks.empty_drafts", "schedule": 3600.0, "options": {"expires": 3500}},
}
