"""Signing in at an invented moment, and counting what a page asks of the database."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.builders import LATER, World

Open = Callable[..., Any]


@pytest.fixture
def open_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """`open_as(world, "chair", "/", now=…)`: the page as that person sees it then; `.queries` is what it asked."""

    def go(world: World, who: str, url: str, *, now: dt.datetime = LATER, post: Any = None) -> Any:
        monkeypatch.setattr("partnerships.middleware.edge_now", lambda: now)
        client = Client()
        client.force_login(world.people[who].user)
        client.post("/session/")  # what is written down once a minute, and on coming in
        with CaptureQueriesContext(connection) as asked:
            response = client.get(url) if post is None else client.post(url, post)
        response.queries = len(asked)
        response.text_ = response.content.decode(errors="replace")  # a file is no text
        return response

    yield go
