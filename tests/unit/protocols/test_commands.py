"""`manage.py protocol` and `manage.py timeline`, which need no database."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from protocols import library

DATA = Path(__file__).parents[3] / "protocols" / "data"


def run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def batch(tmp_path: Path, *lines: str) -> list[dict]:
    (tmp_path / "lines").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    answers = [json.loads(line) for line in run("timeline", "--batch", str(tmp_path / "lines")).splitlines()]
    assert len(answers) == len(lines)
    return answers


def test_protocol_list_names_each_partnership():
    lines = run("protocol", "list").splitlines()
    assert [line.split()[0] for line in lines] == list(library().slugs())


def test_protocol_show_and_diagram():
    assert "SUS-27" in run("protocol", "show", "east-sussex")
    assert run("protocol", "diagram", "camden").startswith("flowchart TD\n")
    with pytest.raises(CommandError, match="no partnership “nowhere”"):
        run("protocol", "show", "nowhere")


def test_protocol_check_reports_every_file(tmp_path):
    good = DATA / "camden" / "2000-01-01.toml"
    assert "no errors" in run("protocol", "check", str(good))
    (tmp_path / "bad.toml").write_text(good.read_text().replace('"seek"', '"hope"').replace("= 15", "= 1.5"))
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^3 errors\.$"):
        call_command(
            "protocol", "check", str(tmp_path / "bad.toml"), str(tmp_path / "none"), str(good), stdout=out
        )
    text = out.getvalue()
    assert "[clock[decision]] strength: “hope” is not known here" in text
    assert "[clock[reconvened]] amount: 1.5 is not a whole number." in text
    assert f"{tmp_path / 'none'}: This file cannot be read" in text
    with pytest.raises(CommandError, match=r"^1 error\.$"):
        run("protocol", "check", str(tmp_path / "none"))


def test_timeline_for_a_person():
    text = run("timeline", "camden", "--event", "conference_ended=2026-04-02T15:00")
    assert (
        "CAM-11  Decision of the Service Manager for Child Protection" in text or "CAM-11  Decision" in text
    )
    assert "due        2026-04-20T23:59:59+01:00" in text
    assert "skipped    2026-04-03 Good Friday (bank holiday)" in text
    assert "limit      10 working days (strength: seek)" in text
    assert "Tuesday 7 April 2026 is day 1 of 10." in text
    cautious = run(
        "timeline",
        "camden",
        "--event",
        "decision_made=2026-04-20T10:00",
        "--event",
        "reconvene_decided=2026-04-24T10:00",
    )
    assert "cautious   2026-05-12T23:59:59+01:00, from decision_made" in cautious
    assert "no date: the protocol gives no number" in run(
        "timeline", "portsmouth", "--event", "conference_ended=2026-04-02T15:00"
    )
    assert "start no clock here" in run("timeline", "camden", "--event", "resolved=2026-04-02T15:00")


def test_timeline_as_json():
    body = json.loads(run("timeline", "camden", "--event", "conference_ended=2026-04-02T15:00", "--json"))
    clock = body["clocks"][0]
    assert (clock["rule"], clock["anchor"], clock["amount"], clock["unit"], clock["strength"]) == (
        "CAM-11", "conference_ended", 10, "working_days", "seek",
    )  # fmt: skip
    assert clock["due_at"] == "2026-04-20T23:59:59+01:00"
    assert {"date": "2026-04-03", "why": "Good Friday (bank holiday)"} in clock["skipped"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Name a partnership"),
        (("nowhere",), "no partnership"),
        (("camden", "--event", "conference_ended"), "NAME=ISO"),
        (("camden", "--event", "wedding=2026-04-02T15:00"), "no event “wedding”"),
        (("camden", "--event", "conference_ended=2026-03-29T01:30"), "does not exist"),
        (
            ("camden", "--event", "conference_ended=2031-03-28T01:30"),
            "Bank holidays for England and Wales are known",
        ),
        (
            ("camden", "--event", "resolved=2026-01-01T01:00", "--event", "resolved=2026-01-01T01:00"),
            "given twice",
        ),
        (("camden", "--batch", "x"), "come from the lines"),
        (("--batch", "/no/such/file"), "cannot be read: no such file"),
    ],
)
def test_timeline_refuses_with_a_sentence(args, words):
    with pytest.raises(CommandError, match=words):
        run("timeline", *args)


def test_batch_answers_each_line_in_order(tmp_path):
    refused = [
        "",
        "nonsense",
        "[1]",
        "7",
        "[" * 100_000,
        '{"partnership": null, "events": {}}',
        '{"partnership": "nowhere", "events": {}}',
        '{"partnership": "camden"}',
        '{"partnership": "camden", "events": []}',
        '{"partnership": "camden", "events": {}, "extra": 1}',
        '{"partnership": "camden", "events": {"wedding": "2026-04-02T15:00"}}',
        '{"partnership": "camden", "events": {"conference_ended": null}}',
        '{"partnership": "camden", "events": {"conference_ended": 20260402}}',
        '{"partnership": "camden", "events": {"conference_ended": ["2026-04-02T15:00"]}}',
        '{"partnership": "camden", "events": {"conference_ended": "2026-02-30T15:00"}}',
        '{"partnership": "camden", "events": {"conference_ended": "2026-03-29T01:30"}}',
        '{"partnership": "camden", "events": {"conference_ended": "99999-01-01T01:30"}}',
        '{"partnership": "camden", "events": {"conference_ended": "2031-01-01T01:30"}}',
        '{"partnership": "east-sussex", "events": {"conference_ended": "9999-12-31T23:00"}}',
        '{"partnership": "east-sussex", "events": {"difference_raised": "2026-01-01T01:00", "agreed_date": "soon"}}',
        "\udcff\udcfe",
    ]
    good = '{"partnership": "camden", "events": {"conference_ended": "2026-10-25T01:30"}}'
    answers = batch(tmp_path, *refused, good)
    for answer in answers[:-1]:
        assert set(answer) == {"partnership", "error"} and answer["error"].endswith(".")
    assert answers[-1] == {
        "partnership": "camden",
        "clocks": [{"rule": "CAM-11", "due_at": "2026-11-06T23:59:59+00:00"}],
    }
    assert answers[6]["partnership"] == "nowhere"


def test_batch_takes_dates_and_gives_null_where_there_is_no_number(tmp_path):
    one, two, three = batch(
        tmp_path,
        '{"partnership": "east-sussex", "events": {"difference_raised": "2026-04-02T15:00", "agreed_date": "2026-04-08"}}',
        '{"partnership": "east-sussex", "events": {"tier_opened": "2026-04-02T15:00"}, "protect_by_date": "2026-04-07"}',
        '{"partnership": "hampshire", "events": {"conference_ended": "2026-04-02T15:00+00:00"}}',
    )
    assert one["clocks"] == [{"rule": "SUS-6", "due_at": "2026-04-08T23:59:59+01:00"}]
    assert two["clocks"] == [{"rule": "SUS-10", "due_at": "2026-04-07T23:59:59+01:00"}]
    assert three["clocks"] == [{"rule": "HIPS-9", "due_at": None}]


def test_batch_reads_standard_input(monkeypatch):
    line = b'{"partnership": "isle-of-wight", "events": {}}\n\xff\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line), encoding="utf-8"))
    first, second = map(json.loads, run("timeline", "--batch").splitlines())
    assert first == {"partnership": "isle-of-wight", "clocks": []}
    assert second["error"] == "This line is not JSON."
