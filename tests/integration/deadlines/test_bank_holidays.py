"""Bank holidays that are proclaimed late, or taken back: what moves is shown before it is saved, and each way is the same."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command

from audit.models import AuditEvent
from core.clock import london_date
from deadlines.models import Deadline
from dissent.models import Dissent
from notifications.models import Outbox
from partnerships.models import BankHoliday, HolidayList, SlotHolder
from tests.builders import World, at

pytestmark = pytest.mark.django_db
JUNE_15, JUNE_16 = dt.date(2026, 6, 15), dt.date(2026, 6, 16)


def a_clock_over_the_weekend(scotland: World) -> Dissent:
    """Started on Friday 12 June in Scotland, where Monday 15 June was proclaimed a holiday."""
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=dt.date(2026, 6, 1))
    return scotland.recorded(scotland.decided(starts_at=at("2026-06-12", "13:00")))


def not_known_yet() -> None:
    BankHoliday.objects.filter(nation="scotland", date=JUNE_15).delete()
    HolidayList.objects.filter(nation="scotland").update(version="before the proclamation")


def due(dissent: Dissent) -> dt.date:
    moment = Deadline.objects.get(case=dissent.case, rule="WDC-12").due_at
    assert moment is not None
    return london_date(moment)


def load(*words: str) -> str:
    out = StringIO()
    call_command("load_bank_holidays", *words, stdout=out)
    return out.getvalue()


def test_a_late_holiday_is_shown_with_the_dates_that_it_moves_and_nothing_is_saved() -> None:
    scotland = World("west-dunbartonshire")
    not_known_yet()
    dissent = a_clock_over_the_weekend(scotland)
    before = AuditEvent.objects.count(), Outbox.objects.count()
    said = load()
    assert "new:       Monday 15 June 2026, Scotland" in said
    assert f"{dissent.case.reference}  WDC-12" in said
    assert "from Monday 15 June 2026 to Tuesday 16 June 2026" in said
    assert "1 day would change, 1 open date would move. Nothing is saved." in said
    assert due(dissent) == JUNE_15
    assert not BankHoliday.objects.filter(nation="scotland", date=JUNE_15).exists()
    assert HolidayList.objects.get(nation="scotland").version == "before the proclamation"
    assert (AuditEvent.objects.count(), Outbox.objects.count()) == before


def test_saving_a_holiday_that_was_not_known_moves_the_open_clocks() -> None:
    scotland = World("west-dunbartonshire")
    not_known_yet()
    dissent = a_clock_over_the_weekend(scotland)
    assert load("--save").endswith("Saved. Days changed: 1. Open dates moved: 1.\n")
    assert BankHoliday.objects.filter(nation="scotland", date=JUNE_15).exists()
    assert due(dissent) == JUNE_16
    assert load("--save") == "Saved. Days changed: 0. Open dates moved: 0.\n"


def test_a_holiday_that_the_list_has_no_longer_is_taken_back_by_the_same_operation() -> None:
    scotland = World("west-dunbartonshire")
    BankHoliday.objects.create(nation="scotland", date=JUNE_16, title="Invented", source="an earlier list")
    HolidayList.objects.filter(nation="scotland").update(version="an earlier list")
    dissent = a_clock_over_the_weekend(scotland)
    assert due(dissent) == dt.date(2026, 6, 17)
    said = load()
    assert "taken out: Tuesday 16 June 2026, Scotland: Invented" in said
    assert "from Wednesday 17 June 2026 to Tuesday 16 June 2026" in said
    assert due(dissent) == dt.date(2026, 6, 17)
    assert load("--save").endswith("Saved. Days changed: 1. Open dates moved: 1.\n")
    assert not BankHoliday.objects.filter(nation="scotland", date=JUNE_16).exists()
    assert due(dissent) == JUNE_16
