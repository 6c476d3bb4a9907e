"""Forms: the sentences, the ids and links of the markup, and dates in boxes."""

import datetime as dt
import re
from html.parser import HTMLParser
from typing import ClassVar

import pytest
from django import forms
from django.template import Context
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict

from core.formbase import GovForm
from core.templatetags.govuk import form_attrs, form_errors, page_errors
from core.widgets import DateField3, LocalDateTimeField, Words, read_time
from protocols.clocktime import NonexistentTime, parse_local


class Conversation(GovForm):
    draft_url = "/draft/?a=1&b=2"
    ctrl_enter = True
    required_messages: ClassVar = {"reasons": "Enter the reasons Ruth Adeyemi gave"}
    error_names: ClassVar = {"reasons": "Reasons", "on": "Date of conversation"}

    token = forms.CharField(widget=forms.HiddenInput)
    who = forms.CharField(label="Name of the person", max_length=40)
    how = forms.ChoiceField(
        label="How did you speak?",
        widget=forms.RadioSelect,
        choices=[("phone", "Phone"), ("person", "In person")],
    )
    about = forms.MultipleChoiceField(
        label="Children",
        widget=forms.CheckboxSelectMultiple,
        choices=[("Plans", [("a", "K.M."), ("b", "T.M.")]), ("c", "Another")],
    )
    agency = forms.ChoiceField(label="Agency", choices=[("", "Choose"), ("health", "Health")])
    email = forms.EmailField(label="Email address", required=False)
    minutes = forms.IntegerField(label="Minutes", required=False)
    on = DateField3(label="When was it?", help_text="For example, 27 3 2026")
    read_out = LocalDateTimeField(label="Time it was read out")
    told = forms.BooleanField(label="I have told the practitioner")
    reasons = Words(label="Their reasons, in their words", max_length=1500, help_text="A few sentences.")


GOOD = {
    "token": "t",
    "who": "Priya Nair",
    "how": "phone",
    "about": ["a"],
    "agency": "health",
    "on_day": "1",
    "on_month": "december",
    "on_year": "2025",
    "read_out_day": "21",
    "read_out_month": "11",
    "read_out_year": "2025",
    "read_out_time": "10:06",
    "told": "on",
    "reasons": "Growth data came later.",
}


def typed(**changes):
    data: MultiValueDict[str, str] = MultiValueDict()
    for name, value in (GOOD | changes).items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    return data


