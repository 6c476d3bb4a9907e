"""Addresses of this room."""

from django.urls import path

from deadlines import views

urlpatterns = [
    path("calculator/", views.calculator, name="calculator"),
    path("partnership/closure-days/", views.closure_days, name="closure-days"),
]
