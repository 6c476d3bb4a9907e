"""Which letters a matter needs by its protocol, and what may be done to one now."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import protocols
from cases.models import Child
from cases.selectors import facts_of
from complaints.models import Complaint
from convening.models import ConveneAnswer, ConveneRequest
from convening.policies import HELD, rules_of
from core.refusals import Denied, changed
from dissent.models import Dissent
from escalation.models import Escalation
from letters.model import Kind
from records.models import Document, FilePack, Letter
from records.states import LetterStanding, Scan

PARENTS = "capacity:parents"
AGENCIES = "capacity:agencies"
DISSENTER = "capacity:dissenter"
CHAIR = "capacity:chair"
REQUESTER = "capacity:requester"
FAMILY = "capacity:family"  # whoever complained
WITHOUT_ACCOUNT = (PARENTS, FAMILY)  # no message tells them of a letter
COMPLAINT_KEY = "complaint_received"

# What papers are about. A request that went up the ladder is still the request.
Matter = Dissent | ConveneRequest | Complaint | Escalation


@dataclass(frozen=True, slots=True)
class Plan:
    """One letter that a protocol asks for: what kind, to whom, which tellings it ends, and by which rule."""

    key: str
    kind: Kind
    to: tuple[str, ...]  # seats
    tells: tuple[str, ...]
    rule: str
    by: str  # the seat whose letter it is
    tier: str  # whose decision it tells, or the step of an answer; empty for an invitation
    copies: tuple[str, ...] = ()
    child: Child | None = None
    needs_check: bool = False
    basis: str = "rule"

    @property
    def slug(self) -> str:
        """As it stands in an address: the key, and for a letter about one child which child it is."""
        return f"{self.key}.{self.child.uuid}" if self.child else self.key


def plans_of(matter: Matter, area: protocols.AreaProtocol) -> list[Plan]:
    """The letters that this matter needs so far, by what has happened and what was decided. A ladder needs none."""
    match matter:
        case Dissent():
            return _of_dissent(matter, area)
        case ConveneRequest():
            return _of_request(matter, area)
        case Complaint():
            return _of_complaint(area)
        case _:
            return []


def refusal_key(answer: ConveneAnswer) -> str:
    return f"not_convene.{answer.step}"


def _of_request(convening: ConveneRequest, area: protocols.AreaProtocol) -> list[Plan]:
    """One for each answer that no conference is held (SUS-14, HIPS-3)."""
    outcomes = {outcome.id: outcome for outcome in rules_of(area).outcomes}
    answers = sorted(convening.answers.all(), key=lambda answer: answer.pk)
    return [
        Plan(
            refusal_key(answer), "not_convene", (REQUESTER,), (), outcomes[answer.outcome].rule, "", answer.step,
            basis=outcomes[answer.outcome].basis,
        )
        for answer in answers
        if answer.means != HELD
    ]  # fmt: skip


def answer_of(convening: ConveneRequest, plan: Plan) -> ConveneAnswer:
    """The answer that a letter of a request tells."""
    return next(answer for answer in convening.answers.all() if answer.step == plan.tier)


def _of_complaint(area: protocols.AreaProtocol) -> list[Plan]:
    """That it came, and that the decision stands (CAM-19)."""
    tell = next(iter(area.complaints.tells), None) if area.complaints else None
    rule, basis = (tell.rule, tell.basis) if tell else ("", "rule")
    return [Plan(COMPLAINT_KEY, "complaint", (FAMILY,), (), rule, "", "", basis=basis)]


def _of_dissent(dissent: Dissent, area: protocols.AreaProtocol) -> list[Plan]:
    if area.review is None:
        return []
    facts = facts_of(dissent.case)
    answers = list(dissent.answers.all())
    outcomes = {answer.outcome for answer in answers}
    tiers = {tier.decided: tier for tier in area.review.tiers if any(a.tier == tier.id for a in answers)}
    happened = {name: tier for name, tier in tiers.items() if name in facts}
    return [*_letters(dissent, area, happened, outcomes), *_invitation(dissent, area)]


def plans_before(
    dissent: Dissent, area: protocols.AreaProtocol, tier: protocols.Tier, outcome: str
) -> list[Plan]:
    """The letters that a decision will need which is still being written."""
    return _letters(dissent, area, {tier.decided: tier}, {outcome})


def _letters(
    dissent: Dissent, area: protocols.AreaProtocol, tiers: dict[str, protocols.Tier], outcomes: set[str]
) -> list[Plan]:
    due = [
        tell
        for tell in area.tells
        if tell.when in tiers
        and (tell.letter or tell.how == "duty")
        and (not tell.on_outcomes or outcomes & set(tell.on_outcomes))
    ]
    copies = {(tell.when, seat) for tell in due for seat in tell.copy_to}
    plans: list[Plan] = []
    for tell in due:
        if (tell.when, tell.who) in copies:
            continue  # the copy of another's letter
        plans += _plans(dissent, area, tell, tiers[tell.when], due)
    return _one_letter_to_several(plans)


def _plans(
    dissent: Dissent,
    area: protocols.AreaProtocol,
    tell: protocols.Tell,
    tier: protocols.Tier,
    due: list[protocols.Tell],
) -> list[Plan]:
    copied = [other.id for other in due if other.when == tell.when and other.who in tell.copy_to]
    tells = (tell.id, *copied) if tell.how == "duty" else ()
    by = tell.by or tier.by[0]
    if tell.who == PARENTS:
        children = [row.conference_child.child for row in dissent.dissent_children.all()]
        return [
            Plan(
                tell.id, "parents", (PARENTS,), tells, tell.rule, by, tier.id,
                child=child, needs_check=True, basis=tell.basis,
            )
            for child in children
        ]  # fmt: skip
    first = area.review.tiers[0].id if area.review else ""
    if tell.who == AGENCIES:
        kind: Kind = "decision"
    elif tier.id != first:
        kind = "second_tier"
    else:
        kind = "notice" if tell.how == "duty" else "response"
    return [
        Plan(tell.id, kind, (tell.who,), tells, tell.rule, by, tier.id, copies=tell.copy_to, basis=tell.basis)
    ]


def _one_letter_to_several(plans: list[Plan]) -> list[Plan]:
    """The second tier tells the agency and the chair by one letter."""
    joined: list[Plan] = []
    for plan in plans:
        first = next((p for p in joined if p.kind == plan.kind == "second_tier" and p.by == plan.by), None)
        if first is None:
            joined.append(plan)
            continue
        joined[joined.index(first)] = Plan(
            first.key, first.kind, (*first.to, *plan.to), (*first.tells, *plan.tells), first.rule, first.by,
            first.tier, copies=(*first.copies, *plan.copies), basis=first.basis,
        )  # fmt: skip
    return joined


def _invitation(dissent: Dissent, area: protocols.AreaProtocol) -> list[Plan]:
    """To everybody on the list of the first conference, once the one that follows is booked."""
    for answer in dissent.answers.all():
        outcome = area.outcome(answer.outcome)
        tier = area.tier(answer.tier)
        if outcome and tier and any(f.conference.state == "booked" for f in answer.follow_ups.all()):
            return [
                Plan("invitation", "invitation", (AGENCIES,), (), outcome.rule, tier.by[0], tier.id,
                     basis=outcome.basis)
            ]  # fmt: skip
    return []


def plan_of(matter: Matter, area: protocols.AreaProtocol, slug: str) -> Plan | None:
    return next((plan for plan in plans_of(matter, area) if plan.slug == slug), None)


def ended_by(
    letter_tells: Iterable[str], matter: Matter, area: protocols.AreaProtocol
) -> list[protocols.Tell]:
    """The tellings that a letter still has to end: those not recorded another way meanwhile."""
    if not letter_tells:
        return []
    done = {telling.tell_id for telling in matter.case.tellings.all()}
    return [tell for tell in area.tells if tell.id in letter_tells and tell.id not in done]


# --- a letter on its way ------------------------------------------------------------------------------------------


def check_editable(letter: Letter) -> None:
    """A letter that was issued or dropped is never changed."""
    if letter.standing == LetterStanding.ISSUED:
        raise changed("This letter was issued. An issued letter never changes: write another one.")
    if letter.standing == LetterStanding.DROPPED:
        raise changed("This draft was dropped.")


def check_issuable(letter: Letter) -> None:
    check_editable(letter)
    if letter.needs_check and letter.standing != LetterStanding.CHECKED:
        raise Denied("A second person checks this letter before it is issued.", rule=letter.rule)


def check_waits_for_check(letter: Letter) -> None:
    check_editable(letter)
    if letter.standing != LetterStanding.TO_CHECK:
        raise Denied("This letter is not waiting for a check.", rule=letter.rule)


# --- other people in a text ---------------------------------------------------------------------------------------


def _pattern(word: str) -> str:
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def initials_pattern(initials: str) -> str:
    """Initials as people type them: Q.Y., QY, Q.Y, Q Y."""
    letters = re.findall(r"\w", initials)
    return r"(?<!\w)" + r"[.\s]{0,2}".join(re.escape(letter) for letter in letters) + r"(?!\w)"


def names_of(child: Child, *, unlike: Child | None = None) -> list[str]:
    """The words that name a child in a text: parts of the name that the other child does not share."""
    shared = set((unlike.name if unlike else "").lower().split())
    return [part for part in child.name.split() if len(part) > 1 and part.lower() not in shared]


def found_children(text: str, others: Iterable[Child], own: Child) -> list[str]:
    """The words of a text that name another child; a child's own initials are no one else's."""
    found: list[str] = []
    for other in others:
        patterns = [_pattern(part) for part in names_of(other, unlike=own)]
        if re.findall(r"\w", other.initials) != re.findall(r"\w", own.initials):
            patterns.append(initials_pattern(other.initials))
        for pattern in patterns:
            # Initials in capitals only: "as" is a word, "A.S." is a child.
            flags = 0 if pattern == initials_pattern(other.initials) else re.IGNORECASE
            found += [match[0] for match in re.finditer(pattern, text, flags)]
    return list(dict.fromkeys(found))


def found_names(text: str, names: Iterable[str]) -> list[str]:
    """Which of these whole names stand in a text."""
    return [
        name
        for name in dict.fromkeys(filter(None, map(str.strip, names)))
        if len(name) > 3 and re.search(_pattern(name), text, re.IGNORECASE)
    ]


def check_no_third_party(text: str, names: Iterable[str], rule: str, field: str = "") -> None:
    """Nothing about anybody else stands in the parents' letter (CAM-15)."""
    found = found_names(text, names)
    if found:
        raise Denied(
            f"This letter is for the parents and says nothing about anybody else. Take out: {', '.join(found)}",
            rule=rule,
            field=field,
        )


