"""The product's addresses, and one more: a view that does nothing, behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as own


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [*own, path("empty/", empty)]
