"""The message to one person becomes what is leased, sent and tried again; a row of the outbox only finds the people."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

# What was on its way is addressed again: whoever has the message already keeps the one they have.
CARRY_OVER = """
UPDATE notifications_message m
   SET meant_for = m.created_at, not_before = m.created_at,
       name = coalesce((SELECT u.name FROM accounts_user u WHERE u.id = m.user_id), ''),
       state = CASE WHEN m.sent_at IS NOT NULL THEN 'sent'
                    WHEN o.state = 'dead' THEN 'failed'
                    WHEN o.superseded_at IS NOT NULL THEN 'superseded'
                    ELSE 'waiting' END
  FROM notifications_outbox o WHERE o.id = m.outbox_id;
UPDATE notifications_outbox SET state = 'pending' WHERE state = 'sending';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_fence"),
        ("cases", "0001_initial"),
        ("partnerships", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="outbox", name="outbox_to_send"),
        migrations.RemoveField(model_name="outbox", name="lease_token"),
        migrations.RemoveField(model_name="outbox", name="lease_until"),
        migrations.AddField(
            model_name="outbox",
            name="immediate",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="outbox", name="retry_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="outbox", name="first_tried_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AlterField(
            model_name="message",
            name="outbox",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="notifications.outbox",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="digest",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="notifications.message",
            ),
        ),
        migrations.AddField(
            model_name="message", name="name", field=models.CharField(blank=True, max_length=150, default="")
        ),
        migrations.AlterField(
            model_name="message", name="name", field=models.CharField(blank=True, max_length=150)
        ),
        migrations.AddField(model_name="message", name="meant_for", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="message", name="not_before", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("sending", "Being sent"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("failed", "Not delivered"),
                    ("told", "Told in another way"),
                    ("superseded", "No longer needed"),
                ],
                default="waiting",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="message", name="attempts", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="message", name="retry_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="message", name="first_tried_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="message", name="lease_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="message", name="lease_token", field=models.UUIDField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="message", name="handed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="message",
            name="last_error_code",
            field=models.CharField(blank=True, max_length=60, default=""),
        ),
        migrations.AlterField(
            model_name="message", name="last_error_code", field=models.CharField(blank=True, max_length=60)
        ),
        migrations.AddField(
            model_name="message",
            name="provider_ref",
            field=models.CharField(blank=True, max_length=60, default=""),
        ),
        migrations.AlterField(
            model_name="message", name="provider_ref", field=models.CharField(blank=True, max_length=60)
        ),
        migrations.AddField(
            model_name="message", name="delivered_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        migrations.AlterField(model_name="message", name="meant_for", field=models.DateTimeField()),
        migrations.AlterField(model_name="message", name="not_before", field=models.DateTimeField()),
        migrations.AlterField(
            model_name="outbox",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting"),
                    ("sending", "Being sent"),
                    ("sent", "Sent"),
                    ("nobody", "Nobody in the post"),
                    ("superseded", "No longer needed"),
                    ("dead", "Could not be sent"),
                ],
                default="pending",
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(
                condition=Q(("state__in", ["pending", "nobody"])),
                fields=["not_before"],
                name="outbox_to_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("outbox__isnull", False),
                    Q(("channel", "email"), ("digest__isnull", True)),
                    _connector="OR",
                ),
                name="message_of_an_outbox_row_or_a_digest",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("lease_token__isnull", False), ("lease_until__isnull", False), ("state", "sending")),
                    Q(
                        Q(("state", "sending"), _negated=True),
                        ("lease_token__isnull", True),
                        ("lease_until__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="message_leased_while_sending",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("state__in", ["sent", "delivered"]), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="message_sent_has_its_time",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(
                    ("channel", "email"), ("digest__isnull", True), ("state__in", ["waiting", "sending"])
                ),
                fields=["not_before", "id"],
                name="message_to_send",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(
                    ("channel", "email"), ("digest__isnull", True), ("state__in", ["waiting", "sending"])
                ),
                fields=["partnership", "to_email"],
                name="message_to_send_to_person",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(("state", "failed")),
                fields=["partnership", "case"],
                name="message_not_delivered",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryattempt",
            constraint=models.CheckConstraint(
                condition=Q(("ended_at__gte", F("started_at"))), name="attempt_ends_after_it_starts"
            ),
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "pace",
                    models.CharField(
                        choices=[
                            ("at_once", "An email for each message, at once"),
                            ("daily", "One email a day, at 8am on working days"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partnerships.partnership",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("partnership", "user"), name="preference_once_per_person")
                ],
            },
        ),
    ]
