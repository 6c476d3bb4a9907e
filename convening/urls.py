"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from convening import views

CASE = "cases/<str:reference>/request/"

urlpatterns = [
    path("requests/new/", views.ask, name="convene-new"),
    path(f"{CASE}answer/", views.answer, name="convene-answer"),
    path(f"{CASE}consulted/", views.consult, name="convene-consult"),
    path(f"{CASE}last-resort/", views.last_resort, name="convene-last-resort"),
    path(f"{CASE}ladder/", views.ladder, name="convene-ladder"),
    path(f"{CASE}accept/", views.accept, name="convene-accept"),
    path(f"{CASE}withdraw/", views.withdraw, name="convene-withdraw"),
    path(f"{CASE}conference/", views.book, name="convene-book"),
]
