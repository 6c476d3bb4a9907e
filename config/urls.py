"""Every address of the application. Rooms own their own; nothing about a child is ever in one."""

from django.urls import include, path

handler400 = "worklists.views.bad_request"
handler403 = "worklists.views.forbidden"
handler404 = "worklists.views.not_found"
handler500 = "worklists.views.server_error"

urlpatterns = [
    path("", include("operations.urls")),
    path("", include("worklists.urls")),
    path("", include("reports.urls")),
    path("", include("accounts.urls")),
    path("", include("partnerships.urls")),
    path("", include("cases.urls")),
    path("", include("notifications.urls")),
    path("", include("deadlines.urls")),
    path("", include("records.urls")),
    path("conferences/", include("conferences.urls")),
    path("", include("escalation.urls")),
    path("", include("dissent.urls")),
    path("complaints/", include("complaints.urls")),
    path("", include("convening.urls")),
    path("", include("learning.urls")),
    path("", include("papers.urls")),
]
