"""The pages of an office about closure days and the service itself, and corrected times, in a browser."""

import datetime as dt
from typing import Any

import pytest

from core.actor import operator_actor
from core.clock import edge_now
from deadlines.actions import sweep
from notifications.actions import raise_fence

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_closure_day_is_looked_at_added_and_taken_back_and_a_time_is_corrected(
    house: Any, axe_violations: Any
) -> None:
    home = house("camden")
    dissent = home.world.dissent_at("under_review")
    home.at(dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC))
    admin = home.quick("admin")
    admin.open("/partnership/closure-days/")
    assert axe_violations(admin.page) == []
    admin.date("date", dt.date(2026, 3, 6)).fill("reason", "Invented training day").press("See what moves")
    admin.sees(
        "One open date moves", dissent.case.reference, "Then: Wednesday 18 March 2026", "Nothing is saved yet"
    )
    assert axe_violations(admin.page) == []
    admin.press("Change it").press("See what moves").press("Add the day")
    admin.sees("Friday 6 March 2026 is now a closure day. 1 open date moved")
    admin.follow("Take back").sees("Then: Tuesday 17 March 2026")
    assert axe_violations(admin.page) == []
    admin.press("Take it back").sees("is no closure day any longer")

    chair = home.quick("chair")
    chair.open(f"/conferences/{dissent.conference.reference}/ended/").follow("Correct the time")
    assert axe_violations(chair.page) == []
    home.expect(422)
    chair.press("Correct the time").sees("Enter why the time is corrected")
    chair.fill("ended_at_time", "12:20").fill("reason", "The clock in the room was wrong.").press(
        "Correct the time"
    )
    chair.sees("The time is corrected.")

    sweep(host_now=edge_now(), wake=False)
    raise_fence(dump_at=edge_now(), by=operator_actor(), now=edge_now())
    admin.open("/partnership/").follow("State of the service").sees("This service was restored from a backup")
    assert axe_violations(admin.page) == []
