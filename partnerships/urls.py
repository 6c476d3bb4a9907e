"""Addresses of this room."""

from django.urls import path

from accounts.views import SignIn
from partnerships import views
from partnerships.selectors import sign_in_offers

urlpatterns = [
    # The template asks for the offers only in a demonstration.
    path(
        "sign-in/",
        SignIn.as_view(
            extra_context={
                "sign_in_offers": sign_in_offers,
                "demonstration_password": "demonstration-only-2026",
            }
        ),
        name="sign-in",
    ),
    path("choose-role/", views.choose_role, name="choose-role"),
]
