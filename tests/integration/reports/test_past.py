"""An invented past: quickly made, whole, counted as real cases are, and never written where real ones are."""

# ruff: noqa: S608 (the names of tables are the models' own)

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from conferences.models import Attendance, Conference
from core.clock import edge_now
from deadlines.models import Deadline
from dissent.models import Dissent
from operations.selectors import impossible
from partnerships.models import Partnership, ProtocolVersion
from partnerships.selectors import area_of, calendar_for
from reports import actions
from reports.management.past import TABLES, Past, invent, invented_partnership
from reports.models import Tally
from tests.builders import FIVE, World, at

pytestmark = pytest.mark.django_db
FIRST, LAST, NOW = dt.date(2024, 1, 1), dt.date(2025, 12, 31), at("2026-06-01")


def past(like: str = "camden", conferences: int = 400) -> Partnership:
    World(like)  # loads the bank holidays
    found = invented_partnership(7, like, NOW)
    invent([Past(found, conferences, FIRST, LAST)])
    return found


@pytest.mark.parametrize("like", FIVE)
def test_every_row_of_an_invented_past_leads_to_rows_that_there_are(like: str) -> None:
    partnership = past(like)
    assert Conference.objects.filter(partnership=partnership).count() == 400
    assert Dissent.objects.filter(partnership=partnership).count() >= 20
    with connection.cursor() as cursor:
        for model in TABLES:
            for one in model._meta.local_fields:
                if one.related_model is None:
                    continue
                cursor.execute(
                    f"SELECT count(*) FROM {model._meta.db_table} a LEFT JOIN {one.related_model._meta.db_table} b "
                    f"ON b.id = a.{one.column} WHERE a.{one.column} IS NOT NULL AND b.id IS NULL"
                )
                assert cursor.fetchone()[0] == 0, f"{model.__name__}.{one.name}"
    assert impossible(NOW) == []


@pytest.mark.parametrize("like", ["camden", "west-dunbartonshire"])
def test_its_clocks_are_due_when_the_calendar_says(like: str) -> None:
    partnership = past(like, 300)
    area = area_of(ProtocolVersion.objects.get(partnership=partnership), partnership)
    calendar, clocks = calendar_for(partnership.pk, area.nation), {clock.id: clock for clock in area.clocks}
    dated = Deadline.objects.filter(partnership=partnership, due_at__isnull=False)
    assert dated.exists()
    for row in dated:
        clock = clocks[row.clock_id]
        assert row.due_at == calendar.add(clock.amount, clock.unit, row.anchored_at).due_at


def test_it_is_counted_like_any_other() -> None:
    partnership = past()
    actions.count_anew(partnership_id=partnership.pk, now=NOW)
    rows = Tally.objects.filter(partnership=partnership)

    def total(counted: str, measure: str) -> int:
        return sum(rows.filter(counted=counted, measure=measure).values_list("count", flat=True))

    assert total("conferences", "dissent") == total("decisions", "basis") == 400
    assert total("dissents", "agency") == total("directions", "direction") == Dissent.objects.count()
    assert total("endings", "label") == total("endings", "agency") == Dissent.objects.count()
    assert total("places", "agency") == Attendance.objects.filter(partnership=partnership).count()
    # Whoever attends and never dissents is there to be found.
    assert not rows.filter(counted="dissents", category__startswith="housing").exists()
    assert rows.filter(counted="places", category__startswith="housing").exists()


def test_the_command_invents_partnerships_of_all_protocols_and_refuses_a_real_installation(settings) -> None:
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="never written into a real installation"):
        call_command("invented_history")
    settings.DEMONSTRATION = True
    call_command("invented_history", conferences=220, partnerships=11, years=1)
    assert Partnership.objects.filter(slug__startswith="invented-").count() == 11
    assert ProtocolVersion.objects.values("text_id").distinct().count() == 5
    assert Conference.objects.count() == 220
    assert max(Conference.objects.values_list("ended_at", flat=True)) < edge_now()
    with pytest.raises(CommandError, match="no partnership called nowhere"):
        call_command("invented_history", "nowhere")
