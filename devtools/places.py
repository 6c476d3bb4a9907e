"""Where things are in the project, and the environment its programs are given."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BUILD = ROOT / ".build"
DATA = Path(os.environ.get("PD_DATA_DIR") or ROOT / ".data").absolute()
LOGS = DATA / "logs"

# Never a server that listens: for commands that load the settings but ask the database nothing.
NO_DATABASE = "postgresql://nobody@127.0.0.1:9/none"


def site_packages() -> Path:
    return next(iter(sorted((VENV / "lib").glob("python3.*/site-packages"))), VENV / "lib")


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with the project's own programs first, and no stray PG* settings."""
    kept = {name: value for name, value in os.environ.items() if not re.fullmatch(r"PG[A-Z]+", name)}
    kept.pop("PYTHONHOME", None)
    kept["PATH"] = f"{VENV / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
    kept["VIRTUAL_ENV"] = str(VENV)
    kept["PYTHONUNBUFFERED"] = "1"
    kept["PD_DATA_DIR"] = str(DATA)
    kept.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    return {**kept, **(changes or {})}


def fingerprint(paths: Iterable[Path], extra: str = "") -> str:
    """One hash over the names and contents of files and folders."""
    digest = hashlib.sha256(extra.encode())
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0")
                digest.update(file.read_bytes())
    return digest.hexdigest()


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def is_macos() -> bool:
    return sys.platform == "darwin"


def linux_family() -> str:
    """ "debian", "ubuntu" or whatever the machine calls itself; empty where it does not say."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return ""
    found = re.search(r'^ID="?([a-z]+)', release, re.MULTILINE)
    return found.group(1) if found else ""
