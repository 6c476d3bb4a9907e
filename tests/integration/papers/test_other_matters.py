"""Papers of ladders, requests and complaints; what is shown to those who take part, also as guests; and exports of all."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.edge import GUEST_KEY
from audit.models import AuditEvent
from cases import actions as cases
from cases.models import Case, Child, GuestVisit, Participant
from cases.states import VISIT
from core.refusals import Denied, Kind
from notifications.models import Outbox
from papers import actions
from papers.selectors.documents import Place
from papers.selectors.export import LEFT_OUT
from papers.selectors.matters import conference_of, locked
from records.models import Document, DocumentShare
from tests.builders import LATER, World
from tests.integration.papers.conftest import answered, issued, picture, plain_pdf, plans
from tests.ladders import Ladder

pytestmark = pytest.mark.django_db
CHILD = "Zanzibella Quorvath"


def matter_in(kind: str) -> tuple[World, Case, str, str]:
    """A partnership, a case of this kind, who adds documents to it, and who of the partnership may not."""
    if kind == "ladder":
        world = World("hampshire")
        escalation = Ladder(world).raised()
        return world, escalation.case, "police", "health"
    if kind == "request":
        world = World("east-sussex")
        return world, world.convening_answered().case, "manager", "health"
    if kind == "complaint":
        world = World("camden")
        return world, world.complaint(name="Gran Invented").case, "admin", "chair"
    world = World("camden")
    return world, answered(world, "not_upheld").case, "reviewer", "health"


KINDS = ("dissent", "ladder", "request", "complaint")


def add(world: World, case: Case, who: str, data: bytes = b"") -> Document:
    matter = locked(case.pk)
    children = [child.uuid for child in case.children.all()]
    if not children:
        conference = conference_of(matter)
        assert conference is not None
        children = [row.child.uuid for row in conference.children.all()]
    return actions.add_to_case(
        case_id=case.pk, by=world.actor(who), kind="report", data=data or plain_pdf(), children=children, now=LATER
    )  # fmt: skip


def place_of(case: Case) -> Place:
    matter = locked(case.pk)
    return Place(conference_of(matter), matter.case)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_case_has_documents_and_says_who_opened_what_and_when(kind: str, open_as) -> None:
    world, case, who, other = matter_in(kind)
    document = add(world, case, who)
    browser = open_as(world, who, LATER)
    response = browser.get("document", document.uuid)
    assert response.content == plain_pdf()
    assert response["Content-Disposition"].startswith(f'attachment; filename="{case.reference}-report-')
    browser.get("case-documents", case.reference)
    assert "PDF, 1 KB" in browser.text
    assert f"{world.people[who].user.name}, Wednesday 4 March 2026" in browser.text
    event = AuditEvent.objects.get(type="document.opened")
    assert (event.case_id, event.object_id, event.at) == (case.pk, document.pk, LATER)
    browser.get("papers", case.reference)
    assert "Documents of this case" in browser.text
    stranger = open_as(world, other, LATER)
    assert stranger.get("document", document.uuid).status_code in (403, 404)
    with pytest.raises(Denied) as denied:
        add(world, case, other)
    assert denied.value.kind is Kind.NOT_YOURS


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_every_kind_of_case_leads_to_its_papers(kind: str, open_as) -> None:
    world, case, who, _ = matter_in(kind)
    browser = open_as(world, who, LATER)
    browser.get("complaint" if kind == "complaint" else "case", case.reference)
    assert reverse("papers", args=[case.reference]) in browser.page.content.decode()


# --- shown to those who take part ---------------------------------------------------------------------------------


def guest_of(world: World, participant: Participant, by: str) -> Client:
    invitation = cases.invite(participant_id=participant.pk, by=world.actor(by), now=LATER)
    visit = GuestVisit.objects.create(
        partnership_id=invitation.partnership_id, invitation=invitation, started_at=LATER, seen_at=LATER,
        ends_at=LATER + VISIT,
    )  # fmt: skip
    client = Client()
    session = client.session
    session[GUEST_KEY] = str(visit.uuid)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client


def share(world: World, document: Document, case: Case, who: str, participant: Participant) -> DocumentShare:
    return actions.share_document(
        document, by=world.actor(who), place=place_of(case), may_upload=True, participant=participant.uuid, now=LATER
    )  # fmt: skip


def test_a_guest_opens_what_was_shown_to_them_and_their_own_letter_and_nothing_else(open_as) -> None:
    world = World("kingston-richmond")
    dissent = world.dissent_of_guest("under_review")
    dissent = world.answer(dissent, "not_upheld")
    case = world.case(dissent)
    own = issued(world, dissent, plans(world, dissent)["dissenter_answered"])
    shown, kept = add(world, case, "reviewer"), add(world, case, "reviewer", picture())
    participant = case.participants.get(capacity="dissenter")
    open_as(world, "reviewer", LATER)  # sets the clock
    guest = guest_of(world, participant, "chair")
    row = share(world, shown, case, "reviewer", participant)
    page = guest.get(reverse("papers", args=[case.reference]))
    text = page.content.decode()
    assert page.status_code == 200 and "Documents shown to you" in text
    assert reverse("document", args=[shown.uuid]) in text and str(kept.uuid) not in text
    assert "Documents of this case" not in text and "as data" not in text
    assert guest.get(reverse("document", args=[shown.uuid])).content == plain_pdf()
    assert guest.get(reverse("document", args=[kept.uuid])).status_code == 403
    assert guest.get(reverse("letter-issued", args=[case.reference, own.uuid])).content == bytes(
        own.issued.pdf
    )
    event = AuditEvent.objects.get(type="document.opened")
    assert event.actor_kind == "guest"
    for name in ("case-documents", "case-export", "case-print"):
        assert guest.get(reverse(name, args=[case.reference])).status_code == 403
    assert Outbox.objects.get(kind="document_shared").seat == "capacity:dissenter"
    actions.end_share(
        shown, by=world.actor("reviewer"), place=place_of(case), may_upload=True, share=row.uuid, now=LATER
    )
    assert guest.get(reverse("document", args=[shown.uuid])).status_code == 403


def test_a_letter_to_others_is_no_guests_to_open(open_as) -> None:
    world = World("camden")
    dissent = world.answer(world.dissent_of_guest("under_review"), "not_upheld")
    letter = issued(world, dissent, plans(world, dissent)["agencies_letter"])
    case = world.case(dissent)
    open_as(world, "reviewer", LATER)
    guest = guest_of(world, case.participants.get(capacity="dissenter"), "chair")
    assert guest.get(reverse("letter-issued", args=[case.reference, letter.uuid])).status_code == 403


def test_a_document_is_shown_on_its_page_once_and_no_longer_when_that_is_said(open_as) -> None:
    world = World("camden")
    dissent = answered(world, "not_upheld")
    case = world.case(dissent)
    document = add(world, case, "reviewer")
    person = case.participants.get(capacity="dissenter")
    browser = open_as(world, "reviewer", LATER)
    browser.get("document-share", document.uuid)
    assert "Pia Police" in browser.text
    assert browser.send().status_code == 422
    assert browser.send(participant=str(person.uuid)).status_code == 302
    browser.get("case-documents", case.reference)
    assert "Shown to Pia Police" in browser.text
    assert open_as(world, "police", LATER).get("document", document.uuid).status_code == 200
    with pytest.raises(Denied, match="already") as denied:
        share(world, document, case, "reviewer", person)
    assert denied.value.kind is Kind.CHANGED
    browser = open_as(world, "reviewer", LATER)
    browser.get("document-share-end", document.uuid, DocumentShare.objects.get().uuid)
    assert browser.send().status_code == 302
    assert open_as(world, "police", LATER).get("document", document.uuid).status_code == 403
    assert DocumentShare.objects.get().ended_by == world.people["reviewer"]
    assert {e.type for e in AuditEvent.objects.filter(object_type="document")} >= {
        "document.shared", "document.share_ended",
    }  # fmt: skip


def test_nobody_is_shown_a_document_of_a_case_in_which_they_have_no_part() -> None:
    world = World("camden")
    case, other = world.case(answered(world, "not_upheld")), world.case(answered(world, "not_upheld"))
    document = add(world, case, "reviewer")
    with pytest.raises(Denied, match="takes part"):
        share(world, document, case, "reviewer", other.participants.get(capacity="dissenter"))
    with pytest.raises(Denied) as denied:
        actions.share_document(
            document, by=world.actor("police"), place=place_of(case), may_upload=False,
            participant=case.participants.get(capacity="dissenter").uuid, now=LATER,
        )  # fmt: skip
    assert denied.value.kind is Kind.NOT_YOURS


# --- taken out ----------------------------------------------------------------------------------------------------

WRITTEN = {
    "ladder": "The visits that the plan asks for are not made.",
    "request": "Support is in place.",
    "complaint": "We were not heard.",
    "dissent": "The risk at home was not heard.",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_case_is_taken_out_as_data_and_on_paper(kind: str, open_as) -> None:
    world, case, who, other = matter_in(kind)
    Child.objects.filter(pk__in=case.children.values("pk")).update(name=CHILD)
    if kind == "ladder":
        who = "admin"
    response = open_as(world, who, LATER).get("case-export", case.reference)
    assert response.status_code == 200
    data = json.loads(response.content)
    assert data["case"]["reference"] == case.reference and data["history"]
    whole = who != "admin" or kind == "complaint"
    assert (WRITTEN[kind] in response.content.decode()) is whole
    assert whole or LEFT_OUT in response.content.decode()
    paper = open_as(world, who, LATER)
    paper.get("case-print", case.reference)
    assert (WRITTEN[kind] in paper.text) is whole and "History" in paper.text
    assert "{" not in paper.text.partition("Case")[2] and "capacity" not in paper.text
    for page in (response.content.decode(), paper.text):
        assert "Zanzibella" not in page and "Quorvath" not in page
    assert open_as(world, other, LATER).get("case-export", case.reference).status_code in (403, 404)


def test_a_ladder_is_taken_out_by_the_admin_without_what_was_said(open_as) -> None:
    world = World("east-sussex")
    ladder = Ladder(world)
    escalation = ladder.raised()
    ladder.moved(escalation)
    ladder.met(escalation)
    # The reviewing post has no part in this ladder: the case is not theirs to see.
    assert open_as(world, "reviewer", LATER).get("case-export", escalation.case.reference).status_code == 404
    text = open_as(world, "admin", LATER).get("case-export", escalation.case.reference).content.decode()
    data = json.loads(text)
    assert [m["note"] for step in data["ladders"][0]["steps"] for m in step["meetings"]] == [LEFT_OUT]
    assert "Talked through." not in text


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys_of(item)}
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    return set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_says_what_every_value_of_an_export_is(kind: str, open_as) -> None:
    said = set(re.findall(r"`([a-z_0-9]+)`", Path("docs/reference/case-export.md").read_text()))
    world, case, who, _ = matter_in(kind)
    add(world, case, who)
    who = "admin" if kind == "ladder" else who
    data = json.loads(open_as(world, who, LATER).get("case-export", case.reference).content)
    for row in data.get("answers", []):  # by the protocol's names, and by initials
        row.pop("parts", None)
        row.pop("per_child", None)
    assert {*keys_of(data), "parts", "per_child"} <= said, keys_of(data) - said
