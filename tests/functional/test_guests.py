"""A GP without an account, from the e-mail to the written view; and an admin who lets people in. With and without scripts."""

import re

import pytest
from django.core import mail

from cases.actions import invite
from cases.models import Invitation
from cases.states import Capacity
from core.clock import edge_now
from dissent.models import WrittenView
from escalation.actions import Named
from notifications.actions import send_keys_due
from tests.builders import LATER
from tests.functional.people import NEXT_DAY, House, Person
from tests.ladders import Ladder

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
ADDRESS = "gita@surgery.example.org"


def letter() -> str:
    """The last e-mail, once what is wanted was sent."""
    send_keys_due(now=edge_now())
    return str(mail.outbox[-1].body)


def link_in(body: str) -> str:
    found = re.search(r"https?://[^/]+(/(?:guest|set-password)/[0-9a-f]\S+)", body)
    assert found, body
    return found[1]


def code_in(body: str) -> str:
    found = re.search(r"code is (\d{6})", body)
    assert found, body
    return found[1]


def clear(person: Person, axe_violations, scripts: bool) -> None:
    if scripts:  # axe is a script
        assert axe_violations(person.page) == [], person.address


@SCRIPTS
def test_a_gp_without_an_account_sends_the_written_view(house, axe_violations, scripts):
    here: House = house("kingston-richmond", java_script_enabled=scripts)
    dissent = here.world.dissent_of_guest("awaiting_view", email=ADDRESS)
    here.at(NEXT_DAY)
    chair = here.person("chair", f"/cases/{dissent.case.reference}/").count()
    chair.sees("Without an account", "Gita Guest", "Not invited").follow(
        re.compile(r"^Invite\s*: Gita Guest")
    )
    clear(chair, axe_violations, scripts)
    chair.press("Send the link").sees("Gita Guest was sent a link", "Has not come in yet")
    assert chair.clicks == 2

    guest = here.stranger().open(link_in(letter())).count()
    guest.sees("Open your case", dissent.case.reference)
    clear(guest, axe_violations, scripts)
    guest.press("Send me the code").sees("Enter the code")
    clear(guest, axe_violations, scripts)
    here.expect(422)
    guest.type("Code", "000").press("Open the case").sees("This code is not right")
    clear(guest, axe_violations, scripts)
    guest.type("Code", code_in(letter())).press("Open the case")
    guest.sees("Your dissent", "Write your view", "Health visiting, guest").sees_no("Find by reference")
    clear(guest, axe_violations, scripts)

    guest.count().follow("Write your view").type("Your view and reasons", "What I saw, and why it matters.")
    guest.type("What outcome would resolve this?", "That the conference meets again.")
    guest.press("Check and send").sees("It cannot be changed afterwards")
    guest.press("Send", exact=True).sees("Your written view was sent")
    assert guest.clicks == 3
    assert WrittenView.objects.get().recorded_by.user.email == ADDRESS

    here.expect(403, 404)
    guest.open("/").sees("This page is for people with an account", "Go to your case")
    clear(guest, axe_violations, scripts)
    guest.follow("Go to your case").sees(dissent.case.reference)
    guest.page.get_by_role("button", name="Leave").click()
    guest.sees("You have left the case")
    clear(guest, axe_violations, scripts)

    guest.follow("ask for a new link").sees("Ask for a new link")
    clear(guest, axe_violations, scripts)
    guest.press("Send me a link").sees("Enter your email address")
    clear(guest, axe_violations, scripts)
    guest.type("Your email address", ADDRESS).press("Send me a link").sees("Look for an email")
    clear(guest, axe_violations, scripts)
    again = link_in(letter())
    chair.open(f"/cases/{dissent.case.reference}/").sees("Last here").follow(
        re.compile(r"^Take back\s*: Gita Guest")
    )
    clear(chair, axe_violations, scripts)
    chair.press("Take it back").sees("was taken back")
    here.expect(410)
    guest.open(again).sees("This link works no more")
    clear(guest, axe_violations, scripts)
    assert not Invitation.objects.filter(withdrawn_at__isnull=True).exists()


def test_a_guest_on_a_telephone_has_no_sideways_scroll(house):
    here: House = house("kingston-richmond", viewport={"width": 320, "height": 740})
    dissent = here.world.dissent_of_guest("awaiting_view", email=ADDRESS)
    row = dissent.case.participants.get(capacity=Capacity.DISSENTER)
    invite(participant_id=row.pk, by=here.world.actor("chair"), now=LATER)
    here.at(NEXT_DAY)
    guest = here.stranger().open(link_in(letter()))
    for go in ("Send me the code", "Open the case"):
        assert guest.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), guest.address
        if go == "Open the case":
            guest.type("Code", code_in(letter()))
        guest.press(go)
    assert guest.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), guest.address


