"""Addresses of this room. Nothing about a child or a person is in one."""

from django.urls import path

from papers.views import calendars, documents, letters, packs, refusals, settings, taken

urlpatterns = [
    path("cases/<str:reference>/papers/", letters.papers, name="papers"),
    path("cases/<str:reference>/review/letter/", letters.letter_before, name="review-letter"),
    path("cases/<str:reference>/letters/<str:slug>/", letters.letter, name="letter"),
    path("cases/<str:reference>/letters/<str:slug>/preview/", letters.letter_preview, name="letter-preview"),
    path(
        "cases/<str:reference>/letters/<str:slug>/recipients/",
        letters.letter_recipients,
        name="letter-recipients",
    ),
    path(
        "cases/<str:reference>/letters/<str:slug>/recipients/<uuid:recipient>/",
        letters.letter_recipient_remove,
        name="letter-recipient-remove",
    ),
    path("cases/<str:reference>/letters/<str:slug>/issue/", letters.letter_issue, name="letter-issue"),
    path("cases/<str:reference>/letters/<str:slug>/check/", letters.letter_check, name="letter-check"),
    path("cases/<str:reference>/letters/<str:slug>/drop/", letters.letter_drop, name="letter-drop"),
    path("cases/<str:reference>/issued/<uuid:letter_uuid>/", letters.letter_issued, name="letter-issued"),
    path("cases/<str:reference>/pack/new/<uuid:child>/", packs.pack_ask, name="pack-ask"),
    path("cases/<str:reference>/pack/<uuid:pack_uuid>/", packs.pack, name="pack"),
    path("cases/<str:reference>/pack/<uuid:pack_uuid>/file/", packs.pack_file, name="pack-file"),
    path(
        "cases/<str:reference>/pack/<uuid:pack_uuid>/texts/<uuid:held_uuid>/",
        packs.pack_text,
        name="pack-text",
    ),
    path("cases/<str:reference>/documents/", documents.case_documents, name="case-documents"),
    path("cases/<str:reference>/export/", taken.case_print, name="case-print"),
    path("cases/<str:reference>/export.json", taken.case_export, name="case-export"),
    path("cases/<str:reference>/dates/<uuid:deadline_uuid>.ics", calendars.date, name="calendar-date"),
    path(
        "conferences/<str:reference>/documents/", documents.conference_documents, name="conference-documents"
    ),
    path("conferences/<str:reference>/extract/", taken.conference_extract, name="conference-extract"),
    path("conferences/<str:reference>/calendar.ics", calendars.conference, name="conference-calendar"),
    path("cases/<str:reference>/refusal/<str:step>/", refusals.convene_letter, name="convene-letter"),
    path("complaints/<str:reference>/letter/", refusals.complaint_letter, name="complaint-letter"),
    path("documents/<uuid:document_uuid>/", documents.document, name="document"),
    path("documents/<uuid:document_uuid>/share/", documents.document_share, name="document-share"),
    path(
        "documents/<uuid:document_uuid>/share/<uuid:share>/end/",
        documents.document_share_end,
        name="document-share-end",
    ),
    path("documents/<uuid:document_uuid>/withdraw/", documents.document_withdraw, name="document-withdraw"),
    path("calendar/", calendars.calendar, name="calendar"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar-feed"),
    path("partnership/letters/", settings.letter_settings, name="letter-settings"),
    path("partnership/letters/<str:kind>/", settings.letter_wording, name="letter-wording"),
    path(
        "partnership/letters/<str:kind>/preview/",
        settings.letter_wording_preview,
        name="letter-wording-preview",
    ),
]
