from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_guests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="participant",
            name="capacity",
            field=models.CharField(
                choices=[
                    ("dissenter", "Dissenting professional"),
                    ("chair", "Chair"),
                    ("minute_taker", "Minute taker"),
                    ("reviewer", "Reviewing manager"),
                    ("second_tier", "Second-tier decider"),
                    ("adviser", "Adviser"),
                    ("chair_line_manager", "Chair's line manager"),
                    ("requester", "Professional who raised it"),
                    ("counterpart", "The other professional"),
                    ("our_side", "Manager or lead, for the agency that raised it"),
                    ("their_side", "Manager or lead, for the other agency"),
                    ("representative", "The agency's representative on the partnership"),
                    ("partnership", "Safeguarding partnership"),
                    ("supporter", "Supporter of a request"),
                    ("convener", "Whoever answers a request for a conference"),
                    ("consulted", "Asked before the decision"),
                    ("recorder", "Whoever wrote down a request for somebody without an account"),
                ],
                max_length=30,
            ),
        ),
    ]
