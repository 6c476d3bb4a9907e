"""The Celery application and the one beat table. Celery only wakes things up: the database is the truth."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("professional_dissent")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "sweep-clocks": {"task": "deadlines.tasks.sweep_clocks", "schedule": 60.0, "options": {"expires": 55}},
    "send-messages": {
        "task": "notifications.tasks.send_messages",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
}
