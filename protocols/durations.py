"""An amount of time with its unit. The unit is part of the duration: 72 hours are not three working days."""

from dataclasses import dataclass
from typing import Literal, assert_never

Unit = Literal["clock_hours", "working_days", "calendar_days", "none"]


@dataclass(frozen=True, slots=True)
class Duration:
    amount: int | None
    unit: Unit

    def __str__(self) -> str:
        return in_words(self.amount, self.unit)


def in_words(amount: int | None, unit: Unit) -> str:
    """The duration as a person would say it: "10 working days", "72 hours", "no fixed limit"."""
    match unit:
        case "none":
            return "no fixed limit"
        case "clock_hours":
            noun = "hour"
        case "working_days":
            noun = "working day"
        case "calendar_days":
            noun = "calendar day"
        case _:
            assert_never(unit)
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
