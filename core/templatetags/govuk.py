"""What the form templates in `templates/govuk/` need: controls with their classes and links, and all errors of a page."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django import forms, template
from django.forms import BaseForm, BaseFormSet
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


class PageError(NamedTuple):
    """One line of the error summary; `href` is empty when no control belongs to it."""

    text: str
    href: str


class Choice(NamedTuple):
    """One radio or checkbox."""

    id: str
    name: str
    value: str
    label: str
    type: str
    checked: bool
    disabled: bool
    hint: str
    say: str


class Box(NamedTuple):
    """One of the boxes of a date, or the box of a time beside it."""

    control: SafeString
    id: str
    label: str
    is_time: bool


@register.filter
def kind(field: BoundField) -> str:
    """Which template draws a field."""
    widget = field.field.widget
    if isinstance(widget, forms.MultiWidget):
        return "boxes"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.RadioSelect):  # CheckboxSelectMultiple is one as well
        return "choices"
    return "control"


@register.filter
def counted(field: BoundField) -> int | None:
    """The number of characters a text area may hold, when it has a limit."""
    if not isinstance(field.field.widget, forms.Textarea):
        return None
    limit = getattr(field.field, "max_length", None)
    return limit if isinstance(limit, int) else None


@register.simple_tag
def thousands(number: int) -> str:
    """1,500."""
    return f"{number:,}"


@register.filter
def choice_part(input_type: str) -> str:
    """The part of the class names that a list of choices goes by."""
    return "checkboxes" if input_type == "checkbox" else "radios"


@register.filter
def described_by(field: BoundField) -> str:
    """The ids of hint, error and count, in the order in which they stand on the page."""
    ids = []
    if field.help_text:
        ids.append(f"{field.auto_id}_helptext")
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    if counted(field):
        ids.append(f"{field.auto_id}-info")
    return " ".join(ids)


def _classes(widget: forms.Widget, wrong: bool) -> str:
    if isinstance(widget, forms.Textarea):
        base = "govuk-textarea"
    elif isinstance(widget, forms.Select):
        base = "govuk-select"
    elif isinstance(widget, forms.FileInput):
        base = "govuk-file-upload"
    else:
        base = "govuk-input"
    return " ".join(filter(None, [base, f"{base}--error" if wrong else "", widget.attrs.get("class", "")]))


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The input, text area or list of a field, with its classes and the ids that describe it."""
    attrs: dict[str, Any] = {"class": _classes(field.field.widget, bool(field.errors))}
    if counted(field):
        attrs["class"] += " govuk-js-character-count"
    if isinstance(field.field, forms.CharField):
        # The server says when it is too long; the browser must not cut what is pasted.
        attrs["maxlength"] = False
    if ids := described_by(field):
        attrs["aria-describedby"] = ids
    return field.as_widget(attrs=attrs)


@register.simple_tag
def choices(field: BoundField) -> list[tuple[str, list[Choice]]]:
    """The radios or checkboxes of a field, in their groups: [(name of the group or "", choices)]."""
    hints = getattr(field.form, "option_hints", {}).get(field.name, {})
    says = getattr(field.form, "option_says", {}).get(field.name, {})
    value = field.value()
    chosen = field.field.widget.format_value(value)
    groups = []
    for name, options, _ in field.field.widget.optgroups(field.html_name, chosen, {"id": field.auto_id}):
        rows = [
            Choice(
                id=option["attrs"].get("id", ""),
                name=option["name"],
                value=str(option["value"]),
                label=option["label"],
                type=option["type"],
                checked=bool(option["selected"]),
                disabled=bool(field.field.disabled or option["attrs"].get("disabled")),
                hint=hints.get(str(option["value"]), ""),
                say=says.get(str(option["value"]), ""),
            )
            for option in options
            if option["value"] not in ("", None)
        ]
        if rows:
            groups.append((name or "", rows))
    return groups


@register.simple_tag
def single_checkbox(field: BoundField) -> SafeString:
    """The one box of a yes-or-no field."""
    attrs: dict[str, Any] = {"class": "govuk-checkboxes__input"}
    if ids := described_by(field):
        attrs["aria-describedby"] = ids
    if say := getattr(field.form, "option_says", {}).get(field.name, {}).get("on"):
        attrs["data-say"] = say
    return field.as_widget(attrs=attrs)


