"""The page of a case, its history, and finding it."""

import datetime as dt
import re

import pytest

from audit.models import AuditEvent
from cases.models import Case
from dissent.actions import log_conversation
from dissent.states import DissentState
from partnerships.models import SlotHolder
from tests.builders import FIVE, LATER, RECONVENES, World
from tests.integration.worklists.conftest import Open

pytestmark = pytest.mark.django_db
S = DissentState
STATES = {
    "kingston-richmond": (S.RECORDED, S.AWAITING_VIEW, S.UNDER_REVIEW, S.DECIDED, S.CLOSED, S.NOT_PURSUED, S.WITHDRAWN),
    "camden": (S.UNDER_REVIEW, S.SECOND_TIER, S.DECIDED, S.CLOSED),
    "brighton-hove": (S.RECORDED, S.UNDER_REVIEW, S.DECIDED, S.CLOSED),
    "west-dunbartonshire": (S.UNDER_REVIEW, S.DECIDED, S.CLOSED),
    "hampshire": (S.ON_LADDER, S.WITHDRAWN),
}  # fmt: skip


@pytest.mark.parametrize(("slug", "state"), [(slug, s) for slug, states in STATES.items() for s in states])
def test_whoever_takes_part_sees_the_case_within_ten_queries(slug: str, state: str, open_as: Open) -> None:
    world = World(slug)
    dissent = world.dissent_at(state, children=2)
    url = f"/cases/{dissent.case.reference}/"
    open_as(world, "admin", url)
    for who in ("police", "chair", "minutes", "admin", "reviewer"):
        page = open_as(world, who, url)
        if who == "reviewer" and world.area.review is None:
            assert page.status_code == 404
            continue
        assert page.status_code == 200, (who, state)
        assert page.queries <= 10, (who, page.queries)
        assert "What happens next" in page.text_
        assert "Call <b>999</b>" in page.text_
        assert "Duty team, 00000 000000" in page.text_


def test_the_case_page_asks_the_same_with_a_conference_that_follows(open_as: Open) -> None:
    world = World("brighton-hove")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    world.answer(dissent, RECONVENES["pan-sussex-7.2"])
    url = f"/cases/{dissent.case.reference}/"
    open_as(world, "reviewer", url)
    page = open_as(world, "reviewer", url)
    assert page.queries <= 10
    assert "Upheld, and the conference is reconvened" in page.text_


def test_what_is_still_with_the_reviewer_is_said_though_another_post_holds_the_conference(
    open_as: Open,
) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.SECOND_TIER)
    world.answer(dissent, "reconvene", by="second")
    text = open_as(world, "reviewer", f"/cases/{dissent.case.reference}/").text_
    assert "Still with you: " in text
    assert "things to record" in text


@pytest.mark.parametrize("slug", FIVE)
def test_a_stranger_is_told_that_there_is_no_such_page(slug: str, open_as: Open) -> None:
    world = World(slug)
    dissent = world.dissent_at(S.ON_LADDER if slug == "hampshire" else S.RECORDED)
    elsewhere = World("camden" if slug != "camden" else "hampshire")
    url = f"/cases/{dissent.case.reference}/"
    for path in (url, f"{url}history/"):
        assert open_as(world, "health", path).status_code == 404  # at the conference, and not in the dissent
        assert open_as(world, "other_chair", path).status_code == 404
        assert open_as(elsewhere, "admin", path).status_code == 404
        assert open_as(elsewhere, "reviewer", path).status_code == 404


def test_the_dissenter_reads_their_words_and_the_reasons_and_others_only_what_is_theirs(
    open_as: Open,
) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.DECIDED)
    url = f"/cases/{dissent.case.reference}/"
    mine, chairs, admins = (open_as(world, who, url).text_ for who in ("police", "chair", "admin"))
    assert "Your dissent" in mine
    assert "The risk at home was not heard." in mine and "All of it was weighed again." in mine
    assert "The risk at home was not heard." in chairs and "All of it was weighed again." not in chairs
    assert "The risk at home was not heard." not in admins and "All of it was weighed again." not in admins
    assert "Not upheld" in admins and "Not upheld" in chairs


