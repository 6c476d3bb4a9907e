from django.apps import AppConfig


class ConveningConfig(AppConfig):
    name = "convening"
    default_auto_field = "django.db.models.BigAutoField"
