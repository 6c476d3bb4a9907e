"""The base of every form: sentences instead of codes, and text that the database can hold."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.datastructures import MultiValueDict

from core.widgets import DateField3, LocalDateTimeField

PICKED = (forms.ChoiceField, forms.ModelChoiceField)  # and what derives from them


def lower_first(words: str) -> str:
    """For the middle of a sentence; DSL and T.M. keep their capitals."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words


class GovForm(forms.Form):
    """A form whose errors are sentences.

    `required_messages` and `error_names` are by field name. Without the first it is "Enter …" or "Select …" and the
    label; the second is how a field is called where a sentence begins with it ("Reasons must be 1,500 characters …").
    `draft_url`, `ctrl_enter` and `resend` become attributes that the scripts read (`{% form_attrs form %}`).
    """

    use_required_attribute = False
    required_messages: Mapping[str, str] = {}
    error_names: Mapping[str, str] = {}
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
        for name in self.fields:
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

    def _sentences(self, name: str, required_message: str = "", error_name: str = "") -> None:
        field = self.fields[name]
        label = str(field.label or name.replace("_", " ").capitalize())
        called = error_name or self.error_names.get(name) or label
        if isinstance(field, DateField3 | LocalDateTimeField) and (error_name or not field.error_name):
            field.error_name = called
        picked = isinstance(field, PICKED) or isinstance(field.widget, forms.CheckboxInput)
        messages = {
            "required": required_message
            or self.required_messages.get(name)
            or f"{'Select' if picked else 'Enter'} {lower_first(called)}",
        }
        if isinstance(field, forms.EmailField):
            messages["invalid"] = "Enter an email address in the correct format, like name@example.org"
        elif isinstance(field, forms.IntegerField):
            messages["invalid"] = f"{called} must be a whole number"
        elif isinstance(field, PICKED):
            messages["invalid_choice"] = f"{called} must be one of those on the list"
        elif isinstance(field, forms.FileField):
            messages["empty"] = f"{called} must not be an empty file"
        field.error_messages.update(messages)
        if isinstance(field, forms.CharField):
            for validator in field.validators:
                if isinstance(validator, MaxLengthValidator):
                    validator.message = f"{called} must be {field.max_length:,} characters or less"
                elif isinstance(validator, MinLengthValidator):
                    validator.message = f"{called} must be {field.min_length:,} characters or more"

    def clean(self) -> dict[str, Any] | None:
        """Says so where a character was taken out; the text stays, so that it can be looked at and sent again."""
        cleaned = super().clean()
        for key in dict.fromkeys(self._with_nul):
            name = key.removeprefix(f"{self.prefix}-") if self.prefix else key
            field = self.fields.get(name)
            if field is None or self.has_error(name):
                continue
            called = self.error_names.get(name) or str(field.label or name.replace("_", " ").capitalize())
            self.add_error(
                name,
                f"{called} held a character that cannot be stored. It has been taken out: check the text and send it again",
            )
        return cleaned
