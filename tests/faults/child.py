"""Starts one process of the product, with its system clock moved by as much as a file says, and moved again whenever
that file changes. The product knows nothing of it: what is moved is the clock that Python itself reads.

    python -m tests.faults.child CLOCK celery …      worker or beat, from the one beat table, ticking often
    python -m tests.faults.child CLOCK gunicorn …    the web server
    python -m tests.faults.child CLOCK manage …      a management command
"""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

LOOKS_EVERY = 0.02
TICK = 0.4  # seconds, where the table says a minute
monotonic, pause = time.monotonic, time.sleep


def follow(clock: Path) -> None:
    """Keep this process's clock as far from the machine's as the file says, in this process and in its forks."""
    said = float(clock.read_text())
    traveller = time_machine.travel(datetime.now(UTC) + timedelta(seconds=said), tick=True).start()  # noqa: TID251

    def look() -> None:
        nonlocal said
        while True:
            pause(LOOKS_EVERY)
            words = clock.read_text()
            if words and float(words) != said:
                traveller.shift(float(words) - said)
                said = float(words)

    def watch() -> None:
        threading.Thread(target=look, daemon=True).start()

    os.register_at_fork(after_in_child=watch)
    watch()


def main(clock: str, program: str, *words: str) -> None:
    follow(Path(clock))
    # Only now: what reads the time while it is loaded must read the moved one.
    if program == "celery":
        from config.celery import app  # noqa: PLC0415

        for entry in app.conf.beat_schedule.values():
            if isinstance(entry["schedule"], float):  # not what is due at an hour of the day
                entry.update(schedule=TICK)
        app.start(words)
    elif program == "gunicorn":
        from gunicorn.app.wsgiapp import run  # noqa: PLC0415

        sys.argv = ["gunicorn", *words]
        run()
    else:
        from django.core.management import execute_from_command_line  # noqa: PLC0415

        execute_from_command_line(["manage.py", *words])


if __name__ == "__main__":
    main(*sys.argv[1:])
