"""Who may open and send what: every address × every person, of the own and another partnership, and a stranger.

The table lists, per address, who is let in; everybody else must be refused. An address without a line fails the test.
A member of the partnership who has nothing to do with the matter, and everyone of another, gets 404; a person of the
matter with another role gets 403; nobody signed in is sent to sign in. A guest is let in to their own case's pages
that are listed for guests, and to nothing else of this or another partnership.
"""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.edge import GUEST_KEY
from cases import actions as cases
from cases.actions import add_participant
from cases.models import GuestVisit, Invitation
from cases.states import VISIT, Capacity
from conferences import actions as conferences
from core.clock import edge_now
from dissent import actions as dissents
from learning import actions as learning
from papers import actions as papers
from papers.selectors.documents import Place
from partnerships.models import Membership, SlotHolder
from partnerships.states import AgencyKind
from records.models import Discussion
from reports import actions as figures
from reports.states import Span
from tests.builders import ENDS, LATER, World
from tests.integration.papers.conftest import issued, picture, plans, saved
from tests.ladders import OF_AN_ESCALATION

pytestmark = pytest.mark.django_db

PEOPLE = (
    "chair", "other_chair", "minutes", "manager", "reviewer", "deputy", "second", "police", "health", "charity", "admin",
)  # fmt: skip
STRANGERS = ("chair", "minutes", "reviewer", "second", "police", "admin")

EVERYONE = frozenset({*PEOPLE, "anonymous"})
MEMBERS = frozenset(PEOPLE)
ON_THE_LIST = frozenset({"chair", "minutes", "police", "health", "charity", "admin"})
OF_THE_CASE = frozenset({"chair", "minutes", "reviewer", "police", "admin"})
KEEPERS = frozenset({"chair", "minutes"})
PREPARERS = KEEPERS | {"admin"}
PARTIES = KEEPERS | {"reviewer", "police"}  # that a case exists is all that its admin sees

