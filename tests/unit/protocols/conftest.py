"""The texts and their calendars, read once."""

from collections.abc import Callable

import pytest

from protocols import AreaProtocol, library
from protocols.holidays import calendar_for
from protocols.timeline import ClockResult, clocks_for, read_given


@pytest.fixture(scope="session")
def area() -> Callable[[str], AreaProtocol]:
    return library().latest


@pytest.fixture(scope="session")
def clocks() -> Callable[..., dict[str, ClockResult]]:
    """The clocks that events start in an area, by rule number."""

    def run(slug: str, **events: str) -> dict[str, ClockResult]:
        protocol = library().latest(slug)
        results = clocks_for(protocol, read_given(protocol, events), calendar_for(protocol.nation))
        return {result.rule: result for result in results}

    return run
