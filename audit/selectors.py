"""Reading the chain, and the sentence of each type of event."""

SENTENCES: dict[str, str] = {
    "clock.passed": "The date for this passed: {due}. Nothing is decided by that; the people who hold it were told.",
    "clock.moved": "A clock moved from {was_due} to {due}, because a day was added to the calendar.",
}
