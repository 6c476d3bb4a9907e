"""A browser without scripts for each person, and the moments at which these pages are opened."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.builders import World, at

DURING = at("2026-03-03", "11:40")
RULE_LINK = (
    r'<a class="govuk-link app-rule"[^>]*>([^<]+)</a>'  # within a word of the page, not a word of its own
)
NEXT_DAY = at("2026-03-04", "10:30")


class Fields(HTMLParser):
    """What a browser without scripts would send: the fields of each form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._inside = False
        self._area = self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append({})
            self._inside = True
        name = given.get("name", "")
        if not self._inside or (not name and tag != "option"):
            return
        fields = self.forms[-1]
        if tag == "input" and given.get("type") in ("radio", "checkbox"):
            if "checked" in given:
                fields.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input":
            fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in fields):
            fields[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.forms[-1][self._area] = self._text.removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._inside = False


class Browser:
    """One person signed in, with scripts off."""

    def __init__(self, world: World, who: str) -> None:
        self.client = Client()
        self.client.force_login(world.people[who].user)
        self.page: Any = None
        self.address = ""

    def get(self, name: str, *args: Any, query: str = "") -> Any:
        self.address = reverse(name, args=args) + query
        self.page = self.client.get(self.address)
        return self.page

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the page's own form, as it stands: the last on the page."""
        parser = Fields()
        parser.feed(self.page.content.decode())
        return dict(parser.forms[-1])

    def send(self, **typed: Any) -> Any:
        """Fill in the form and send it to where it stands. None leaves a field out."""
        body = {**self.fields, **typed}
        self.page = self.client.post(
            self.address, {key: value for key, value in body.items() if value is not None}
        )
        return self.page

    def follow(self) -> Any:
        self.address = self.page.url
        self.page = self.client.get(self.address)
        return self.page

    @property
    def text(self) -> str:
        """The words of the page, without its tags."""
        words = re.sub(RULE_LINK, r"\1", self.page.content.decode())
        words = re.sub(r"<[^>]+>", " ", words)
        return re.sub(r"\s+", " ", unescape(words))

    def queries(self, name: str, *args: Any, query: str = "") -> int:
        """How many queries a page takes, once what is kept between requests is there."""
        self.get(name, *args, query=query)
        with CaptureQueriesContext(connection) as seen:
            assert self.get(name, *args, query=query).status_code == 200
        return len(seen)


Open = Callable[..., Browser]


@pytest.fixture
def open_as() -> Iterator[Open]:
    """`open_as(world, "chair", NEXT_DAY)`: their browser at a moment."""
    travelling: list[Any] = []

    def open_(world: World, who: str, moment: dt.datetime = NEXT_DAY) -> Browser:
        while travelling:
            travelling.pop().stop()
        travel = time_machine.travel(moment, tick=False)
        travel.start()
        travelling.append(travel)
        return Browser(world, who)

    yield open_
    while travelling:
        travelling.pop().stop()


@pytest.fixture
def when() -> Callable[..., dict[str, str]]:
    """A date in its boxes, with a time: `when("starts_at", "2026-03-25", "10:00")`."""

    def boxes(name: str, day: str, time: str = "") -> dict[str, str]:
        year, month, date = day.split("-")
        typed = {f"{name}_day": date, f"{name}_month": month, f"{name}_year": year}
        return typed | ({f"{name}_time": time} if time else {})

    return boxes
