"""What is typed and not sent: kept for its author, given back in its place, gone once it is sent or thrown away."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.forms import Textarea
from django.test import Client
from django.urls import reverse

from accounts.models import Draft
from accounts.tasks import empty_drafts
from conferences.models import View
from dissent.models import Dissent
from dissent.states import DissentState
from papers.policies import plans_of
from tests.builders import LATER, SPOKEN, World
from tests.ladders import NEXT, Ladder

pytestmark = pytest.mark.django_db


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who].user)
    return client


def draft_url(page: str, form: str) -> str:
    return f"{reverse('draft')}?{urlencode({'page': page, 'form': form})}"


@pytest.fixture
def world() -> World:
    return World("camden")


@pytest.fixture
def stage(world: World) -> str:
    """The page on which the chair records what Pia Police says."""
    conference = world.decided()
    seat = world.seat(conference, "police")
    return f"{reverse('conference-dissent', args=[conference.reference])}?person={seat.uuid}"


def test_what_was_typed_is_back_in_its_place_for_its_author_alone(world: World, stage: str) -> None:
    with time_machine.travel(SPOKEN, tick=False):
        chair = client_of(world, "chair")
        page = chair.get(stage)
        assert draft_url(stage, "RecordForm").replace("&", "&amp;") in page.content.decode()
        typed = {
            "reasons": "Half a sentence",
            "direction_0": "more_protection",
            "expressed_at_time": "11:07am",
        }
        assert chair.post(draft_url(stage, "RecordForm"), typed).status_code == 204
        shown = chair.get(stage).content.decode()
        assert "Half a sentence</textarea>" in shown and 'value="11:07am"' in shown
        assert "is back in its place" in shown
        other = client_of(world, "minutes").get(stage).content.decode()
        assert "Half a sentence" not in other


def test_a_restored_form_has_a_token_of_its_own_and_is_judged_only_when_it_is_sent(
    world: World, stage: str
) -> None:
    with time_machine.travel(SPOKEN, tick=False):
        chair = client_of(world, "chair")
        old = str(uuid.uuid4())
        chair.post(draft_url(stage, "RecordForm"), {"reasons": "Half", "token": old})
        page = chair.get(stage)
        assert page.status_code == 200 and not Dissent.objects.exists()
        assert "There is a problem" not in page.content.decode()
        assert page.context["form"]["token"].value() not in ("", None, old)


def test_once_it_is_sent_no_draft_is_left_and_a_late_one_is_not_kept(world: World, stage: str) -> None:
    with time_machine.travel(SPOKEN, tick=False):
        chair = client_of(world, "chair")
        chair.post(draft_url(stage, "RecordForm"), {"reasons": "Half"})
        page = chair.get(stage)
        form = page.context["form"]
        child = next(iter(form.by_uuid))
        sent = {
            "token": form["token"].value(), "children": [child], "direction_0": "more_protection", "action": "record",
            "reasons": "The whole of it.", "for_agency": "agency", "discussed_with_chair": "on", "name_attribution": "on",
            "ground": form.fields["ground"].choices[0][0] if "ground" in form.fields else "",
            "expressed_at_day": "3", "expressed_at_month": "3", "expressed_at_year": "2026", "expressed_at_time": "11:20am",
        }  # fmt: skip
        assert chair.post(stage, sent).status_code == 302
        assert Draft.objects.get().typed == {}
        chair.post(draft_url(stage, "RecordForm"), {"reasons": "The whole of", "token": sent["token"]})
        assert Draft.objects.get().typed == {}
        assert "The whole of" not in chair.get(stage).content.decode()


def test_a_draft_can_be_thrown_away(world: World, stage: str) -> None:
    with time_machine.travel(SPOKEN, tick=False):
        chair = client_of(world, "chair")
        chair.post(draft_url(stage, "RecordForm"), {"reasons": "Not this"})
        url = chair.get(stage).context["form"].draft_drop_url
        token = str(uuid.uuid4())
        assert chair.post(url, {"token": token}).url == stage
        chair.post(draft_url(stage, "RecordForm"), {"reasons": "Not this", "token": token})
        assert "Not this" not in chair.get(stage).content.decode()


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "/no-such-page/", "", "/" + "a" * 400])
def test_a_draft_of_no_page_of_ours_is_refused(world: World, page: str) -> None:
    assert client_of(world, "chair").post(draft_url(page, "X"), {"reasons": "x"}).status_code == 400
    assert not Draft.objects.exists()


def test_nobody_signed_in_keeps_nothing(world: World, stage: str) -> None:
    answer = Client().post(draft_url(stage, "RecordForm"), {"reasons": "x"})
    assert answer.status_code == 302 and not Draft.objects.exists()


def test_a_character_that_cannot_be_stored_loses_only_itself(world: World, stage: str) -> None:
    client_of(world, "chair").post(draft_url(stage, "RecordForm"), {"reasons": "a\x00b"})
    assert Draft.objects.get().typed["reasons"] == ["ab"]


def test_after_fourteen_days_a_draft_is_not_given_back_and_is_emptied(world: World, stage: str) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        client_of(world, "chair").post(draft_url(stage, "RecordForm"), {"reasons": "Old words"})
        clock.move_to(SPOKEN + dt.timedelta(days=13, hours=23))
        assert empty_drafts() == 0
        clock.move_to(SPOKEN + dt.timedelta(days=14, minutes=1))
        assert "Old words" not in client_of(world, "chair").get(stage).content.decode()
        assert empty_drafts() == 1
        assert Draft.objects.get().typed == {}


def test_who_may_no_longer_open_the_page_does_not_see_the_draft_on_it(world: World) -> None:
    dissent = world.dissent_at(DissentState.UNDER_REVIEW)
    page = reverse("review", args=[dissent.case.reference])
    with time_machine.travel(LATER, tick=False):
        reviewer = client_of(world, "reviewer")
        reviewer.post(draft_url(page, "DecisionForm"), {"reasons": "My first thoughts"})
        assert "My first thoughts" in reviewer.get(page).content.decode()
        world.people["reviewer"].slot_holdings.update(ends_on=LATER.date() - dt.timedelta(days=1))
        gone = reviewer.get(page)
        assert gone.status_code in (403, 404) and "My first thoughts" not in gone.content.decode()


# --- the end of a session ---------------------------------------------------------------------------------------------


def left(client: Client, method: str = "get") -> dict[str, int]:
    found: dict[str, int] = getattr(client, method)(reverse("session")).json()
    return found


def test_a_session_ends_after_thirty_minutes_without_use_and_asking_how_long_is_no_use(world: World) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        chair = client_of(world, "chair")
        assert chair.get("/").status_code == 200
        clock.move_to(SPOKEN + dt.timedelta(minutes=29))
        assert left(chair)["left"] == 60
        clock.move_to(SPOKEN + dt.timedelta(minutes=30))
        assert left(chair)["left"] == 0
        answer = chair.get("/conferences/")
        assert answer.url.startswith("/sign-in/?next=/conferences/")


def test_the_button_goes_on_and_so_does_any_page(world: World) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        chair = client_of(world, "chair")
        chair.get("/")
        clock.move_to(SPOKEN + dt.timedelta(minutes=28))
        assert left(chair, "post")["left"] == 1800
        clock.move_to(SPOKEN + dt.timedelta(minutes=57))
        assert chair.get("/").status_code == 200
        assert left(chair)["left"] == 1800


def test_no_use_lengthens_a_session_beyond_twelve_hours(world: World) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        chair = client_of(world, "chair")
        chair.get("/")
        for minutes in range(20, 720, 20):
            clock.move_to(SPOKEN + dt.timedelta(minutes=minutes))
            assert chair.get("/").status_code == 200, minutes
        assert left(chair, "post") == {"left": 1200, "whole": 1200}
        clock.move_to(SPOKEN + dt.timedelta(hours=12))
        assert chair.get("/").status_code == 302


def test_what_is_sent_after_the_end_is_not_recorded_and_is_in_the_form_after_signing_in(
    world: World, stage: str
) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        chair = client_of(world, "chair")
        form = chair.get(stage).context["form"]
        sent = {"token": form["token"].value(), "reasons": "Said while the time ran out.", "action": "record"}
        clock.move_to(SPOKEN + dt.timedelta(minutes=31))
        answer = chair.post(stage, sent, HTTP_REFERER=f"http://testserver{stage}")
        assert answer.url.startswith("/sign-in/?next=") and "ended=1" in answer.url
        assert not Dissent.objects.exists()
        assert "is back in its place" in chair.get(answer.url).content.decode()
        assert "Said while" not in client_of(world, "minutes").get(stage).content.decode()
        back = client_of(world, "chair").get(stage)
        assert "Said while the time ran out.</textarea>" in back.content.decode()
        assert not Dissent.objects.exists()


def test_the_password_is_never_kept(world: World) -> None:
    with time_machine.travel(SPOKEN, tick=False) as clock:
        chair = client_of(world, "chair")
        chair.get("/")
        clock.move_to(SPOKEN + dt.timedelta(minutes=31))
        chair.post("/sign-in/", {"username": "x@example.org", "password": "typed-here"})
        assert not Draft.objects.exists()


# --- two people at once -----------------------------------------------------------------------------------------------


def test_the_second_gets_both_texts_and_can_save_theirs_all_the_same(world: World) -> None:
    conference = world.started()
    seat = world.seat(conference, "police")
    page = f"{reverse('conference-views', args=[conference.reference])}?person={seat.uuid}"
    with time_machine.travel(SPOKEN, tick=False):
        chair, minutes = client_of(world, "chair"), client_of(world, "minutes")
        forms: list[Any] = [one.get(page).context["form"] for one in (chair, minutes)]
        said = [
            {"choice_0": "met", "reasons_0": "As the chair heard it.", "change_0": ""},
            {"choice_0": "not_met", "reasons_0": "As the minute taker heard it.", "change_0": ""},
        ]
        for form, words in zip(forms, said, strict=True):
            words |= {name: str(form[name].value()) for name in ("token", "phase", "version_0")}
        assert chair.post(page, said[0]).status_code == 302
        conflict = minutes.post(page, said[1])
        text = conflict.content.decode()
        assert conflict.status_code == 409
        assert "As the chair heard it." in text and "As the minute taker heard it.</textarea>" in text
        assert View.objects.get().reasons == "As the chair heard it."
        again = conflict.context["form"]
        said[1] |= {name: str(again[name].value()) for name in ("token", "version_0")}
        assert minutes.post(page, said[1]).status_code == 302
        assert View.objects.get().reasons == "As the minute taker heard it."


def test_what_the_other_wrote_in_another_part_stays_when_mine_is_saved_after_a_conflict() -> None:
    world = World("west-dunbartonshire")
    conference = world.decided()
    page = reverse("conference-record", args=[conference.reference])
    with time_machine.travel(SPOKEN, tick=False):
        chair, minutes = client_of(world, "chair"), client_of(world, "minutes")
        first, second = (one.get(page).context["form"] for one in (chair, minutes))
        one, two = [part.id for part in first.parts][:2]

        def fields(form: Any, **typed: str) -> dict[str, str]:
            return {name: str(form[name].value() or "") for name in form.fields} | typed

        assert (
            chair.post(page, fields(first, **{one: "By the chair.", two: "Also by the chair."})).status_code
            == 302
        )
        conflict = minutes.post(page, fields(second, **{one: "By the minute taker."}))
        assert conflict.status_code == 409
        again = conflict.context["form"]
        assert again[one].value() == "By the minute taker." and again[two].value() == "Also by the chair."
        assert minutes.post(page, fields(again)).status_code == 302
        after = chair.get(page).context["form"]
        assert (after[one].value(), after[two].value()) == ("By the minute taker.", "Also by the chair.")


# --- the other rooms --------------------------------------------------------------------------------------------------


def raising(world: World) -> tuple[str, str]:
    return "police", reverse("raise-kind", args=["plan_implementation"])


def taking_up(world: World) -> tuple[str, str]:
    up = Ladder(world)
    row = up.raised()
    return "police", f"{reverse('escalation-step', args=[row.case.reference])}?to={up.ways(row)[0].key}"


def meeting(world: World) -> tuple[str, str]:
    row = Ladder(world).at("first_line_managers")
    return "police", reverse("escalation-meeting", args=[row.case.reference])


def talking(world: World) -> tuple[str, str]:
    return "police", reverse("discussion-new", args=[world.dissent_at("under_review").case.reference])


def asking(world: World) -> tuple[str, str]:
    return "police", reverse("convene-new")


def answering(world: World) -> tuple[str, str]:
    return "manager", reverse("convene-answer", args=[world.convening().case.reference])


def logging(world: World) -> tuple[str, str]:
    return "admin", reverse("complaint-new")


def settling(world: World) -> tuple[str, str]:
    return "admin", reverse("complaint-decide", args=[world.complaint_acknowledged().case.reference])


def writing(world: World) -> tuple[str, str]:
    dissent = world.dissent_at("decided")
    return "reviewer", reverse("letter", args=[dissent.case.reference, plans_of(dissent, world.area)[0].slug])


OTHER_PAGES = [
    ("brighton-hove", raising), ("brighton-hove", taking_up), ("brighton-hove", meeting), ("brighton-hove", talking),
    ("brighton-hove", asking), ("brighton-hove", answering), ("camden", logging), ("camden", settling),
    ("camden", writing),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "place"), OTHER_PAGES, ids=[place.__name__ for _, place in OTHER_PAGES])
def test_what_is_typed_is_kept_in_every_room_and_is_back_after_the_session_ended(
    slug: str, place: Any
) -> None:
    world = World(slug)
    who, page = place(world)
    with time_machine.travel(NEXT + dt.timedelta(days=1), tick=False) as clock:
        person = client_of(world, who)
        form = person.get(page).context["form"]
        text = next(name for name, field in form.fields.items() if isinstance(field.widget, Textarea))
        assert form.draft_url, "nothing is kept"
        assert person.post(form.draft_url, {text: "Half a sentence"}).status_code == 204
        shown = person.get(page).content.decode()
        assert "Half a sentence</textarea>" in shown and "is back in its place" in shown
        assert "There is a problem" not in shown
        clock.shift(dt.timedelta(minutes=31))
        answer = person.post(page, {text: "Sent too late."}, HTTP_REFERER=f"http://testserver{page}")
        assert answer.url.startswith("/sign-in/?next=")
        assert "Sent too late.</textarea>" in client_of(world, who).get(page).content.decode()


def test_every_action_that_was_typed_into_a_record_has_its_row_again() -> None:
    world = World("brighton-hove")
    who, page = talking(world)
    with time_machine.travel(LATER, tick=False):
        person = client_of(world, who)
        url = person.get(page).context["form"].draft_url
        typed = {"rows": "3", "notes": "Talked.", "agreed_1_what": "One", "agreed_3_what": "The third"}
        person.post(url, typed)
        assert 'value="The third"' in person.get(page).content.decode()
