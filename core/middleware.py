"""What is logged of a request: how it was asked, where, by whose number, and what came of it. Nothing anybody typed."""

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware


class LogRequests(RequestMiddleware):
    """One line when a request begins and one when it ends. The address without what stands behind its question mark:
    an address of ours holds references only, but anybody can write anything behind it."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"
