"""Themes to begin with, and who says what a case teaches."""

import datetime as dt

from cases.states import Capacity, Stage
from core.clock import LONDON

# A partnership adds its own and takes out what it does not use. A theme says what it was about, never who was right.
DEFAULT_THEMES: dict[str, str] = {
    "threshold": "Threshold for significant harm",
    "information": "Information was missing, late or not shared",
    "childs_voice": "The child’s voice",
    "parents_view": "Parents’ understanding of the risks",
    "neglect": "Neglect over time",
    "disguised_compliance": "Apparent cooperation without change",
    "domestic_abuse": "Domestic abuse",
    "mental_health": "Parental mental health or substance use",
    "attendance": "An agency that was needed was not there",
    "chairing": "How the conference was run",
    "plan": "The plan was not carried out",
    "recording": "How it was recorded or told",
}

# Those who decide a dissent, answer a request, or stand at a step of a ladder.
DECIDERS = (
    Capacity.REVIEWER, Capacity.SECOND_TIER, Capacity.CONVENER, Capacity.OUR_SIDE, Capacity.THEIR_SIDE,
    Capacity.REPRESENTATIVE, Capacity.PARTNERSHIP,
)  # fmt: skip
DECIDED = (Stage.DECIDED, Stage.SETTLED, Stage.CLOSED)
MANY = 6  # themes of one case, at most


def month_of(moment: dt.datetime) -> str:
    """The month in London, as "2026-04"."""
    return f"{moment.astimezone(LONDON):%Y-%m}"


def months_of(period: str) -> tuple[str, ...]:
    """The months of a quarter ("2026-Q2") or a year ("2026"). Raises ValueError for anything else."""
    year, _, quarter = period.partition("-Q")
    number = int(year)
    if not 2000 <= number <= 2200 or (quarter and quarter not in ("1", "2", "3", "4")):
        raise ValueError(period)
    first = 3 * int(quarter) - 2 if quarter else 1
    return tuple(f"{number}-{month:02}" for month in range(first, first + (3 if quarter else 12)))


def period_words(period: str) -> str:
    """The quarter or year in words."""
    year, _, quarter = period.partition("-Q")
    spans = {
        "1": "January to March",
        "2": "April to June",
        "3": "July to September",
        "4": "October to December",
    }
    return f"{spans[quarter]} {year}" if quarter else year


def periods_before(now: dt.datetime) -> list[str]:
    """The quarters and years that are over: the last eight quarters and the last two years."""
    today = now.astimezone(LONDON)
    quarter, year, found = (today.month - 1) // 3, today.year, []
    for _ in range(8):
        if quarter == 0:
            year, quarter = year - 1, 4
        found.append(f"{year}-Q{quarter}")
        quarter -= 1
    return [*found, str(today.year - 1), str(today.year - 2)]