def _wrong_boxes(field: BoundField, count: int) -> set[int]:
    """Which boxes an error is about: its code says "part:1"; without one, all of them."""
    wrong: set[int] = set()
    for error in field.errors.as_data():
        if error.code and error.code.startswith("part:"):
            wrong |= {int(number) for number in error.code.removeprefix("part:").split(",")}
        else:
            wrong |= set(range(count))
    return wrong


@register.simple_tag
def boxes(field: BoundField) -> list[Box]:
    """The boxes of a field that is typed in parts."""
    widget = field.field.widget
    labels = getattr(widget, "labels", ())
    wrong = _wrong_boxes(field, len(widget.widgets))
    value = field.value()
    parts = value if isinstance(value, list | tuple) else widget.decompress(value)
    rows = []
    for number, (suffix, box) in enumerate(zip(widget.widgets_names, widget.widgets, strict=True)):
        attrs: dict[str, Any] = {"id": f"{field.auto_id}_{number}", "class": _classes(box, number in wrong)}
        if number in wrong:
            attrs["aria-invalid"] = "true"
        if field.field.disabled:
            attrs["disabled"] = True
        html = box.render(field.html_name + suffix, parts[number] if number < len(parts) else "", attrs)
        label = labels[number] if number < len(labels) else suffix.strip("_").capitalize()
        rows.append(Box(html, attrs["id"], label, suffix == "_time"))
    return rows


def first_control(field: BoundField) -> str:
    """The id of the control that a line of the summary leads to."""
    if field.is_hidden:
        return ""
    which = kind(field)
    if which == "choices":
        for _, rows in choices(field):
            return rows[0].id
        return ""
    if which == "boxes":
        return f"{field.auto_id}_{min(_wrong_boxes(field, len(field.field.widget.widgets)), default=0)}"
    return field.id_for_label or field.auto_id


def form_errors(form: BaseForm) -> Iterator[PageError]:
    """The errors of a form in the order of its fields; those of no field come first."""
    if not form.is_bound:
        return
    yield from (PageError(str(text), "") for text in form.non_field_errors())
    for field in form:
        href = f"#{first_control(field)}" if field.errors and first_control(field) else ""
        yield from (PageError(str(text), href) for text in field.errors)


def _forms(context: template.Context) -> Iterator[BaseForm | BaseFormSet]:
    for name in ("form", "formset"):
        if isinstance(found := context.get(name), BaseForm | BaseFormSet):
            yield found
    several = context.get("forms")
    if isinstance(several, Iterable):
        yield from (form for form in several if isinstance(form, BaseForm | BaseFormSet))


@register.simple_tag(takes_context=True)
def page_errors(context: template.Context) -> list[PageError]:
    """Every error of the page's `form`, `formset` and `forms`, none of them twice."""
    found: dict[PageError, None] = {}
    for form in _forms(context):
        if isinstance(form, BaseFormSet):
            if form.is_bound:
                found |= dict.fromkeys(PageError(str(text), "") for text in form.non_form_errors())
                for row in form.forms:
                    found |= dict.fromkeys(form_errors(row))
        else:
            found |= dict.fromkeys(form_errors(form))
    return list(found)


@register.filter
def errors_of(form: BaseForm) -> list[PageError]:
    """The errors of one form, for a summary that stands beside it."""
    return list(form_errors(form))


@register.simple_tag
def form_attrs(form: BaseForm) -> SafeString:
    """`<form method="post" {% form_attrs form %}>`: what every form of ours carries."""
    parts = ["novalidate"]
    if form.is_multipart():
        parts.append('enctype="multipart/form-data"')
    for name in ("draft_url", "ctrl_enter", "resend"):
        if value := getattr(form, name, ""):
            attribute = "data-" + name.replace("_", "-")
            parts.append(attribute if value is True else format_html('{}="{}"', attribute, value))
    return mark_safe(" ".join(parts))  # noqa: S308 - each part is a constant or escaped above