def errors(**changes):
    return {name: list(texts) for name, texts in Conversation(typed(**changes)).errors.items()}


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.labels, self.described = [], [], [], []
        self.controls = {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag in ("input", "textarea", "select") and attributes.get("type") != "hidden":
            self.controls[attributes["id"]] = attributes
        if tag == "a" and attributes.get("href", "").startswith("#id_"):
            self.links.append(attributes["href"][1:])
        if tag == "label":
            self.labels.append(attributes["for"])
        self.described += (attributes.get("aria-describedby") or "").split()


def page_of(form, **context):
    return render_to_string(
        "components/form_page.html", {"form": form, "page_title": "Add a conversation"} | context
    )


def test_a_good_form_gives_its_values():
    form = Conversation(typed())
    assert form.is_valid(), form.errors
    assert form.cleaned_data["on"] == dt.date(2025, 12, 1)
    assert form.cleaned_data["read_out"] == parse_local("2025-11-21T10:06")


def test_an_empty_form_says_what_to_do():
    form = Conversation(MultiValueDict())
    assert {name: texts[0] for name, texts in form.errors.items() if name != "token"} == {
        "who": "Enter name of the person",
        "how": "Answer “How did you speak?”",
        "about": "Select children",
        "agency": "Select agency",
        "on": "Enter date of conversation",
        "read_out": "Enter time it was read out",
        "told": "Tick “I have told the practitioner”",
        "reasons": "Enter the reasons Ruth Adeyemi gave",
    }


def test_the_other_sentences():
    assert errors(reasons="x" * 1501) == {"reasons": ["Reasons must be 1,500 characters or less"]}
    assert errors(email="nobody") == {
        "email": ["Enter an email address in the correct format, like name@example.org"]
    }
    assert errors(minutes="ten") == {"minutes": ["Minutes must be a whole number"]}
    assert errors(agency="moon") == {"agency": ["Agency must be one of those on the list"]}


def test_a_line_end_counts_as_one_character():
    assert errors(reasons="\r\n".join(["x" * 499] * 3)) == {}


def test_a_character_that_cannot_be_stored_is_taken_out_and_told():
    form = Conversation(typed(who="Pri\x00ya"))
    (sentence,) = form.errors["who"]
    assert str(sentence).startswith(
        "Name of the person held a character that cannot be stored. It has been taken out"
    )
    assert form["who"].value() == "Priya"


def test_words_that_depend_on_the_case():
    form = Conversation(typed(reasons="", about=["z"]))
    form.describe(
        "reasons",
        label="Marcus’s reasons",
        hint="100% his",
        required_message="Enter the reasons Marcus Bell gave",
        error_name="100% of his reasons",
    )
    form.describe("how", option_hints={"phone": "Or video"}, option_says={"phone": "by phone"})
    form.describe("who", required=False)
    assert form.errors["reasons"] == ["Enter the reasons Marcus Bell gave"]
    html = page_of(form)
    assert 'data-say="by phone"' in html
    assert 'id="id_how_0_hint"' in html
    other = Conversation(typed(reasons="x" * 2000))
    assert other.errors["reasons"] == ["Reasons must be 1,500 characters or less"]


def test_a_percent_sign_in_a_name_is_only_a_sign():
    form = Conversation(typed(reasons="x" * 2000))
    form.describe("reasons", error_name="100% of the reasons")
    assert form.errors["reasons"] == ["100% of the reasons must be 1,500 characters or less"]


def test_sentences_given_with_a_field_are_kept():
    class Own(GovForm):
        name = forms.CharField(max_length=3, error_messages={"required": "Say who", "max_length": "Shorter"})

    assert Own({"name": ""}).errors["name"] == ["Say who"]
    assert Own({"name": "four"}).errors["name"] == ["Shorter"]


def test_a_form_with_a_prefix_finds_its_fields():
    form = Conversation({"a-who": "x\x00"}, prefix="a")
    assert "taken out" in form.errors["who"][0]


@pytest.mark.parametrize(
    ("day", "month", "year", "sentence"),
    [
        ("31", "2", "2026", "Date of conversation must be a real date"),
        ("9" * 40, "2", "2026", "Date of conversation must be a real date"),
        ("1", "9" * 40, "2026", "Date of conversation must be a real date"),
        ("x", "2", "2026", "Date of conversation must be a real date"),
        ("1", "13", "2026", "Date of conversation must be a real date"),
        ("1", "2", "0026", "Date of conversation must be a real date"),
        ("1", "2", "26", "Year must include 4 numbers"),
        ("1", "", "2026", "Date of conversation must include a month"),
        ("", "2", "", "Date of conversation must include a day and a year"),
        ("", "", "", "Enter date of conversation"),
        ("²", "2", "2026", "Date of conversation must be a real date"),
    ],
)
def test_a_date_that_is_refused_stays_in_its_boxes(day, month, year, sentence):
    form = Conversation(typed(on_day=day, on_month=month, on_year=year))
    assert form.errors["on"] == [sentence]
    page = Page(page_of(form))
    assert [page.controls[f"id_on_{number}"].get("value", "") for number in range(3)] == [day, month, year]


def test_the_summary_leads_to_the_box_that_is_wrong():
    form = Conversation(typed(on_year="26", read_out_time="half past"))
    assert [error.href for error in form_errors(form)] == ["#id_on_2", "#id_read_out_3"]
    page = Page(page_of(form))
    assert "govuk-input--error" in page.controls["id_on_2"]["class"]
    assert "govuk-input--error" not in page.controls["id_on_0"]["class"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("14:05", dt.time(14, 5)),
        ("2:05pm", dt.time(14, 5)),
        ("2.05 PM", dt.time(14, 5)),
        ("2pm", dt.time(14)),
        ("12am", dt.time(0)),
        ("12:30 p.m.", dt.time(12, 30)),
        ("1405", dt.time(14, 5)),
        ("midday", dt.time(12)),
        ("midnight", dt.time(0)),
        ("2", None),
        ("13pm", None),
        ("24:00", None),
        ("10:60", None),
        ("soon", None),
    ],
)
def test_times_as_people_write_them(text, time):
    assert read_time(text) == time


def read_out(day, month, time):
    return Conversation(
        typed(read_out_day=day, read_out_month=month, read_out_year="2026", read_out_time=time)
    )


