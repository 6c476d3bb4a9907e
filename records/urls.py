"""Addresses of this room: the records of discussions beneath their case."""

from django.urls import path

from records import views

CASE = "cases/<str:reference>/records/"
RECORD = f"{CASE}<uuid:record>/"

urlpatterns = [
    path(CASE, views.discussions, name="discussions"),
    path(f"{CASE}new/", views.write, name="discussion-new"),
    path(f"{CASE}ours/", views.own_record, name="own-record"),
    path(f"{CASE}agreed/<uuid:action>/", views.done, name="agreed-action-done"),
    path(RECORD, views.discussion, name="discussion"),
    path(f"{RECORD}change/", views.change, name="discussion-change"),
    path(f"{RECORD}approve/", views.approve, name="discussion-approve"),
    path(f"{RECORD}correct/", views.correct, name="discussion-correct"),
    path(f"{RECORD}filed/<uuid:child>/", views.filed, name="discussion-filed"),
]
