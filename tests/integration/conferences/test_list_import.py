"""The list of a conference from a file: each row checked, nothing saved until it is confirmed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import AuditEvent
from conferences.forms import LIST_COLUMNS
from conferences.models import Attendance, Conference
from conferences.states import Presence, Side
from core.sheets import template
from tests.builders import World

pytestmark = pytest.mark.django_db
HEAD = "Name,Agency,Job title,Email address,How they took part,Time they left,Sent in a report"


def page_of(conference: Conference) -> str:
    return f"/conferences/{conference.reference}/attendance/file/"


def check(chair: Any, conference: Conference, text: str) -> Any:
    return chair.send(page_of(conference), {"rows": f"{HEAD}\n{text}"})


def confirm(chair: Any) -> Any:
    to, fields = chair.form(having="step")
    return chair.send(page_of(Conference.objects.get()) if to == chair.at else to, fields)


def test_a_file_is_checked_first_and_entered_when_confirmed(
    world: World, open_as: Callable[..., Any]
) -> None:
    conference = world.started()
    before = Attendance.objects.count()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    email = world.people["police"].user.email
    answer = check(
        chair, conference,
        "Gita Gp,Health visiting,GP,gita@surgery.example.org,Here remotely,,yes\n"
        f"Pia Police,Police,,{email.upper()},Left early,11:20am,\n"
        "An aunt,,Aunt,,here,,\n"
        f"Cora Chair,Children's social care,,{world.people['chair'].user.email},here,,\n",
    )  # fmt: skip
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "3 rows can be entered. Nothing is saved yet." in text
    assert "Nothing: they keep the record" in text
    assert "Added as family or supporter" in text
    assert Attendance.objects.count() == before
    chair.at = page_of(conference)
    assert confirm(chair).status_code == 302
    gita = Attendance.objects.get(name="Gita Gp")
    assert (gita.presence, gita.report_submitted, gita.email) == (
        Presence.REMOTE, True, "gita@surgery.example.org",
    )  # fmt: skip
    police = world.seat(conference, "police")
    assert (police.presence, f"{police.left_at:%H:%M}") == (Presence.LEFT_EARLY, "11:20")
    assert Attendance.objects.get(name="An aunt").side == Side.FAMILY
    assert Attendance.objects.count() == before + 2
    assert AuditEvent.objects.filter(type="conference.list_imported", detail__count=3).exists()


def test_confirming_twice_enters_once(world: World, open_as: Callable[..., Any]) -> None:
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    check(chair, conference, "Gita Gp,Health visiting,GP,,here,,\n")
    chair.at = page_of(conference)
    to, fields = chair.form(having="step")
    assert chair.send(to, fields).status_code == 302
    assert chair.send(to, fields).status_code == 302
    assert Attendance.objects.filter(name="Gita Gp").count() == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",Police,,,here,,", "name is missing"),
        ("Pat,Nowhere,,,here,,", "there is no agency “Nowhere”"),
        ("Pat,Police,,pat,here,,", "email address must be like"),
        ("Pat,Police,,,perhaps,,", "“perhaps” is no way of taking part"),
        ("Pat,Police,,,left early,,", "the time they left is missing"),
        ("Pat,Police,,,left early,noonish,", "must be like 2:05pm or 14:05"),
        ("Pat,Police,,,left early,7:00,", "must be after the start"),
        ("Pat,Police,,,here,11:00,", "only for who left early"),
        ("Pat,Police,,,here,,maybe", "must be yes or no"),
        ("=cmd,Police,,,here,,", "takes for a formula"),
        ("Pat,Police,,,here,,\npat,police,,,here,,", "the same person as row 2"),
    ],
)
def test_each_mistake_is_named_by_its_row_and_nothing_is_saved(
    world: World, open_as: Callable[..., Any], row: str, said: str
) -> None:
    conference = world.started()
    before = Attendance.objects.count()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    answer = check(chair, conference, f"{row}\nGood Person,Police,,,here,,\n")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "<title>Error: " in text
    assert 'name="step"' not in text
    assert "Good Person,Police" in text  # to be corrected where it stands
    chair.send(page_of(conference), {"rows": f"{HEAD}\n{row}", "step": "import"})
    assert Attendance.objects.count() == before


def test_before_it_starts_only_the_list_is_filled(world: World, open_as: Callable[..., Any]) -> None:
    conference = world.booked()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    assert (
        "once the conference has started" in check(chair, conference, "Pat,Police,,,here,,").content.decode()
    )
    check(chair, conference, "Pat,Police,,,,,")
    chair.at = page_of(conference)
    confirm(chair)
    assert Attendance.objects.get(name="Pat").presence == Presence.INVITED


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_as_spreadsheets_save_it(
    world: World, open_as: Callable[..., Any], coding: str
) -> None:
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    text = "sep=;\r\nAGENCY;Name\r\nPolice;Zoë Example\r\n\r\n;Gran Invented\r\n"
    answer = chair.send(page_of(conference), {"file": SimpleUploadedFile("list.csv", text.encode(coding))})
    assert "Zoë Example" in answer.content.decode()
    assert "2 rows can be entered" in answer.content.decode()
    chair.at = page_of(conference)
    confirm(chair)
    assert Attendance.objects.filter(name="Zoë Example").count() == 1
    assert Attendance.objects.filter(name="Gran Invented").count() == 1  # on the list already


def test_the_template_is_a_file_that_the_check_takes(world: World, open_as: Callable[..., Any]) -> None:
    conference = world.started()
    chair = open_as(world, "chair")
    answer = chair.get(f"/conferences/{conference.reference}/attendance/template/")
    assert answer.headers["Content-Type"].startswith("text/csv")
    chair.get(page_of(conference))
    answer = chair.send(page_of(conference), {"rows": template(LIST_COLUMNS)})
    assert "1 row can be entered" in answer.content.decode()


def test_a_file_that_is_no_table_says_what_to_do(world: World, open_as: Callable[..., Any]) -> None:
    conference = world.started()
    chair = open_as(world, "chair")
    chair.get(page_of(conference))
    answer = chair.send(page_of(conference), {"rows": "nothing,of,this"})
    assert answer.status_code == 422
    assert "The first row must name the columns. Missing: Name" in answer.content.decode()
    assert "nothing,of,this" in answer.content.decode()


def test_the_admin_fills_the_list_and_leaves_the_record_to_those_who_keep_it(
    world: World, open_as: Callable[..., Any]
) -> None:
    conference = world.booked()
    admin = open_as(world, "admin")
    admin.get(page_of(conference))
    assert "recorded by the chair" in check(admin, conference, "Pat,Police,,,,,yes").content.decode()
    check(admin, conference, "Pat,Police,,,,,")
    admin.at = page_of(conference)
    assert confirm(admin).status_code == 302
    assert Attendance.objects.filter(name="Pat").exists()