HEAD = "Name,Email address,Agency,Job title,Role,First day,Line manager’s email address"


@SCRIPTS
def test_an_admin_lets_several_people_in_with_four_clicks_and_one_sets_a_password(
    house, axe_violations, scripts
):
    here: House = house("camden", java_script_enabled=scripts)
    here.at(NEXT_DAY)
    here.expect(422)
    admin = here.person("admin", "/partnership/")
    clear(admin, axe_violations, scripts)
    good = "Nora New,nora@camden.example.org,Police,Detective constable,Practitioner,1/3/2026,\n"
    wrong = "Max More,police@camden.example.org,Fire,Fire officer,Practitioner,soon,\n"
    admin.count().follow("Add people from a file")
    clear(admin, axe_violations, scripts)
    admin.page.set_input_files(
        "main [name=file]",
        {"name": "p.csv", "mimeType": "text/csv", "buffer": f"{HEAD}\n{good}{wrong}".encode()},
    )
    admin.press("Check the file").sees(
        "Row 3: there is no agency", "is no day", "already used by Pia Police", "Nothing was saved"
    )
    clear(admin, axe_violations, scripts)
    admin.open("/partnership/").count().follow("Add people from a file")
    admin.page.set_input_files(
        "main [name=file]", {"name": "p.csv", "mimeType": "text/csv", "buffer": f"{HEAD}\n{good}".encode()}
    )
    admin.press("Check the file").sees("1 person can be added")
    clear(admin, axe_violations, scripts)
    admin.press("Add 1 person").sees("1 person added", "Nora New")
    assert admin.clicks <= 4
    clear(admin, axe_violations, scripts)
    admin.follow("Nora New").sees("Detective constable", "What was changed", "Added Nora New")
    clear(admin, axe_violations, scripts)
    for address in (
        "people/new/",
        "agencies/",
        "agencies/new/",
        "contacts/",
        "history/",
        "posts/reviewer/",
        "links/complaints/",
    ):
        admin.open(f"/partnership/{address}")
        clear(admin, axe_violations, scripts)
    here.expect(422)
    admin.open("/partnership/people/new/").press("Add the person").sees("Enter the person’s name")
    clear(admin, axe_violations, scripts)

    new = here.stranger().open(link_in(letter())).sees("Choose your password", "nora@camden.example.org")
    clear(new, axe_violations, scripts)
    new.type("New password", "short").press("Set the password").sees("at least 12 characters")
    clear(new, axe_violations, scripts)
    new.type("New password", "three words apart").press("Set the password").sees("Your password is set")
    new.follow("I have forgotten my password")
    clear(new, axe_violations, scripts)
    new.type("Email address", "nora@camden.example.org").press("Send me a link").sees("Look for an email")
    clear(new, axe_violations, scripts)
    new.open("/sign-in/").type("Email address", "nora@camden.example.org").type(
        "Password", "three words apart"
    )
    new.press("Sign in").sees("My dissents")


def test_a_professional_without_an_account_takes_part_in_a_step_of_a_ladder(house):
    here: House = house("brighton-hove")
    up = Ladder(here.world)
    named = Named(side="theirs", name="Gita Guest", email=ADDRESS, agency_id=here.world.agencies["health"].pk)
    escalation = up.raised(counterpart=named, other_agency_id=here.world.agencies["health"].pk)
    here.at(NEXT_DAY)
    police = here.person("police", f"/cases/{escalation.case.reference}/").sees("Without an account").count()
    police.follow(re.compile(r"^Invite\s*: Gita Guest")).press("Send the link")
    assert police.clicks == 2
    guest = here.stranger().open(link_in(letter())).press("Send me the code")
    guest.type("Code", code_in(letter())).press("Open the case").sees(
        "The two professionals talk", "Gita Guest"
    )
    guest.count().follow("Write down a discussion").date("happened_at", NEXT_DAY, "9:00").choose(
        "Telephone call"
    )
    guest.choose(re.compile("^Between agencies")).choose(re.compile("^Pia Police"))
    guest.fill("others", "Gita Guest, Health visiting").fill("notes", "We went through the dates.")
    guest.press("Save the draft").follow("Approve and date it").press("Approve it").sees("Approved")
    assert guest.clicks <= 8, guest.clicks
    guest.open(f"/cases/{escalation.case.reference}/").sees_no("Withdraw the escalation", "It is settled")
    here.expect(403)
    guest.open(f"/cases/{escalation.case.reference}/escalation/settled/").sees("says that it is settled")
