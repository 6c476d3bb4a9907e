"""Addresses of this room."""

from django.urls import path

from complaints import views

urlpatterns = [
    path("", views.complaints, name="complaints"),
    path("new/", views.record, name="complaint-new"),
    path("about/<slug:slug>/", views.signpost, name="complaints-about"),
    path("<str:reference>/", views.complaint, name="complaint"),
    path("<str:reference>/acknowledge/", views.acknowledge, name="complaint-acknowledge"),
    path("<str:reference>/told/<slug:tell_id>/<slug:seat>/", views.told, name="complaint-told"),
    path("<str:reference>/outcome/", views.decide, name="complaint-decide"),
    path("<str:reference>/conference/", views.book, name="complaint-book"),
    path("<str:reference>/withdraw/", views.withdraw, name="complaint-withdraw"),
    path("<str:reference>/close/", views.close, name="complaint-close"),
]
