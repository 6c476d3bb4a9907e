"""What all tests share: real servers, no network beyond this machine, and no slow password hashing.

`./dev test` starts PostgreSQL and Redis, finds Chromium and tells the tests by DATABASE_URL, REDIS_URL and CHROMIUM.
"""

import os
import sys
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from config.celery import app as celery_app

NEEDS_SERVERS = "This test needs its servers. Type ./dev test, with the path of the test behind it."


def _loopback(host: object) -> bool:
    if host in ("localhost", "", None):
        return True
    try:
        return ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _no_network(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _loopback(address[0]):
            raise AssertionError(f"A test tried to reach {address}. Nothing outside this machine is called.")
    elif event == "socket.getaddrinfo" and not _loopback(arguments[0]):
        raise AssertionError(
            f"A test tried to look up {arguments[0]}. Nothing outside this machine is called."
        )


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_no_network)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def worker_number() -> int:
    """0 for the only or first of the parallel runners, 1 for the next."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    if "DATABASE_URL" not in os.environ:
        pytest.fail(NEEDS_SERVERS)
    # A copy of what has every table already; `migrate` then finds nothing to do.
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("TEST_TABLES") or None


@pytest.fixture(scope="session", autouse=True)
def _tables_can_be_emptied() -> Iterator[None]:
    """Tests with real commits end by emptying all tables, which the triggers on append-only tables rightly refuse.

    Only for that moment the database is told to leave its triggers out; in every test they are in force.
    """
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def without_triggers(self: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
        try:
            empty(self)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("set session_replication_role = default")

    TransactionTestCase._fixture_teardown = without_triggers  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Of the real Redis; each parallel runner has its own database in it."""
    if not os.environ.get("REDIS_URL"):
        pytest.fail(NEEDS_SERVERS)
    return f"{os.environ['REDIS_URL']}/{worker_number()}"


@pytest.fixture
def redis_client(redis_url: str) -> Iterator["redis.Redis"]:
    """Empty before and after."""
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture(scope="session", autouse=True)
def _own_broker() -> None:
    """What an action sends in one runner must not be found by a test in another."""
    if os.environ.get("REDIS_URL"):
        celery_app.conf.broker_url = f"{os.environ['REDIS_URL']}/{worker_number()}"
