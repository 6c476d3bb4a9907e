"""Addresses of this room."""

from django.urls import path

from reports import views

urlpatterns = [
    path("figures/", views.figures, name="figures"),
    path("figures/set-up/", views.set_up, name="figures-set-up"),
    path("figures/extract/", views.extract, name="figures-extract"),
    path("figures/all-partnerships/", views.national, name="national"),
    path("figures/<uuid:publication>/", views.report, name="report"),
    path("figures/<uuid:publication>/annual/", views.annual, name="report-annual"),
    path("figures/<uuid:publication>/<str:kind>/", views.report_file, name="report-file"),
]
