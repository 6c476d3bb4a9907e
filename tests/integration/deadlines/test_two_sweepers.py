"""Several sweepers and people at once, with real commits: nothing lost, nothing doubled, and nobody waits."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from audit.models import AuditEvent
from audit.selectors import verify
from cases.models import Case, CaseEvent
from deadlines import actions
from deadlines.actions import sweep
from deadlines.models import Deadline, DeadlineEffect
from deadlines.states import EffectKind
from notifications.models import Outbox
from tests.builders import World, at

pytestmark = pytest.mark.django_db(transaction=True)

CASES, CLOCKS = 30, 12
DUE = at("2026-03-17", "23:59")
MOMENT = at("2026-03-18", "12:00")


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_wake_sender", lambda: None)


def side_by_side(*work: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread with a connection of its own; what they raised."""
    raised: list[BaseException] = []

    def run(do: Callable[[], object]) -> None:
        try:
            do()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(do,)) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return raised


def many_clocks(world: World) -> None:
    """A lot of cases with a lot of clocks, each with its mark and two messages that are due."""
    first = world.dissent_at("under_review").case
    sweep(now=MOMENT)
    for number in range(CASES):
        case = Case.objects.create(
            partnership_id=first.partnership_id, reference=f"PD-TEST-{number:02}", kind=first.kind,
            protocol_version_id=first.protocol_version_id, agency_id=first.agency_id, stage="under_review", opened_at=MOMENT,
        )  # fmt: skip
        fact = CaseEvent.objects.create(
            partnership_id=first.partnership_id,
            case=case,
            name="conference_ended",
            happened_at=DUE,
            recorded_at=DUE,
        )
        for clock in range(CLOCKS):
            deadline = Deadline.objects.create(
                partnership_id=first.partnership_id, case=case, clock_id=f"clock_{clock}", rule="CAM-11", label="Decide",
                purpose="decide", strength="seek", holder="slot:reviewer", anchor=fact, anchored_at=DUE, due_at=DUE,
            )  # fmt: skip
            DeadlineEffect.objects.bulk_create(
                DeadlineEffect(
                    partnership_id=first.partnership_id, deadline=deadline, case=case, kind=kind, occurrence=0, seat=seat,
                    fire_at=DUE + dt.timedelta(seconds=1),
                )
                for kind, seat in (
                    (EffectKind.BREACH, "slot:reviewer"),
                    (EffectKind.OVERDUE, "slot:reviewer"),
                    (EffectKind.OVERDUE, "slot:second_tier"),
                )
            )  # fmt: skip


def test_two_sweepers_lose_and_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 40)
    world = World("camden")
    many_clocks(world)
    before, events = Outbox.objects.count(), AuditEvent.objects.filter(type="clock.passed").count()
    found: list[int] = []
    until = time.monotonic() + 50

    def work() -> None:
        while time.monotonic() < until:
            found.append(sweep(now=MOMENT).found)
            if not DeadlineEffect.objects.filter(fired_at__isnull=True, fire_at__lte=MOMENT).exists():
                return

    assert side_by_side(work, work) == []
    assert sum(found) == CASES * CLOCKS * 3
    assert Outbox.objects.count() - before == CASES * CLOCKS * 2
    assert AuditEvent.objects.filter(type="clock.passed").count() - events == CASES * CLOCKS
    assert not Deadline.objects.filter(
        case__reference__startswith="PD-TEST", breached_at__isnull=True
    ).exists()
    assert Case.objects.filter(reference__startswith="PD-TEST", overdue=True).count() == CASES
    assert verify(world.partnership.pk) is None


def test_a_sweep_leaves_for_later_what_a_person_works_on_and_neither_waits_for_the_other() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    other = world.dissent_at("under_review", who="health")
    working, swept = threading.Event(), threading.Event()
    took: list[float] = []

    def person() -> None:
        with transaction.atomic():
            Case.objects.select_for_update(of=("self",)).get(pk=dissent.case_id)
            working.set()
            assert swept.wait(30)
            world.answer(dissent, "not_upheld", now=MOMENT, late_reason="Snow.")

    def sweeper() -> None:
        assert working.wait(30)
        begun = time.monotonic()
        sweep(now=MOMENT)
        took.append(time.monotonic() - begun)
        swept.set()

    assert side_by_side(person, sweeper) == []
    assert took[0] < 5
    deadlines = Deadline.objects.filter(clock_id="decision")
    met, passed = deadlines.get(case=dissent.case), deadlines.get(case=other.case)
    assert (met.state, met.breached_at) == ("met", met.due_at)
    assert (passed.state, passed.breached_at) == ("open", passed.due_at)
    assert not Outbox.objects.filter(kind="clock_overdue", case=dissent.case).exists()
    assert sweep(now=MOMENT).found == 0
    assert verify(world.partnership.pk) is None
