"""docker-compose.yml without Docker: each service's own command line, from the file, on real servers; it gets well, says
so to its own health check, and ends in good order when it is told to."""

import ast
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from devtools.redis_server import free_port
from tests.faults.rig import ROOT, Rig

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
OURS = [name for name, service in SERVICES.items() if service["image"] == "professional-dissent"]
STAY = ["web", "worker", "beat", "sweeper"]


def command_of(name: str) -> list[str]:
    """What a service runs: its own command, or that of the image."""
    found = SERVICES[name].get("command")
    return found or ast.literal_eval(DOCKERFILE.rpartition("\nCMD ")[2].strip())


def health_of(name: str) -> list[str]:
    """The command of a health check: the service's own, or that of the image; none where it is switched off."""
    own = SERVICES[name].get("healthcheck")
    if own is None:
        found = re.search(r"HEALTHCHECK .* CMD (\[.*\])", DOCKERFILE)
        assert found
        return list(ast.literal_eval(found[1]))
    return [] if own.get("disable") else ["sh", "-c", own["test"][1].replace("$$", "$")]


def test_the_file_names_nothing_that_is_not_there() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
    assert set(OURS) == {*STAY, "migrate", "backup"}


def test_every_variable_that_is_told_is_one_that_is_read() -> None:
    """A misspelt name would be ignored without a word."""
    told = {
        line.lstrip("#").partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line
    }
    told = {name for name in told if name.isupper()}
    for service in OURS:
        told |= set(SERVICES[service]["environment"])
    read = (ROOT / "config" / "settings.py").read_text()
    elsewhere = {"POSTGRES_PASSWORD", "WEB_CONCURRENCY", "REMAP_SIGTERM"}  # by Compose, gunicorn, Celery
    assert {name for name in told if f'"{name}"' not in read} == elsewhere


@pytest.fixture
def env(rig: Rig) -> dict[str, str]:
    return {
        **rig.env,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOSTNAME": "rig",
    }


def here(words: list[str], rig: Rig, port: int) -> list[str]:
    """The same words, in a folder and on a port of ours."""
    return [
        word.replace("/data", str(rig.folder)).replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in words
    ]


def test_the_migrations_and_the_drill_of_the_operator(rig: Rig, env: dict[str, str]) -> None:
    for name in ("migrate", "backup"):
        done = subprocess.run(
            command_of(name), cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"


def test_every_service_gets_well_and_stops_when_told(rig: Rig, env: dict[str, str]) -> None:
    port = free_port()
    for name in STAY:
        own = {
            **env,
            **{key: value for key, value in SERVICES[name]["environment"].items() if key == "REMAP_SIGTERM"},
        }
        words = [
            *here(command_of(name), rig, port),
            *(["--hostname", "celery@rig"] if name == "worker" else []),
        ]
        rig.children[name] = rig.servers.processes.start(name, words, log=rig.folder / f"{name}.log", env=own)

    def live() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def well(name: str) -> bool:
        words = [word.replace("/data", shlex.quote(str(rig.folder))) for word in health_of(name)]
        return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, timeout=30).returncode == 0

    rig.until(live, "the web server")
    rig.until(lambda: rig.one("SELECT count(*) FROM deadlines_sweeprun"), "a sweep")
    rig.until(lambda: well("worker"), "the health check of the worker")
    rig.until(lambda: well("beat"), "the health check of beat")
    for name in STAY:
        assert rig.finish(name) == 0, f"{name}\n{rig.said()}"
