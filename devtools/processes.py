"""Child processes that never outlive ./dev: each in its own process group, all told to the guard."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from devtools.console import Stop, say, tail
from devtools.places import ROOT, environment

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass
class Child:
    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes]"
    stop_signal: int
    starts: list[float] = field(default_factory=list)


class Processes:
    """Use as a context: whatever ends it, every child is stopped, last started first."""

    def __init__(self, pid_folder: Path | None = None, *, signals: bool = True) -> None:
        """With `signals` off, whoever uses it has its own way of being interrupted."""
        self.signals = SIGNALS if signals else ()
        self.children: list[Child] = []
        self.pid_folder = pid_folder
        self.stopping = False
        self.holding = False
        self.held = 0
        self.guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Processes":
        for number in self.signals:
            signal.signal(number, self._interrupted)
        self.guard = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping = True
        # Only the parents are told: each ends its own children in good order, a task in the middle included.
        # The database, which alone is stopped by SIGINT, comes last: the others finish what they are writing.
        for child in self.children:
            if child.stop_signal != signal.SIGINT and child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
        for child in reversed(self.children):
            self.stop(child)
        if self.guard and self.guard.stdin:
            self.guard.stdin.close()
            self.guard.wait()
        for number in self.signals:
            signal.signal(number, signal.SIG_DFL)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.holding:
            self.held = number
        elif not self.stopping:
            self.stopping = True
            raise Interrupted(number)

    @contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """Between making a process and noting it nothing may come, or it would be lost."""
        self.holding, self.held = True, 0
        try:
            yield
        finally:
            self.holding = False
        if self.held:
            self._interrupted(self.held, None)

    def _tell_guard(self, line: str) -> None:
        if self.guard and self.guard.stdin:
            try:
                self.guard.stdin.write(line.encode() + b"\n")
                self.guard.stdin.flush()
            except OSError:
                say("The guard process is gone: after a kill -9 some processes may stay.")
                self.guard = None

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        account: tuple[int, int] | None = None,
        cwd: str | Path = ROOT,
        again: Child | None = None,
    ) -> Child:
        log.parent.mkdir(parents=True, exist_ok=True)
        words = [str(word) for word in argv]
        given = dict(env) if env is not None else environment()
        as_account = {"user": account[0], "group": account[1], "extra_groups": []} if account else {}
        with self._uninterrupted(), log.open("ab") as output:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=given,
                cwd=cwd,
                start_new_session=True,
                **as_account,
            )
            self._tell_guard(f"+{process.pid} {int(stop_signal)}")
            child = again or Child(name, words, given, log, process, stop_signal)
            child.process = process
            child.starts.append(time.monotonic())
            if again is None:
                self.children.append(child)
            if self.pid_folder:
                self.pid_folder.mkdir(parents=True, exist_ok=True)
                (self.pid_folder / f"{name}.pid").write_text(f"{process.pid}\n")
        return child

    def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: str | Path = ROOT,
        account: tuple[int, int] | None = None,
    ) -> None:
        """One command to its end, its output in the log; what it said last is shown if it fails."""
        child = self.start(name, argv, log=log, env=env, cwd=cwd, account=account)
        code = child.process.wait()
        self.forget(child)
        if code != 0:
            command = " ".join(child.argv)
            raise Stop(f"{tail(log)}\n\n{name} failed (exit code {code}): {command}\nAll it said: {log}")

    def forget(self, child: Child) -> None:
        self.children.remove(child)
        self._tell_guard(f"-{child.process.pid}")
        if self.pid_folder:
            (self.pid_folder / f"{child.name}.pid").unlink(missing_ok=True)

    def stop(self, child: Child) -> None:
        if child.process.poll() is None:
            if child.stop_signal == signal.SIGINT:
                child.process.send_signal(child.stop_signal)
            try:
                child.process.wait(15)
            except subprocess.TimeoutExpired:
                hard = signal.SIGQUIT if child.stop_signal == signal.SIGINT else signal.SIGKILL
                send(child.process.pid, hard)
                child.process.wait()
        # Grandchildren that did not go with their parent.
        send(child.process.pid, signal.SIGKILL)
        self.forget(child)

    def watch(self) -> None:
        """Until interrupted. A child that ends is started again; one that keeps ending stops everything."""
        while True:
            time.sleep(0.5)
            for child in list(self.children):
                code = child.process.poll()
                if code is None:
                    continue
                recent = [at for at in child.starts if time.monotonic() - at < 120]
                if child.name == "postgres" or len(recent) > 3:
                    raise Stop(
                        f"{tail(child.log, 12)}\n\nThe {child.name} ended by itself (exit code {code}); "
                        f"everything is being stopped. Its log: {child.log}"
                    )
                say(
                    f"The {child.name} ended by itself (exit code {code}) and is started again. Its log: {child.log}"
                )
                send(child.process.pid, signal.SIGKILL)
                self._tell_guard(f"-{child.process.pid}")
                self.start(
                    child.name,
                    child.argv,
                    log=child.log,
                    env=child.env,
                    stop_signal=child.stop_signal,
                    again=child,
                )


def send(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def foreground(argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> int:
    """A command that has the terminal (tests, a shell). Ctrl-C reaches it from the terminal itself; it decides."""
    process = subprocess.Popen(
        [str(word) for word in argv], cwd=ROOT, env=dict(env) if env else environment()
    )

    def pass_on(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in SIGNALS}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none with that number."""
    if Path("/proc/self/cmdline").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            return ""
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout.strip()


def stop_leftover(pid: int, number: int, patience: float = 15) -> None:
    """A process of an earlier ./dev that was killed outright."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    until = time.monotonic() + patience
    while command_of(pid) and time.monotonic() < until:
        time.sleep(0.1)
    if command_of(pid):
        send(pid, signal.SIGQUIT if number == signal.SIGINT else signal.SIGKILL)
        time.sleep(1)
    send(pid, signal.SIGKILL)
