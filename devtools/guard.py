"""Stops what ./dev started if ./dev itself is killed outright (kill -9, out of memory, a lost machine session).

It sits on the end of a pipe that only ./dev holds open. Lines "+pid signal" and "-pid" tell it what runs; the end of the
pipe tells it that ./dev is gone. Started by path in isolated mode, so it imports nothing of the project.
"""

import os
import signal
import sys
import time


def alive(pid: int) -> bool:
    """A process whose parent is gone is taken off the list by the system as soon as it ends."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def tell(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def tell_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    running: dict[int, int] = {}
    for line in sys.stdin:
        word = line.split()
        if word[0].startswith("+"):
            running[int(word[0])] = int(word[1])
        else:
            running.pop(-int(word[0]), None)
    # The database last, so that the others can finish what they are writing.
    for pid, number in running.items():
        if number != signal.SIGINT:
            tell(pid, number)
    for pid, number in reversed(running.items()):
        if number == signal.SIGINT:
            tell(pid, number)
        patience = time.monotonic() + 15
        while alive(pid) and time.monotonic() < patience:
            time.sleep(0.05)
        if alive(pid) and number == signal.SIGINT:
            tell(pid, signal.SIGQUIT)
        else:
            tell_group(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
