"""One noun for what was agreed, in a record or at a step: first the columns; then what stands there; then that they are full."""

import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_guests"),
        ("partnerships", "0006_agency_posts"),
        ("records", "0005_shown_documents_and_fixed_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreedaction",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agreed_actions",
                to="cases.case",
            ),
        ),
        migrations.AddField(
            model_name="agreedaction",
            name="owned_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partnerships.membership",
            ),
        ),
        migrations.AddField(
            model_name="agreedaction",
            name="recorded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="agreedaction",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partnerships.membership",
            ),
        ),
        migrations.AlterField(
            model_name="agreedaction",
            name="discussion",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agreed_actions",
                to="records.discussion",
            ),
        ),
        migrations.AlterField(
            model_name="agreedaction",
            name="what",
            field=models.TextField(),
        ),
        pgtrigger.migrations.RemoveTrigger(model_name="agreedaction", name="fixed_once_approved"),
        migrations.CreateModel(
            name="ActionSettled",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("done_on", models.DateField(blank=True, null=True)),
                ("not_done_reason", models.TextField(blank=True)),
                ("note", models.TextField(blank=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settled",
                        to="records.agreedaction",
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partnerships.partnership",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partnerships.membership",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="actionsettled",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_on__isnull", False), ("not_done_reason", "")),
                    models.Q(("done_on__isnull", True), models.Q(("not_done_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="action_done_or_not",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionsettled",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b3dc55cc97e2dc7af3c9e35f26603bd11143475e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8e30a",
                    table="records_actionsettled",
                    when="BEFORE",
                ),
            ),
        ),
    ]
