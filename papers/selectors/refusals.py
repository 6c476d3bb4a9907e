"""The letter of a decision not to hold a conference, in the words of the answer (SUS-14, HIPS-3)."""

import datetime as dt
from dataclasses import replace

import letters
from cases.selectors import area_of_case
from convening.models import ConveneAnswer
from convening.policies import rules_of
from convening.selectors import refusal_letter
from letters import Facts, Recipient, Section
from papers.selectors.letters import printed, wording_for
from protocols.describe import seat_words
from records.models import Letter


def refusal_key(answer: ConveneAnswer) -> str:
    return f"not_convene.{answer.step}"


def refusal_letter_of(answer: ConveneAnswer) -> Letter | None:
    return (
        Letter.objects.filter(case=answer.convening.case_id, key=refusal_key(answer))
        .select_related("issued", "case")
        .first()
    )


def refusal_printed(answer: ConveneAnswer, now: dt.datetime) -> letters.Letter:
    """The letter as it is printed: the reply, the decision and its reasons, and the rule it rests on."""
    case = answer.convening.case
    area = area_of_case(case)
    said = refusal_letter(answer)
    facts = Facts(
        reference=case.reference,
        partnership=case.partnership.name,
        conference=area.word("conference"),
        outcome=said["outcome"],
        reasons=answer.reasons,
        stands=area.meanwhile.text,
    )
    draft = letters.draft(
        "not_convene", facts, wording_for(case.partnership_id, "not_convene"), names=said["to_person"]
    )
    opening, *others = draft.sections
    reply = Section(id="reply", heading="", text=answer.reply)
    draft = replace(draft, sections=(opening, reply, *others))
    post = seat_words(area, rules_of(area).decided_by).removeprefix("the ")
    return printed(
        kind="not_convene", partnership=case.partnership, area=area, reference=case.reference, text=draft,
        recipients=[Recipient(name=said["to_person"], agency=said["to_agency"])], signed_by=said["signed"],
        signed_post=f"For {said['for_holder']}" if said["for_holder"] else post[:1].upper() + post[1:],
        rule=said["rule"], basis="rule", now=now, stands=False,
    )  # fmt: skip
