"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from dissent import views

urlpatterns = [
    path("conferences/<str:reference>/dissent/", views.conference_dissent, name="conference-dissent"),
    path("conferences/<str:reference>/dissent/new/", views.dissent_new, name="dissent-new"),
    path("conferences/<str:reference>/end/", views.conference_end, name="conference-end"),
    path("conferences/<str:reference>/ended/", views.conference_ended, name="conference-ended"),
    path(
        "conferences/<str:reference>/ended/correct/",
        views.conference_end_correct,
        name="conference-end-correct",
    ),
    path("cases/<str:reference>/written-view/", views.written_view, name="written-view"),
    path("cases/<str:reference>/written-view/received/", views.receipt_correct, name="receipt-correct"),
    path("cases/<str:reference>/remind/", views.remind, name="remind"),
    path("cases/<str:reference>/review-without-view/", views.review_without_view, name="review-without-view"),
    path("cases/<str:reference>/not-pursued/", views.not_pursued, name="not-pursued"),
    path("cases/<str:reference>/withdraw/", views.withdraw, name="withdraw"),
    path("cases/<str:reference>/information/", views.add_information, name="add-information"),
    path("cases/<str:reference>/tasks/<str:task>/", views.task_done, name="task-done"),
    path("cases/<str:reference>/challenge/", views.challenge_choice, name="challenge-choice"),
    path("cases/<str:reference>/further/<str:route>/", views.take_further, name="take-further"),
    path("cases/<str:reference>/pass-on/", views.pass_on, name="pass-on"),
    path("cases/<str:reference>/review/", views.review, name="review"),
    path("cases/<str:reference>/review/conversation/", views.log_conversation, name="log-conversation"),
    path("cases/<str:reference>/review/ask/", views.ask, name="ask"),
    path("cases/<str:reference>/review/asks/<uuid:ask_uuid>/", views.reply, name="reply"),
    path("cases/<str:reference>/review/conflict/", views.conflict_reason, name="conflict-reason"),
    path("cases/<str:reference>/review/apart/", views.review_apart, name="review-apart"),
    path("cases/<str:reference>/follow-up/", views.follow_up, name="follow-up"),
    path("cases/<str:reference>/told/<str:tell_id>/", views.told, name="told"),
    path("cases/<str:reference>/filed/<uuid:child>/", views.filed, name="filed"),
    path("cases/<str:reference>/close/", views.close, name="close"),
]
