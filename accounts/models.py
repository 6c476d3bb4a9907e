"""People who sign in, and the one-time tokens of forms. What a person may do hangs on memberships, not here."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


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
