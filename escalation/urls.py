"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from escalation import views

urlpatterns = [
    path("raise/<str:kind>/", views.raise_kind, name="raise-kind"),
    path("cases/<str:reference>/urgent/", views.urgent, name="urgent"),
    path("cases/<str:reference>/escalation/step/", views.step, name="escalation-step"),
    path("cases/<str:reference>/escalation/people/<str:side>/", views.person, name="escalation-person"),
    path("cases/<str:reference>/escalation/meeting/", views.meeting, name="escalation-meeting"),
    path("cases/<str:reference>/escalation/agreed/", views.agree, name="escalation-agree"),
    path("cases/<str:reference>/escalation/dates/", views.dates, name="escalation-dates"),
    path("cases/<str:reference>/escalation/authorities/", views.authorities, name="escalation-authorities"),
    path("cases/<str:reference>/escalation/settled/", views.resolve, name="escalation-resolve"),
    path("cases/<str:reference>/escalation/answer/", views.decide, name="escalation-decide"),
    path("cases/<str:reference>/escalation/withdraw/", views.withdraw, name="escalation-withdraw"),
    path("cases/<str:reference>/escalation/unsettled/", views.unsettled, name="escalation-unsettled"),
    path("cases/<str:reference>/escalation/close/", views.close, name="escalation-close"),
    path("cases/<str:reference>/escalation/forum/", views.forum, name="escalation-forum"),
]
