"""A request for a conference and a record of a discussion, as people walk them in a browser; clicks are counted."""

import re
from typing import Any

import pytest

from convening.models import ConveneRequest
from convening.states import ConveneState
from partnerships.models import SlotHolder
from records.models import Discussion
from tests.functional.people import BOOKING, NEXT_DAY, House


def posts(house: House) -> None:
    """A manager answers requests; the head of service is the last resort."""
    for key, who in (("convening_manager", "manager"), ("senior_cp_manager", "second")):
        SlotHolder.objects.filter(slot__key=key).update(membership=house.world.people[who])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_request_goes_from_a_practitioner_over_a_refusal_to_the_ladder(house: Any, scripts: bool) -> None:
    here: House = house("east-sussex", java_script_enabled=scripts)
    posts(here)
    here.at(BOOKING)
    police = here.person("police", "/raise/").count()
    police.follow("Ask for a child protection conference first")
    police.fill("initials", "C.R.").date("born_on", BOOKING.replace(year=2021, month=5))
    police.fill("text", "Three agencies are worried.").choose("Yes", of="senior").press("Send the request")
    police.sees("Your request was sent", "Maud Manager", "Day 0 since it was made")
    assert police.clicks <= 3, police.clicks
    row = ConveneRequest.objects.get()
    manager = here.person("manager").sees("For you to decide").follow(row.case.reference).count()
    manager.follow("Answer the request").choose("No conference is held").fill("reply", "Not now.")
    here.expect(422)
    manager.press("Record the answer").sees("Give the reasons for not holding a conference")
    manager.fill("reasons", "Support is in place.").press("Record the answer").sees("Support is in place.")
    police = here.person("police", f"/cases/{row.case.reference}/").count()
    police.sees("Support is in place.", "SUS-14").follow("Take it to the ladder")
    police.fill("unresolved", "He is not safe.").press("Take it there").sees("He is not safe.", "The request")
    assert police.clicks == 2
    row.refresh_from_db()
    assert row.state == ConveneState.CLOSED


def test_a_talk_is_written_down_approved_and_corrected(house: Any) -> None:
    here: House = house("brighton-hove")
    dissent = here.world.dissent_at("under_review")
    here.at(NEXT_DAY)
    police = here.person("police", f"/cases/{dissent.case.reference}/").count()
    police.follow("Write down a discussion").date("happened_at", NEXT_DAY, "9:00").choose("Telephone call")
    police.choose(re.compile("^Between agencies")).choose(re.compile("^Cora Chair"))
    police.fill("notes", "We went through the dates.").fill("agreed_1_what", "Send them").fill(
        "agreed_1_owner", "Pia"
    )
    police.press("Save the draft").sees("this is a draft")
    police.follow("Approve and date it").sees("cannot be changed afterwards", "SUS-12").press("Approve it")
    assert police.clicks <= 8, police.clicks
    police.sees("Correct this record").follow("Correct this record")
    police.fill("reason", "It was longer.").fill("notes", "We went through the dates twice.").press(
        "Save the draft"
    )
    police.follow("Approve and date it").press("Approve it").sees("Correction of a record", "It was longer.")
    assert Discussion.objects.filter(approved_at__isnull=False).count() == 2
    chair = here.person("chair", f"/cases/{dissent.case.reference}/").sees("Corrected", "Correction")
    chair.follow("All records and sides").sees("Police", "2 records here")
