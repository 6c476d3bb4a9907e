"""Several reads in one query are the same as one after the other."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import CaseEvent
from core.gather import attach, gather
from deadlines.models import Deadline
from dissent.models import Answer, Dissent, WrittenView
from dissent.states import DissentState
from partnerships.models import SlotHolder
from tests.builders import World

pytestmark = pytest.mark.django_db


def columns(row: object) -> dict[str, object]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}  # type: ignore[attr-defined]


def test_every_column_and_joined_row_is_what_an_ordinary_read_gives() -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at(DissentState.CLOSED, children=2)
    world.fill("reviewer", "deputy", deputy_for=SlotHolder.objects.get(slot__key="reviewer"))
    reads = (
        Answer.objects.filter(dissent=dissent).select_related("decided_by__user", "acting_for__user"),
        Deadline.objects.filter(case=dissent.case_id).order_by("pk"),
        CaseEvent.objects.filter(case=dissent.case_id).order_by("-pk"),
        SlotHolder.objects.filter(partnership=world.partnership).select_related("slot").order_by("pk"),
        WrittenView.objects.filter(dissent=dissent),
        WrittenView.objects.filter(pk=0),
    )
    with CaptureQueriesContext(connection) as asked:
        together = gather(*reads)
    assert len(asked) == 1
    for rows, read in zip(together, reads, strict=True):
        assert [columns(row) for row in rows] == [columns(row) for row in read]
    answer = together[0][0]
    with CaptureQueriesContext(connection) as asked:
        assert answer.decided_by.user.name == "Rhea Reviewer"
        assert answer.acting_for is None
        assert [holder.slot.key for holder in together[3]]
    assert not asked


def test_a_quotation_mark_a_backslash_and_a_percent_sign_come_through() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    text = 'She said: "50% \\ of {it}" – naïve\nand a second line; DROP TABLE'
    Dissent.objects.filter(pk=dissent.pk).update(reasons=text)
    ((row,),) = gather(Dissent.objects.filter(reasons=text))
    assert row.reasons == text


def test_rows_that_were_read_are_not_asked_for_again() -> None:
    world = World("camden")
    dissent = world.dissent_at(DissentState.DECIDED)
    (answers,) = gather(Answer.objects.filter(dissent=dissent))
    attach(dissent, "answers", answers)
    attach(dissent.case, "children", [])
    with CaptureQueriesContext(connection) as asked:
        assert [answer.dissent for answer in dissent.answers.all()] == [dissent]
        assert list(dissent.case.children.all()) == []
    assert not asked
