"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from papers import views

urlpatterns = [
    path("cases/<str:reference>/papers/", views.papers, name="papers"),
    path("cases/<str:reference>/letters/<str:slug>/", views.letter, name="letter"),
    path("cases/<str:reference>/letters/<str:slug>/preview/", views.letter_preview, name="letter-preview"),
    path(
        "cases/<str:reference>/letters/<str:slug>/recipients/",
        views.letter_recipients,
        name="letter-recipients",
    ),
    path(
        "cases/<str:reference>/letters/<str:slug>/recipients/<uuid:recipient>/",
        views.letter_recipient_remove,
        name="letter-recipient-remove",
    ),
    path("cases/<str:reference>/letters/<str:slug>/issue/", views.letter_issue, name="letter-issue"),
    path("cases/<str:reference>/letters/<str:slug>/check/", views.letter_check, name="letter-check"),
    path("cases/<str:reference>/letters/<str:slug>/drop/", views.letter_drop, name="letter-drop"),
    path("cases/<str:reference>/issued/<uuid:letter_uuid>/", views.letter_issued, name="letter-issued"),
    path("cases/<str:reference>/pack/new/<uuid:child>/", views.pack_ask, name="pack-ask"),
    path("cases/<str:reference>/pack/<uuid:pack_uuid>/", views.pack, name="pack"),
    path("cases/<str:reference>/pack/<uuid:pack_uuid>/file/", views.pack_file, name="pack-file"),
    path(
        "cases/<str:reference>/pack/<uuid:pack_uuid>/texts/<uuid:held_uuid>/",
        views.pack_text,
        name="pack-text",
    ),
    path("partnership/letters/", views.letter_settings, name="letter-settings"),
    path("partnership/letters/<str:kind>/", views.letter_wording, name="letter-wording"),
    path(
        "partnership/letters/<str:kind>/preview/", views.letter_wording_preview, name="letter-wording-preview"
    ),
]
