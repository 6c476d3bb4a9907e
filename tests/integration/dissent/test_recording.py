"""The dissent stage of the conference, for those who keep its record and, where allowed, for the dissenter."""

import pytest

from conferences.models import NotedView
from dissent.models import Dissent
from tests.builders import FIVE, World, at
from tests.integration.dissent.conftest import DURING, NEXT_DAY

pytestmark = pytest.mark.django_db

SAID = {
    "direction_0": "more_protection", "reasons": "The risk at home was not heard.", "name_attribution": "on",
    "discussed_with_chair": "on", "action": "record",
}  # fmt: skip
GROUND = {"camden": "decision", "brighton-hove": "threshold", "hampshire": "risk_of_harm"}


def chosen(world, conference, who="police"):
    return f"?person={world.seat(conference, who).uuid}"


def said(world, **changes):
    ground = {"ground": GROUND[world.slug]} if world.slug in GROUND else {}
    return {**SAID, **ground, **changes}


@pytest.mark.parametrize("slug", FIVE)
def test_the_chair_records_a_dissent_of_each_protocol_with_four_answers(slug, open_as):
    world = World(slug)
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    assert chair.get("conference-dissent", conference.reference).status_code == 200
    assert "select Dissent next to their name" in chair.text
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    assert "Pia Police, Police, you formally dissent from this decision" in chair.text
    assert chair.send(**said(world)).status_code == 302
    row = Dissent.objects.get(conference=conference)
    assert row.reasons == SAID["reasons"]
    assert row.expressed_at == DURING
    chair.follow()
    assert f"Pia Police’s formal dissent was recorded: {row.case.reference}" in chair.text
    assert "Recorded 11:40am" in chair.text


@pytest.mark.parametrize("who", ["police", "reviewer", "admin"])
def test_only_those_who_keep_the_record_open_the_page(who, open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    world.recorded(conference, who="health")
    page = open_as(world, who, DURING).get("conference-dissent", conference.reference)
    assert page.status_code == 403
    assert "AFC-13" in page.content.decode()


def test_a_refused_page_leads_back_to_the_conference_that_it_belongs_to(open_as):
    world = World("camden")
    conference = world.booked()
    back = f'<a class="govuk-link" href="/conferences/{conference.reference}/">Back to {conference.reference}</a>'
    chair = open_as(world, "chair", DURING)
    assert chair.get("conference-dissent", conference.reference).status_code == 422
    assert "has not started" in chair.text and back in chair.page.content.decode()
    police = open_as(world, "police", DURING)
    assert police.get("conference-dissent", conference.reference).status_code == 403
    assert back in police.page.content.decode()


def test_the_minute_taker_records_for_the_chair(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    taker = open_as(world, "minutes", DURING)
    taker.get("conference-dissent", conference.reference, query=chosen(world, conference))
    assert taker.send(**said(world)).status_code == 302


def test_a_person_of_another_conference_is_no_page(open_as):
    world = World("kingston-richmond")
    conference, other = world.decided(), world.booked(starts_at=at("2026-03-03", "14:00"))
    page = open_as(world, "chair", DURING).get(
        "conference-dissent", conference.reference, query=chosen(world, other)
    )
    assert page.status_code == 404


def test_a_differing_view_is_noted_and_is_no_dissent(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    assert chair.send(action="note", reasons="I would have decided otherwise.").status_code == 302
    assert NotedView.objects.get().text == "I would have decided otherwise."
    assert not Dissent.objects.exists()
    chair.follow()
    assert "It is not a formal dissent" in chair.text


@pytest.mark.parametrize(
    ("slug", "who", "changes", "sentence"),
    [
        ("kingston-richmond", "charity", {}, "AFC-14"),
        ("kingston-richmond", "police", {"name_attribution": None}, "AFC-5"),
        ("kingston-richmond", "police", {"discussed_with_chair": None}, "AFC-12"),
        ("camden", "police", {"reasons": ""}, "Enter the reasons Pia Police gave"),
        ("camden", "police", {"ground": "process_only"}, "CAM-3"),
        ("brighton-hove", "police", {"ground": "plan_implementation"}, "SUS-33"),
        ("kingston-richmond", "police", {"children": []}, "Select which decision Pia Police disagrees with"),
        ("kingston-richmond", "police", {"direction_0": None}, "Select what Pia Police says the decision should have been"),
        ("kingston-richmond", "police", {"reasons": "x" * 1501}, "Reasons must be 1,500 characters or less"),
    ],
)  # fmt: skip
def test_a_refusal_stands_on_the_form_and_keeps_what_was_typed(slug, who, changes, sentence, open_as):
    world = World(slug)
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference, who))
    typed = said(world, **changes)
    assert chair.send(**typed).status_code == 422
    assert sentence in chair.text
    assert "<title>Error: " in chair.page.content.decode()
    assert typed["reasons"] in chair.text
    assert not Dissent.objects.exists()


def test_a_refusal_offers_the_way_to_go_instead(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference, "charity"))
    chair.send(**said(world))
    assert "Open an escalation" in chair.text


