"""What somebody still owes in the cases of their first page: a record of their side, what they agreed to do, a reply."""

import datetime as dt

import pytest

from cases.actions import add_participant
from cases.states import Capacity
from dissent import actions as dissents
from dissent.states import DissentState
from escalation import actions
from records import actions as records
from tests.builders import LATER, World
from tests.integration.worklists.conftest import Open
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db
OWN = "own record of the discussions is not made yet"


def test_SUS_12_each_side_is_reminded_of_its_own_record_and_the_admin_of_none(open_as: Open) -> None:
    up = Ladder(World("brighton-hove"))
    escalation = up.raised()
    up.moved(escalation)
    first = {
        who: open_as(up.world, who, "/", now=NEXT).text_
        for who in ("police", "team_manager", "admin", "health")
    }
    assert [OWN in first[who] for who in first] == [True, True, False, False]
    assert ">SUS-12</a>" in first["police"]
    records.made_own_record(case_id=escalation.case_id, by=up.actor("police"), made_on=LATER.date(), now=NEXT)
    assert OWN not in open_as(up.world, "police", "/", now=NEXT).text_
    assert OWN in open_as(up.world, "team_manager", "/", now=NEXT).text_


def test_what_one_agreed_to_do_stands_in_ones_own_list_with_its_date(open_as: Open) -> None:
    up = Ladder(World("hampshire"))
    escalation = up.raised()
    up.moved(escalation)
    action = actions.agree(
        escalation_id=escalation.pk, by=up.actor("police"), what="Send the chronology.", owner="Tariq Team",
        due_on=NEXT.date(), now=NEXT,
    )  # fmt: skip
    later = NEXT + dt.timedelta(days=1)
    mine = open_as(up.world, "team_manager", "/", now=later).text_
    assert "by Thursday 5 March 2026: the date has passed: Send the chronology." in mine
    assert "Send the chronology." not in open_as(up.world, "police", "/", now=later).text_
    records.settle_action(action_id=action.pk, by=up.actor("team_manager"), done_on=NEXT.date(), now=later)
    assert "Send the chronology." not in open_as(up.world, "team_manager", "/", now=later).text_


def test_an_action_of_a_name_that_two_people_share_is_nobodys(open_as: Open) -> None:
    up = Ladder(World("hampshire"))
    escalation = up.raised()
    up.moved(escalation)
    for who in ("nurse", "worker"):
        user = up.world.people[who].user
        user.name = "Sam Same"
        user.save(update_fields=["name"])
        add_participant(escalation.case, Capacity.CONSULTED, membership=up.world.people[who])
    action = actions.agree(
        escalation_id=escalation.pk,
        by=up.actor("police"),
        what="A visit.",
        owner="Sam Same",
        due_on=None,
        now=NEXT,
    )
    assert action.owned_by is None


def test_CAM_10_a_question_that_was_put_to_one_waits_on_the_first_page_until_it_is_answered(
    open_as: Open,
) -> None:
    w = World("camden")
    dissent = w.dissent_at(DissentState.UNDER_REVIEW)
    ask = dissents.ask(
        dissent_id=dissent.pk,
        by=w.actor("reviewer"),
        ask_id="information_dissenter",
        question="Why?",
        now=LATER,
    )
    waits = "Reply to the question of the reviewing manager"
    assert waits in open_as(w, "police", "/").text_
    assert waits not in open_as(w, "chair", "/").text_
    dissents.reply(ask_uuid=ask.uuid, by=w.actor("police"), text="Because.", now=LATER)
    assert waits not in open_as(w, "police", "/").text_
