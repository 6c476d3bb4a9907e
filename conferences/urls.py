"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from conferences import views

urlpatterns = [
    path("", views.conferences, name="conferences"),
    path("new/", views.conference_new, name="conference-new"),
    path("practice/", views.practice, name="practice"),
    path("practice/start/", views.practice_start, name="practice-start"),
    path("practice/enter/", views.practice_enter, name="practice-enter"),
    path("practice/leave/", views.practice_leave, name="practice-leave"),
    path("practice/open/", views.practice_open, name="practice-open"),
    path("missing-entries/<uuid:request_uuid>/", views.missing_entry_answer, name="missing-entry-answer"),
    path("<str:reference>/", views.conference, name="conference"),
    path("<str:reference>/script/", views.conference_script, name="conference-script"),
    path("<str:reference>/attendance/", views.conference_attendance, name="conference-attendance"),
    path("<str:reference>/attendance/people/", views.conference_people_add, name="conference-people-add"),
    path("<str:reference>/attendance/person/", views.conference_person_new, name="conference-person-new"),
    path("<str:reference>/attendance/family/", views.conference_family_new, name="conference-family-new"),
    path("<str:reference>/attendance/file/", views.conference_list_import, name="conference-list-import"),
    path(
        "<str:reference>/attendance/template/",
        views.conference_list_template,
        name="conference-list-template",
    ),
    path("<str:reference>/children/add/", views.conference_child_add, name="conference-child-add"),
    path("<str:reference>/views/", views.conference_views, name="conference-views"),
    path("<str:reference>/views/open/", views.conference_open_round, name="conference-open-round"),
    path("<str:reference>/my-view/", views.conference_private_view, name="conference-private-view"),
    path("<str:reference>/decision/", views.conference_decision, name="conference-decision"),
    path("<str:reference>/record/", views.conference_record, name="conference-record"),
    path("<str:reference>/record/quorum/", views.conference_quorum, name="conference-quorum"),
    path("<str:reference>/record/revisit/", views.conference_revisit, name="conference-revisit"),
    path("<str:reference>/start/", views.conference_start, name="conference-start"),
    path("<str:reference>/adjourn/", views.conference_adjourn, name="conference-adjourn"),
    path("<str:reference>/resume/", views.conference_resume, name="conference-resume"),
    path("<str:reference>/cancel/", views.conference_cancel, name="conference-cancel"),
    path("<str:reference>/note-view/", views.conference_note_view, name="conference-note-view"),
    path("<str:reference>/missing-entry/", views.conference_missing_entry, name="conference-missing-entry"),
]
