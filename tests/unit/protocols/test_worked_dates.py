"""The worked dates of the catalogue, through the timeline: five conferences, every dated clock."""

import pytest

WORKED = [
    # conference ends, AFC rationale, decision, AFC answer, 72 hours, reconvened, WDC passed on, WDC review
    (
        "2026-04-02", "2026-04-13", "2026-04-20", "2026-04-27", "2026-04-05T15:00:00+01:00",
        "2026-05-12", "2026-04-06", "2026-04-20",
    ),
    (
        "2026-03-27", "2026-04-07", "2026-04-14", "2026-04-21", "2026-03-30T16:00:00+01:00",
        "2026-05-06", "2026-03-30", "2026-04-13",
    ),
    (
        "2026-10-23", "2026-10-30", "2026-11-06", "2026-11-13", "2026-10-26T14:00:00+00:00",
        "2026-11-27", "2026-10-26", "2026-11-09",
    ),
    (
        "2026-12-23", "2027-01-04", "2027-01-11", "2027-01-18", "2026-12-26T15:00:00+00:00",
        "2027-02-01", "2026-12-24", "2027-01-07",
    ),
    (
        "2026-06-12", "2026-06-19", "2026-06-26", "2026-07-03", "2026-06-15T15:00:00+01:00",
        "2026-07-17", "2026-06-16", "2026-06-30",
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", WORKED, ids=[row[0] for row in WORKED])
def test_worked_dates(clocks, row):
    day, rationale, decision, answer, hours, reconvened, passed_on, review = row
    ended = f"{day}T15:00"

    def end(date: str) -> str:
        offset = "+01:00" if "03-29" <= date[5:] < "10-25" else "+00:00"
        return f"{date}T23:59:59{offset}"

    assert clocks("kingston-richmond", conference_ended=ended)["AFC-16"].due_iso == end(rationale)
    assert clocks("windsor-maidenhead", rationale_received=end(rationale))["AFC-18"].due_iso == end(answer)
    assert clocks("camden", conference_ended=ended)["CAM-11"].due_iso == end(decision)
    assert clocks("camden", reconvene_decided=end(decision))["CAM-14"].due_iso == end(reconvened)
    for slug in ("brighton-hove", "east-sussex", "west-sussex"):
        found = clocks(slug, conference_ended=ended)
        assert found["SUS-29"].due_iso == end(decision)
        assert found["SUS-20"].due_iso == hours
        assert clocks(slug, decision_made=end(decision))["SUS-30"].due_iso == end(reconvened)
    wdc = clocks("west-dunbartonshire", dissent_acknowledged=ended)
    assert wdc["WDC-12"].due_iso == end(passed_on)
    assert clocks("west-dunbartonshire", reviewer_notified=end(passed_on))["WDC-13"].due_iso == end(review)
    assert clocks("hampshire", conference_ended=ended)["HIPS-9"].due_iso is None


def test_a_working_week_and_the_earlier_dates_that_are_set(clocks):
    raised = "2026-04-02T15:00"
    assert clocks("east-sussex", difference_raised=raised)["SUS-6"].due_iso == "2026-04-13T23:59:59+01:00"
    agreed = clocks("east-sussex", difference_raised=raised, agreed_date="2026-04-09")["SUS-6"]
    assert (agreed.due_iso, agreed.due.bound) == ("2026-04-09T23:59:59+01:00", "agreed_date")
    protect = clocks(
        "east-sussex", tier_opened=raised, agreed_date="2026-04-03", protect_by_date="2026-04-08"
    )
    assert protect["SUS-10"].due_iso == "2026-04-08T23:59:59+01:00", "SUS-10 knows no agreed date"


def test_the_cautious_date_of_camden_counts_from_the_first_decision(clocks):
    found = clocks("camden", decision_made="2026-04-20T10:00", reconvene_decided="2026-04-24T10:00")["CAM-14"]
    assert found.due_iso == "2026-05-18T23:59:59+01:00"
    assert found.due_at == found.due.due_at
    assert found.cautious.local.isoformat() == "2026-05-12T23:59:59+01:00"
    assert found.as_json()["cautious_due_at"] == "2026-05-12T23:59:59+01:00"
