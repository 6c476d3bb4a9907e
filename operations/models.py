"""What an operator needs to find again: the nightly look for what should be impossible."""

from django.db import models


class Look(models.Model):
    """One look for what should be impossible, and what was found. Of the installation, not of a partnership."""

    id = models.BigAutoField(primary_key=True)
    looked_at = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)
    # Of each kind that was found: [{"name", "count", "partnerships": [ids]}]. References are listed by the command.
    kinds = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"look of {self.looked_at}"
