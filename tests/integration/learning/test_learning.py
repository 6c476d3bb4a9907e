"""What is learnt from cases: themes, points without names, and a summary from which nobody is found out."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import AuditEvent
from cases.models import Case, Child
from core.refusals import Denied
from learning import actions
from learning.models import Lesson, Summary, Theme
from learning.selectors import summaries_of, summary_view, themes_of
from learning.states import DEFAULT_THEMES, months_of, periods_before
from tests.builders import LATER, World, at
from tests.ladders import Ladder

pytestmark = pytest.mark.django_db

AFTER = at("2026-04-08")  # the first quarter is over


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


def send(client: Client, url: str, **fields: Any) -> Any:
    return client.post(url, {"token": str(uuid.uuid4()), **fields})


def note(
    world: World, case: Case, *themes: str, point: str = "", by: str = "reviewer", now: Any = LATER
) -> Lesson:
    return actions.note_lesson(
        case_id=case.pk, themes=themes or ("threshold",), point=point, by=world.actor(by), now=now
    )


def learnt(world: World, count: int, *themes: str, month: str = "2026-03", point: str = "") -> None:
    """Lessons of copies of one closed case: how they are counted does not depend on what else is in them."""
    (case,) = Case.objects.filter(partnership=world.partnership)[:1]
    for number in range(count):
        again = Case.objects.create(
            partnership=world.partnership, reference=f"PD-{uuid.uuid4().hex[:4].upper()}-{number:02}", kind=case.kind,
            protocol_version=case.protocol_version, agency=case.agency, stage="closed", opened_at=case.opened_at,
            closed_at=LATER,
        )  # fmt: skip
        Lesson.objects.create(
            partnership=world.partnership, case=again, themes=list(themes), point=point and f"{point} {number}",
            noted_at=at(f"{month}-10"), noted_by=world.people["reviewer"],
        )  # fmt: skip


# --- noting -----------------------------------------------------------------------------------------------------------


def test_the_reviewer_is_led_from_the_decided_case_to_what_can_be_learnt_and_back() -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    client, url = as_(world, "reviewer"), f"/cases/{dissent.case.reference}/learning/"
    assert url in text(client.get(f"/cases/{dissent.case.reference}/"))
    page = text(client.get(url))
    assert all(label.replace("’", "’") in page for label in ("Domestic abuse", "Neglect over time"))
    answer = send(client, url, themes=["neglect", "plan"], point="Ask the school first.")
    assert answer.headers["Location"] == f"/cases/{dissent.case.reference}/"
    lesson = Lesson.objects.get()
    assert (lesson.themes, lesson.point) == (["neglect", "plan"], "Ask the school first.")
    event = AuditEvent.objects.get(type="learning.noted")
    assert event.case_id == dissent.case_id and "school" not in str(event.detail)
    assert "Ask the school first." in text(client.get(url)), "shown again to be changed"


def test_before_the_decision_nothing_is_asked_and_after_a_withdrawal_nothing_was_decided() -> None:
    world = World("camden")
    dissent = world.dissent_at("under_review")
    url = f"/cases/{dissent.case.reference}/learning/"
    client = as_(world, "reviewer")
    assert url not in text(client.get(f"/cases/{dissent.case.reference}/"))
    assert client.get(url).status_code == 422
    withdrawn = world.dissent_at("withdrawn")
    with pytest.raises(Denied, match="once the case is decided"):
        note(world, withdrawn.case)


def test_those_who_did_not_decide_it_do_not_say_what_it_teaches() -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    url = f"/cases/{dissent.case.reference}/learning/"
    for who, status in (("police", 403), ("chair", 403), ("admin", 403), ("health", 404), ("second", 404)):
        assert as_(world, who).get(url).status_code == status, who
        assert url not in text(as_(world, who).get(f"/cases/{dissent.case.reference}/"))
    assert as_(World("hampshire"), "reviewer").get(url).status_code == 404


def test_what_a_closed_escalation_teaches_is_said_by_those_who_stood_on_its_ladder() -> None:
    ladder = Ladder(World("brighton-hove"))
    world, escalation = ladder.world, ladder.raised()
    ladder.moved(escalation)
    escalation = ladder.settled(escalation)
    client = as_(world, "team_manager")
    page = text(client.get(f"/cases/{escalation.case.reference}/"))
    url = f"/cases/{escalation.case.reference}/learning/"
    assert url in page
    assert send(client, url, themes=["information"]).status_code == 302
    assert Lesson.objects.get().case == escalation.case
    assert as_(world, "police").get(url).status_code == 403


@pytest.mark.parametrize(
    ("point", "named"),
    [
        ("Q.X. was not heard.", "Q.X."), ("QX was not heard.", "Q.X."), ("Q X was not heard.", "Q.X."),
        ("Quillon was not heard.", "Quillon"), ("the quillon family", "Quillon"), ("Ask Pia.", "Pia"),
        ("Sara said so.", "Sara"), ("Cora chaired well.", "Cora"),
    ],
)  # fmt: skip
def test_SUS_7_a_point_that_names_a_child_or_anybody_of_the_case_is_refused_and_kept(
    point: str, named: str
) -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    Child.objects.update(name="Quillon Invented")
    answer = send(
        as_(world, "reviewer"), f"/cases/{dissent.case.reference}/learning/", themes=["neglect"], point=point
    )
    page = text(answer)
    assert (
        answer.status_code == 422
        and f"The learning point names somebody: {named}. Say it without (SUS-7)" in page
    )
    assert point in page, "what was typed is kept"
    assert not Lesson.objects.exists()


@pytest.mark.parametrize(
    "point",
    [
        "A pianist plays, and may sing; the corner shop.",
        "The chair explained it well.",
        "Ask for the record.",
        "",
    ],
)
def test_a_point_without_names_is_taken(point: str) -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    assert note(world, dissent.case, point=point).point == point


@pytest.mark.parametrize(
    ("themes", "words"),
    [([], "Select at least one theme"), (["nonsense"], "must be one of those on the list"), (list(DEFAULT_THEMES)[:7], "at most 6 themes")],
)  # fmt: skip
def test_too_few_and_too_many_themes_are_refused(themes: list[str], words: str) -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    answer = send(as_(world, "reviewer"), f"/cases/{dissent.case.reference}/learning/", themes=themes)
    assert answer.status_code == 422 and words in text(answer)


def test_said_again_it_replaces_what_was_said_and_both_stay() -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    first = note(world, dissent.case, "neglect")
    second = note(world, dissent.case, "plan", now=at("2026-03-05"))
    first.refresh_from_db()
    assert first.replaced_at == at("2026-03-05") and second.replaced_at is None
    with pytest.raises(IntegrityError, match="lesson_one_per_case"), transaction.atomic():
        Lesson.objects.filter(pk=first.pk).update(replaced_at=None)


# --- themes -----------------------------------------------------------------------------------------------------------


def test_the_admin_adds_a_theme_takes_one_out_and_takes_it_back() -> None:
    world, elsewhere = World("camden"), World("hampshire")
    client = as_(world, "admin")
    assert send(client, "/learning/", label="Handover between areas").status_code == 302
    again = send(client, "/learning/", label="handover  BETWEEN areas")
    assert again.status_code == 422 and "on the list already" in text(again)
    assert send(client, "/learning/themes/neglect/take-out/").status_code == 302
    assert "Handover between areas" in themes_of(world.partnership.pk).values()
    assert "neglect" not in themes_of(world.partnership.pk)
    assert themes_of(elsewhere.partnership.pk) == DEFAULT_THEMES
    assert send(client, "/learning/themes/neglect/take-out/").status_code == 422
    assert send(client, "/learning/", label="Neglect over time").status_code == 302
    assert themes_of(world.partnership.pk)["neglect"] == "Neglect over time"
    assert Theme.objects.filter(key="neglect").count() == 1


def test_a_theme_that_was_taken_out_is_still_counted_where_it_was_noted() -> None:
    world = World("camden")
    world.dissent_at("closed")
    learnt(world, 8, "neglect")
    learnt(world, 8, "plan")
    actions.retire_theme(
        partnership_id=world.partnership.pk, key="neglect", by=world.actor("admin"), now=LATER
    )
    made = summary(world)
    shown = {
        row["label"]: row["count"]
        for row in summary_view(made, themes_of(world.partnership.pk, retired=True))["rows"]
    }
    assert shown == {"Neglect over time": 8, "The plan was not carried out": 8}


def test_the_last_theme_stays() -> None:
    world = World("camden")
    by = world.actor("admin")
    for key in list(DEFAULT_THEMES)[1:]:
        actions.retire_theme(partnership_id=world.partnership.pk, key=key, by=by, now=LATER)
    with pytest.raises(Denied, match="One theme stays"):
        actions.retire_theme(partnership_id=world.partnership.pk, key="threshold", by=by, now=LATER)


# --- the summary for the forum ----------------------------------------------------------------------------------------


def summary(world: World, period: str = "2026-Q1", points: Any = (), now: dt.datetime = AFTER) -> Summary:
    return actions.make_summary(
        partnership_id=world.partnership.pk, period=period, points=points, by=world.actor("admin"), now=now
    )


def rows(world: World, made: Summary) -> dict[str, str]:
    view = summary_view(made, themes_of(world.partnership.pk, retired=True))
    return {row["label"]: row["words"] for row in view["rows"]}


def test_small_counts_are_hidden_in_the_summary_and_those_that_would_give_them_away() -> None:
    world = World("camden")
    world.dissent_at("closed")
    learnt(world, 12, "neglect")
    learnt(world, 3, "domestic_abuse", "neglect")
    made = summary(world)
    assert made.figures["total"] == 15
    assert rows(world, made) == {"Domestic abuse": "[c]", "Neglect over time": "15"}
    # All but three are as telling as three: 12 of 15 give the other three away.
    learnt(world, 12, "plan", month="2025-11")
    learnt(world, 3, "recording", month="2025-11")
    assert set(rows(world, summary(world, "2025-Q4")).values()) == {"[c]"}


def test_a_quarter_is_not_solved_from_the_year_and_the_other_quarters() -> None:
    world = World("camden")
    world.dissent_at("closed")
    for month, many in (("2025-02", 9), ("2025-05", 9), ("2025-08", 9), ("2025-11", 2)):
        learnt(world, many, "neglect", month=month)
        learnt(world, 9, "plan", month=month)
    now = at("2026-04-08")
    shown = [rows(world, summary(world, f"2025-Q{number}", now=now)) for number in (1, 2, 3)]
    assert [each["Neglect over time"] for each in shown] == ["9", "9", "9"]
    year = rows(world, summary(world, "2025", now=now))
    last = rows(world, summary(world, "2025-Q4", now=now))
    assert last["Neglect over time"] == "[c]"
    assert year["Neglect over time"] == "[c]", "29 less 27 would be the two of the last quarter"


def test_where_few_cases_were_learnt_from_neither_their_number_nor_their_points_are_shown() -> None:
    world = World("camden")
    world.dissent_at("closed")
    learnt(world, 4, "neglect", point="Listen to the school.")
    keys = list(Lesson.objects.values_list("uuid", flat=True))
    made = summary(world, points=keys)
    assert made.points == []
    page = text(as_(world, "police").get(f"/learning/summaries/{made.uuid}/"))
    assert "their number is not shown" in page and "Listen to the school" not in page and ">4<" not in page


def test_the_admin_chooses_the_points_and_everybody_of_the_partnership_reads_the_summary(
    clock: list[dt.datetime],
) -> None:
    world, elsewhere = World("camden"), World("hampshire")
    world.dissent_at("closed")
    learnt(world, 7, "neglect", point="Listen to the school.")
    clock[0] = AFTER
    admin = as_(world, "admin")
    assert "Listen to the school. 3" in text(admin.get("/learning/"))
    page = text(admin.get("/learning/summaries/new/?period=2026-Q1"))
    assert page.count('type="checkbox"') == 7
    kept = [str(lesson.uuid) for lesson in Lesson.objects.filter(point__endswith="3")]
    answer = send(admin, "/learning/summaries/new/?period=2026-Q1", points=kept)
    url = answer.headers["Location"]
    seen = text(as_(world, "police").get(url))
    assert "7 cases were learnt from" in seen and "January to March 2026" in seen
    assert "Listen to the school. 3" in seen and "Listen to the school. 4" not in seen
    assert not re.search(r"PD-\w{4}-", seen.partition("<main")[2])
    assert as_(elsewhere, "admin").get(url).status_code == 404
    assert "January to March 2026" in text(as_(world, "police").get("/learning/summaries/"))
    assert send(admin, "/learning/summaries/new/?period=2026-Q1").headers["Location"] == url, "made once"
    assert len(summaries_of(world.partnership.pk)) == 1


def test_a_period_that_is_not_over_has_no_summary(clock: list[dt.datetime]) -> None:
    world = World("camden")
    with pytest.raises(Denied, match="not over yet"):
        summary(world, now=LATER)
    for period in ("2026-Q1", "nonsense", "2026-Q9"):
        assert as_(world, "admin").get(f"/learning/summaries/new/?period={period}").status_code == 422


def test_what_the_forum_was_told_of_stays_as_it_was_counted() -> None:
    world = World("camden")
    dissent = world.dissent_at("closed")
    note(world, dissent.case, "neglect")
    summary(world)
    with pytest.raises(Denied, match="stays as it is"):
        note(world, dissent.case, "plan", now=AFTER)


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [("2026-03-04", "2025-Q4", "2024"), ("2026-04-01", "2026-Q1", "2024"), ("2026-12-31", "2026-Q3", "2024")],
)
def test_the_periods_to_choose_from_are_over(now: str, first: str, last: str) -> None:
    found = periods_before(at(now, "00:30"))
    assert (found[0], found[-1], len(found)) == (first, last, 10)
    assert all(months_of(period)[-1] < now[:7] for period in found)
