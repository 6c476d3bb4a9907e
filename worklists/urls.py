"""Addresses of this room."""

from django.urls import path

from worklists import views

urlpatterns = [
    path("", views.home, name="home"),
]
