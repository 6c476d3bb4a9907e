"""Addresses of this room. The page to sign in on stands with the roles, in `partnerships`."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-out/", views.sign_out, name="sign-out"),
    path("session/", views.session, name="session"),
    path("draft/", views.draft, name="draft"),
    path("draft/drop/", views.draft_drop, name="draft-drop"),
]