def test_a_child_stands_in_no_title_and_no_address_and_on_the_page_by_initials_and_age(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    page = open_as(world, "police", f"/cases/{dissent.case.reference}/").text_
    title = re.search(r"<title>(.*?)</title>", page)
    assert title and dissent.case.reference in title[1] and "Q.X." not in title[1]
    assert "Q.X. (6)" in page
    assert not re.search(r'href="[^"]*Q\.X', page)


def test_every_date_can_be_opened_to_see_the_days_that_were_skipped_and_why(open_as: Open) -> None:
    world = World("brighton-hove")
    conference = world.decided(starts_at=dt.datetime(2026, 4, 2, 9, 0, tzinfo=dt.UTC))
    dissent = world.recorded(conference)
    world.end(conference)
    now = conference.starts_at + dt.timedelta(days=1)
    page = open_as(world, "police", f"/cases/{dissent.case.reference}/", now=now).text_
    assert "How we worked this out" in page
    assert "Friday 3 April 2026 is not counted: Good Friday (bank holiday)." in page
    assert "Monday 20 April 2026" in page and "SUS-29" in page


def test_urgent_action_cites_its_rule_or_says_that_it_is_a_safeguard_of_ours(open_as: Open) -> None:
    for slug, words in (("brighton-hove", "SUS-36"), ("camden", "A safeguard of this service")):
        world = World(slug)
        dissent = world.dissent_at(S.UNDER_REVIEW)
        panel = open_as(world, "police", f"/cases/{dissent.case.reference}/").text_.partition('id="urgent"')[
            2
        ]
        assert words in panel[:700]


def test_without_a_reviewer_the_ladder_stands_where_the_review_would(open_as: Open) -> None:
    world = World("hampshire")
    dissent = world.dissent_at(S.ON_LADDER)
    page = open_as(world, "police", f"/cases/{dissent.case.reference}/").text_
    assert "How this goes on here" in page and "HIPS-15" in page
    assert "Appeal through the partnership" in page
    assert "The protocol gives no number of days." in page
    assert page.index("Appeal through the partnership") < page.index('id="history"')


def test_the_ladder_is_that_of_the_dissenters_own_agency(open_as: Open) -> None:
    world = World("brighton-hove")
    police = world.dissent_at(S.UNDER_REVIEW)
    page = open_as(world, "police", f"/cases/{police.case.reference}/").text_
    assert "Detective sergeant and children&#x27;s social care manager" in page
    assert "Designated safeguarding teacher" not in page


def test_the_history_says_in_sentences_who_did_what_for_whom_and_by_which_rule(open_as: Open) -> None:
    world = World("brighton-hove")
    holder = SlotHolder.objects.get(slot__key="reviewer", partnership=world.partnership)
    world.fill("reviewer", "deputy", deputy_for=holder)
    dissent = world.dissent_at(S.UNDER_REVIEW)
    world.answer(dissent, "not_upheld", by="deputy")
    page = open_as(world, "chair", f"/cases/{dissent.case.reference}/history/").text_
    assert "Decided the dissent: Not upheld" in page and "SUS-28" in page
    assert "Dora Deputy, Deputy head of review, for Rhea Reviewer, Head of review" in page
    assert "Recorded the formal dissent, expressed on Tuesday 3 March 2026 at 11:30am" in page
    assert "by you" in page
    words = re.sub(r"<[^>]*>", " ", page)
    assert "chairs_summary" not in words and "not_upheld" not in words and "T11:30" not in words
    newest, oldest = page.index("Decided the dissent"), page.index("Recorded the formal dissent")
    assert newest < oldest


def test_fifty_events_of_history_are_within_ten_queries_and_as_many_as_five(open_as: Open) -> None:
    world = World("camden")
    dissent = world.dissent_at(S.UNDER_REVIEW)
    url = f"/cases/{dissent.case.reference}/history/"
    open_as(world, "reviewer", url)
    few = open_as(world, "reviewer", url)
    for number in range(55):
        log_conversation(
            dissent_id=dissent.pk, by=world.actor("reviewer"), happened_at=LATER, how="phone", reached=True,
            note=f"Talk {number}", now=LATER,
        )  # fmt: skip
    assert AuditEvent.objects.filter(case_id=dissent.case_id).count() > 50
    many = open_as(world, "reviewer", url)
    assert many.text_.count("Logged a conversation") == 50
    assert many.queries == few.queries <= 10
    assert "Talk 1" not in many.text_
    case_page = open_as(world, "reviewer", f"/cases/{dissent.case.reference}/")
    assert case_page.queries <= 10


@pytest.mark.parametrize(
    "typed",
    [
        "{0}", " {1} ", "{2}", "Re: {0} decision due", "FW: [{0}]", "(“{0}”)", "{3}",
        "https://dissent.example.org/cases/{0}/review/?from=mail", "see {1}, please",
    ],
)  # fmt: skip
def test_a_reference_is_found_however_it_is_typed(typed: str, open_as: Open) -> None:
    world = World("camden")
    reference = world.dissent_at(S.UNDER_REVIEW).case.reference
    bare = reference.replace("-", "").lower()
    typed = typed.format(reference, f"{bare[:6]} {bare[6:]}", bare[2:], reference.replace("-", " – ").lower())
    found = open_as(world, "police", "/find/", post={"reference": typed})
    assert found.status_code == 302 and found.headers["Location"] == f"/cases/{reference}/"


def test_a_conference_is_found_by_its_reference(open_as: Open) -> None:
    world = World("camden")
    conference = world.booked()
    found = open_as(world, "chair", "/find/", post={"reference": conference.reference.lower()})
    assert found.status_code == 302 and conference.reference in found.headers["Location"]


def test_what_one_may_not_see_is_not_found_and_looks_like_what_does_not_exist(open_as: Open) -> None:
    world = World("camden")
    reference = world.dissent_at(S.UNDER_REVIEW).case.reference
    hidden = open_as(world, "health", "/find/", post={"reference": reference})
    nothing = open_as(world, "health", "/find/", post={"reference": "PD-2222-22"})
    assert hidden.status_code == nothing.status_code == 404
    said = [re.search(r"<main.*</main>", page.text_, re.S) for page in (hidden, nothing)]
    assert said[0] and said[1] and said[0][0].replace(reference, "") == said[1][0].replace("PD-2222-22", "")
    assert open_as(world, "health", "/find/", post={"reference": "<script>"}).status_code == 404
    assert open_as(world, "health", "/find/").status_code == 405


def test_a_letter_that_no_reference_holds_is_read_as_what_it_looks_like(open_as: Open) -> None:
    world = World("camden")
    case = world.dissent_at(S.UNDER_REVIEW).case
    Case.objects.filter(pk=case.pk).update(reference="PD-Q7VK-52")
    found = open_as(world, "police", "/find/", post={"reference": "PD-0IUK-52"})
    assert found.headers["Location"] == "/cases/PD-Q7VK-52/"
    guessed = open_as(world, "police", "/find/", post={"reference": "PD-Q7VK-S2"})  # both S and 5 are in use
    assert guessed.status_code == 404 and "Did you mean" in guessed.text_ and "PD-Q7VK-52" in guessed.text_
    for who in ("health", "admin"):
        stranger = open_as(world, who, "/find/", post={"reference": "PD-0IUK-52"})
        assert (stranger.status_code == 302) is (who == "admin")
        assert who == "admin" or "Q7VK" not in stranger.text_


def test_who_finds_nothing_is_shown_their_open_cases(open_as: Open) -> None:
    world = World("camden")
    reference = world.dissent_at(S.UNDER_REVIEW).case.reference
    page = open_as(world, "reviewer", "/find/", post={"reference": "Tilly Moss"})
    assert page.status_code == 404 and reference in page.text_
    assert open_as(world, "health", "/find/", post={"reference": ""}).text_.count("app-worklist") == 0


def test_help_accessibility_and_privacy_are_open_to_everybody(open_as: Open, client: object) -> None:
    world = World("camden")
    for url in ("/help/", "/accessibility/", "/privacy/"):
        assert client.get(url).status_code == 200  # type: ignore[attr-defined]
        assert open_as(world, "police", url).status_code == 200
    assert "Duty team, 00000 000000" in open_as(world, "police", "/help/").text_


def test_the_dissenter_does_not_see_the_reviewers_own_workings_in_the_history(open_as: Open) -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_at("under_review")
    world.read_all(dissent)
    url = f"/cases/{dissent.case.reference}/history/"
    assert "Ticked a piece of the material as read" in open_as(world, "reviewer", url).text_
    page = open_as(world, "police", url).text_
    assert "Ticked a piece of the material" not in page
    assert "The written view was received" in page
