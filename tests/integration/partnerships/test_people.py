"""The admin's own work: people who come, move and go, agencies, posts and their deputies, addresses, and files of people."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import OneTimeKey, User
from audit.models import AuditEvent
from core.refusals import Denied
from partnerships import actions
from partnerships.actions import Person, save_words
from partnerships.models import Agency, DutyContact, Membership, Partnership, Signpost, SlotHolder
from partnerships.selectors import holders_of, memberships_of
from partnerships.states import Role
from tests.builders import LATER, World
from tests.integration.partnerships.test_admin import as_, day

pytestmark = pytest.mark.django_db
TODAY = LATER.date()
HEAD = "Name,Email address,Agency,Job title,Role,First day,Line manager’s email address"


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: LATER)


@pytest.fixture
def world() -> World:
    return World("camden")


@pytest.fixture
def admin(world: World) -> Client:
    return as_(world, "admin")


def once(**more: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), **more}


def entry(world: World, **more: Any) -> dict[str, Any]:
    return once(
        name="Nora New", email="Nora@camden.example.org", agency=str(world.agencies["police"].uuid),
        job_title="Detective constable", role="practitioner", line_manager="", **day("starts_on", TODAY), **more,
    )  # fmt: skip


def messages(client: Client, url: str) -> str:
    return client.get(url).content.decode()


# --- people -------------------------------------------------------------------------------------------------------


def test_somebody_new_is_added_and_gets_a_link_to_set_a_password(world: World, admin: Client) -> None:
    response = admin.post("/partnership/people/new/", entry(world))
    assert response.headers["Location"] == "/partnership/people/"
    row = Membership.objects.get(user__email="nora@camden.example.org")
    assert (row.user.name, row.agency, row.role, row.starts_on) == (
        "Nora New", world.agencies["police"], Role.PRACTITIONER, TODAY,
    )  # fmt: skip
    assert not row.user.has_usable_password()
    assert OneTimeKey.objects.get().user == row.user
    assert "Nora New" in messages(admin, "/partnership/people/")
    assert "Added Nora New: practitioner" in messages(admin, "/partnership/history/")


def test_the_same_address_and_role_twice_is_refused_with_who_has_it(world: World, admin: Client) -> None:
    given = entry(world) | {"email": "POLICE@camden.example.org"}
    response = admin.post("/partnership/people/new/", given)
    assert response.status_code == 422
    page = response.content.decode()
    assert "is already used by Pia Police, practitioner" in page
    assert "Nora New" in page  # what was typed is kept


def test_nobody_is_put_into_the_role_of_a_guest(world: World, admin: Client) -> None:
    assert admin.post("/partnership/people/new/", entry(world) | {"role": "guest"}).status_code == 422
    with pytest.raises(Denied, match="Select a role"):
        actions.enter_person(
            partnership_id=world.partnership.pk,
            person=Person("x@y.example", "X", "guest", "", world.agencies["police"].pk, TODAY),
            by=world.actor("admin"),
            now=LATER,
        )


def test_an_agency_or_line_manager_of_another_partnership_is_refused(world: World) -> None:
    other = World("hampshire")
    for changes, says in (
        ({"agency_id": other.agencies["police"].pk}, "agency of this partnership"),
        ({"line_manager_id": other.people["manager"].pk}, "line manager of this partnership"),
    ):
        given: dict[str, Any] = {"agency_id": world.agencies["police"].pk, **changes}
        person = Person(email="x@y.example", name="X", role="chair", job_title="", starts_on=TODAY, **given)
        with pytest.raises(Denied, match=says):
            actions.enter_person(
                partnership_id=world.partnership.pk, person=person, by=world.actor("admin"), now=LATER
            )


def test_job_title_and_line_manager_are_changed_and_the_history_of_the_person_says_so(
    world: World, admin: Client
) -> None:
    row = world.people["chair"]
    url = reverse("person-change", args=[row.uuid])
    admin.post(url, once(job_title="Lead chair", line_manager=str(world.people["reviewer"].uuid)))
    row.refresh_from_db()
    assert (row.job_title, row.line_manager) == ("Lead chair", world.people["reviewer"])
    page = messages(admin, reverse("person", args=[row.uuid]))
    assert "Changed the job title or line manager of Cora Chair" in page and "by Adam Admin" in page


def test_nobody_is_their_own_line_manager(world: World) -> None:
    row = world.people["chair"]
    with pytest.raises(Denied, match="their own line manager"):
        actions.change_person(
            membership_id=row.pk, job_title="x", line_manager_id=row.pk, by=world.actor("admin"), now=LATER
        )


def test_a_move_ends_one_entry_and_begins_another(world: World, admin: Client) -> None:
    row = world.people["police"]
    monday = TODAY + dt.timedelta(days=5)
    given = once(
        agency=str(world.agencies["health"].uuid),
        job_title="Nurse",
        role="practitioner",
        **day("starts_on", monday),
    )
    assert admin.post(reverse("person-move", args=[row.uuid]), given).status_code == 302
    row.refresh_from_db()
    assert row.ends_on == monday - dt.timedelta(days=1)
    moved = Membership.objects.get(user=row.user, starts_on=monday)
    assert (moved.agency, moved.job_title) == (world.agencies["health"], "Nurse")
    assert [m.pk for m in memberships_of(row.user_id, TODAY)] == [row.pk]
    assert [m.pk for m in memberships_of(row.user_id, monday)] == [moved.pk]


def test_a_move_to_the_same_role_and_agency_or_into_the_past_is_refused(world: World) -> None:
    row = world.people["police"]
    by = world.actor("admin")
    with pytest.raises(Denied, match="another role or agency"):
        actions.move_person(
            membership_id=row.pk,
            agency_id=row.agency_id,
            role=row.role,
            job_title="x",
            starts_on=TODAY,
            by=by,
            now=LATER,
        )
    with pytest.raises(Denied, match="after the first day"):
        actions.move_person(
            membership_id=row.pk, agency_id=row.agency_id, role="chair", job_title="x", starts_on=row.starts_on, by=by, now=LATER
        )  # fmt: skip


def test_a_last_day_ends_sign_in_and_posts_and_keeps_the_name_on_what_was_done(
    world: World, admin: Client
) -> None:
    row = world.people["reviewer"]
    page = messages(admin, reverse("person-end", args=[row.uuid]))
    assert "Fill these posts anew" in page
    assert (
        admin.post(reverse("person-end", args=[row.uuid]), once(**day("ends_on", TODAY))).status_code == 302
    )
    tomorrow = TODAY + dt.timedelta(days=1)
    assert memberships_of(row.user_id, TODAY).exists()
    assert not memberships_of(row.user_id, tomorrow).exists()
    assert holders_of(world.partnership.pk, "reviewer", TODAY)
    assert not holders_of(world.partnership.pk, "reviewer", tomorrow)
    assert SlotHolder.objects.get(slot__key="reviewer").ends_on == TODAY
    assert "until" in messages(admin, "/partnership/people/")


def test_the_last_admin_cannot_be_sent_away(world: World, admin: Client) -> None:
    row = world.people["admin"]
    response = admin.post(reverse("person-end", args=[row.uuid]), once(**day("ends_on", TODAY)))
    assert response.status_code == 422
    assert "Nobody could let people in afterwards" in response.content.decode()
    row.refresh_from_db()
    assert row.ends_on is None


def test_a_link_to_set_a_password_is_sent_again(world: World, admin: Client) -> None:
    row = world.people["police"]
    url = reverse("person-password", args=[row.uuid])
    for _ in range(5):
        assert admin.post(url, once()).status_code == 302
    assert OneTimeKey.objects.filter(user=row.user).count() == 5
    response = admin.post(url, once())
    assert response.status_code == 422 and "within the hour" in response.content.decode()


def test_people_are_found_by_part_of_a_name_address_agency_or_title(world: World, admin: Client) -> None:
    for typed in ("pia", "police@", "detective pol"):
        page = messages(admin, f"/partnership/people/?find={typed}")
        assert "Pia Police" in page and "Hugo Health" not in page
    assert "Nobody is found by that" in messages(admin, "/partnership/people/?find=zzz")


def test_nobody_elses_people_are_shown_or_changed(world: World, admin: Client) -> None:
    other = World("hampshire").people["police"]
    for name in ("person", "person-change", "person-move", "person-end"):
        assert admin.get(reverse(name, args=[other.uuid])).status_code == 404
    assert admin.post(reverse("person-password", args=[other.uuid]), once()).status_code == 404
    with pytest.raises(Denied):
        actions.end_person(membership_id=other.pk, ends_on=TODAY, by=world.actor("admin"), now=LATER)


@pytest.mark.parametrize("who", ["chair", "reviewer", "police"])
def test_nobody_else_enters_people(world: World, who: str) -> None:
    client = as_(world, who)
    for name in (
        "people",
        "person-new",
        "people-import",
        "agencies",
        "agency-new",
        "contacts",
        "setting-log",
    ):
        assert client.get(reverse(name)).status_code == 403
    assert client.post("/partnership/people/new/", entry(world)).status_code == 403
    assert not User.objects.filter(email="nora@camden.example.org").exists()


# --- agencies, posts, addresses -------------------------------------------------------------------------------------


def test_agencies_are_added_and_changed(world: World, admin: Client) -> None:
    given = {
        "name": "Invented Trust",
        "kind": "health",
        "statutory": "yes",
        "email": "letters@trust.example.org",
    }
    assert admin.post("/partnership/agencies/new/", once(**given)).status_code == 302
    row = Agency.objects.get(name="Invented Trust")
    admin.post(
        reverse("agency", args=[row.uuid]),
        once(**(given | {"statutory": "no", "name": "Invented NHS Trust"})),
    )
    row.refresh_from_db()
    assert (row.name, row.statutory, row.email) == ("Invented NHS Trust", False, "letters@trust.example.org")
    history = messages(admin, "/partnership/history/")
    assert "Added an agency: Invented NHS Trust" in history
    assert "Changed the entry of an agency: Invented NHS Trust" in history


def test_two_agencies_of_one_name_are_refused(world: World, admin: Client) -> None:
    response = admin.post(
        "/partnership/agencies/new/", once(name="POLICE", kind="police", statutory="yes", email="")
    )
    assert response.status_code == 422 and "has this name already" in response.content.decode()


def test_a_post_shows_for_whom_a_deputy_acts_and_ends_on_a_day(world: World, admin: Client) -> None:
    holder = SlotHolder.objects.get(slot__key="reviewer")
    deputy = world.fill("reviewer", "deputy", deputy_for=holder)
    page = messages(admin, "/partnership/posts/reviewer/")
    assert "Acting for Rhea Reviewer" in page
    assert (
        admin.post(reverse("end-post", args=[deputy.uuid]), once(**day("ends_on", TODAY))).status_code == 302
    )
    deputy.refresh_from_db()
    assert deputy.ends_on == TODAY
    assert AuditEvent.objects.filter(type="partnership.slot_ended").count() == 1


def test_duty_contacts_stand_on_every_case_in_their_order(world: World, admin: Client) -> None:
    given = once(
        name="Camden Partnership", team_1="Night team", hours_1="after 5pm", telephone_1="00000 000002", order_1="2",
        team_2="Day team", hours_2="", telephone_2="00000 000001", order_2="1",
    )  # fmt: skip
    assert admin.post("/partnership/contacts/", given).status_code == 302
    row = Partnership.objects.get(pk=world.partnership.pk)
    assert (row.name, row.urgent_contact) == (
        "Camden Partnership", "Day team: 00000 000001\nNight team, after 5pm: 00000 000002",
    )  # fmt: skip
    dissent = world.dissent_at("awaiting_view")
    chair = Client()
    chair.force_login(world.people["chair"].user)
    page = chair.get(f"/cases/{dissent.case.reference}/").content.decode()
    assert page.index("Day team: 00000 000001") < page.index("Night team, after 5pm")
    # Changed again: what stood there stays on record, and the form shows what holds now.
    admin.post("/partnership/contacts/", once(name="Camden", team_1="One team", telephone_1="00000 000003"))
    assert [(c.team, c.removed_at is None) for c in DutyContact.objects.order_by("pk")] == [
        ("Day team", False), ("Night team", False), ("One team", True),
    ]  # fmt: skip
    shown = admin.get("/partnership/contacts/").content.decode()
    assert 'value="One team"' in shown
    assert "Day team" not in shown
    assert "duty contacts" in admin.get("/partnership/history/").content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"team_1": "Day team"}, "Enter the number to call Day team"),
        ({"team_1": "Day team", "telephone_1": "ask"}, "Enter the number to call Day team"),
        ({"telephone_2": "00000 000001"}, "Enter the name of team 2"),
        ({"team_1": "x" * 101, "telephone_1": "1"}, "Team 1: name must be 100 characters or less"),
    ],
)
def test_a_duty_contact_needs_a_name_and_a_number(admin: Client, typed: dict[str, str], said: str) -> None:
    answer = admin.post("/partnership/contacts/", once(name="Camden", **typed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not DutyContact.objects.exists()


def test_the_words_of_a_partnership_are_seen_before_they_are_saved_and_then_stand_on_its_pages(
    world: World, admin: Client
) -> None:
    url = reverse("words")
    tried = admin.post(url, once(chair="independent chair", reviewer="Service Lead", preview="1"))
    assert tried.status_code == 200
    assert "You are the independent chair of this child protection case conference." in tried.content.decode()
    assert Partnership.objects.get(pk=world.partnership.pk).words == {}
    assert (
        admin.post(
            url, once(chair=" independent  chair ", reviewer="Service Manager for Child Protection")
        ).status_code
        == 302
    )
    row = Partnership.objects.get(pk=world.partnership.pk)
    assert row.words == {"chair": "independent chair"}  # what the protocol says anyway is not kept
    conference = world.started()
    chair = Client()
    chair.force_login(world.people["chair"].user)
    assert (
        "Independent chair" in chair.get(f"/conferences/{conference.reference}/attendance/").content.decode()
    )
    other = World("brighton-hove")
    assert "Independent chair" not in other.area.word("chair")
    assert "words that are said here" in admin.get("/partnership/history/").content.decode()


def test_a_word_that_says_what_was_decided_cannot_be_changed(world: World) -> None:
    with pytest.raises(Denied):
        save_words(
            partnership_id=world.partnership.pk,
            words={"plan_made": "nothing"},
            by=world.actor("admin"),
            now=LATER,
        )


def test_an_address_that_the_text_leaves_open_stands_on_the_protocols_page(
    world: World, admin: Client
) -> None:
    url = reverse("signpost", args=["complaints"])
    given = once(text="Complaints team, 00000 000001", url="https://complaints.example.org/")
    assert admin.post(url, given).status_code == 302
    assert Signpost.objects.get().url == "https://complaints.example.org/"
    page = Client().get("/protocols/camden/").content.decode()
    assert 'href="https://complaints.example.org/"' in page and "Complaints team, 00000 000001" in page
    assert admin.get(reverse("signpost", args=["nothing"])).status_code == 404
    refused = admin.post(url, once(text="", url="javascript:alert(1)"))
    assert refused.status_code == 422


# --- files of people --------------------------------------------------------------------------------------------------


def line(**changes: str) -> str:
    given = {
        "name": "Nora New", "email": "nora@camden.example.org", "agency": "Police", "title": "Constable",
        "role": "Practitioner", "day": "1/4/2026", "manager": "", **changes,
    }  # fmt: skip
    return ",".join(given.values())


def check(admin: Client, *lines: str) -> str:
    file = SimpleUploadedFile("people.csv", "\n".join([HEAD, *lines]).encode(), content_type="text/csv")
    return admin.post("/partnership/people/import/", {"file": file}).content.decode()


def test_a_file_is_checked_first_and_entered_when_confirmed(world: World, admin: Client) -> None:
    rows = "\n".join(
        [
            HEAD,
            line(manager="chair@camden.example.org"),
            line(email="max@camden.example.org", name="Max More"),
        ]
    )
    page = check(admin, *rows.split("\n")[1:])
    assert "2 people can be added. Nothing is saved yet." in page
    assert not User.objects.filter(name="Nora New").exists()
    response = admin.post("/partnership/people/import/", once(step="import", rows=rows))
    assert response.headers["Location"] == "/partnership/people/"
    row = Membership.objects.get(user__name="Nora New")
    assert (row.starts_on, row.line_manager) == (dt.date(2026, 4, 1), world.people["chair"])
    assert OneTimeKey.objects.count() == 2
    assert "Added people from a file: 2" in messages(admin, "/partnership/history/")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"email": "police@camden.example.org"}, "email address is already used by Pia Police, Practitioner"),
        ({"email": "nora"}, "email address must be like name@example.org"),
        ({"email": ""}, "email address is missing"),
        ({"agency": "Fire"}, "there is no agency “Fire” in this partnership"),
        ({"role": "Guest in one case"}, "“Guest in one case” is no role"),
        ({"day": "31/2/2026"}, "“31/2/2026” is no day"),
        ({"manager": "nobody@camden.example.org"}, "nobody here has the line manager’s address"),
        ({"name": "=1+1"}, "name must not begin with ="),
    ],
)
def test_each_mistake_is_named_by_its_row_and_nothing_is_saved(
    world: World, admin: Client, changes: dict[str, str], says: str
) -> None:
    before = User.objects.count()
    good = line(email="max@camden.example.org")
    page = check(admin, good, line(**changes))
    assert f"Row 3: {says}".replace("’", "’") in page
    assert "Nothing was saved" in page and "can be added" not in page
    rows = "\n".join([HEAD, good, line(**changes)])
    admin.post("/partnership/people/import/", once(step="import", rows=rows))
    assert User.objects.count() == before


def test_the_same_person_twice_in_a_file_is_named(world: World, admin: Client) -> None:
    assert "Row 3: the same person and role as row 2" in check(
        admin, line(), line(email="NORA@camden.example.org")
    )


def test_a_file_that_is_no_table_says_what_to_do(world: World, admin: Client) -> None:
    response = admin.post("/partnership/people/import/", {"rows": "hello"})
    assert response.status_code == 422 and "The first row must name the columns" in response.content.decode()
    empty = admin.post("/partnership/people/import/", {})
    assert empty.status_code == 422 and "Choose the file, or paste its rows" in empty.content.decode()


def test_confirming_twice_enters_once(world: World, admin: Client) -> None:
    given = once(step="import", rows="\n".join([HEAD, line()]))
    for _ in range(2):
        admin.post("/partnership/people/import/", given)
    assert User.objects.filter(name="Nora New").count() == 1
    assert AuditEvent.objects.filter(type="partnership.people_imported").count() == 1


def test_the_template_is_a_file_that_the_check_takes(world: World, admin: Client) -> None:
    response = admin.get("/partnership/people/template/")
    assert response.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    page = admin.post(
        "/partnership/people/import/", {"rows": response.content.decode("utf-8-sig")}
    ).content.decode()
    assert "1 person can be added" in page
