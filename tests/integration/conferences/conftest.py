"""A browser without scripts for each person, at a moment of the conference's own day."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.builders import World, at

DURING = at("2026-03-03", "11:40")
RULE_LINK = r'<a class="govuk-link app-rule"[^>]*>([^<]+)</a>'


class Forms(HTMLParser):
    """The forms of a page as a browser without scripts would send them: [(address, fields)]."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self._area = self._select = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        if not self.found or (not (name := given.get("name", "")) and tag != "option"):
            return
        fields = self.found[-1][1]
        if tag == "input":
            if given.get("type") in ("radio", "checkbox"):
                if "checked" in dict(attrs):
                    fields[name] = given.get("value", "on")
            else:
                fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in dict(attrs) or self._select not in fields):
            fields[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found[-1][1][self._area] = self._text.removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""


class Browser:
    """One person signed in, with scripts off."""

    def __init__(self, world: World, who: str) -> None:
        self.client = Client()
        self.client.force_login(world.people[who].user)
        self.page: Any = None
        self.at = ""

    def get(self, address: str) -> Any:
        self.at, self.page = address, self.client.get(address)
        return self.page

    def forms(self) -> list[tuple[str, dict[str, Any]]]:
        parser = Forms()
        parser.feed(self.page.content.decode())
        return [(to or self.at, fields) for to, fields in parser.found]

    def form(self, *, having: str) -> tuple[str, dict[str, Any]]:
        """The form of this page that has a field of this name."""
        return next((to, dict(f)) for to, f in self.forms() if having in f or having in to)

    def send(self, address: str, fields: dict[str, Any]) -> Any:
        self.page = self.client.post(address, fields)
        return self.page

    def text(self) -> str:
        """The page, a rule's number where it stands in words without the link that it is."""
        return re.sub(RULE_LINK, r"\1", self.page.content.decode())

    def queries(self, address: str) -> int:
        """How many queries a page takes, once what is kept between requests is there."""
        self.client.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert self.get(address).status_code == 200
        return len(seen)


@pytest.fixture
def world() -> World:
    return World("kingston-richmond")


@pytest.fixture
def open_as() -> Iterator[Callable[..., Browser]]:
    """`open_as(world, "chair")`: their browser, while the conference of the builders is in session."""
    with time_machine.travel(DURING, tick=False):
        yield Browser


def when(name: str, day: str, time: str = "") -> dict[str, str]:
    """A date in its three boxes, and a time: `when("at", "2026-03-03", "10:00")`."""
    year, month, date = day.split("-")
    return {f"{name}_day": date, f"{name}_month": month, f"{name}_year": year} | (
        {f"{name}_time": time} if time else {}
    )


@pytest.fixture(name="when")
def _when() -> Callable[..., dict[str, str]]:
    return when
