"""Addresses of this room."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_all_notices, name="read-all-notices"),
    path("notices/<uuid:notice>/read/", views.read_notice, name="read-notice"),
    path("sent-mail/", views.mail, name="mail"),
]
