from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("escalation", "0003_step_actions_moved")]

    operations = [migrations.DeleteModel(name="AgreedAction")]
