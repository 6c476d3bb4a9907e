"""A dissent of each of the five protocols, walked as the people would: from the booking of the conference to the end.

Everything is done through the pages. Clicks are counted where the design promises how few they are.
"""

import re
from typing import Any

import pytest

import protocols
from cases.models import Case
from conferences.models import Conference
from dissent.models import Dissent, WrittenView
from dissent.states import DissentState
from tests.builders import RECONVENES, STANDS
from tests.functional.people import AFTER, BEGINS, BOOKING, NEXT_DAY, House, Person

REASONS = "The risk at home was not heard."
HERE = ("Pia Police", "Hugo Health", "Sara School")
SAID_BY = {
    "Pia Police": "Threshold met",
    "Hugo Health": "Threshold not met",
    "Sara School": "Threshold not met",
}
TWO_CHILDREN = ("west-dunbartonshire",)


class Walk:
    """One dissent on its way through the hands of those concerned."""

    def __init__(self, house: House) -> None:
        self.house, self.world, self.area = house, house.world, house.world.area
        self.conference = self.case = ""
        self.short = self.area.word("conference_short")

    # --- the chair --------------------------------------------------------------------------------------------------

    def booked(self) -> None:
        self.conference = self.world.booked(children=2 if self.world.slug in TWO_CHILDREN else 1).reference

    def books(self) -> None:
        """Book it, add the children and the people: the day before."""
        self.house.at(BOOKING)
        chair = self.house.person("chair").follow("Set up a conference")
        chair.choose("Initial").date("starts_at", BEGINS, "10:00").type("Place", "Room 1")
        chair.press("Book conference")
        self.conference = chair.address.split("/")[2]
        for number in range(2 if self.world.slug in TWO_CHILDREN else 1):
            chair.follow("Add a child").type("Initials", f"Q.{'XY'[number]}.")
            chair.date("new-born_on", BEGINS.replace(year=2019 + number, month=5)).press("Add child")
        chair.follow("Add people of the partnership")
        for name in (*HERE, "Cleo Charity"):
            chair.choose(re.compile(f"^{name}"))
        chair.press("Add to the list")
        chair.follow("Add family or a supporter").type("Name", "Gran Invented").press("Add to the list")
        chair.sees(*HERE, "Gran Invented", "Not started yet")

    def holds(self) -> None:
        """Start, attendance, the protocol's words, the round of views, and a decision for each child."""
        self.house.at(BEGINS)
        chair = self.house.person("chair").follow(self.conference)
        chair.press("Start the conference now").sees("The conference has started")
        for name in HERE:
            chair.page.get_by_role("group", name=name).get_by_label("Here", exact=True).check()
        chair.page.get_by_role("group", name="Cleo Charity").get_by_label("Report only").check()
        chair.press("Save attendance").sees("The attendance is saved", "3 agencies")
        if self.area.conference.script:
            chair.stage("Script")
            for step in self.area.conference.script:
                chair.press(re.compile("^Done now")).sees(step.label)
            assert chair.page.get_by_role("button", name=re.compile("^Done now")).count() == 0
        self._round(chair)
        self._decides(chair)
        if self.area.conference.fields:
            chair.stage("Record")
            for box in chair.page.locator("main textarea").all():
                box.fill("Written down as it was said.")
            chair.press("Save record").sees("The record is saved")

    def _round(self, chair: Person) -> None:
        chair.stage("Views")
        for number in range(len(self.area.conference.view_phases)):
            if number:
                chair.follow("Go on to the views at the decision")
            chair.follow(re.compile("^Ask "))
            for _ in HERE:
                name = chair.page.locator("main h2").first.inner_text()
                for box in chair.page.locator("main [name^=choice_]").all():
                    if box.evaluate("box => box.labels[0].textContent.trim()") == SAID_BY[name]:
                        box.check()
                chair.page.locator("main textarea[name^=reasons_]").first.fill("Said in the round.")
                chair.press("Save and go on").sees(f"{name}’s view is saved")
            chair.sees("Everyone present has been asked")
        chair.follow("Go on to the decision")

    def _decides(self, chair: Person) -> None:
        option = next(d.label for d in self.area.conference.decisions if not d.on_plan)
        basis = self.area.conference.basis("chair")
        assert basis is not None
        while chair.page.get_by_role("button", name=re.compile("^Record decision")).count():
            chair.choose(option).choose(re.compile(f"^{re.escape(basis.label)}"))
            chair.type("Reasons", "What was heard does not reach the threshold.")
            chair.press(re.compile("^Record decision")).sees("The decision is recorded", option)

    def records_the_dissent(self) -> None:
        """The dissent, while it is said: the sentence is read back, and few clicks are needed."""
        chair = self.house.person("chair").follow(self.conference)
        chair.sees("Record formal dissent").follow(re.compile(r"^Dissent\s*: Pia Police")).count()
        for box in chair.page.locator("main [name=children]").all():
            if not box.is_checked():
                box.check()
                chair.clicks += 1
        self._says(chair)
        with_scripts = "js-enabled" in (chair.page.locator("body").get_attribute("class") or "")
        read = chair.page.locator("[data-readback]").inner_text()
        assert "Pia Police, Police, you formally dissent" in read
        assert not with_scripts or "more protection" in read
        chair.press("Record formal dissent").sees("Pia Police’s formal dissent was recorded")
        if self.world.slug not in TWO_CHILDREN:
            assert chair.clicks <= 4, f"{chair.clicks} clicks"
        self.case = Case.objects.get(dissent__conference__reference=self.conference).reference
        chair.sees(self.case)

    def _says(self, chair: Person) -> None:
        more = re.compile("^More protection")
        for number in range(chair.page.locator("main [name=children]").count()):
            chair.choose(more, of=f"direction_{number}")
        if self.area.dissent.grounds:
            chair.choose(self.area.dissent.grounds[0].label)
        chair.type(re.compile("reasons, in their words"), REASONS)
        for name in ("discussed_with_chair", "name_attribution"):
            if self.area.dissent.requirement(name):
                chair.page.locator(f"main [name={name}]").check()
                chair.clicks += 1

    def ends(self) -> None:
        chair = self.house.person("chair").follow(self.conference)
        chair.stage("End").sees(self.case, "End the conference")
        self.house.at(BEGINS.replace(hour=12))
        chair = self.house.person("chair", chair.address)  # a session that was not used has ended
        chair.stage("End").press(f"End the {self.short}", exact=True)
        chair.sees(f"The {self.short} ended on Tuesday 3 March 2026", self.case)

    # --- the practitioner -------------------------------------------------------------------------------------------

    def looks_it_up(self, *words: str) -> Person:
        """From the link in the e-mail to where it stands: nothing to press once signed in."""
        police = self.house.person("police", f"/cases/{self.case}/").count()
        police.sees(self.case, "What happens next", *words)
        assert police.clicks == 0
        return police

    def writes(self) -> None:
        """The written view: a page to write it, a page to check it."""
        self.house.at(NEXT_DAY)
        police = self.looks_it_up("You send your written view", "Tuesday 10 March 2026").count()
        police.follow("Write your view")
        police.type("Your view and reasons", "My view, and what led me to it.")
        police.type("What outcome would resolve this?", "That the conference meets again.")
        police.press("Check and send").sees(
            "It cannot be changed afterwards", "My view, and what led me to it."
        )
        assert not WrittenView.objects.exists()
        police.press("Send", exact=True).sees("Your written view was sent")
        assert police.clicks <= 5
        assert len(police.titles) - 2 == 2, police.titles  # between the case before and after
        assert WrittenView.objects.get().outcome_sought == "That the conference meets again."

    # --- those who decide -------------------------------------------------------------------------------------------

    def talks(self) -> None:
        """SUS-27: no decision before a conversation."""
        self.house.expect(422)
        reviewer = self.house.person("reviewer", f"/cases/{self.case}/review/")
        reviewer.choose(self.outcome("review")).type("Reasons for your decision", "Weighed again.")
        reviewer.press("Check and send").sees("Speak with the dissenter before you decide", "SUS-27")
        assert reviewer.page.title().startswith("Error: ")
        reviewer.follow("Add a conversation")
        reviewer.choose("Spoke with them").choose("Telephone call").type("Note", "Went through the reasons.")
        reviewer.press("Record it").sees("The conversation was recorded", "Went through the reasons.")

    def outcome(self, tier: str, wanted: str = "") -> re.Pattern[str]:
        found = self.area.tier(tier)
        assert found is not None
        label = next(o.label for o in found.outcomes if o.id == (wanted or RECONVENES[self.world.text]))
        return re.compile(f"^{re.escape(label)}")

    def decides(self, who: str, tier_id: str, outcome: str) -> None:
        """From the list to the decision sent: four pages, nine clicks at most, with everything ticked as read."""
        self.house.at(NEXT_DAY)
        tier = self.area.tier(tier_id)
        assert tier is not None
        person = self.house.person(who).count().follow(self.case).follow("Open the review", exact=True)
        person.sees(REASONS, "Views on the threshold", "Pia Police")
        for _ in tier.materials:
            person.press(re.compile("^Tick as read"))
        label = self.outcome(tier_id, outcome)
        person.choose(label).type("Reasons for your decision", "All of it was weighed again.")
        if any(o.different_chair for o in tier.outcomes):
            person.choose("Yes", of="different_chair").type("Why, or why not", "So that it is seen afresh.")
        for part in tier.parts:
            person.fill(f"part_{part.id}", "Looked at in full.")
        person.press("Check and send").sees(
            "Nothing is recorded yet", "Who is told", label.pattern[1:].replace("\\", "")
        )
        assert not Dissent.objects.get().answers.filter(tier=tier_id).exists()
        person.press("Send the decision").sees(label.pattern[1:].replace("\\", ""))
        assert person.clicks <= 9, f"{person.clicks} clicks"
        assert len(person.titles) - 1 <= 4, person.titles
        answer = Dissent.objects.get().answers.get(tier=tier_id)
        assert (answer.outcome, answer.reasons) == (outcome, "All of it was weighed again.")

    # --- what follows -----------------------------------------------------------------------------------------------

    def books_again(self, who: str = "reviewer") -> None:
        self.house.at(AFTER)
        person = self.house.person(who, f"/cases/{self.case}/").follow("Book the conference")
        person.date("starts_at", AFTER.replace(day=19), "10:00")
        person.page.get_by_label("Chair", exact=True).select_option(label="Otto Chair")
        person.press("Book it").sees("The conference is booked")
        booked = Conference.objects.exclude(reference=self.conference).get()
        person.sees(booked.reference).follow("Close the dissent")
        person.sees("It cannot be closed yet")
        self.house.at(AFTER.replace(day=19))
        chair = self.house.person("other_chair", f"/conferences/{booked.reference}/")
        chair.press("Start the conference now").stage("End")
        if chair.page.locator("main [name=undecided_reason]").count():
            chair.fill("undecided_reason", "The first decision was looked at again.")
        chair.press(f"End the {self.short}", exact=True).sees(
            f"The {self.short} ended on Thursday 19 March 2026"
        )

    def tells_files_and_closes(self, who: str = "reviewer") -> None:
        person = self.house.person(who, f"/cases/{self.case}/")
        told = re.compile("^Record that .* told$")
        while person.page.get_by_role("link", name=told).count():
            person.follow(told)
            person.date("told_at", AFTER, "9:30am").type("How?", "Letter").press("Record it").sees(
                "Recorded."
            )
        filed = re.compile("^Record the filing for ")
        while person.page.get_by_role("link", name=filed).count():
            person.follow(filed).press("Record it").sees("The filing was recorded")
        person.follow("Close the dissent")
        if person.page.get_by_label("Close it now").count():
            person.choose(re.compile("^Close it now"))
        person.press("Close the dissent").sees("The dissent was closed")
        assert Dissent.objects.get().state == DissentState.CLOSED
        # A ladder that opened with the dissent stays open when the dissent is closed (AFC-7).
        self.looks_it_up("You say who takes it up" if self.area.dissent.parallel else "closed on")


