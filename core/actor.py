"""Who acts: built once per request (or per sweep) and handed to every check and action."""

from dataclasses import dataclass, field
from typing import Literal

from core.refusals import not_yours


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one membership, a guest, or the clock. Never a User: rights come from the membership that is active.

    A guest acts in a membership of their own (role `guest`), so that what they record is theirs like anybody's, and
    sees only the case in which they are a participant.

    `slots` maps the key of each slot held today to the membership it is held for: the person's own,
    or, for a deputy, that of the holder for whom they act.
    """

    kind: Literal["person", "guest", "clock", "operator"]
    partnership_id: int | None
    user_id: int | None = None
    membership_id: int | None = None
    agency_id: int | None = None
    role: str = ""
    name: str = ""
    slots: dict[str, int] = field(default_factory=dict)
    request_id: str = ""
    practice: bool = False  # acts in a practice twin: nothing of it leaves the service
    # Of a guest only: the row they were invited as, its case, and what their address is in that case.
    participant_id: int | None = None
    case_id: int | None = None
    capacities: frozenset[str] = frozenset()

    @property
    def member(self) -> int:
        """The membership that acts. Raises Denied for the clock, which never records anything of its own."""
        if self.membership_id is None:
            raise not_yours("Only a person with a role in the partnership can do this.")
        return self.membership_id

    def holds(self, *seats: str) -> bool:
        """Whether one of the seats (`slot:reviewer`, …) is a slot this person fills or deputises for today."""
        return any(seat.removeprefix("slot:") in self.slots for seat in seats if seat.startswith("slot:"))

    def acting_for(self, *seats: str) -> int | None:
        """The membership for which a deputy acts in one of these seats; None when it is their own seat."""
        for seat in seats:
            holder = self.slots.get(seat.removeprefix("slot:"))
            if holder is not None and holder != self.membership_id:
                return holder
        return None


def clock_actor(partnership_id: int | None) -> Actor:
    """The clock as an actor: it alerts people and never decides."""
    return Actor(kind="clock", partnership_id=partnership_id, name="The clock")


def operator_actor() -> Actor:
    """Whoever types a command on the server: an action of the installation's own, in no partnership."""
    return Actor(kind="operator", partnership_id=None, name="The operator")
