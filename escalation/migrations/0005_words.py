from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("escalation", "0004_one_agreed_action"),
    ]

    operations = [
        migrations.AlterField(
            model_name="escalationtier",
            name="ended",
            field=models.CharField(
                blank=True,
                choices=[
                    ("resolved", "Settled"),
                    ("moved_on", "Not settled here"),
                    ("jumped", "Left for a step further up"),
                    ("decided", "Decided"),
                    ("unsettled", "Not settled, and no further step"),
                    ("withdrawn", "Withdrawn"),
                ],
                max_length=20,
            ),
        ),
    ]
