"""The base of every form: sentences instead of codes, and text that the database can hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.datastructures import MultiValueDict

from core.widgets import DateField3, LocalDateTimeField

PICKED = (forms.ChoiceField, forms.ModelChoiceField)  # and what derives from them


def lower_first(words: str) -> str:
    """For the middle of a sentence; DSL, T.M. and I keep their capitals."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or words.startswith("A ") else words


def missing_sentence(field: forms.Field, called: str) -> str:
    """What to do about a field that was left empty, when the form has no sentence of its own for it."""
    if isinstance(field.widget, forms.CheckboxInput):
        return f"Tick “{called}”"
    if called.endswith("?"):
        return f"Answer “{called}”"
    if isinstance(field, PICKED):
        return f"Select {lower_first(called)}"
    if isinstance(field, forms.EmailField):
        return "Enter an email address"
    return f"{'Choose' if isinstance(field, forms.FileField) else 'Enter'} {lower_first(called)}"


def given_messages(field: forms.Field) -> frozenset[str]:
    """The keys of the messages that were written for this field, not inherited from its class."""
    inherited: dict[str, Any] = {}
    for base in reversed(type(field).__mro__):
        inherited |= getattr(base, "default_error_messages", {})
    return frozenset(key for key, text in field.error_messages.items() if text != inherited.get(key))


class GovForm(forms.Form):
    """A form whose errors are sentences.

    `required_messages` and `error_names` are by field name. Without the first it is "Enter …" or "Select …" and the
    label; the second is how a field is called where a sentence begins with it ("Reasons must be 1,500 characters …").
    `draft_url`, `ctrl_enter` and `resend` become attributes that the scripts read (`{% form_attrs form %}`).
    """

    use_required_attribute = False
    required_messages: ClassVar[Mapping[str, str]] = {}
    error_names: ClassVar[Mapping[str, str]] = {}
    draft_url: str = ""
    ctrl_enter: bool = False
    resend: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.option_hints: dict[str, dict[str, str]] = {}
        self.option_says: dict[str, dict[str, str]] = {}
        self._with_nul: list[str] = []
        if self.is_bound:
            self.data = self._storable(self.data)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.include_media = False
        # Sentences that the form's author gave with the field itself are kept.
        self._given = {name: given_messages(field) for name, field in self.fields.items()}
        for name in self.fields:
            self._sentences(name)

    def add_field(self, name: str, field: forms.Field) -> None:
        """A field that depends on the case or the protocol, with its sentences."""
        self.fields[name] = field
        self._given[name] = given_messages(field)
        self._sentences(name)

    def describe(
        self,
        name: str,
        *,
        label: str = "",
        hint: str = "",
        required: bool | None = None,
        required_message: str = "",
        error_name: str = "",
        option_hints: Mapping[str, str] | None = None,
        option_says: Mapping[str, str] | None = None,
    ) -> None:
        """Words that depend on the case or the protocol, set when the form is made."""
        field = self.fields[name]
        field.label = label or field.label
        field.help_text = hint or field.help_text
        if required is not None:
            field.required = required
            field.widget.is_required = required
        if option_hints is not None:
            self.option_hints[name] = {str(value): words for value, words in option_hints.items()}
        if option_says is not None:
            self.option_says[name] = {str(value): words for value, words in option_says.items()}
        self._sentences(name, required_message, error_name)

    def _storable(self, data: Any) -> Any:
        """What was typed without the character that PostgreSQL cannot store, and with one kind of line end.

        A browser sends two characters for a line end and counts one: the limit would fall short of what it said.
        """
        clean: MultiValueDict[str, Any] = MultiValueDict()
        typed = data.lists() if isinstance(data, MultiValueDict) else ((key, [data[key]]) for key in data)
        for key, values in typed:
            kept = []
            for value in values:
                if isinstance(value, str):
                    if "\x00" in value:
                        self._with_nul.append(key)
                    value = value.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
                kept.append(value)
            clean.setlist(key, kept)
        return clean

    def _called(self, name: str) -> str:
        return self.error_names.get(name) or str(
            self.fields[name].label or name.replace("_", " ").capitalize()
        )

    def _sentences(self, name: str, required_message: str = "", error_name: str = "") -> None:
        field = self.fields[name]
        called = error_name or self._called(name)
        if isinstance(field, DateField3 | LocalDateTimeField) and (error_name or not field.error_name):
            field.error_name = called
        required = required_message or self.required_messages.get(name) or missing_sentence(field, called)
        messages = {"required": required}
        filled = called.replace("%", "%%")  # Django fills these with the limit and the value
        if isinstance(field, forms.CharField):
            if field.max_length is not None:
                messages["max_length"] = f"{filled} must be {field.max_length:,} characters or less"
            if field.min_length is not None:
                messages["min_length"] = f"{filled} must be {field.min_length:,} characters or more"
        if isinstance(field, forms.EmailField):
            messages["invalid"] = "Enter an email address in the correct format, like name@example.org"
        elif isinstance(field, forms.IntegerField):
            messages["invalid"] = f"{called} must be a whole number"
        elif isinstance(field, PICKED):
            messages["invalid_choice"] = f"{filled} must be one of those on the list"
        elif isinstance(field, forms.FileField):
            messages["empty"] = f"{called} must not be an empty file"
        given = self._given[name] if not required_message else self._given[name] - {"required"}
        field.error_messages.update({key: text for key, text in messages.items() if key not in given})
        if required_message:  # a later description without one leaves it
            self._given[name] |= {"required"}

    def clean(self) -> dict[str, Any] | None:
        """Says so where a character was taken out; the text stays, so that it can be looked at and sent again."""
        cleaned = super().clean()
        for key in dict.fromkeys(self._with_nul):
            name = key.removeprefix(f"{self.prefix}-") if self.prefix else key
            field = self.fields.get(name)
            if field is None or self.has_error(name):
                continue
            self.add_error(
                name,
                f"{self._called(name)} held a character that cannot be stored. It has been taken out: check the text and send it again",
            )
        return cleaned