def begun(house: Any, slug: str, *, books: bool = False, **options: Any) -> Walk:
    """To the end of the conference."""
    walk = Walk(house(slug, **options))
    if books:
        walk.books()
    else:
        walk.booked()
    walk.holds()
    walk.records_the_dissent()
    walk.ends()
    return walk


SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])


@SCRIPTS
def test_achieving_for_children_the_written_view_starts_the_days_and_the_decision_stands(house, scripts):
    walk = begun(house, "kingston-richmond", books=scripts, java_script_enabled=scripts)
    walk.writes()
    walk.looks_it_up("Rhea Reviewer", "Wednesday 18 March 2026", "10 working days left")
    walk.decides("reviewer", "review", STANDS["afc"])
    walk.looks_it_up("Not upheld", "All of it was weighed again.")
    walk.house.at(AFTER)
    walk.tells_files_and_closes()


@SCRIPTS
def test_camden_the_service_manager_upholds_it_and_the_head_of_service_brings_the_conference_back(
    house, scripts
):
    walk = begun(house, "camden", books=not scripts, java_script_enabled=scripts)
    walk.looks_it_up("Rhea Reviewer", "Tuesday 17 March 2026")
    walk.decides("reviewer", "service_manager", "upheld")
    walk.looks_it_up("Sven Second")
    walk.decides("second", "head_of_service", "reconvene")
    walk.books_again()
    walk.tells_files_and_closes()


