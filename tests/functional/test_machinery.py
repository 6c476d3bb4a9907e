"""The servers of the tests are the real ones, and a mistake in a page is noticed."""

import socket
from typing import Any

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select version()")
        assert cursor.fetchone()[0].startswith("PostgreSQL")


def test_redis_is_redis(redis_client: Any) -> None:
    assert redis_client.info("server")["redis_version"]
    redis_client.set("a", "1")
    assert redis_client.get("a") == b"1"


def test_nothing_outside_this_machine_is_called() -> None:
    with socket.socket() as connection_out, pytest.raises(AssertionError, match="tried to reach"):
        connection_out.connect(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="tried to look up"):
        socket.getaddrinfo("example.org", 80)


def test_the_browser_shows_pages_and_notices_errors(page: Any, watch: Any) -> None:
    page.goto("about:blank")
    page.set_content("<h1>Here</h1><script>throw new Error('broken')</script>")
    assert page.inner_text("h1") == "Here"
    assert watch.wrong == ["script error: broken"]
    watch.wrong.clear()


def test_the_browser_reaches_this_machine_only(page: Any, watch: Any) -> None:
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.org/")
    watch.wrong.clear()
