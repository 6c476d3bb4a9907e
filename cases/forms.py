"""Forms about guests: who is invited, the code they type, the address to which a new link goes."""

from typing import ClassVar

from django import forms

from accounts.edge import OnceForm
from core.formbase import GovForm

EMAIL = {"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}


class InviteForm(OnceForm):
    """The address to which the link of a guest goes."""

    email = forms.EmailField(
        label="Work email address",
        max_length=254,
        help_text="The link and the code go to this address. Check it with the person: it must be theirs alone.",
        widget=forms.EmailInput(attrs=EMAIL),
    )
    required_messages: ClassVar = {"email": "Enter the email address to which the link goes"}


class CodeForm(GovForm):
    """The code from the e-mail."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="Six digits, in the email that we have just sent.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "govuk-input--width-5"}
        ),
    )
    required_messages: ClassVar = {"code": "Enter the code from the email"}

    def clean_code(self) -> str:
        """The digits, however they were typed."""
        return "".join(str(self.cleaned_data["code"]).split()).replace("-", "")


class NewLinkForm(GovForm):
    """The address to which a new link goes, if it is invited to a case."""

    email = forms.EmailField(
        label="Your email address",
        max_length=254,
        help_text="The one to which the partnership writes to you.",
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
    )
    required_messages: ClassVar = {"email": "Enter your email address"}
