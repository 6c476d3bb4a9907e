"""A difference climbs its ladder through the pages, as a practitioner, both managers and the partnership would take it.

The first without scripts. Clicks are counted where the design promises how few they are.
"""

import re
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.models import User
from cases.states import Stage
from escalation import actions
from escalation.models import Escalation
from escalation.states import EscalationState
from tests.builders import PASSWORD, at
from tests.functional.people import AFTER, NEXT_DAY, House
from tests.ladders import NEXT, Ladder

CONCERN = "The visits that the plan asks for are not made."


def begun(house: Any, slug: str, **options: Any) -> tuple[House, Ladder]:
    """A partnership with managers on both sides, who can sign in too."""
    opened: House = house(slug, **options)
    up = Ladder(opened.world)
    User.objects.update(password=make_password(PASSWORD))
    return opened, up


def test_a_practitioner_raises_it_and_the_managers_settle_it_without_scripts(house: Any) -> None:
    house, up = begun(house, "brighton-hove", java_script_enabled=False)
    house.at(NEXT_DAY)
    police = house.person("police").count()
    police.follow("Raise a professional difference").follow("How the plan is carried out")
    police.fill("concern", CONCERN).fill("initials", "R.S.").date(
        "born_on", NEXT_DAY.replace(year=2020, month=6)
    )
    police.choose("What was not done").choose("Children's social care")
    police.fill("theirs_name", "Wanda Worker").fill("theirs_email", house.email("worker")).press("Raise it")
    police.sees(
        "Your professional difference was recorded", "The two professionals talk", "SUS-6", "Wanda Worker"
    )
    assert police.clicks <= 6, police.clicks
    reference = police.address.split("/")[2]

    house.person("worker").sees(reference)
    police.count().follow(re.compile("^Take it to: First-line managers")).fill(
        "unresolved", "Still no visits."
    )
    police.choose(re.compile("^Silas Sergeant")).choose(re.compile("^Tariq Team")).press("Take it there")
    police.sees("It was taken to: First-line managers", "Silas Sergeant", "Tariq Team", "SUS-8")
    assert police.clicks <= 4, police.clicks

    house.at(AFTER)
    theirs = house.person("team_manager").follow(reference).sees(CONCERN)
    theirs.follow("Record a meeting or a talk").date("met_at", AFTER, "9:30am").choose("Face to face")
    theirs.choose(re.compile("^Silas Sergeant"), of="there").fill(
        "note", "We agreed on a visit each week."
    ).press("Record it")
    theirs.follow("Note something that was agreed").fill("what", "A visit each week.").fill(
        "owner", "Wanda Worker"
    )
    theirs.press("Note it").sees("What was agreed was noted").sees_no("It is settled")
    ours = house.person("sergeant").follow(reference)
    ours.follow("It is settled").fill("text", "A visit each week, made in turn.").press(
        "Record it as settled"
    )
    ours.sees("It is recorded as settled", "1 agreed action is still to do")
    assert Escalation.objects.get().state == EscalationState.RESOLVED
    assert house.person("police", f"/cases/{reference}/").sees("A visit each week, made in turn.")
    assert up.fresh(Escalation.objects.get()).case.stage == Stage.SETTLED


def test_the_partnership_hears_decides_and_tells(house: Any) -> None:
    house, up = begun(house, "hampshire")
    reference = up.at("need_appeal", "need_for_conference").case.reference
    house.at(AFTER)
    admin = house.person("admin").follow(reference).sees("Appeal through the partnership", CONCERN)
    admin.count().follow("Hear those concerned, and decide").follow("Record whom you heard")
    admin.choose("Video call").choose(re.compile("^Pia Police"), of="there").fill(
        "note", "Heard both."
    ).press("Record it")
    admin.follow("Hear those concerned, and decide")
    admin.fill("reasons", "A conference should be held.").press("Record the answer and tell everyone")
    admin.sees("Everyone who takes part was told", "A conference should be held.")
    assert admin.clicks <= 7, admin.clicks
    police = house.person("police", f"/cases/{reference}/")
    police.sees("The partnership's answer, in words", "A conference should be held.")


