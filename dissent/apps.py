from django.apps import AppConfig


class DissentConfig(AppConfig):
    name = "dissent"
    default_auto_field = "django.db.models.BigAutoField"
