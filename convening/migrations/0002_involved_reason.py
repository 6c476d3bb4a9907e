from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("convening", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="conveneanswer",
            name="involved_reason",
            field=models.TextField(blank=True),
        ),
    ]