# Who is let in, by address: as far as the page, the form again, or "not now". Everybody else is refused.
OPEN = {
    "help": EVERYONE, "role-help": EVERYONE, "means": EVERYONE, "rule": EVERYONE, "accessibility": EVERYONE, "privacy": EVERYONE, "protocols": EVERYONE, "protocol": EVERYONE,
    "health-live": EVERYONE, "health-ready": EVERYONE, "health-work": EVERYONE,
    "guest-link": EVERYONE, "guest-code": EVERYONE, "guest-code-again": EVERYONE, "guest-new-link": EVERYONE,
    "calculator": EVERYONE, "sign-in": EVERYONE, "sign-out": EVERYONE, "session": EVERYONE,
    "draft": MEMBERS, "draft-drop": MEMBERS,
    "guest-leave": EVERYONE, "forgotten-password": EVERYONE, "set-password": EVERYONE,
    **dict.fromkeys((
        "people", "person-new", "people-import", "people-template", "person", "person-change", "person-move",
        "person-end", "person-password", "agencies", "agency-new", "agency", "end-post", "contacts", "setting-log", "words",
    ), frozenset({"admin"})),
    "home": MEMBERS, "choose-role": MEMBERS, "notices": MEMBERS, "read-all-notices": MEMBERS, "conferences": MEMBERS,
    "conference-new": frozenset({"chair", "other_chair", "minutes", "admin"}),
    "practice": MEMBERS, "practice-start": MEMBERS, "practice-enter": MEMBERS, "practice-leave": MEMBERS,
    "practice-open": frozenset({"admin"}),
    "not-delivered": frozenset({"admin"}), "how-we-tell-you": MEMBERS,
    "overview": frozenset({"admin"}), "overview-cases": frozenset({"admin"}),
    "learning": frozenset({"admin"}), "learning-summary-new": frozenset({"admin"}), "theme-retire": frozenset({"admin"}),
    "learning-summaries": MEMBERS, "learning-summary": MEMBERS,
    "compare": frozenset({"chair", "other_chair", "manager", "reviewer", "deputy", "second", "admin"}), "protocol-version": EVERYONE, "protocol-file": EVERYONE,
    "protocol-versions": frozenset({"admin"}), "protocol-upload": frozenset({"admin"}),
    "protocol-publish": frozenset({"admin"}), "protocol-withdraw": frozenset({"admin"}),
    "partnership": frozenset({"admin"}), "fill-post": frozenset({"admin"}), "publish": frozenset({"admin"}),
    "service-state": frozenset({"admin"}),
    "closure-days": frozenset({"admin"}), "complaints": frozenset({"admin"}), "complaint-new": frozenset({"admin"}),
    "complaints-about": EVERYONE, "calendar": MEMBERS,
    "figures": frozenset({"admin"}), "figures-set-up": frozenset({"admin"}), "figures-extract": frozenset({"admin"}),
    "national": frozenset({"admin"}),
    "report": frozenset({"admin"}), "report-annual": frozenset({"admin"}), "report-file": frozenset({"admin"}),
    "letter-settings": frozenset({"admin"}), "letter-wording": frozenset({"admin"}),
    "letter-wording-preview": frozenset({"admin"}),
    "raise": MEMBERS, "raise-about-conference": MEMBERS, "raise-kind": MEMBERS, "raise-elsewhere": MEMBERS,
    "convene-new": MEMBERS,
    # Found by what is asked for, and by who owns it: nothing here is theirs, so 404 for all.
    "signpost": frozenset({"admin"}), "agency-post": frozenset({"admin"}),
    "cases": MEMBERS,
    "find": frozenset(), "saved-filter": frozenset(), "read-notice": frozenset(), "mail": frozenset(), "closure-day-remove": frozenset(), "metrics": frozenset(),
    "send-again": frozenset(),
    "told-otherwise": frozenset(), "told-post-otherwise": frozenset(),
    # By their token alone; without one there is no such page.
    "notify-receipt": frozenset(), "calendar-feed": frozenset(),
}  # fmt: skip
HIDDEN = (
    "find", "saved-filter", "read-notice", "mail", "closure-day-remove", "send-again", "told-otherwise", "told-post-otherwise",
)  # fmt: skip
OF_A_CONFERENCE = {
    "conference": ON_THE_LIST, "missing-entry-answer": KEEPERS,
    "conference-missing-entry": frozenset({"police", "health", "charity"}),
    "conference-script": KEEPERS, "conference-views": KEEPERS, "conference-decision": KEEPERS,
    "conference-record": KEEPERS, "conference-quorum": KEEPERS, "conference-revisit": KEEPERS,
    "conference-open-round": KEEPERS, "conference-private-view": frozenset({"police", "health", "charity"}),
    "conference-start": KEEPERS, "conference-adjourn": KEEPERS, "conference-resume": KEEPERS,
    "conference-note-view": KEEPERS, "conference-dissent": KEEPERS, "conference-end": KEEPERS,
    "conference-documents": KEEPERS | {"admin"}, "conference-extract": KEEPERS, "conference-calendar": ON_THE_LIST,
    "conference-ended": KEEPERS, "conference-end-correct": KEEPERS, "dissent-new": frozenset(),
    "conference-attendance": PREPARERS, "conference-people-add": PREPARERS, "conference-person-new": PREPARERS,
    "conference-family-new": PREPARERS, "conference-child-add": PREPARERS, "conference-cancel": PREPARERS,
    "conference-list-import": PREPARERS, "conference-list-template": PREPARERS,
}  # fmt: skip
OF_A_CASE = {
    "case": OF_THE_CASE, "case-history": OF_THE_CASE, "lesson": frozenset({"reviewer"}),
    "invite-guest": KEEPERS | {"reviewer", "admin"}, "end-guest": KEEPERS | {"reviewer", "admin"},
    "written-view": frozenset({"reviewer", "police"}),
    "receipt-correct": frozenset({"reviewer"}),
    "remind": frozenset({"reviewer"}), "review-without-view": frozenset({"reviewer"}),
    "not-pursued": frozenset({"reviewer"}),
    "withdraw": frozenset({"police"}), "add-information": frozenset({"police"}), "task-done": frozenset({"police"}),
    "challenge-choice": frozenset({"police"}), "pass-on": KEEPERS,
    "review": frozenset({"reviewer"}), "review-letter": frozenset({"reviewer"}), "log-conversation": frozenset({"reviewer"}), "ask": frozenset({"reviewer"}),
    "reply": frozenset({"reviewer", "police"}), "conflict-reason": frozenset({"reviewer"}),
    "review-apart": frozenset({"reviewer"}),
    "follow-up": frozenset({"chair", "minutes", "reviewer", "admin"}),
    "discussions": PARTIES, "discussion": PARTIES, "discussion-new": PARTIES, "own-record": PARTIES,
    "agreed-action-done": PARTIES, "discussion-change": frozenset({"police"}), "discussion-approve": frozenset({"police"}),
    "discussion-correct": frozenset({"police"}), "discussion-filed": frozenset({"police"}),
    "told": KEEPERS | {"reviewer"}, "filed": KEEPERS | {"reviewer"}, "close": frozenset({"reviewer"}),
    "urgent": OF_THE_CASE, "take-further": frozenset({"police"}),
}  # fmt: skip
# Papers of a case that was decided at both tiers: a letter in draft, one issued, a pack made and one that waits.
OF_THE_PAPERS = OF_THE_CASE | {"second"}
WORKS_ON_IT = KEEPERS | {"reviewer", "second"}
OF_PAPERS = {
    "papers": OF_THE_PAPERS,
    "letter": frozenset({"reviewer"}), "letter-preview": frozenset({"reviewer"}),
    "letter-recipients": frozenset({"reviewer"}), "letter-recipient-remove": frozenset({"reviewer"}),
    "letter-issue": frozenset({"reviewer"}), "letter-drop": frozenset({"reviewer"}),
    "letter-check": KEEPERS | {"second", "admin"},  # whoever wrote it does not check it
    "letter-issued": frozenset({"reviewer", "second", "chair", "police"}),
    "document-share": WORKS_ON_IT, "document-share-end": WORKS_ON_IT,
    "case-documents": WORKS_ON_IT, "document": WORKS_ON_IT | {"admin"}, "document-withdraw": KEEPERS | {"admin"},
    "calendar-date": OF_THE_PAPERS, "case-export": frozenset({"reviewer", "second", "admin"}),
    "case-print": frozenset({"reviewer", "second", "admin"}),
    "pack-ask": WORKS_ON_IT, "pack": WORKS_ON_IT, "pack-file": WORKS_ON_IT,
    "pack-text": KEEPERS | {"second"},  # whoever asked for the pack does not release its texts
}  # fmt: skip