# --- documents ----------------------------------------------------------------------------------------------------


def check_not_withdrawn(document: Document) -> None:
    if document.withdrawn_at is not None:
        raise changed("This document was withdrawn.")


def check_openable(document: Document, scanner: bool) -> None:
    """Withdrawn is closed; with a scanner set up, so is everything that it has not found clean."""
    check_not_withdrawn(document)
    if document.scan == Scan.INFECTED:
        raise Denied("The virus scanner refused this document. It cannot be opened.")
    if scanner and document.scan != Scan.CLEAN:
        raise Denied(
            "This document has not been scanned yet. It can be opened once it has, in a few minutes."
        )
    if document.scan == Scan.WAITING:
        raise Denied("This document waits for the virus scanner. It can be opened once it was scanned.")


# --- packs --------------------------------------------------------------------------------------------------------


def check_pack_waits(pack: FilePack) -> None:
    if pack.made_at is not None:
        raise changed("This pack was made. It never changes: ask for another one.")


def check_nothing_held(pack: FilePack) -> None:
    waiting = pack.held.filter(decided_at__isnull=True).count()
    if waiting:
        what = "One text" if waiting == 1 else f"{waiting} texts"
        raise Denied(
            f"{what} of this pack may name another child. A second person looks at it first.",
            route="Ask a colleague who works on this case to open the pack.",
        )
