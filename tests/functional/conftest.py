"""A real Chromium against a running server. A script error, a refused resource or a call elsewhere fails the test."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    sync_playwright,
)

from tests.builders import World
from tests.functional.people import BOOKING, House

# Playwright's event loop runs in this thread; Django would otherwise refuse the database to a test beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 740}
ARGUMENTS = [
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "functional" in item.path.parts:
            item.add_marker(pytest.mark.functional)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM")
    if not path:
        pytest.fail("Browser tests need Chromium. Type ./dev test, with the path of the test behind it.")
    sandbox = [] if os.geteuid() != 0 else ["--no-sandbox"]
    started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS + sandbox)
    yield started
    started.close()


AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


class Watch:
    """Collects what goes wrong in a page. A test that provokes an error page says so: `watch.expect(404)`."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.expected: set[int] = set()
        self.cut = False  # while a test has taken the network away

    def expect(self, *statuses: int) -> None:
        self.expected.update(statuses)

    def follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        page.on("console", self._console)
        page.on("requestfailed", self._failed)
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _console(self, message: ConsoleMessage) -> None:
        # That a page answered 404 is judged by _answered, which knows whether it was expected.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page left before its parts had come has aborted them itself.
        if request.failure and "ERR_ABORTED" not in request.failure and not self.cut:
            self.wrong.append(f"{request.failure}: {request.url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400 and status not in self.expected:
            self.wrong.append(f"{status}: {url}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    seen = Watch()
    yield seen
    assert seen.wrong == []


@pytest.fixture
def new_context(browser: Browser, live_server: Any, watch: Watch) -> Iterator[Any]:
    """Makes a browser of its own for each person in a test: `new_context()`, `new_context(java_script_enabled=False)`."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        chosen = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/London", **options}
        context = browser.new_context(base_url=live_server.url, **chosen)
        context.set_default_timeout(8_000)
        context.on("page", watch.follow)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: Any) -> Page:
    return new_context().new_page()


@pytest.fixture
def phone(new_context: Any) -> Page:
    return new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()


@pytest.fixture
def page_without_scripts(new_context: Any) -> Page:
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture(scope="session")
def axe_violations() -> Any:
    """axe's findings on a page, one line each; a test asserts that there are none."""
    axe = Axe()

    def look(page: Page) -> list[str]:
        found = axe.run(page, options=AXE).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:200]}"
            for one in found
            for node in one["nodes"]
        ]

    return look


@pytest.fixture
def clock() -> Iterator[Any]:
    """The server's clock: it runs from the morning before the conference of the builders, and a test moves it on."""
    with time_machine.travel(BOOKING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def house(transactional_db: None, live_server: Any, new_context: Any, clock: Any, watch: Watch) -> Any:
    """`house("camden")`: a partnership with its people, each at a browser; `java_script_enabled=False` without scripts."""

    def open_house(slug: str, **options: Any) -> House:
        return House(World(slug), live_server.url, new_context, clock, watch, **options)

    return open_house
