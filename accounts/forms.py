"""The form to sign in with."""

from typing import ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField

from core.formbase import GovForm


class SignInForm(AuthenticationForm, GovForm):
    """One sentence for every way of not getting in: it does not tell who has an account."""

    username = UsernameField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "username", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "class": "govuk-input--width-20"}
        ),
    )
    required_messages: ClassVar = {
        "username": "Enter your email address",
        "password": "Enter your password",
    }
    error_messages = {  # noqa: RUF012 - Django's own shape
        "invalid_login": "The email address or the password is not right. Check both and try again.",
        "inactive": "The email address or the password is not right. Check both and try again.",
    }
