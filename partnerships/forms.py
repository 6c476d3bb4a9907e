"""Forms of a partnership: the role to act in, posts, closure days, publishing."""

from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from core.formbase import GovForm
from core.widgets import DateField3
from partnerships.models import Membership, Slot


class ChooseRoleForm(GovForm):
    """In which of their roles a person acts now."""

    membership = forms.ChoiceField(label="Which role are you acting in?", widget=forms.RadioSelect)
    required_messages: ClassVar = {"membership": "Select the role you are acting in"}

    def __init__(self, *args: Any, memberships: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["membership"]
        chosen.choices = [(str(m.uuid), m.get_role_display()) for m in memberships]
        self.describe(
            "membership",
            option_hints={
                str(m.uuid): f"{m.job_title}, {m.agency.name}. {m.partnership.name}" for m in memberships
            },
        )


def member_choices(members: list[Membership]) -> list[tuple[str, Any]]:
    """People by agency, for a list to choose one from."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for m in members:
        groups.setdefault(m.agency.name, []).append((str(m.uuid), f"{m.user.name}, {m.job_title}"))
    return [("", "Select a person"), *groups.items()]


class FillSlotForm(OnceForm):
    """Who fills a post, or stands in for its holder, between which days."""

    membership = forms.ChoiceField(label="Person", widget=forms.Select)
    deputy = forms.ChoiceField(
        label="Do they fill the post, or stand in for its holder?",
        choices=[("holder", "They fill the post"), ("deputy", "They stand in as deputy")],
        widget=forms.RadioSelect,
    )
    starts_on = DateField3(label="First day")
    ends_on = DateField3(label="Last day", required=False, help_text="Leave empty if no end is set.")
    required_messages: ClassVar = {
        "membership": "Select a person",
        "deputy": "Select whether they fill the post or stand in",
        "starts_on": "Enter the first day",
    }

    def __init__(self, *args: Any, members: list[Membership], slot: Slot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slot = slot
        chosen: Any = self.fields["membership"]
        chosen.choices = member_choices(members)
        self.describe("membership", hint="Someone with an account in this partnership.")


class PublishForm(OnceForm):
    """One button: publish the packaged text of this partnership's protocol."""