# What a guest who dissents is let in to, in their own case alone.
OF_A_GUEST = frozenset({
    "case", "case-history", "written-view", "withdraw", "add-information", "task-done", "challenge-choice", "reply",
    "discussions", "discussion", "discussion-new", "own-record", "agreed-action-done", "urgent", "take-further",
    "draft", "draft-drop",
})  # fmt: skip

OF_A_RECORD = (
    "discussion", "discussion-change", "discussion-approve", "discussion-correct", "discussion-filed", "agreed-action-done",
)  # fmt: skip

# The log of families' complaints is its keeper's alone: nobody else knows that there is one.
OF_A_COMPLAINT = (
    "complaint", "complaint-acknowledge", "complaint-told", "complaint-decide", "complaint-book", "complaint-withdraw",
    "complaint-close", "complaint-letter",
)  # fmt: skip

# The addresses of a request for a conference: who may open each is in tests/integration/convening/test_pages.py.
OF_A_REQUEST = (
    "convene-answer", "convene-consult", "convene-last-resort", "convene-ladder", "convene-accept", "convene-withdraw",
    "convene-book", "convene-letter",
)  # fmt: skip


@dataclass(frozen=True)
class Matter:
    """Everything that an address can name, in one partnership."""

    world: World
    conference: str
    case: str
    child: uuid.UUID
    missing: uuid.UUID
    ask: uuid.UUID
    record: Discussion
    guest: Invitation  # of somebody without an account, who dissents in the case
    complaint: str
    publication: uuid.UUID  # of figures
    upload: uuid.UUID  # a text of the protocol that waits
    summary: uuid.UUID  # of what was learnt
    names: frozenset[str]  # the addresses that exist for it
    papers: dict[str, Any] = field(default_factory=dict)  # what an address of papers can name

    def arguments(self, pattern: URLPattern, name: str) -> dict[str, Any]:
        known: dict[str, Any] = {
            "slug": self.world.slug, "key": "partnership_office", "request_uuid": self.missing, "ask_uuid": self.ask,
            "tell_id": next((t.id for t in self.world.area.tells if t.how == "duty"), self.world.area.tells[0].id), "task": "line_manager", "task_id": "line_manager",
            "message": uuid.uuid4(), "row": uuid.uuid4(),
            "notice": uuid.uuid4(), "token": "not-a-token", "day": uuid.uuid4(), "saved": uuid.uuid4(), "kind": "plan_implementation", "role": "chair", "number": "CAM-7", "what": "family", "route": "partnership", "link": uuid.uuid4(), "secret": "nothing",
            "membership": self.world.people["police"].uuid, "agency": self.world.agencies[AgencyKind.POLICE].uuid,
            "holding": SlotHolder.objects.filter(partnership=self.world.partnership)[0].uuid,
            "place": self.world.area.links[0].id if self.world.area.links else "none", "participant": self.guest.participant.uuid, "record": self.record.uuid, "action": self.record.agreed_actions.get().uuid,
        }  # fmt: skip
        known |= {"begins": self.world.area.effective_from.isoformat(), "upload": self.upload}
        known |= {"summary": self.summary, "theme": "threshold"}
        known["child"] = self.child
        if name in OF_A_COMPLAINT:
            known |= {"reference": self.complaint, "tell_id": "decision_stands", "seat": "agencies"}
            return {key: known[key] for key in pattern.pattern.converters}
        if name == "agency-post":
            known["key"] = next(slot.key for slot in self.world.area.slots if slot.per == "agency")
        if name.startswith("report"):
            known |= {"publication": self.publication, "kind": "csv"}
        if name in OF_PAPERS or name.startswith("letter-wording"):
            known |= self.papers
            if name.startswith("document-share"):
                known["document_uuid"] = self.papers["shown_uuid"]
            return {key: known[key] for key in pattern.pattern.converters}
        live = name.startswith("conference") or name == "dissent-new"
        known["reference"] = self.conference if live else self.case
        return {key: known[key] for key in pattern.pattern.converters}


