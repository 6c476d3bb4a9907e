"""Addresses of this room. No reference stands in those that a guest comes in by: they are open to everybody."""

from django.urls import path

from cases import views

urlpatterns = [
    path("cases/<str:reference>/guests/<uuid:participant>/", views.invite_guest, name="invite-guest"),
    path("cases/<str:reference>/guests/<uuid:participant>/end/", views.end_guest, name="end-guest"),
    path("guest/code/", views.guest_code, name="guest-code"),
    path("guest/code/again/", views.guest_code_again, name="guest-code-again"),
    path("guest/new-link/", views.guest_new_link, name="guest-new-link"),
    path("guest/leave/", views.guest_leave, name="guest-leave"),
    path("guest/<uuid:link>/<str:secret>/", views.guest_link, name="guest-link"),
]