def test_the_family_is_pointed_to_complaints(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference)
    assert "Family: Gran Invented" in chair.text
    assert "AFC-4" in chair.text
    gran = conference.attendances.get(name="Gran Invented")
    chair.get("conference-dissent", conference.reference, query=f"?person={gran.uuid}")
    assert chair.send(**said(world)).status_code == 422
    assert "(AFC-4)" in chair.text


def test_after_the_end_what_was_said_in_time_is_typed_up_with_a_reason(open_as, when):
    world = World("kingston-richmond")
    conference = world.ended()
    chair = open_as(world, "chair")
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    times = when("expressed_at", "2026-03-03", "11:30") | when("discussed_at", "2026-03-03", "11:20")
    chair.send(**said(world), **times)
    assert "Enter why this dissent is typed up only now (AFC-14)" in chair.text
    assert chair.send(**said(world), **times, late_entry_reason="The screen was down.").status_code == 302
    assert Dissent.objects.get().late_entry_reason == "The screen was down."


def test_after_the_end_nothing_new_can_be_expressed(open_as, when):
    world = World("kingston-richmond")
    conference = world.ended()
    chair = open_as(world, "chair")
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    times = when("expressed_at", "2026-03-03", "12:30") | when("discussed_at", "2026-03-03", "11:20")
    assert chair.send(**said(world), **times).status_code == 422
    assert "AFC-14" in chair.text


