"""Addresses of this room."""

from django.urls import path

from learning import views

urlpatterns = [
    path("cases/<str:reference>/learning/", views.lesson, name="lesson"),
    path("learning/", views.learning, name="learning"),
    path("learning/summaries/", views.summaries, name="learning-summaries"),
    path("learning/summaries/new/", views.summary_new, name="learning-summary-new"),
    path("learning/summaries/<uuid:summary>/", views.summary, name="learning-summary"),
    path("learning/themes/<slug:theme>/take-out/", views.retire_theme, name="theme-retire"),
]
