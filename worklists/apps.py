from django.apps import AppConfig


class WorklistsConfig(AppConfig):
    name = "worklists"
    default_auto_field = "django.db.models.BigAutoField"
