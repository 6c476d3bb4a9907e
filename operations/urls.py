"""Addresses of this room: a page for a partnership's office, and those for the machines that watch over the service.
These tell a stranger yes or no and no more."""

from django.urls import path

from operations import views

urlpatterns = [
    path("partnership/service/", views.service, name="service-state"),
    path("metrics", views.metrics, name="metrics"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("health/work", views.work, name="health-work"),
]