def test_pan_sussex_nothing_is_decided_before_the_conversation(house):
    walk = begun(house, "brighton-hove")
    walk.looks_it_up("Rhea Reviewer", "Tuesday 17 March 2026")
    walk.house.at(NEXT_DAY)
    walk.talks()
    walk.decides("reviewer", "review", RECONVENES["pan-sussex-7.2"])
    walk.books_again()
    walk.tells_files_and_closes()


def test_west_dunbartonshire_two_children_and_a_full_review_in_three_parts(house):
    walk = begun(house, "west-dunbartonshire")
    walk.looks_it_up("Rhea Reviewer", "Tuesday 17 March 2026")
    walk.decides("reviewer", "review", RECONVENES["west-dunbartonshire"])
    walk.books_again()
    walk.tells_files_and_closes()


def test_hampshire_the_dissenter_chooses_nobody_upholds_and_nothing_is_ever_overdue(house):
    walk = begun(house, "hampshire")
    police = walk.looks_it_up("no fixed limit", "No number of days")
    challenge = next(m for m in walk.area.dissent.modes if m.id == "challenge")
    police.follow("Make the choice").choose(re.compile(f"^{re.escape(challenge.label)}"))
    police.press("Save the choice").sees("The choice was recorded")
    ladder = walk.area.ladder_for("police", "conference_outcome")
    assert isinstance(ladder, protocols.Ladder)
    police.sees(*(tier.label for tier in ladder.tiers))
    walk.house.at(AFTER.replace(month=9))
    for who in ("police", "chair", "reviewer", "admin"):
        person = walk.house.person(who).sees_no("Overdue", "upheld", "working days left")
        if who in ("police", "chair"):
            person.open(f"/cases/{walk.case}/").sees_no("Overdue", "upheld", "Open the review")
    person = walk.house.person("police").open(f"/cases/{walk.case}/")
    answer = person.page.request.get(f"/cases/{walk.case}/review/")
    assert answer.status in (403, 404, 422)
    assert Dissent.objects.get().state == DissentState.ON_LADDER
