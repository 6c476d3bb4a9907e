"""Addresses of this room."""

from django.urls import path

from deadlines import views

urlpatterns = [
    path("calculator/", views.calculator, name="calculator"),
    path("partnership/closure-days/", views.closure_days, name="closure-days"),
    path("partnership/closure-days/<uuid:day>/", views.closure_day_remove, name="closure-day-remove"),
]