def test_acting_now_shows_whom_to_call_and_records_nothing_before(house: Any) -> None:
    house, up = begun(house, "brighton-hove")
    reference = up.raised().case.reference
    house.at(AFTER)
    police = house.person("police", f"/cases/{reference}/").follow("Act now for a child")
    police.sees("Call 999", "Duty team, 00000 000000", "nothing has been recorded yet")
    assert not Escalation.objects.get().case.urgent_actions.exists()
    police.fill("what", "Called the duty team.").press("Record what I did").sees("Called the duty team.")
    assert Escalation.objects.get().case.urgent_actions.count() == 1


def test_the_admin_enters_the_representatives_once_and_they_bring_it_to_the_partnership(house: Any) -> None:
    house, up = begun(house, "camden")
    house.at(NEXT_DAY)
    dissent = up.world.dissent_at("under_review")
    up.world.answer(dissent, "not_upheld")
    admin = house.person("admin", "/partnership/").sees("Posts that each agency has", "CAM-17").count()
    admin.follow(re.compile(r"^Enter\s*: The agency.s representative on the partnership, Police"))
    admin.choose(re.compile("^Ines Inspector")).press("Save").sees("Saved for Police", "Ines Inspector")
    assert admin.clicks == 3, admin.clicks
    house.at(AFTER)
    police = house.person("police", f"/cases/{dissent.case.reference}/").count()
    police.follow(re.compile("^Turn to your agency")).sees("Ines Inspector is entered for this")
    police.fill("unresolved", "The risk at home is the same.").press("Take it there").sees("Ines Inspector")
    assert police.clicks == 2, police.clicks
    inspector = house.person("inspector").follow(dissent.case.reference).count()
    inspector.follow(re.compile("^Take it to: The partnership")).fill("unresolved", "Please look at it.")
    inspector.press("Take it there").sees("The partnership's escalation policy", "Ines Inspector")
    assert inspector.clicks == 2, inspector.clicks


def test_both_sides_agree_on_another_date_and_say_why_it_took_longer(house: Any) -> None:
    house, up = begun(house, "brighton-hove")
    house.at(NEXT_DAY)
    reference = up.raised(now=NEXT_DAY).case.reference
    police = house.person("police", f"/cases/{reference}/").count()
    police.follow("Agree on other dates").date("agreed_date", at("2026-03-09")).fill(
        "reason", "We meet on Monday."
    )
    police.press("Save the dates").sees(
        "Those before stay on record", "Monday 9 March 2026", "We meet on Monday."
    )
    assert police.clicks == 2, police.clicks
    house.at(at("2026-03-12", "10:00"))
    police = house.person("police", f"/cases/{reference}/").follow("It is settled")
    police.sees("The date of this step was Monday 9 March 2026", "Nothing was decided by that")
    police.fill("text", "A visit each week.")
    house.expect(422)
    police.press("Record it as settled").sees("Enter why it took longer")
    police.fill("late_reason", "We were both away.").press("Record it as settled").sees(
        "It is recorded as settled"
    )
    police.unfold("The two professionals talk: Settled").sees("We were both away.")


def test_what_somebody_owes_stands_on_their_first_page(house: Any) -> None:
    house, up = begun(house, "brighton-hove")
    escalation = up.raised()
    up.moved(escalation)
    actions.agree(
        escalation_id=escalation.pk, by=up.actor("police"), what="Send the chronology.", owner="Tariq Team",
        due_on=NEXT.date(), now=NEXT,
    )  # fmt: skip
    house.at(AFTER)
    theirs = house.person("team_manager").sees(
        "What you must still do", "by Thursday 5 March 2026: Send the chronology.",
        "Your agency’s own record of the discussions is not made yet (SUS-12)",
    ).count()  # fmt: skip
    theirs.follow(escalation.case.reference).follow(re.compile("^You agreed to do this"))
    theirs.choose("Yes").press("Save").sees("Done on Thursday 5 March 2026")
    assert theirs.clicks == 4, theirs.clicks
