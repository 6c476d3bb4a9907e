from django.db import migrations


def fill(apps, schema_editor):
    """Each action takes the case and the writer of its record; what was done becomes what it was settled with."""
    actions = apps.get_model("records", "AgreedAction").objects.select_related("discussion")
    for action in actions.iterator(500):
        action.case_id = action.discussion.case_id
        action.recorded_at = action.discussion.written_at
        action.recorded_by_id = action.discussion.written_by_id
        action.save(update_fields=["case", "recorded_at", "recorded_by"])
    settled = apps.get_model("records", "ActionSettled").objects
    for done in apps.get_model("records", "ActionDone").objects.order_by("pk").iterator(500):
        settled.create(
            uuid=done.uuid,
            partnership_id=done.partnership_id,
            action_id=done.action_id,
            done_on=done.done_on,
            note=done.note,
            recorded_at=done.recorded_at,
            recorded_by_id=done.recorded_by_id,
        )


class Migration(migrations.Migration):
    dependencies = [("records", "0006_one_agreed_action")]

    operations = [migrations.RunPython(fill, elidable=False)]
