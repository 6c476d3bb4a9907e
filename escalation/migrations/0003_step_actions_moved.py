from django.db import migrations


def move(apps, schema_editor):
    """What was agreed at a step becomes an agreed action of the case, and the step points to it."""
    agreed = apps.get_model("records", "AgreedAction").objects
    settled = apps.get_model("records", "ActionSettled").objects
    steps = apps.get_model("escalation", "StepAction").objects
    before = apps.get_model("escalation", "AgreedAction").objects.select_related("tier__escalation")
    for old in before.order_by("pk").iterator(500):
        action = agreed.create(
            uuid=old.uuid,
            partnership_id=old.partnership_id,
            case_id=old.tier.escalation.case_id,
            what=old.what,
            owner=old.owner,
            due_on=old.due_on,
            recorded_at=old.recorded_at,
            recorded_by_id=old.recorded_by_id,
        )
        steps.create(partnership_id=old.partnership_id, tier_id=old.tier_id, action=action)
        if old.done_on is not None or old.not_done_reason:
            settled.create(
                partnership_id=old.partnership_id,
                action=action,
                done_on=old.done_on,
                not_done_reason=old.not_done_reason,
                recorded_at=old.recorded_at,
                recorded_by_id=old.settled_by_id or old.recorded_by_id,
            )


class Migration(migrations.Migration):
    dependencies = [("escalation", "0002_step_actions"), ("records", "0008_agreed_actions_whole")]

    operations = [migrations.RunPython(move, elidable=False)]
