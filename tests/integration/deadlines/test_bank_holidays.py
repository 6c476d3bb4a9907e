"""A bank holiday that is proclaimed late: loading it moves the open clocks of that nation, and says how many."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command

from core.clock import london_date
from deadlines.models import Deadline
from partnerships.models import BankHoliday, HolidayList, SlotHolder
from tests.builders import World, at

pytestmark = pytest.mark.django_db


def test_loading_a_holiday_that_was_not_known_moves_the_open_clocks() -> None:
    scotland = World("west-dunbartonshire")
    late = BankHoliday.objects.filter(nation="scotland", date=dt.date(2026, 6, 15))
    late.delete()
    HolidayList.objects.filter(nation="scotland").update(version="before the proclamation")
    SlotHolder.objects.filter(slot__key="reviewer").update(ends_on=dt.date(2026, 6, 1))
    dissent = scotland.recorded(scotland.decided(starts_at=at("2026-06-12", "13:00")))

    def due() -> dt.date:
        moment = Deadline.objects.get(case=dissent.case, rule="WDC-12").due_at
        assert moment is not None
        return london_date(moment)

    assert due() == dt.date(2026, 6, 15)
    out = StringIO()
    call_command("load_bank_holidays", stdout=out)
    assert late.exists()
    assert out.getvalue() == "Bank holidays added: 1. Open dates moved: 1.\n"
    assert due() == dt.date(2026, 6, 16)