def matter(slug: str, state: str) -> Matter:
    """A conference in session, one booked, and a dissent of one that has ended."""
    world = World(slug)
    dissent = world.dissent_at(state)
    live = world.decided()
    missing = conferences.ask_missing_entry(
        attendance_id=world.seat(live, "health").pk,
        by=world.actor("health"),
        text="I said so.",
        said_at=ENDS,
        now=LATER,
    )
    ask, names = uuid.uuid4(), frozenset(addresses()) - OF_AN_ESCALATION - set(OF_A_REQUEST)
    if state == "under_review":
        ask = dissents.ask(
            dissent_id=dissent.pk,
            by=world.actor("reviewer"),
            ask_id="information_dissenter",
            question="Why?",
            now=LATER,
        ).uuid
        names -= {"task-done"}  # Camden's text gives the dissenter no task
    else:
        names = frozenset(OF_A_CASE) - {"reply"}  # nobody can be asked before the review
    named = papers_of(world) if state == "under_review" else {}
    person = add_participant(
        dissent.case, Capacity.DISSENTER, agency=world.agencies[AgencyKind.HEALTH], name="Gita Guest",
        email=f"gita@{slug}.example.org",
    )  # fmt: skip
    return Matter(
        world,
        live.reference,
        dissent.case.reference,
        dissent.case.children.get().uuid,
        missing.uuid,
        ask,
        world.discussion(dissent.case),
        cases.invite(participant_id=person.pk, by=world.actor("chair"), now=LATER),
        world.complaint(conference=dissent.conference).case.reference if world.area.complaints else "",
        figures.publish(
            partnership_id=world.partnership.pk,
            span=Span("2025-10", "2025-12"),
            by=world.actor("admin"),
            now=LATER,
        ).uuid,
        world.uploaded().uuid,
        learning.make_summary(
            partnership_id=world.partnership.pk,
            period="2025-Q4",
            points=[],
            by=world.actor("admin"),
            now=LATER,
        ).uuid,
        names,
        named,
    )


