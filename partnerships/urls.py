"""Addresses of this room."""

from django.urls import path

from accounts.views import SignIn
from partnerships import views
from partnerships.selectors import DEMONSTRATION_PASSWORD, sign_in_offers

urlpatterns = [
    # The template asks for the offers only in a demonstration.
    path(
        "sign-in/",
        SignIn.as_view(
            extra_context={
                "sign_in_offers": sign_in_offers,
                "demonstration_password": DEMONSTRATION_PASSWORD,
            }
        ),
        name="sign-in",
    ),
    path("choose-role/", views.choose_role, name="choose-role"),
    path("protocols/", views.protocol_list, name="protocols"),
    path("protocol/", views.protocol, name="protocol"),
    path("protocols/<slug:slug>/", views.protocol, name="protocol"),
    path("partnership/", views.partnership, name="partnership"),
    path("partnership/posts/<slug:key>/", views.fill_post, name="fill-post"),
    path("partnership/publish/", views.publish, name="publish"),
]