def test_a_time_that_the_clocks_skipped_is_refused():
    form = read_out("29", "3", "1:30am")
    assert form.errors["read_out"] == [
        "1:30am on that day does not exist: the clocks go forward from 1am to 2am"
    ]
    with pytest.raises(NonexistentTime):
        parse_local("2026-03-29T01:30")


@pytest.mark.parametrize(
    ("day", "month", "time", "text"),
    [
        ("25", "10", "1:30am", "2026-10-25T01:30"),
        ("29", "3", "0:59", "2026-03-29T00:59"),
        ("29", "3", "2am", "2026-03-29T02:00"),
        ("1", "7", "2:05pm", "2026-07-01T14:05"),
    ],
)
def test_a_typed_time_is_read_as_everywhere_else(day, month, time, text):
    form = read_out(day, month, time)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["read_out"].astimezone(dt.UTC) == parse_local(text).astimezone(dt.UTC)


def test_the_boxes_of_a_stored_instant_are_those_of_a_clock_in_london():
    form = Conversation(
        initial={"read_out": dt.datetime(2026, 7, 1, 22, 5, tzinfo=dt.UTC), "on": dt.date(2026, 2, 3)}
    )
    page = Page(page_of(form))
    assert [page.controls[f"id_read_out_{number}"]["value"] for number in range(4)] == [
        "1",
        "7",
        "2026",
        "23:05",
    ]
    assert [page.controls[f"id_on_{number}"]["value"] for number in range(3)] == ["3", "2", "2026"]


def test_whether_a_date_was_changed():
    initial = {"on": dt.date(2025, 12, 1)}
    assert "on" not in Conversation(typed(on_month="12"), initial=initial).changed_data
    assert "on" in Conversation(typed(on_day="2"), initial=initial).changed_data


@pytest.mark.parametrize("data", [None, MultiValueDict(), typed(on_day="40", about=None, how=None)])
def test_every_link_and_label_and_description_finds_its_place(data):
    form = Conversation(data)
    page = Page(page_of(form))
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"
    assert set(page.links) <= set(page.controls)
    assert set(page.labels) <= set(page.controls)
    assert set(page.described) <= set(page.ids)
    assert set(page.controls) <= set(page.labels)
    if data is not None:
        assert page.links == [error.href[1:] for error in form_errors(form) if error.href]
        assert page.links


def test_the_title_and_the_summary_say_that_there_is_a_problem():
    html = page_of(Conversation(MultiValueDict()))
    assert "<title>Error: Add a conversation – Professional Dissent</title>" in html
    assert html.count("There is a problem") == 1
    assert "<title>Add a conversation – Professional Dissent</title>" in page_of(Conversation())


def test_an_error_of_no_field_is_a_line_without_a_link():
    form = Conversation(typed())
    form.add_error(None, "Priya Nair’s dissent was recorded at 11:38am. Open it to change it")
    assert [(error.text, error.href) for error in form_errors(form)] == [
        ("Priya Nair’s dissent was recorded at 11:38am. Open it to change it", "")
    ]


def test_a_page_of_several_forms_has_one_summary():
    rows = forms.formset_factory(Conversation, extra=1)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-who": "x"}
    )
    one = Conversation(typed(who=""))
    found = page_errors(Context({"form": one, "formset": rows, "forms": [one]}))
    assert [error.href for error in found if error.text == "Enter name of the person"] == ["#id_who"]
    assert "#id_form-0-how_0" in [error.href for error in found]


def test_what_a_form_tells_the_scripts():
    assert form_attrs(Conversation()) == 'novalidate data-draft-url="/draft/?a=1&amp;b=2" data-ctrl-enter'


def test_hidden_fields_are_in_the_form_and_nothing_is_cut_by_the_browser():
    html = page_of(Conversation(initial={"token": "abc"}))
    assert '<input type="hidden" name="token" value="abc"' in html
    assert "maxlength=" not in re.sub(r'data-maxlength="1500"|<form class="app-find".*?</form>', "", html)
    assert " required" not in html
    assert "You can enter up to 1,500 characters" in html
    assert 'style="' not in html


def test_the_pages_of_refusal_need_no_context():
    for name in ("400", "403", "404", "500", "errors/409", "errors/422", "errors/csrf"):
        assert "<h1" in render_to_string(f"{name}.html")
