"""Forms: how a person wants to be told, and what becomes of an email that did not arrive."""

from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from notifications.states import Otherwise, Pace


class PaceForm(OnceForm):
    """One email for each message, or one a day."""

    pace = forms.ChoiceField(label="How should we email you?", choices=Pace.choices, widget=forms.RadioSelect)
    required_messages: ClassVar = {"pace": "Select how we should email you"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.describe(
            "pace",
            option_hints={
                Pace.AT_ONCE: "Reminders of dates come between 9am and 5pm on working days.",
                Pace.DAILY: "It lists what has happened and what is for you to do. "
                "What could not wait until the next morning comes at once.",
            },
        )


class SendAgainForm(OnceForm):
    """To which address what did not arrive is sent again."""

    email = forms.EmailField(label="Email address", max_length=254)


class OtherwiseForm(OnceForm):
    """How a person was told whom no email reached."""

    how = forms.ChoiceField(label="How were they told?", choices=Otherwise.choices, widget=forms.RadioSelect)
    required_messages: ClassVar = {"how": "Select how they were told"}
