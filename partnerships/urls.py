"""Addresses of this room."""

from django.urls import path

from accounts.views import SignIn
from partnerships import views
from partnerships.selectors import DEMONSTRATION_PASSWORD, sign_in_offers

urlpatterns = [
    # The template asks for the offers only in a demonstration.
    path(
        "sign-in/",
        SignIn.as_view(
            extra_context={
                "sign_in_offers": sign_in_offers,
                "demonstration_password": DEMONSTRATION_PASSWORD,
            }
        ),
        name="sign-in",
    ),
    path("forgotten-password/", views.forgotten_password, name="forgotten-password"),
    path("set-password/<uuid:link>/<str:secret>/", views.set_password, name="set-password"),
    path("choose-role/", views.choose_role, name="choose-role"),
    path("protocols/", views.protocol_list, name="protocols"),
    path("protocol/", views.protocol, name="protocol"),
    path("protocols/<slug:slug>/", views.protocol, name="protocol"),
    path("protocols/<slug:slug>/from/<str:begins>/", views.protocol, name="protocol-version"),
    path("protocols/<slug:slug>/from/<str:begins>/file/", views.protocol_file, name="protocol-file"),
    path("partnership/", views.partnership, name="partnership"),
    path("partnership/posts/<slug:key>/", views.fill_post, name="fill-post"),
    path("partnership/posts/end/<uuid:holding>/", views.end_post, name="end-post"),
    path("partnership/people/", views.people, name="people"),
    path("partnership/people/new/", views.person_new, name="person-new"),
    path("partnership/people/import/", views.people_import, name="people-import"),
    path("partnership/people/template/", views.people_template, name="people-template"),
    path("partnership/people/<uuid:membership>/", views.person, name="person"),
    path("partnership/people/<uuid:membership>/change/", views.person_change, name="person-change"),
    path("partnership/people/<uuid:membership>/move/", views.person_move, name="person-move"),
    path("partnership/people/<uuid:membership>/end/", views.person_end, name="person-end"),
    path("partnership/people/<uuid:membership>/password/", views.person_password, name="person-password"),
    path("partnership/agencies/", views.agencies, name="agencies"),
    path("partnership/agencies/new/", views.agency, name="agency-new"),
    path("partnership/agencies/<uuid:agency>/", views.agency, name="agency"),
    path("partnership/agencies/<uuid:agency>/posts/<slug:key>/", views.agency_post, name="agency-post"),
    path("partnership/contacts/", views.contacts, name="contacts"),
    path("partnership/words/", views.words, name="words"),
    path("partnership/links/<slug:place>/", views.signpost, name="signpost"),
    path("partnership/history/", views.setting_log, name="setting-log"),
    path("partnership/publish/", views.publish, name="publish"),
]
