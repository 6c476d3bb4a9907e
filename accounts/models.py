"""People who sign in, and the one-time tokens of forms. What a person may do hangs on memberships, not here."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.states import KeyPurpose


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, name: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person's account. The sign-in name is the e-mail address; there is one name field."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField("email address", unique=True)
    name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_once_any_case")]

    def __str__(self) -> str:
        return self.name


class Submission(models.Model):
    """The one-time token of a form that was sent: the same token is the same record, however often it comes."""

    id = models.BigAutoField(primary_key=True)
    token = models.UUIDField(unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions")
    path = models.CharField(max_length=300)
    body_hash = models.CharField(max_length=64)
    result_url = models.CharField(max_length=300, blank=True)
    said = models.TextField(blank=True)  # what the page that followed said was done
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.token)


class OneTimeKey(models.Model):
    """A secret that goes straight to a person's own address: a link, or a code to type. It opens one thing once.

    The row is the wish for one. Whoever sends it makes the secret, keeps its hash and hands the secret to the mail
    server: it lies in no queue, no log and no table. `about` names what it opens, `label` is a reference for the mail.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="one_time_keys")
    purpose = models.CharField(max_length=20, choices=KeyPurpose.choices)
    about = models.UUIDField(null=True, blank=True)
    label = models.CharField(max_length=20, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    wanted_at = models.DateTimeField()
    try_at = models.DateTimeField()  # when it is to be sent, or tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # wrong ones typed
    used_at = models.DateTimeField(null=True, blank=True)
    void_at = models.DateTimeField(
        null=True, blank=True
    )  # a newer one took its place, or what it opens has ended

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(digest="", expires_at__isnull=True) | Q(~Q(digest=""), expires_at__isnull=False),
                name="one_time_key_expires_once_made",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | ~Q(digest=""), name="one_time_key_made_before_used"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["try_at"],
                condition=Q(sent_at__isnull=True, void_at__isnull=True),
                name="one_time_key_to_send",
            ),
            models.Index(fields=["user", "purpose", "wanted_at"], name="one_time_key_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.uuid}"


class KeptMail(models.Model):
    """In a demonstration only, where nothing leaves: a link or a code as it was worded, to be read on the page of mail."""

    id = models.BigAutoField(primary_key=True)
    to_email = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject


class Draft(models.Model):
    """What a person has typed into a form and not sent yet: theirs alone, and emptied when it is sent or thrown away."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="drafts")
    page = models.CharField(max_length=300)  # the address on which the form stands
    form = models.CharField(max_length=80)  # which of the forms of that page
    typed = models.JSONField(default=dict)  # the fields as they were posted, each a list
    saved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "page", "form"], name="draft_once_per_form")
        ]
        indexes: ClassVar = [
            models.Index(fields=["saved_at"], name="draft_kept", condition=~models.Q(typed={})),
        ]

    def __str__(self) -> str:
        return self.form
