"""Forms of a partnership: the role to act in, posts, closure days, publishing."""

from typing import Any, ClassVar

from django import forms

from accounts.edge import OnceForm
from core.formbase import GovForm
from core.sheets import Column, decoded
from core.widgets import DateField3
from partnerships.models import Agency, Membership, Slot
from partnerships.states import AgencyKind, Role


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


NOBODY, ELSE = "nobody", "else"


class AgencyPostForm(OnceForm):
    """Who fills a post for one agency: somebody of it with an account, somebody by name and address, or nobody."""

    who = forms.ChoiceField(label="Who is it?", widget=forms.RadioSelect)
    name = forms.CharField(
        label="Name of somebody without an account",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="Their work email address",
        max_length=254,
        required=False,
        help_text="They get a message with a reference and a link, and can be invited to the case as a guest.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    starts_on = DateField3(label="From which day?")
    required_messages: ClassVar = {"who": "Select who it is", "starts_on": "Enter the first day"}

    def __init__(self, *args: Any, members: list[Membership], filled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["who"]
        chosen.choices = [
            *((str(m.uuid), f"{m.user.name}, {m.job_title}") for m in members),
            (ELSE, "Somebody without an account"),
            *([(NOBODY, "Nobody any longer")] if filled else []),
        ]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("who") == ELSE:
            if not cleaned.get("name") and not self.has_error("name"):
                self.add_error("name", "Enter the name")
            if not cleaned.get("email") and not self.has_error("email"):
                self.add_error("email", "Enter an email address, so that they can be told")
        return cleaned

    def given(self, members: list[Membership]) -> dict[str, Any]:
        """The choice as an action takes it."""
        data = self.cleaned_data
        if data["who"] == ELSE:
            return {"name": data["name"], "email": data["email"]}
        found = next((m.pk for m in members if str(m.uuid) == data["who"]), None)
        return {"membership_id": found}


class PublishForm(OnceForm):
    """One button: publish the packaged text of this partnership's protocol."""


# --- passwords ------------------------------------------------------------------------------------------------------


class ForgottenForm(GovForm):
    """The address of an account."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        help_text="The one that you sign in with.",
        widget=forms.EmailInput(
            attrs={"autocomplete": "username", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
    )
    required_messages: ClassVar = {"email": "Enter your email address"}


class PasswordForm(GovForm):
    """A new password, typed or pasted."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=200,
        help_text="At least 12 characters. Three words that do not belong together are easy to remember and hard to guess.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "govuk-input--width-20"}),
    )
    required_messages: ClassVar = {"password": "Enter the password that you want"}


# --- people, agencies, contacts -------------------------------------------------------------------------------------

ROLES = [(value, label) for value, label in Role.choices if value != Role.GUEST]


def manager_choices(members: list[Membership]) -> list[tuple[str, Any]]:
    return [("", "Nobody"), *member_choices(members)[1:]]


class PersonEntryForm(OnceForm):
    """Somebody who is to have an account."""

    name = forms.CharField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.EmailField(
        label="Work email address",
        max_length=254,
        help_text="They sign in with it. A link to set a password goes to it.",
        widget=forms.EmailInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
    )
    agency = forms.ChoiceField(label="Agency")
    job_title = forms.CharField(label="Job title", max_length=150)
    role = forms.ChoiceField(label="Role", choices=ROLES, widget=forms.RadioSelect)
    starts_on = DateField3(label="First day")
    line_manager = forms.ChoiceField(label="Line manager", required=False)
    required_messages: ClassVar = {
        "name": "Enter the person’s name",
        "agency": "Select the person’s agency",
        "role": "Select what the person does here",
        "starts_on": "Enter the first day",
    }

    def __init__(self, *args: Any, agencies: list[Agency], members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = [("", "Select an agency"), *((str(a.uuid), a.name) for a in agencies)]  # type: ignore[attr-defined]
        self.fields["line_manager"].choices = manager_choices(members)  # type: ignore[attr-defined]
        self.describe(
            "line_manager", hint="Where the protocol tells the chair’s line manager, it is this person."
        )
        self.describe("role", option_hints=ROLE_HINTS)


ROLE_HINTS: dict[str, str] = {
    Role.CHAIR: "Chairs conferences and records dissents.",
    Role.MINUTE_TAKER: "Records for the chair.",
    Role.REVIEWING_MANAGER: "Reviews dissents, in the posts that the protocol names.",
    Role.SECOND_TIER: "Decides after the review, where the protocol has a second decision.",
    Role.PRACTITIONER: "Attends conferences, can dissent and raise a difference.",
    Role.PARTNERSHIP_ADMIN: "Looks after people, posts and messages. Reads no reasons.",
}


class PersonChangeForm(OnceForm):
    job_title = forms.CharField(label="Job title", max_length=150)
    line_manager = forms.ChoiceField(label="Line manager", required=False)

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line_manager"].choices = manager_choices(members)  # type: ignore[attr-defined]


class PersonMoveForm(OnceForm):
    """Another role or agency, from a day on."""

    agency = forms.ChoiceField(label="Agency")
    job_title = forms.CharField(label="Job title", max_length=150)
    role = forms.ChoiceField(label="Role", choices=ROLES, widget=forms.RadioSelect)
    starts_on = DateField3(label="First day in the new role or agency")
    required_messages: ClassVar = {"agency": "Select the agency", "role": "Select the role"}

    def __init__(self, *args: Any, agencies: list[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = [(str(a.uuid), a.name) for a in agencies]  # type: ignore[attr-defined]
        self.describe("role", option_hints=ROLE_HINTS)


class LastDayForm(OnceForm):
    ends_on = DateField3(label="Last day")
    required_messages: ClassVar = {"ends_on": "Enter the last day"}


class AgencyForm(OnceForm):
    name = forms.CharField(label="Name", max_length=200)
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("", "Select a kind"), *AgencyKind.choices],
        help_text="The steps of a ladder depend on it.",
    )
    statutory = forms.TypedChoiceField(
        label="Is it a statutory agency?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="A view counts the same either way. It is shown where a protocol asks for it.",
    )
    email = forms.EmailField(
        label="Email address for letters",
        required=False,
        max_length=254,
        help_text="A shared mailbox is best.",
    )
    required_messages: ClassVar = {"name": "Enter the agency’s name", "kind": "Select the kind of agency"}


DUTY_ROWS = 6


class ContactsForm(OnceForm):
    """The partnership's name, and its duty contacts: a row for each team, in the order that their numbers say."""

    name = forms.CharField(
        label="Name of the partnership", max_length=200, help_text="As its pages and letters say it."
    )
    required_messages: ClassVar = {"name": "Enter the name of the partnership"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, DUTY_ROWS + 1):
            self.add_field(
                f"team_{number}",
                forms.CharField(label=f"Team {number}: name", max_length=100, required=False),
            )
            self.add_field(
                f"hours_{number}",
                forms.CharField(
                    label=f"Team {number}: when it answers", max_length=80, required=False,
                    help_text="For example: weekdays 9am to 5pm." if number == 1 else "",
                ),
            )  # fmt: skip
            self.add_field(
                f"telephone_{number}",
                forms.CharField(
                    label=f"Team {number}: telephone", max_length=40, required=False,
                    widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off", "inputmode": "tel"}),
                ),
            )  # fmt: skip
            self.add_field(
                f"order_{number}",
                forms.IntegerField(
                    label=f"Team {number}: called as number", min_value=1, max_value=DUTY_ROWS, required=False, initial=number,
                    widget=forms.NumberInput(attrs={"class": "govuk-input--width-2"}),
                ),
            )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each team with its fields; those that are empty stand folded."""
        return [
            {
                "number": number,
                "fields": [self[f"{part}_{number}"] for part in ("team", "hours", "telephone", "order")],
                "open": number == 1
                or any(self[f"{part}_{number}"].value() for part in ("team", "hours", "telephone")),
            }
            for number in range(1, DUTY_ROWS + 1)
        ]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for number in range(1, DUTY_ROWS + 1):
            team, telephone = cleaned.get(f"team_{number}", ""), cleaned.get(f"telephone_{number}", "")
            if not team and (telephone or cleaned.get(f"hours_{number}")):
                self.add_error(f"team_{number}", f"Enter the name of team {number}")
            if team and not any(letter.isdigit() for letter in telephone):
                self.add_error(f"telephone_{number}", f"Enter the number to call {team}")
        return cleaned

    def duty(self) -> list[tuple[str, str, str]]:
        """Team, telephone and hours of each row that was filled, in their order."""
        given = self.cleaned_data
        filled = [
            (given[f"order_{number}"] or number, number)
            for number in range(1, DUTY_ROWS + 1)
            if given[f"team_{number}"]
        ]
        return [
            (given[f"team_{number}"], given[f"telephone_{number}"], given[f"hours_{number}"])
            for _, number in sorted(filled)
        ]


class WordsForm(OnceForm):
    """The words said here for what the protocol names. Empty: the protocol's own."""

    def __init__(self, *args: Any, words: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, (label, said) in words.items():
            self.add_field(
                key,
                forms.CharField(
                    label=label, max_length=80, required=False, help_text=f"The protocol says: {said}",
                    widget=forms.TextInput(attrs={"autocomplete": "off", "class": "govuk-input--width-30"}),
                ),
            )  # fmt: skip

    def words(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "token"}


class SignpostForm(OnceForm):
    text = forms.CharField(
        label="Whom to contact, and how",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    url = forms.URLField(label="Web address", max_length=300, required=False, assume_scheme="https")


class FileForm(GovForm):
    """A filled-in table, chosen as a file or pasted. After the check its text is carried along."""

    file = forms.FileField(label="File", required=False, help_text="CSV, up to 500 rows.")
    rows = forms.CharField(
        label="Or paste the rows here",
        required=False,
        max_length=500_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="With the headings, as they are copied from a spreadsheet.",
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        given = cleaned.get("file")
        if given and given.size > 1_000_000:
            self.add_error("file", "The file must be smaller than 1 MB")
        elif given:
            cleaned["rows"] = decoded(given.read())
        if not self.errors and not cleaned.get("rows", "").strip():
            self.add_error("file", "Choose the file, or paste its rows")
        return cleaned


PEOPLE = (
    Column("name", "Name", example="Pat Example"),
    Column("email", "Email address", example="pat.example@health.example.org", limit=254),
    Column("agency", "Agency", example="Health visiting", limit=200),
    Column("job_title", "Job title", example="Health visitor"),
    Column("role", "Role", example="Practitioner"),
    Column("starts_on", "First day", example="1/9/2026"),
    Column("line_manager", "Line manager’s email address", required=False, limit=254),
)
