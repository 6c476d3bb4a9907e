"""Addresses of this room."""

from django.urls import path

from worklists import views
from worklists.views import compare, helping, lists, overview, texts

urlpatterns = [
    path("", views.home, name="home"),
    path("overview/", overview.overview, name="overview"),
    path("overview/cases/", overview.cases, name="overview-cases"),
    path("compare/", compare.compare, name="compare"),
    path("find/", views.find, name="find"),
    path("cases/", lists.case_list, name="cases"),
    path("cases/views/<uuid:saved>/", lists.saved_filter, name="saved-filter"),
    path("cases/<str:reference>/", views.case, name="case"),
    path("cases/<str:reference>/history/", views.case_history, name="case-history"),
    path("raise/", views.sorter, name="raise"),
    path("raise/elsewhere/<str:what>/", views.elsewhere, name="raise-elsewhere"),
    path("raise/conference/", views.raise_about_conference, name="raise-about-conference"),
    path("partnership/protocol/", texts.versions, name="protocol-versions"),
    path("partnership/protocol/<uuid:upload>/", texts.upload, name="protocol-upload"),
    path("partnership/protocol/<uuid:upload>/publish/", texts.publish_upload, name="protocol-publish"),
    path("partnership/protocol/<uuid:upload>/withdraw/", texts.withdraw_upload, name="protocol-withdraw"),
    path("help/", helping.help_page, name="help"),
    path("help/words/", helping.means_page, name="means"),
    path("help/<slug:role>/", helping.role_help, name="role-help"),
    path("rules/<str:number>/", helping.rule, name="rule"),
    path("accessibility/", helping.accessibility, name="accessibility"),
    path("privacy/", helping.privacy, name="privacy"),
]
