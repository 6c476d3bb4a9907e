"""The forms that a person of a partnership comes upon, read from the pages as a browser without scripts would."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

PAGES_OF_A_KIND = 2  # of one address, for one person
PAGES = 150
LEFT_OUT = frozenset({"sign-out", "guest-leave"})  # whoever goes there has no pages any more


@dataclass
class Field:
    """A field of a form, as the page gives it."""

    name: str
    kind: str  # text, textarea, select, radio, checkbox, hidden, file, date …
    values: list[str] = field(default_factory=list)  # that can be chosen, or the one it has

    @property
    def typed(self) -> bool:
        """Whether a person types into it, so that it has to come back with what was typed."""
        return self.kind in ("text", "textarea", "search", "email", "tel", "number")


@dataclass
class Form:
    """One form: where it is sent, how, and its fields."""

    page: str
    action: str
    method: str
    fields: list[Field]
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kind(self) -> tuple[Any, ...]:
        """The same for the same form of another case."""
        return (
            name_of(self.action),
            self.method,
            tuple(sorted({re.sub(r"\d+", "0", f.name) for f in self.fields})),
        )

    def filled(self) -> dict[str, list[str]]:
        """A sending that could be meant: every text with words, the first of every choice, dates of that week."""
        body: dict[str, list[str]] = {}
        for entry in self.fields:
            values = [value for value in entry.values if value]
            if entry.kind == "file":
                continue
            if entry.kind == "hidden":
                body[entry.name] = entry.values
            elif entry.kind in ("radio", "checkbox", "select"):
                body[entry.name] = values[:1]
            else:
                body[entry.name] = values[:1] or [_plausible(entry.name)]
        if self.buttons:
            name, value = self.buttons[0]
            body[name] = [value]
        return body


def _plausible(name: str) -> str:
    ends = {"_day": "3", "_month": "3", "_year": "2026", "_time": "10:00"}
    for end, value in ends.items():
        if name.endswith(end):
            return value
    return "someone@example.org" if "email" in name else "Words that were invented."


class Reader(HTMLParser):
    """The forms of a page and the links of the same site on it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._known: dict[str, Field] = {}
        self._text: Field | None = None
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "a" and given.get("href"):
            self._link(given["href"])
        elif tag == "form":
            action = urljoin(self.page, given.get("action", "") or self.page)
            self._form = Form(self.page, action, given.get("method", "get").lower(), [])
            self.forms.append(self._form)
            self._known = {}
        elif self._form is not None:
            self._entry(self._form, tag, given)

    def _link(self, target: str) -> None:
        found = urlsplit(urljoin(self.page, target))
        if not found.netloc and found.path.startswith("/") and not found.path.startswith("/static/"):
            self.links.append(found._replace(fragment="").geturl())

    def _entry(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select is not None:
            self._select.values.append(given.get("value", ""))
        elif tag == "button" and name:
            form.buttons.append((name, given.get("value", "")))
        elif name and tag in ("input", "textarea", "select"):
            kind = given.get("type", "text") if tag == "input" else tag
            entry = self._known.setdefault(name, Field(name, kind))
            if entry not in form.fields:
                form.fields.append(entry)
            if tag == "input":
                entry.values.append(given.get("value", "on" if kind in ("radio", "checkbox") else ""))
            self._text = entry if tag == "textarea" else None
            self._select = entry if tag == "select" else None
            if tag == "textarea":
                entry.values.append("")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.values[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._text = None
        elif tag == "select":
            self._select = None


def read(page: str, html: str) -> Reader:
    """The forms and links of the page at an address."""
    reader = Reader(page)
    reader.feed(html)
    return reader


def name_of(address: str) -> str:
    """The name of an address in the URL configuration, empty when it leads nowhere."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""


def forms_of(client: Client, starts: list[str]) -> tuple[list[Form], int]:
    """Every kind of form on the way from these pages, once, and how many pages were opened."""
    waiting, asked, kinds, found = deque(["/", *starts]), set[str](), Counter[str](), dict[Any, Form]()
    while waiting and len(asked) < PAGES:
        page = waiting.popleft()
        name = name_of(page)
        if page in asked or not name or name in LEFT_OUT or kinds[name] >= PAGES_OF_A_KIND:
            continue
        asked.add(page)
        kinds[name] += 1
        response: Any = client.get(page)
        if response.status_code >= 500:
            raise AssertionError(f"{page} answered {response.status_code}")
        if response.status_code in (301, 302):
            waiting.appendleft(response.url)
        if "html" not in response.headers.get("Content-Type", ""):
            continue
        reader = read(page, response.content.decode())
        waiting.extend(reader.links)
        for form in reader.forms:
            if name_of(form.action) and name_of(form.action) not in LEFT_OUT:
                found.setdefault(form.kind, form)
    return list(found.values()), len(asked)