def test_the_same_form_sent_twice_is_one_dissent(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    body = {**chair.fields, **said(world)}
    first = chair.client.post(chair.address, body)
    second = chair.client.post(chair.address, body)
    assert (first.status_code, second.status_code) == (302, 302)
    assert Dissent.objects.count() == 1


def test_a_form_sent_twice_says_what_was_done_though_the_first_answer_was_thrown_away(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    body = {**chair.fields, **said(world)}
    chair.client.post(chair.address, body)
    del chair.client.cookies["messages"]  # a browser that clicks twice never sees the first answer
    chair.page = chair.client.post(chair.address, body)
    chair.follow()
    assert "formal dissent was recorded" in chair.text


def test_the_same_person_cannot_dissent_twice_from_one_decision(open_as):
    world = World("kingston-richmond")
    conference = world.decided()
    earlier = world.recorded(conference)
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    assert chair.send(**said(world)).status_code == 422
    assert earlier.case.reference in chair.text


def test_a_practitioner_dissents_within_the_hours_that_the_protocol_gives(open_as, when):
    world = World("brighton-hove")
    conference = world.ended()
    person = open_as(world, "police", at("2026-03-05", "16:00"))
    assert person.get("dissent-new", conference.reference).status_code == 200
    assert "You can dissent until Friday 6 March 2026 at midday" in person.text
    assert "Hugo Health" not in person.text
    assert person.send(**said(world)).status_code == 302
    assert Dissent.objects.get().recorded_by == world.people["police"]


def test_after_the_hours_a_practitioner_is_told_the_rule_and_the_way_on(open_as):
    world = World("brighton-hove")
    conference = world.ended()
    person = open_as(world, "police", at("2026-03-06", "12:01"))
    person.get("dissent-new", conference.reference)
    assert person.send(**said(world)).status_code == 422
    assert "(SUS-20)" in person.text
    assert "Open an escalation" in person.text


def test_where_only_the_chair_enters_it_a_practitioner_is_told_so(open_as):
    world = World("camden")
    conference = world.decided()
    page = open_as(world, "police", DURING).get("dissent-new", conference.reference)
    assert page.status_code == 403
    assert "CAM-6" in page.content.decode()


def test_no_child_stands_in_address_or_title(open_as):
    world = World("kingston-richmond")
    conference = world.decided(children=2)
    chair = open_as(world, "chair", DURING)
    html = chair.get(
        "conference-dissent", conference.reference, query=chosen(world, conference)
    ).content.decode()
    title = html.split("<title>")[1].split("</title>")[0]
    assert conference.reference in title
    assert "Q." not in title
    assert "Q." not in chair.address
    assert "Pia" not in title


def test_two_children_are_asked_about_one_by_one(open_as):
    world = World("kingston-richmond")
    conference = world.decided(children=2)
    chair = open_as(world, "chair", DURING)
    chair.get("conference-dissent", conference.reference, query=chosen(world, conference))
    second = list(conference.conference_children.order_by("pk"))[1]
    assert (
        chair.send(
            **said(world, direction_0=None, direction_1="more_protection", children=[str(second.uuid)])
        ).status_code
        == 302
    )
    assert [c.conference_child_id for c in Dissent.objects.get().dissent_children.all()] == [second.pk]


# --- ending -----------------------------------------------------------------------------------------------------


def test_ending_says_what_is_missing_and_tells_those_the_protocol_names(open_as, when):
    world = World("kingston-richmond")
    conference = world.decided()
    dissent = world.recorded(conference)
    chair = open_as(world, "chair", at("2026-03-03", "12:05"))
    assert chair.get("conference-end", conference.reference).status_code == 200
    assert dissent.case.reference in chair.text
    assert "Wednesday 10 March" not in chair.text
    assert "Tuesday 10 March 2026" in chair.text  # the written view, five working days on
    assert chair.send(**when("ended_at", "2026-03-03", "12:00")).status_code == 302
    chair.follow()
    assert "ended on Tuesday 3 March 2026 at midday" in chair.text
    assert "Rhea Reviewer" in chair.text
    dissent.refresh_from_db()
    assert dissent.state == "awaiting_view"


def test_ending_without_a_decision_asks_why(open_as, when):
    world = World("kingston-richmond")
    conference = world.started()
    chair = open_as(world, "chair", at("2026-03-03", "12:05"))
    chair.get("conference-end", conference.reference)
    assert "No view of Pia Police" in chair.text
    assert chair.send(**when("ended_at", "2026-03-03", "12:00")).status_code == 422
    assert "A child has no decision yet" in chair.text
    done = chair.send(**when("ended_at", "2026-03-03", "12:00"), undecided_reason="The family left.")
    assert done.status_code == 302


def test_the_end_is_not_in_the_future(open_as, when):
    world = World("kingston-richmond")
    conference = world.decided()
    chair = open_as(world, "chair", DURING)
    chair.get("conference-end", conference.reference)
    assert chair.send(**when("ended_at", "2026-03-03", "13:00")).status_code == 422
    assert "must be in the past" in chair.text


def test_an_ended_conference_shows_what_followed(open_as):
    world = World("camden")
    conference = world.ended()
    chair = open_as(world, "chair")
    assert chair.get("conference-end", conference.reference).status_code == 302
    assert open_as(world, "police").get("conference-ended", conference.reference).status_code == 403


def test_the_stage_takes_few_queries(open_as):
    world = World("kingston-richmond")
    conference = world.decided(children=2)
    world.recorded(conference, who="health")
    chair = open_as(world, "chair", NEXT_DAY)
    assert chair.queries("conference-dissent", conference.reference, query=chosen(world, conference)) <= 10
