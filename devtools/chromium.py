"""A real Chromium or Chrome for the browser tests: the machine's, else installed where that is allowed."""

import os
import shutil
import subprocess
from pathlib import Path

from devtools.bootstrap import LOG, install_with_apt
from devtools.console import Stop, step
from devtools.places import BUILD, PYTHON, environment, is_macos, is_root, linux_family
from devtools.processes import Processes

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
MACOS = ("Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser")
BROWSERS = BUILD / "browsers"


def _starts(path: str) -> bool:
    """Ubuntu has a `chromium-browser` that only says that it must be installed."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and any(ch.isdigit() for ch in answer.stdout)


def _on_the_machine() -> str:
    candidates = [shutil.which(name) for name in NAMES]
    if is_macos():
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            candidates += [str(folder / f"{name}.app" / "Contents" / "MacOS" / name) for name in MACOS]
    for pattern in ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"):
        candidates += [str(path) for path in BROWSERS.glob(pattern)]
    return next((path for path in candidates if path and Path(path).exists() and _starts(path)), "")


def find(processes: Processes) -> str:
    named = os.environ.get("CHROMIUM")
    if named:
        if not _starts(named):
            raise Stop(f"CHROMIUM names {named}, which does not start.")
        return named
    found = _on_the_machine()
    if found:
        return found
    if is_root() and linux_family() == "debian" and shutil.which("apt-get"):
        with step("Chromium"):
            install_with_apt(processes, "chromium")
    else:
        try:
            with step("Chromium"):
                processes.run(
                    "installing Chromium",
                    [PYTHON, "-m", "playwright", "install", "chromium"],
                    log=LOG,
                    env=environment({"PLAYWRIGHT_BROWSERS_PATH": str(BROWSERS)}),
                )
        except Stop:
            pass  # The sentence below names what a person can do about it.
    found = _on_the_machine()
    if found:
        return found
    command = "brew install --cask chromium" if is_macos() else "sudo apt-get install chromium"
    raise Stop(
        "The browser tests need Chromium or Chrome, and none was found.\n"
        f"Type: {command}\nor set CHROMIUM to the path of one, and start again."
    )
