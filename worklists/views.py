"""Pages that join the rooms."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose security token is missing or old."""
    return render(request, "errors/403_csrf.html", status=403)
