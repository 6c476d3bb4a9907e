"""Local protocols as data: pure Python, no Django. Values in, values out.

library().on("camden", conference_day)   the protocol in force there and then
load_text(toml_text, name)               one file, or every error in it
timeline.clocks_for(area, events, ...)   the clocks that events start
window.may_raise(area, ...)              may this person dissent now, and if not, why and where to
"""

from protocols.calendar import Calendar, CalendarHorizon, Due, Progress
from protocols.clocktime import BadTime, NonexistentTime, parse_local
from protocols.loader import ProtocolError, ProtocolErrors, library, load_file, load_text
from protocols.model import (
    EVENTS,
    LOCAL_WORDS,
    AreaProtocol,
    Clock,
    Ladder,
    Library,
    Outcome,
    Protocol,
    Refusal,
    Rule,
    Safeguard,
    Slot,
    Tell,
    Tier,
    UnknownPartnership,
)

__all__ = [
    "EVENTS",
    "LOCAL_WORDS",
    "AreaProtocol",
    "BadTime",
    "Calendar",
    "CalendarHorizon",
    "Clock",
    "Due",
    "Ladder",
    "Library",
    "NonexistentTime",
    "Outcome",
    "Progress",
    "Protocol",
    "ProtocolError",
    "ProtocolErrors",
    "Refusal",
    "Rule",
    "Safeguard",
    "Slot",
    "Tell",
    "Tier",
    "UnknownPartnership",
    "library",
    "load_file",
    "load_text",
    "parse_local",
]