def papers_of(world: World) -> dict[str, Any]:
    """A dissent about two children that was decided at both tiers, with its papers."""
    conference = world.decided(children=2)
    dissent = world.recorded(conference, reasons="Q.X. is less safe than Q.Y.")
    world.end(conference)
    dissent = world.answer(world.answer(dissent, "upheld"), "no_reconvene", by="second")
    found = plans(world, dissent)
    draft = saved(world, dissent, found["agencies_letter"])
    sent = issued(world, dissent, found["agency_told"])
    by = world.actor("reviewer")
    first, other = dissent.case.children.order_by("initials")
    pack = papers.ask_pack(case_id=dissent.case_id, by=by, child=first.uuid, now=LATER)
    held = pack.held.get()
    papers.decide_held(
        case_id=dissent.case_id,
        by=world.actor("chair"),
        held=held.uuid,
        release=False,
        reason="Names both.",
        now=LATER,
    )
    papers.make_pack(case_id=dissent.case_id, by=by, pack=pack.uuid, now=LATER)
    document = papers.add_to_conference(
        conference_id=conference.pk,
        by=world.actor("chair"),
        kind="report",
        data=picture(),
        children=[first.uuid],
        now=LATER,
    )
    shown = papers.add_to_case(
        case_id=dissent.case_id, by=by, kind="report", data=picture(), children=[first.uuid], now=LATER
    )
    share = papers.share_document(
        shown, by=by, place=Place(dissent.conference, dissent.case), may_upload=True,
        participant=dissent.case.participants.get(capacity="dissenter").uuid, now=LATER,
    )  # fmt: skip
    return {
        "shown_uuid": shown.uuid, "share": share.uuid,
        "reference": dissent.case.reference, "slug": "agencies_letter", "recipient": draft.recipients.first().uuid,
        "letter_uuid": sent.uuid, "document_uuid": document.uuid,
        "deadline_uuid": dissent.case.deadlines.filter(due_at__isnull=False).first().uuid, "child": other.uuid, "pack_uuid": pack.uuid, "held_uuid": held.uuid, "kind": "decision",
    }  # fmt: skip


def addresses() -> dict[str, URLPattern]:
    found: dict[str, URLPattern] = {}

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif pattern.pattern.converters or pattern.name not in found:
                found[pattern.name] = pattern

    walk(get_resolver().url_patterns)
    return found


class Undo(Exception):
    """Takes back what one cell did."""


def asked(client: Client, method: str, url: str) -> Any:
    """One request, and everything it changed taken back."""
    response: Any = None
    cookies = client.cookies.copy()
    try:
        with transaction.atomic():
            response = client.get(url) if method == "GET" else client.post(url, {})
            raise Undo
    except Undo:
        client.cookies = cookies
        return response


def signed_in(world: World, who: str) -> Client:
    client = Client()
    if who != "anonymous":
        client.force_login(Membership.objects.select_related("user").get(pk=world.people[who].pk).user)
    return client


def come_in(invitation: Invitation) -> Client:
    """A guest in a visit of now."""
    now = edge_now()
    visit = GuestVisit.objects.create(
        partnership_id=invitation.partnership_id, invitation=invitation, started_at=now, seen_at=now, ends_at=now + VISIT
    )  # fmt: skip
    client = Client()
    session = client.session
    session[GUEST_KEY] = str(visit.uuid)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client


def expected(name: str, who: str, other: bool, ladder: bool = False) -> str:
    """in, 403, 404 or sign in, for one address and one person (of another partnership, when `other`).

    `ladder`: a ladder opened with the dissent, and the dissenter holds its first step, with whoever they name there.
    """
    if name in ("notify-receipt", "calendar-feed", "metrics"):
        return "404"
    if name in OPEN:
        if who == "anonymous" and who not in OPEN[name]:
            return "sign in"
        hidden = name in HIDDEN
        return "in" if who in OPEN[name] else "404" if hidden else "403"
    if who == "anonymous":
        return "sign in"
    if name in OF_A_COMPLAINT:
        return "in" if who == "admin" and not other else "404"
    if name in OF_PAPERS:
        table, related = OF_PAPERS, OF_THE_PAPERS
        if name in (
            "document",
            "document-withdraw",
        ):  # of a conference: whoever is on its list knows that there is one
            related = OF_THE_PAPERS | ON_THE_LIST
    elif name in OF_A_CONFERENCE:
        table, related = OF_A_CONFERENCE, ON_THE_LIST
    else:
        table, related = OF_A_CASE, OF_THE_CASE
    if other or who not in related:
        return "404"
    if ladder and who == "police" and name in ("invite-guest", "end-guest"):
        return "in"
    if name in OF_A_RECORD and who == "admin":
        return "404"  # that there is a record is not for them
    if name in ("conference-missing-entry", "conference-private-view", "dissent-new") and who not in {
        "police",
        "health",
        "charity",
    }:
        return "404"  # these are about one's own place on the list, which they do not have
    return "in" if who in table[name] else "403"


