"""How much a first visit fetches, compressed as servers do: the goals of a slow line in a school or a surgery."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.builders import World

pytestmark = pytest.mark.django_db
KB = 1024
BUILD = Path(settings.BASE_DIR) / "static" / "build"


def packed(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def test_styles_and_scripts_are_small_and_fetch_nothing_else() -> None:
    styles, scripts = (BUILD / "app.css").read_bytes(), (BUILD / "app.js").read_bytes()
    assert packed(styles) <= 20 * KB, packed(styles)
    assert packed(scripts) <= 12 * KB, packed(scripts)
    assert b"@font-face" not in styles and b"url(" not in styles and b"@import" not in styles
    assert not re.search(rb"https?://(?!www\.w3\.org)", scripts)


@pytest.mark.parametrize("address", ["/sign-in/", "/", "/help/", "/conferences/"])
def test_a_first_visit_is_sixty_kilobytes_at_most_and_six_requests(address: str) -> None:
    world = World("camden")
    client = Client()
    if address != "/sign-in/":
        client.force_login(world.people["chair"].user)
    page = client.get(address).content
    fetched = set(re.findall(r'(?:src|href)="(/static/[^"]+|static/[^"]+)"', page.decode()))
    assert fetched and len(fetched) + 1 <= 6, fetched
    weight = packed(page)
    for found in fetched:
        data = (
            Path(settings.BASE_DIR) / "static" / found.partition("static/")[2].partition("?")[0]
        ).read_bytes()
        weight += packed(data)
    assert weight <= 60 * KB, weight


def test_no_page_names_another_server() -> None:
    page = Client().get("/sign-in/").content.decode()
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
