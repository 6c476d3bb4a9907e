"""Addresses of this room: for the machines that watch over the service. They tell a stranger yes or no and no more."""

from django.urls import path

from operations import views

urlpatterns = [
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("health/work", views.work, name="health-work"),
]
