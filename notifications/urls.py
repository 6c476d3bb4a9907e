"""Addresses of this room."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_all_notices, name="read-all-notices"),
    path("notices/<uuid:notice>/read/", views.read_notice, name="read-notice"),
    path("notices/how/", views.how_we_tell_you, name="how-we-tell-you"),
    path("not-delivered/", views.not_delivered, name="not-delivered"),
    path("not-delivered/<uuid:message>/send/", views.send_again, name="send-again"),
    path("not-delivered/<uuid:message>/told/", views.told_otherwise, name="told-otherwise"),
    path("not-delivered/post/<uuid:row>/told/", views.told_post_otherwise, name="told-post-otherwise"),
    path("notify/receipts/", views.receipt, name="notify-receipt"),
    path("sent-mail/", views.mail, name="mail"),
]
