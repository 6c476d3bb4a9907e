"""People at their browsers: what they press is counted, which pages they see is remembered.

A `House` is a partnership with a server clock that a test sets. `house.person("chair")` signs in as people do, through
the page; `house.quick("chair")` is signed in already, for tests that are about something else.
"""

import datetime as dt
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as NotThere

from accounts.models import User
from core.clock import edge_now
from tests.builders import PASSWORD, World, at

BOOKING = at("2026-03-02", "09:30")
BEGINS = at("2026-03-03", "10:00")
NEXT_DAY = at("2026-03-04", "10:00")
AFTER = at("2026-03-05", "10:00")
# Pictures of every page that is walked through, for looking at: PD_SHOTS=/some/folder ./dev test tests/functional
SHOTS = os.environ.get("PD_SHOTS", "")


class Person:
    """One person at one browser."""

    def __init__(self, page: Page, name: str, shoot: Callable[[Page, str], None]) -> None:
        self.page, self.name = page, name
        self.clicks = 0
        self.titles: list[str] = []
        self.status = 0  # of the page that was opened last
        self._shoot = shoot

    # --- going ------------------------------------------------------------------------------------------------------

    def open(self, address: str) -> "Person":
        answer = self.page.goto(address)
        self.status = answer.status if answer else 0
        return self._seen()

    def count(self) -> "Person":
        """Begin to count clicks and pages from here, with the page that is open."""
        self.clicks, self.titles = 0, []
        return self._seen()

    def _seen(self) -> "Person":
        title = self.page.title()
        if not self.titles or self.titles[-1] != title:
            self.titles.append(title)
            self._shoot(self.page, self.name)
        return self

    def _click(self, found: Locator) -> "Person":
        self._there(found).click()
        self.clicks += 1
        return self

    def _there(self, found: Locator) -> Locator:
        """What is to be pressed, or a failure that says what stands on the page instead."""
        try:
            found.wait_for(state="attached")
        except NotThere as error:
            raise AssertionError(f"{found} is not on {self.page.url}: {self.main[:1500]}") from error
        return found

    def _go(self, found: Locator) -> "Person":
        """Click what leads to another page, and wait until it stands there, whoever put it there: browser or script."""
        self.page.locator("body").evaluate("body => body.setAttribute('data-left', '')")
        self._click(found)
        self.page.locator("body:not([data-left])").wait_for(state="attached")
        self.page.wait_for_load_state()
        return self._seen()

    def follow(self, link: str | re.Pattern[str], *, exact: bool = False, inside: str = "main") -> "Person":
        return self._go(self.page.locator(inside).get_by_role("link", name=link, exact=exact).first)

    def stage(self, name: str) -> "Person":
        """One of the stages of the conference, in the row above."""
        found = self.page.get_by_role("navigation", name="Stages of the conference")
        return self._go(found.get_by_role("link", name=re.compile(f"^{name}")))

    def press(self, button: str | re.Pattern[str], *, exact: bool = False) -> "Person":
        return self._go(self.page.locator("main").get_by_role("button", name=button, exact=exact).first)

    # --- filling in -------------------------------------------------------------------------------------------------

    def choose(self, words: str | re.Pattern[str], *, of: str = "") -> "Person":
        """Tick a box or choose one of several; `of` is the name of the field, where labels repeat."""
        place = self.page.locator(f"main [name='{of}']") if of else None
        found = self.page.locator("main").get_by_label(words, exact=isinstance(words, str))
        if place is not None:
            found = found.and_(place)
        self._there(found.first).check()
        self.clicks += 1
        return self

    def unfold(self, words: str) -> "Person":
        return self._click(self.page.locator("main summary").filter(has_text=words).first)

    def type(self, label: str | re.Pattern[str], text: str) -> "Person":
        self.page.locator("main").get_by_label(label).first.fill(text)
        return self

    def fill(self, name: str, text: str) -> "Person":
        self.page.locator(f"main [name='{name}']").first.fill(text)
        return self

    def date(self, name: str, day: dt.date | dt.datetime, time: str = "") -> "Person":
        for part, number in (("day", day.day), ("month", day.month), ("year", day.year)):
            self.fill(f"{name}_{part}", str(number))
        return self.fill(f"{name}_time", time) if time else self

    # --- looking ----------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.inner_text("body"))

    @property
    def main(self) -> str:
        return re.sub(r"\s+", " ", self.page.inner_text("main"))

    def sees(self, *words: str) -> "Person":
        text = self.text
        for word in words:
            assert word.lower() in text.lower(), f"“{word}” is not on {self.page.url}: {self.main[:1500]}"
        return self

    def sees_no(self, *words: str) -> "Person":
        text = self.text
        for word in words:
            assert word.lower() not in text.lower(), f"“{word}” is on {self.page.url}"
        return self

    @property
    def address(self) -> str:
        return re.sub(r"^https?://[^/]+", "", self.page.url)

    def signs_in(self, email: str) -> "Person":
        """On the page to sign in, on the way to where they wanted to go."""
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.page.wait_for_load_state()
        return self._seen()


class House:
    """A partnership, the clock of its server, and its people at their browsers."""

    def __init__(
        self, world: World, url: str, new_context: Any, clock: Any, watch: Any, **options: Any
    ) -> None:
        self.world, self.url, self.clock, self.expect = world, url, clock, watch.expect
        self._new_context, self._options = new_context, options
        self._people: dict[str, Person] = {}
        User.objects.update(password=make_password(PASSWORD))

    def at(self, moment: dt.datetime) -> None:
        """The clock of the server goes forward only."""
        if moment > edge_now():
            self.clock.move_to(moment)

    def email(self, who: str) -> str:
        return str(User.objects.get(pk=self.world.people[who].user_id).email)

    def person(self, who: str, address: str = "/") -> Person:
        """Their browser, on a page; they sign in first if they are not signed in, or no longer."""
        if who not in self._people:
            page = self._new_context(**self._options).new_page()
            self._people[who] = Person(page, who, shoot)
        person = self._people[who].open(address)
        if person.address.startswith("/sign-in/"):
            person.signs_in(self.email(who))
        return person

    def stranger(self) -> Person:
        """Somebody who has not signed in."""
        return Person(self._new_context(**self._options).new_page(), "nobody", shoot)

    def quick(self, who: str, **options: Any) -> Person:
        """Signed in without the page, in a browser of its own."""
        context = self._new_context(**self._options, **options)
        store = SessionStore()
        user = User.objects.get(pk=self.world.people[who].user_id)
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": str(store.session_key), "url": self.url}]
        )
        return Person(context.new_page(), who, shoot)


def shoot(page: Page, who: str) -> None:
    """A picture at the width of a desk and of a telephone, when they are asked for."""
    if not SHOTS:
        return
    wide = page.viewport_size
    name = re.sub(r"[^a-z0-9]+", "-", f"{page.title().lower().partition(' – ')[0]}-{who}")
    for width in (1366, 375):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    if wide:
        page.set_viewport_size(wide)
