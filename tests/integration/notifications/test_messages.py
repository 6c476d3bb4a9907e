"""Every message in words: a reference, what, by when, by which rule; and nothing about a child."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from cases.models import Case, Child
from conferences import actions as conferences
from core.actor import clock_actor
from deadlines.actions import sweep
from deadlines.models import Deadline
from deadlines.states import EffectKind
from dissent import actions as dissents
from dissent.models import Dissent
from dissent.states import DissentState
from notifications.actions import enqueue, send_due
from notifications.models import Message, Outbox
from tests.builders import ENDS, FIVE, LATER, World

pytestmark = pytest.mark.django_db
CANARY = "Zzyzx"
SOURCE = [path for path in Path(settings.BASE_DIR).glob("*/actions.py") if "test" not in str(path)]


def kinds_in_code() -> set[str]:
    """Every kind of message that an action enqueues."""
    found: set[str] = set()
    for path in SOURCE:
        text = path.read_text()
        for call in re.findall(r"(?:enqueue|Outbox)\((.*?)\n\s*\)", text, re.S):
            found |= set(re.findall(r'kind="(\w+)"', call))
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "").startswith("_tell"):
                words = [
                    node for arg in call.args for node in ast.walk(arg) if isinstance(node, ast.Constant)
                ]
                found |= {
                    w.value for w in words if isinstance(w.value, str) and re.fullmatch(r"\w+", w.value)
                }
    found |= {f"clock_{kind.value}" for kind in EffectKind if kind is not EffectKind.BREACH}
    return found


def test_every_kind_of_message_has_a_subject_and_a_text() -> None:
    kinds = kinds_in_code()
    assert len(kinds) >= 15
    for kind in sorted(kinds):
        get_template(f"notifications/{kind}.subject.txt")
        get_template(f"notifications/{kind}.txt")
    folder = Path(settings.BASE_DIR) / "templates" / "notifications"
    written = {path.name.removesuffix(".subject.txt") for path in folder.glob("*.subject.txt")}
    assert written == kinds | {"digest"}


@pytest.mark.parametrize("kind", sorted(kinds_in_code()))
def test_a_message_says_what_by_when_and_where_and_nothing_that_somebody_typed(kind: str) -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    Child.objects.update(name=f"{CANARY} Child", initials="Z.Z.")
    Dissent.objects.update(reasons=CANARY)
    about_conference = kind in (
        "conference_booked",
        "missing_entry",
        "missing_entry_answered",
        "complaint_recorded",
    )
    due = dt.datetime(2026, 3, 17, 23, 59, 59, tzinfo=dt.UTC)
    enqueue(
        partnership_id=world.partnership.pk,
        case=None if about_conference else Case.objects.get(pk=dissent.case_id),
        seat="slot:reviewer",
        kind=kind,
        params={
            "rule": "CAM-11", "label": "Decision of the service manager", "due": due.isoformat(),
            "was_due": due.isoformat(), "strength": "seek", "event": "decision_made", "days": 1,
            "what": dissent.conference.reference if about_conference else "The dissent has been answered.",
        },
        dedupe_key=f"test:{kind}",
        now=LATER,
    )  # fmt: skip
    Message.objects.all().delete()
    send_due(now=LATER)
    message = Message.objects.filter(outbox__dedupe_key=f"test:{kind}", channel="email").get()
    reference = dissent.conference.reference if about_conference else dissent.case.reference
    assert message.subject.startswith(reference) and len(message.subject) <= 200
    assert message.body.startswith("Dear Rhea Reviewer,")
    assert f"{settings.SITE_ADDRESS}/c" in message.body and reference in message.body
    assert "call 999" in message.body
    for word in (CANARY, "Z.Z.", "Q.X.", "&#", "{{", "{%", "None"):
        assert word not in message.subject + message.body, word
    if not about_conference:
        assert "What the conference decided holds until the dissent is settled" in message.body
    if kind.startswith("clock_"):
        assert "Tuesday 17 March 2026" in message.body and "CAM-11" in message.body


@pytest.mark.parametrize("slug", FIVE)
def test_no_message_of_a_whole_case_holds_anything_about_a_child(slug: str) -> None:
    world = World(slug)
    conference = world.decided()
    Child.objects.update(name=f"{CANARY} Child", initials="Z.Z.")
    dissent = world.recorded(conference, reasons=f"{CANARY} reasons")
    world.end(conference)
    dissents.add_information(
        dissent_id=dissent.pk, by=world.actor("police"), text=f"{CANARY} more", now=LATER
    )
    conferences.ask_missing_entry(
        attendance_id=world.seat(conference, "health").pk, by=world.actor("health"), text=f"{CANARY} said",
        said_at=conference.starts_at, now=LATER,
    )  # fmt: skip
    for days in (1, 10, 20, 40):
        now = ENDS + dt.timedelta(days=days)
        sweep(now=now)
        send_due(now=now)
    messages = list(Message.objects.all())
    assert messages
    for message in messages:
        assert CANARY not in message.subject + message.body + message.link
        assert "Z.Z." not in message.subject + message.body
        if world.area.review is None:
            assert "overdue" not in message.body.lower() and "has passed" not in message.subject
    assert not Outbox.objects.filter(state="sending").exists()


def test_a_date_that_passes_is_said_to_decide_nothing() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    clock = Deadline.objects.get(case=dissent.case_id, purpose="decide", state="open")
    assert clock.due_at
    now = clock.due_at + dt.timedelta(days=1)
    sweep(now=now)
    send_due(now=now)
    late = Message.objects.filter(outbox__kind="clock_overdue", channel="email").first()
    assert late and "Nothing is decided because a date has passed." in late.body
    assert Case.objects.get(pk=dissent.case_id).stage == "under_review"
    assert clock_actor(1).kind == "clock"
