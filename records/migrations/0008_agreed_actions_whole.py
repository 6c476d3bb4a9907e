import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0007_agreed_actions_filled")]

    operations = [
        migrations.AlterField(
            model_name="agreedaction",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="agreed_actions", to="cases.case"
            ),
        ),
        migrations.AlterField(
            model_name="agreedaction",
            name="recorded_at",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="agreedaction",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partnerships.membership"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agreedaction",
            trigger=pgtrigger.compiler.Trigger(
                name="fixed_once_approved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (\n                SELECT 1 FROM records_discussion\n                 WHERE id IN (NEW.discussion_id, OLD.discussion_id) AND approved_at IS NOT NULL\n            ) THEN\n                RAISE EXCEPTION 'An approved record of a discussion is not changed: % on %', TG_OP, TG_TABLE_NAME;\n            END IF;\n            IF TG_OP = 'DELETE' THEN\n                RETURN OLD;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="50a706b18fef15d504e134b8355330b1982aef08",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_fixed_once_approved_4873f",
                    table="records_agreedaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agreedaction",
            trigger=pgtrigger.compiler.Trigger(
                name="agreed_at_a_step_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."discussion_id" IS NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="25b1ecb0528094a7ca6849ab1dd4d0c5a31e818e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_agreed_at_a_step_is_fixed_a4dd1",
                    table="records_agreedaction",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.DeleteModel(name="ActionDone"),
    ]