def seen(response: Any) -> str:
    if response.status_code == 302 and response.url.startswith("/sign-in"):
        return "sign in"
    return str(response.status_code) if response.status_code in (403, 404) else "in"


def cells(
    here: Matter, people: tuple[str, ...], clients: dict[str, Client], other: bool
) -> tuple[int, list[str]]:
    """Ask every address by both methods for every person. Returns how many cells, and those that were wrong."""
    count, wrong = 0, []
    for name, pattern in addresses().items():
        if name not in here.names:
            continue
        url = reverse(name, kwargs=here.arguments(pattern, name))
        for who in people:
            for method in ("GET", "POST"):
                response = asked(clients[who], method, url)
                if response.status_code == 405:
                    continue  # this address has no such method for anybody
                count += 1
                ladder = here.world.area.dissent.parallel is not None
                want = "in" if name == "sign-out" else expected(name, who, other, ladder)
                found = "in" if name == "sign-out" else seen(response)
                down = response.status_code >= 500 and not name.startswith(
                    "health-"
                )  # whose answer is the status
                if down or found != want:
                    wrong.append(f"{name} {method} by {who}{' of another partnership' if other else ''}: "
                                 f"{response.status_code}, should be {want}")  # fmt: skip
    return count, wrong


def test_every_address_has_a_line() -> None:
    listed = {
        *OPEN,
        *OF_A_CONFERENCE,
        *OF_A_CASE,
        *OF_PAPERS,
        *OF_AN_ESCALATION,
        *OF_A_COMPLAINT,
        *OF_A_REQUEST,
    }
    assert set(addresses()) == listed


@pytest.mark.parametrize("state", ["under_review", "awaiting_view"])
def test_everyone_is_let_in_or_refused_as_listed(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if (
        state == "awaiting_view"
    ):  # where a ladder opens with the dissent, it is the dissenter's, who may invite to it
        for name in ("invite-guest", "end-guest"):
            monkeypatch.setitem(OF_A_CASE, name, OF_A_CASE[name] | {"police"})
    here = matter("camden" if state == "under_review" else "kingston-richmond", state)
    people = (*PEOPLE, "anonymous")
    count, wrong = cells(here, people, {who: signed_in(here.world, who) for who in people}, other=False)
    elsewhere = World("hampshire")
    clients = {who: signed_in(elsewhere, who) for who in STRANGERS}
    objects = replace(
        here, names=frozenset({*OF_A_CONFERENCE, *OF_A_CASE, *OF_PAPERS, *OF_A_COMPLAINT}) & here.names
    )
    more, also = cells(objects, STRANGERS, clients, other=True)
    assert not wrong + also, "\n".join(wrong + also)
    assert count + more > 300


@pytest.mark.parametrize("state", ["under_review", "awaiting_view"])
def test_a_guest_is_let_in_to_their_own_case_and_to_nothing_else(state: str) -> None:
    here = matter("camden" if state == "under_review" else "kingston-richmond", state)
    beside = here.world.dissent_of_guest("awaiting_view", email="else@surgery.example.org")
    elsewhere = matter("hampshire", "on_ladder")
    of_the_case = replace(here, names=frozenset(OF_A_CASE))
    guest, wrong = come_in(here.guest), []
    for there in (here, replace(of_the_case, case=beside.case.reference), elsewhere):
        for name, pattern in addresses().items():
            if name not in there.names or name in ("sign-out", "guest-leave"):
                continue
            for method in ("GET", "POST"):
                response = asked(guest, method, reverse(name, kwargs=there.arguments(pattern, name)))
                if response.status_code == 405:
                    continue
                may = {"403", "404"}
                if "anonymous" in OPEN.get(name, ()) or (there is here and name in OF_A_GUEST):
                    may = {"in"}
                elif name == "choose-role":
                    may = {"sign in"}
                down = response.status_code >= 500 and not name.startswith("health-")
                if down or seen(response) not in may:
                    wrong.append(f"{name} {method} in {there.case}: {response.status_code}, should be {may}")
    assert not wrong, "\n".join(wrong)
