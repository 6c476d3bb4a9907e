"""The protocol on screen: an admin brings a new version, another publishes it, and cases keep the one of their day."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

import protocols
from audit.models import AuditEvent
from conferences import actions as conferences
from core.refusals import Denied
from partnerships import actions
from partnerships.models import ProtocolUpload, ProtocolVersion, SlotHolder
from partnerships.selectors import area_on, areas_on, version_on
from tests.builders import LATER, World, at

pytestmark = pytest.mark.django_db

TEN_TO_THREE = ('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 3')
DAY = dt.date(2026, 3, 5)
HELD = at("2026-03-06", "10:00")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    now = [LATER]
    monkeypatch.setattr("partnerships.middleware.edge_now", lambda: now[0])
    return now


def as_(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.people[who].user)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def bring(client: Client, content: str | bytes, name: str = "camden.toml") -> Any:
    data = content.encode() if isinstance(content, str) else content
    fields = {"token": str(uuid.uuid4()), "file": SimpleUploadedFile(name, data, "text/plain")}
    return client.post("/partnership/protocol/", fields)


def press(client: Client, url: str) -> Any:
    return client.post(url, {"token": str(uuid.uuid4())})


# --- from the file to the page that practitioners read ----------------------------------------------------------------


def test_one_admin_brings_a_text_another_publishes_it_and_practitioners_read_it_from_its_day(
    clock: list[dt.datetime],
) -> None:
    world = World("camden")
    world.second_admin()
    first, second = as_(world, "admin"), as_(world, "admin2")
    page = bring(first, world.newer_text(TEN_TO_THREE)).headers["Location"]
    assert "You brought this text" in text(first.get(page))
    assert press(first, f"{page}publish/").status_code == 422
    assert not ProtocolVersion.objects.filter(effective_from=DAY).exists()
    seen = text(second.get(page))
    assert "1 sentence changed" not in seen and "2 sentences changed, 0 added, 0 removed" in seen
    assert "within <del>10</del> working days" in seen and "within <ins>3</ins> working days" in seen
    assert "CAM-11" in seen and "clock[decision].amount" in seen
    assert press(second, f"{page}publish/").headers["Location"] == "/partnership/protocol/"
    version = ProtocolVersion.objects.get(effective_from=DAY)
    assert version.published_by == world.people["admin2"].user
    practitioner = as_(world, "police")
    assert "within 10 working days" in text(practitioner.get("/protocols/camden/")), "until its day"
    ahead = text(practitioner.get("/protocols/camden/from/2026-03-05/"))
    assert "This version is published and holds from Thursday 5 March 2026." in ahead
    clock[0] = HELD
    now = text(practitioner.get("/protocols/camden/"))
    assert "within 3 working days" in now and "within 10 working days" not in now
    before = text(practitioner.get(f"/protocols/camden/from/{world.area.effective_from.isoformat()}/"))
    assert "This version held until Wednesday 4 March 2026." in before and "within 10 working days" in before


def test_cases_and_conferences_follow_the_version_of_their_own_day() -> None:
    world = World("camden")
    world.second_admin()
    kept = world.dissent_at("under_review")
    booked_before = world.booked(starts_at=HELD)
    assert booked_before.protocol_version.effective_from == world.area.effective_from
    upload = world.uploaded(TEN_TO_THREE)
    actions.publish_upload(
        partnership_id=world.partnership.pk, upload=upload.uuid, by=world.actor("admin2"), now=LATER
    )
    conference = conferences.start(conference_id=booked_before.pk, by=world.actor("chair", HELD), now=HELD)
    assert conference.protocol_version.effective_from == DAY, "of the day on which it is held"
    assert AuditEvent.objects.filter(type="conference.version_followed").count() == 1
    later = world.recorded(world.decided(starts_at=HELD))
    world.end(later.conference)
    due = {case.pk: case for case in (world.case(kept), world.case(later))}
    assert due[kept.case_id].protocol_version.effective_from == world.area.effective_from
    assert due[later.case_id].protocol_version.effective_from == DAY
    assert f"{due[kept.case_id].next_due_at:%d %b}" == "17 Mar"
    assert f"{due[later.case_id].next_due_at:%d %b}" == "11 Mar"
    chair = as_(world, "chair")
    begins = world.area.effective_from.isoformat()
    assert f"/protocols/camden/from/{begins}/" in text(chair.get(f"/cases/{kept.case.reference}/"))
    assert "/protocols/camden/from/2026-03-05/" in text(chair.get(f"/cases/{later.case.reference}/"))


def test_a_conference_of_a_day_without_a_newer_text_keeps_what_it_was_booked_under() -> None:
    world = World("camden")
    conference = world.booked()
    conferences.start(conference_id=conference.pk, by=world.actor("chair"), now=at("2026-03-03"))
    assert not AuditEvent.objects.filter(type="conference.version_followed").exists()


def test_the_page_counts_the_open_cases_it_does_not_touch_and_the_conferences_that_will_follow_it() -> None:
    world, elsewhere = World("camden"), World("hampshire")
    cases = [world.dissent_at("under_review").case, world.recorded(world.decided()).case]
    closed = world.dissent_at("closed").case
    foreign = elsewhere.dissent_at("on_ladder").case
    booked, sooner = world.booked(starts_at=HELD), world.booked(starts_at=at("2026-03-04", "16:00"))
    upload = world.uploaded()
    page = text(as_(world, "admin").get(f"/partnership/protocol/{upload.uuid}/"))
    assert "<b>2 open cases</b> keep the version they began under" in page
    assert all(case.reference in page for case in cases)
    assert closed.reference not in page and foreign.reference not in page
    assert "<b>1 conference</b> is booked for that day or later" in page
    assert booked.reference in page and sooner.reference not in page


def test_a_date_is_tried_by_both_versions_side_by_side() -> None:
    world = World("camden")
    upload = world.uploaded(TEN_TO_THREE)
    client = as_(world, "admin")
    asked = {
        "conference_ended_day": "10", "conference_ended_month": "3", "conference_ended_year": "2026",
        "conference_ended_time": "3pm",
    }  # fmt: skip
    page = text(client.get(f"/partnership/protocol/{upload.uuid}/", asked))
    assert "<b>Tuesday 24 March 2026</b>" in page and "<b>Friday 13 March 2026</b>" in page
    assert "Differs" in page
    wrong = client.get(f"/partnership/protocol/{upload.uuid}/", asked | {"conference_ended_month": "13"})
    assert wrong.status_code == 422 and "must be a real date" in text(wrong)
    never = client.get(f"/partnership/protocol/{upload.uuid}/", asked | {"conference_ended_year": "2150"})
    assert never.status_code == 422 and "is not guessed" in text(never)


# --- what stops it ----------------------------------------------------------------------------------------------------


def test_a_post_that_nobody_fills_is_named_and_stops_the_publication() -> None:
    world = World("camden")
    world.second_admin()
    post = '[[slot]]\nkey = "panel"\ntitle = "Panel chair"\nrule = "CAM-7"\n\n[[slot]]\nkey = "reviewer"'
    upload = world.uploaded(('[[slot]]\nkey = "reviewer"', post))
    second = as_(world, "admin2")
    page = text(second.get(f"/partnership/protocol/{upload.uuid}/"))
    assert "nobody fills Panel chair" in page and "Publish it" not in page
    refused = press(second, f"/partnership/protocol/{upload.uuid}/publish/")
    assert refused.status_code == 422 and "nobody fills Panel chair" in text(refused)
    assert not ProtocolVersion.objects.filter(effective_from=DAY).exists()


def test_whoever_brought_it_does_not_publish_it_in_another_role_either() -> None:
    world = World("camden")
    upload = world.uploaded()
    by = world.actor("admin")
    with pytest.raises(Denied, match="You brought this text yourself"):
        actions.publish_upload(partnership_id=world.partnership.pk, upload=upload.uuid, by=by, now=LATER)
    ProtocolUpload.objects.update(uploaded_by=world.people["reviewer"])
    type(world.people["reviewer"]).objects.filter(pk=world.people["reviewer"].pk).update(
        user=world.people["admin"].user
    )
    with pytest.raises(Denied, match="You brought this text yourself"):
        actions.publish_upload(partnership_id=world.partnership.pk, upload=upload.uuid, by=by, now=LATER)


def test_a_text_whose_day_has_come_is_not_published_any_more(clock: list[dt.datetime]) -> None:
    world = World("camden")
    world.second_admin()
    upload = world.uploaded()
    clock[0] = HELD
    second = as_(world, "admin2")
    assert "which has come. Withdraw it" in text(second.get(f"/partnership/protocol/{upload.uuid}/"))
    refused = press(second, f"/partnership/protocol/{upload.uuid}/publish/")
    assert refused.status_code == 422 and "from tomorrow at the earliest" in text(refused)


def test_a_withdrawn_text_is_not_published_stays_listed_and_makes_room_for_another() -> None:
    world = World("camden")
    world.second_admin()
    first = as_(world, "admin")
    upload = world.uploaded()
    waiting = bring(first, world.newer_text(TEN_TO_THREE))
    assert waiting.status_code == 422 and "Another text waits to be published" in text(waiting)
    press(first, f"/partnership/protocol/{upload.uuid}/withdraw/")
    gone = press(as_(world, "admin2"), f"/partnership/protocol/{upload.uuid}/publish/")
    assert gone.status_code == 409 and "does not wait any longer" in text(gone)
    assert "withdrawn by Adam Admin" in text(first.get("/partnership/protocol/"))
    assert bring(first, world.newer_text(TEN_TO_THREE)).status_code == 302
    assert version_on(world.partnership.pk, DAY).effective_from == world.area.effective_from
    told = [
        e.type for e in AuditEvent.objects.filter(type__startswith="partnership.protocol").order_by("seq")
    ]
    assert told == [
        "partnership.protocol_uploaded", "partnership.protocol_withdrawn", "partnership.protocol_uploaded",
    ]  # fmt: skip


def test_one_text_waits_and_a_withdrawn_one_is_not_published_by_the_database_itself() -> None:
    world = World("camden")
    upload = world.uploaded()
    fields = {
        "partnership": world.partnership, "text_id": "x", "version": "x", "effective_from": DAY, "source_text": "",
        "sha256": "", "uploaded_at": LATER, "uploaded_by": world.people["admin"],
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="protocol_upload_one_waits"), transaction.atomic():
        ProtocolUpload.objects.create(**fields)
    actions.withdraw_upload(
        partnership_id=world.partnership.pk, upload=upload.uuid, by=world.actor("admin"), now=LATER
    )
    version = ProtocolVersion.objects.get(partnership=world.partnership)
    with pytest.raises(IntegrityError, match="protocol_upload_withdrawn"), transaction.atomic():
        ProtocolUpload.objects.filter(pk=upload.pk).update(published_as=version)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-03-04", "from tomorrow at the earliest"),
        ("1999-01-01", "from tomorrow at the earliest"),
    ],
)
def test_a_text_for_days_that_have_begun_is_refused(day: str, words: str) -> None:
    world = World("camden")
    answer = bring(as_(world, "admin"), world.newer_text(day=day))
    assert answer.status_code == 422 and words in text(answer)


def test_a_day_from_which_a_text_holds_already_is_refused() -> None:
    world = World("camden")
    world.second_admin()
    upload = world.uploaded()
    by = world.actor("admin2")
    actions.publish_upload(partnership_id=world.partnership.pk, upload=upload.uuid, by=by, now=LATER)
    answer = bring(as_(world, "admin"), world.newer_text(TEN_TO_THREE))
    assert answer.status_code == 422 and "is published from Thursday 5 March 2026 already" in text(answer)


# --- files that are no protocol ---------------------------------------------------------------------------------------


def test_every_mistake_of_a_file_is_shown_at_once_with_its_table_and_key() -> None:
    world = World("camden")
    wrong = world.newer_text(
        ('after = "conference_ended"\namount = 10', 'after = "the_moon_rises"\namount = "ten"'),
        ("[words]\n", "[words]\nmoon = 3\n"),
    )
    page = bring(as_(world, "admin"), wrong)
    seen = text(page)
    assert page.status_code == 422 and "<title>Error:" in seen
    for words in (
        "There is no event “the_moon_rises” here.",
        "“ten” is not a whole number.",
        "clock[decision]",
        "moon",
    ):
        assert words in seen, words
    assert not ProtocolUpload.objects.exists()


HOSTILE: dict[str, tuple[Any, str]] = {
    "too large": (b"# " + b"x" * 300_000, "must be smaller than 256 KB"),
    "empty": (b"", "empty"),
    "UTF-16": ("schema = 1".encode("utf-16"), "no UTF-8 text"),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no UTF-8 text"),
    "zero bytes": (b"schema = 1\x00", "This is not TOML"),
    "nested deeply": (b"a = " + b"[" * 100_000, "nested too deeply"),
    "a key of a thousand parts": (b"a." * 1_000 + b"a = 1", "has more than 60 full stops"),
    "a number without end": (b"schema = " + b"9" * 9_000, "This is not TOML"),
    "thirty thousand keys": (
        "\n".join(f"k{n}=1" for n in range(30_000)).encode(),
        "more. Correct these first",
    ),
    "thirty thousand areas": (b"schema = 1\n" + b"[[area]]\n" * 28_000, "mistakes, which are listed below"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_is_no_protocol_is_refused_in_a_sentence(case: str) -> None:
    content, words = HOSTILE[case]
    world = World("camden")
    answer = bring(as_(world, "admin"), content)
    assert answer.status_code == 422 and words in text(answer), text(answer)[:3000]
    assert len(answer.content) < 200_000
    assert not ProtocolUpload.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('slug = "camden"', 'slug = "hampshire"'), "This text is for hampshire, not for camden"),
        (('title = "Service Manager for Child Protection"', f'title = "{"x" * 300}"'), "at most 200 are kept"),
        (('after = "conference_ended"\namount = 10', 'after = "conference_ended"\namount = 9000000000'), "more than this unit allows"),
    ],
)  # fmt: skip
def test_a_text_of_another_partnership_and_one_that_cannot_be_kept_are_refused(
    change: tuple[str, str], words: str
) -> None:
    world = World("camden")
    answer = bring(as_(world, "admin"), world.newer_text(change))
    assert answer.status_code == 422 and words in text(answer)


def test_a_file_with_the_mark_of_a_windows_editor_is_read() -> None:
    world = World("camden")
    data = world.newer_text(TEN_TO_THREE).replace("\n", "\r\n").encode("utf-8-sig")
    assert bring(as_(world, "admin"), data).status_code == 302


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_file_of_a_version_is_what_was_published_to_the_letter(client: Client) -> None:
    world = World("camden")
    begins = world.area.effective_from.isoformat()
    answer = client.get(f"/protocols/camden/from/{begins}/file/")
    assert answer.content.decode() == world.area.source_text
    assert f'filename="camden-{begins}.toml"' in answer.headers["Content-Disposition"]
    assert client.get("/protocols/camden/from/2026-03-05/").status_code == 404
    assert client.get("/protocols/camden/from/nonsense/file/").status_code == 404


def test_a_text_that_waits_is_shown_to_nobody_else(client: Client) -> None:
    world, elsewhere = World("camden"), World("hampshire")
    upload = world.uploaded(TEN_TO_THREE)
    assert as_(elsewhere, "admin").get(f"/partnership/protocol/{upload.uuid}/").status_code == 404
    assert press(as_(elsewhere, "admin"), f"/partnership/protocol/{upload.uuid}/withdraw/").status_code == 404
    assert client.get("/protocols/camden/from/2026-03-05/").status_code == 404
    assert area_on("camden", DAY).effective_from == world.area.effective_from


def test_the_calculator_and_the_list_go_by_what_each_partnership_has_published(client: Client) -> None:
    world = World("camden")
    world.second_admin()
    upload = world.uploaded(TEN_TO_THREE)
    actions.publish_upload(
        partnership_id=world.partnership.pk, upload=upload.uuid, by=world.actor("admin2"), now=LATER
    )
    with CaptureQueriesContext(connection) as asked:
        areas = {area.slug: area for area in areas_on(DAY)}
    assert len(asked) == 1
    assert set(areas) == set(protocols.library().slugs())
    decision = areas["camden"].clock("decision")
    assert decision is not None and decision.amount == 3


def test_the_number_of_queries_of_the_page_does_not_grow_with_the_cases() -> None:
    world = World("camden")
    upload = world.uploaded()
    client = as_(world, "admin")
    world.dissent_at("under_review")
    url = f"/partnership/protocol/{upload.uuid}/"
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(2):
        world.dissent_at("under_review")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few) <= 18


def test_empty_posts_of_the_present_text_do_not_hide_those_of_the_new_one() -> None:
    world = World("camden")
    SlotHolder.objects.filter(slot__key="reviewer").delete()
    upload = world.uploaded()
    page = text(as_(world, "admin").get(f"/partnership/protocol/{upload.uuid}/"))
    assert "nobody fills Service Manager for Child Protection" in page
