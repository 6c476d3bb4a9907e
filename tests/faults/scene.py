"""What the harness asks the product itself to do, in a process of its own and on the harness's database.

python -m tests.faults.scene world          a partnership, a dissent under review; its ids as JSON
python -m tests.faults.scene view ID         the person in dissent ID sends their written view
python -m tests.faults.scene again UUID NOW  the partnership's admin has the message sent again, to the same address
"""

import datetime as dt
import json
import sys

import django
from django.conf import settings

django.setup()
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

from deadlines.models import Deadline  # noqa: E402
from dissent import actions as dissents  # noqa: E402
from dissent.models import Dissent  # noqa: E402
from notifications.actions import send_again, send_due  # noqa: E402
from notifications.models import Message  # noqa: E402
from partnerships.models import Membership  # noqa: E402
from partnerships.selectors import actor_for  # noqa: E402
from partnerships.states import Role  # noqa: E402
from tests.builders import LATER, World  # noqa: E402


def world() -> dict[str, int]:
    camden = World("camden")
    dissent = camden.dissent_at("under_review")
    kingston = World("kingston-richmond")
    awaited = kingston.dissent_at("awaiting_view")
    deadline = Deadline.objects.filter(case=dissent.case, clock_id="decision", state="open").get()
    while send_due(
        now=LATER + dt.timedelta(days=1)
    ):  # what the building itself has told people, into the void
        pass
    return {
        "partnership": camden.partnership.pk,
        "case": dissent.case_id,
        "deadline": deadline.pk,
        "membership": camden.people["reviewer"].pk,
        "dissent": awaited.pk,
    }


def view(dissent_id: str) -> dict[str, int]:
    dissent = Dissent.objects.select_related("attendance__membership").get(pk=dissent_id)
    member = dissent.attendance.membership
    assert member is not None
    written = dissents.send_written_view(
        dissent_id=dissent.pk, by=actor_for(member, LATER.date()), text="My view and the reasons for it.",
        outcome_sought="That the conference meets again.", now=LATER,
    )  # fmt: skip
    return {"view": written.pk}


def again(message_uuid: str, now: str) -> dict[str, int]:
    message = Message.objects.get(uuid=message_uuid)
    admin = Membership.objects.get(partnership=message.partnership, role=Role.PARTNERSHIP_ADMIN)
    moment = dt.datetime.fromisoformat(now)
    by = actor_for(admin, moment.date())
    return {"sent": send_again(message_uuid=message.uuid, email=message.to_email, by=by, now=moment)}


if __name__ == "__main__":
    word, *ids = sys.argv[1:]
    print(json.dumps({"world": world, "view": view, "again": again}[word](*ids)))
