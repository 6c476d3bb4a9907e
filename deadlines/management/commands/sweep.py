"""Sweeps the clocks and sends what is due: once, or in a loop that needs no Redis. Beside beat it does no harm."""

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from core.clock import edge_now
from deadlines.actions import sweep
from deadlines.models import SweepRun
from notifications.actions import send_due, send_keys_due

log = structlog.get_logger(__name__)
EVERY = 15.0  # seconds between two ticks of the loop
AFTER_FAILURE = 3.0
GRACE = 25  # seconds that a tick which is under way is given to end in, when told to stop


class Command(BaseCommand):
    help = (
        "Fire what is due of all clocks and send what is due of all messages. "
        "With --loop again and again, until SIGTERM: what beat and worker do, without Redis."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until told to stop")
        parser.add_argument(
            "--every", type=float, default=EVERY, help="seconds between two ticks of the loop"
        )
        parser.add_argument("--no-send", action="store_true", help="sweep only; leave sending to others")

    def handle(self, *args: Any, **options: Any) -> None:
        send = not options["no_send"]
        if not options["loop"]:
            run, sent = tick(send=send)
            self.stdout.write(
                f"Effects fired: {run.found}. Messages laid out: {run.done}. Put off after a failure: {run.failed}. "
                f"Late: {run.late}. Messages handled: {sent}."
                + (" The clock is in doubt: what says that a date has passed waits." if run.held else "")
            )
            return
        with told_to_stop() as stop:
            self.stdout.write("Sweeping. SIGTERM or Ctrl-C stops it.")
            loop(stop, every=options["every"], send=send)
        self.stdout.write("Stopped.")


def tick(*, send: bool, stop: Callable[[], bool] = lambda: False) -> tuple[SweepRun, int]:
    """One sweep to its end, or to `stop()`, and one run of the sender. Returns the last sweep and how many were sent."""
    while True:
        run = sweep(host_now=edge_now(), wake=False, stop=stop)
        if run.finished_at is not None or stop():
            break
    sent = 0
    if send and not stop():
        sent = send_keys_due(now=edge_now()) + send_due(now=edge_now(), stop=stop)
    return run, sent


def loop(stop: threading.Event, *, every: float, send: bool) -> None:
    """Tick until told to stop. A database that is gone is waited for; whatever else fails is reported, and the next
    tick tries again."""
    while not stop.is_set():
        wait = every
        close_old_connections()
        try:
            _, sent = tick(send=send, stop=stop.is_set)
            wait = 0.0 if sent else every
        except (DatabaseError, InterfaceError) as error:
            log.warning("sweep_loop_waits_for_the_database", error=type(error).__name__)
            wait = AFTER_FAILURE
        except Exception:
            log.exception("sweep_loop_failed")
        stop.wait(wait)
    connection.close()


class StoppedOutright(BaseException):
    """A tick did not end within its grace: whatever it held is taken up again by the next, when its lease is over."""


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set. What is under way then has `GRACE` seconds to end."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.alarm(GRACE)

    def give_up(number: int, frame: FrameType | None) -> None:
        raise StoppedOutright

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, give_up)
    try:
        yield stop
    except StoppedOutright:
        log.warning("sweep_loop_stopped_outright")
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
