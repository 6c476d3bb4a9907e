"""What the papers of a case are about: a dissent, a request to hold a conference, a ladder, or a family's complaint."""

from django.http import Http404

from cases.models import Case
from cases.selectors import get_case_or_404
from complaints.models import Complaint
from complaints.selectors import get_complaint_or_404
from conferences.models import Conference
from convening.models import ConveneRequest
from convening.selectors import convening_of
from core.actor import Actor
from core.refusals import Denied
from dissent.models import Dissent
from dissent.selectors import dissent_of, get_dissent_or_404
from escalation.selectors import escalation_of, read_ladders
from papers.policies import Matter


def matter_of(case: Case) -> Matter | None:
    """What a case is about. A difference that climbed beside its dissent, or after a request, is part of that."""
    return (
        dissent_of(case)
        or convening_of(case)
        or Complaint.objects.select_related("conference__chair__user").filter(case=case).first()
        or escalation_of(read_ladders(case))
    )


def matter_or_404(actor: Actor, reference: str) -> Matter:
    """The one gate to the papers of a case in a URL. A stranger gets 404; a complaint is its keeper's alone."""
    case = get_case_or_404(actor, reference)
    match matter_of(case):
        case Dissent():
            return get_dissent_or_404(actor, reference)
        case Complaint():
            return get_complaint_or_404(actor, reference)
        case None:
            raise Http404("No papers.")
        case found:
            return found


def locked(case_id: int) -> Matter:
    """A case, locked, and what it is about. Raises Denied where it is about nothing that papers are written on."""
    Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    case = Case.objects.select_related("partnership", "protocol_version", "agency").get(pk=case_id)
    found = matter_of(case)
    if found is None:
        raise Denied("Nothing is written about this case.")
    return found


def conference_of(matter: Matter) -> Conference | None:
    """The conference that a matter is about. A request asks for one that is not yet."""
    return None if isinstance(matter, ConveneRequest) else matter.conference
