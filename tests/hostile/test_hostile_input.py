"""Every form, every field, and what nobody should type there: no crash, nothing half written, nothing typed lost.

A form is filled as it could be meant; then one field at a time gets something hostile, is missing, or comes twice. Every
sending is taken back. PD_HOSTILE says how many sendings in all; without it a sample that stays the same is tried.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from psycopg import sql

from cases import actions as cases
from cases.states import Capacity
from dissent.states import DissentState
from tests.builders import FIVE, LATER, REVIEWED, World, at
from tests.hostile.crawl import Form, forms_of, read
from tests.hostile.values import HOSTILE
from tests.integration.test_access import come_in
from tests.ladders import Ladder

pytestmark = pytest.mark.django_db

NOW = at("2026-03-06", "11:00")
MANY = int(os.environ.get("PD_HOSTILE", "0")) or 2_000
AT_ONCE = 400  # sendings of one test: a test that hangs is ended after five minutes
PARTS = range(max(1, MANY // AT_ONCE // len(FIVE)))
PEOPLE = ("chair", "minutes", "reviewer", "second", "police", "sergeant", "admin")
MISSING, TWICE = "missing", "twice"
# Kept on purpose although the sending was refused: what was typed, that it came, and that it was refused.
KEPT = ("accounts_draft", "accounts_submission", "django_session", "audit_denial", "audit_read")


class Undo(Exception):
    """Takes back what one sending did."""


@dataclass(frozen=True)
class Try:
    """One sending: who, which form, which field, and what is typed there."""

    who: str
    form: Form
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} in {self.name} of {self.form.method} {self.form.action} by {self.who}"

    def body(self) -> str:
        """The form as it could be meant, with the one thing in it that was not."""
        filled = self.form.filled()
        value = HOSTILE.get(self.what, "")
        if self.what == MISSING:
            filled.pop(self.name, None)
        elif self.what == TWICE:
            filled[self.name] = [*(filled.get(self.name) or ["once"]), "again"]
        else:
            filled[self.name] = [value]
        pairs = ((key, value) for key, values in filled.items() for value in values)
        return "&".join(f"{quote_plus(k)}={quote_plus(v, errors='surrogateescape')}" for k, v in pairs)


def busy(slug: str) -> tuple[World, list[str], Client]:
    """A partnership with something in every room, the pages where that is found, and a guest of it."""
    world = World(slug)
    found = [Ladder(world).raised().case, world.dissent_at(DissentState.RECORDED).case]
    if world.area.dissent.written_view is not None:
        found.append(world.dissent_at(DissentState.AWAITING_VIEW).case)
    if slug in REVIEWED:
        found.append(world.dissent_at(DissentState.UNDER_REVIEW).case)
    world.discussion(found[-1])
    booked = world.booked(starts_at=at("2026-03-09", "10:00"))
    guest = world.dissent_of_guest(DissentState.RECORDED).case.participants.get(capacity=Capacity.DISSENTER)
    came = come_in(cases.invite(participant_id=guest.pk, by=world.actor("chair"), now=LATER))
    return (
        world,
        [*(f"/cases/{case.reference}/" for case in found), f"/conferences/{booked.reference}/"],
        came,
    )


def tries_of(who: str, forms: list[Form]) -> Iterator[Try]:
    for form in forms:
        for entry in form.fields:
            if entry.name == "csrfmiddlewaretoken" or entry.kind == "file":
                continue
            for what in (*HOSTILE, MISSING, TWICE):
                yield Try(who, form, entry.name, what)


def fingerprint() -> int:
    """One number that changes when anything is added, changed or taken away."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
        tables = [name for (name,) in cursor.fetchall() if not name.startswith(KEPT)]
        part = sql.SQL("select sum(hashtextextended(t::text, 0)::numeric) as h from {} t")
        parts = sql.SQL(" union all ").join(part.format(sql.Identifier(name)) for name in tables)
        cursor.execute(sql.SQL("select sum(h) from ({}) every").format(parts))
        return int(cursor.fetchone()[0])


def sent(client: Client, one: Try) -> Any:
    if one.form.method == "get":
        return client.get(f"{one.form.action.partition('?')[0]}?{one.body()}")
    return client.post(one.form.action, one.body(), content_type="application/x-www-form-urlencoded")


def judged(client: Client, one: Try, before: int) -> tuple[int, str]:
    """The status of the answer, and what is wrong with it, in words."""
    cookies, status, wrong = client.cookies.copy(), 0, ""
    try:
        with transaction.atomic():
            response = sent(client, one)
            status = response.status_code
            if status >= 500:
                wrong = f"crashed: {getattr(response, 'exc_info', ('', '?'))[1]!r}"
            elif b"<script>alert(1)" in response.content:
                wrong = "the script is in the page"
            elif status >= 400 and fingerprint() != before:
                wrong = "refused, and yet something was written"
            elif status == 422 and not came_back(response, one):
                wrong = "what was typed did not come back"
            raise Undo
    except Undo:
        client.cookies = cookies
    return status, wrong


def came_back(response: Any, one: Try) -> bool:
    """Whether what was typed stands in its field again, where a person types."""
    typed = {entry.name for entry in one.form.fields if entry.typed}
    if one.name not in typed or one.what not in HOSTILE or "surrogate" in one.what:
        return True
    wanted = _plain(HOSTILE[one.what])
    shown = read(one.form.page, response.content.decode()).forms
    values = [
        value for form in shown for entry in form.fields if entry.name == one.name for value in entry.values
    ]
    return not values or any(_plain(value) == wanted for value in values)


def _plain(text: str) -> str:
    """As it is compared: a NUL is taken out of what is typed, and a browser has its own ways with blanks."""
    return re.sub(r"\s+", " ", text.replace("\x00", "")).strip()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("slug", FIVE)
def test_hostile_input_is_answered_with_a_sentence_and_loses_nothing(slug: str, part: int) -> None:
    with time_machine.travel(NOW, tick=False):
        world, starts, guest = busy(slug)
        clients = {who: Client(raise_request_exception=False) for who in PEOPLE if who in world.people}
        for who, client in clients.items():
            client.force_login(world.people[who].user)
        guest.raise_request_exception = False
        clients["guest"] = guest
        every, pages = [], 0
        for who, client in clients.items():
            forms, opened = forms_of(client, starts)
            pages += opened
            every += list(tries_of(who, forms))
        chosen = random.Random(f"{slug} {part}").sample(every, min(AT_ONCE, len(every)))
        before, statuses, wrong = fingerprint(), Counter[int](), []
        for one in chosen:
            status, words = judged(clients[one.who], one, before)
            statuses[status] += 1
            if words:
                wrong.append(f"{status} {one}: {words}")
    shapes = len({one.form.kind for one in every})
    print(
        f"{slug}: {pages} pages, {shapes} forms, {len(every)} possible sendings, {len(chosen)} sent: {dict(statuses)}"
    )
    assert not wrong, f"{len(wrong)} of {len(chosen)}:\n" + "\n".join(wrong[:40])
    assert shapes > 40 and statuses[422] > len(chosen) / 10
