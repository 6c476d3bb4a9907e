"""./dev check: all that can be said about the project without running its tests. It writes nothing."""

import os
import re
import subprocess
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devtools.bootstrap import prepare
from devtools.console import say, seconds
from devtools.places import NO_DATABASE, PYTHON, ROOT, environment

Outcome = tuple[bool, str]


@dataclass(frozen=True)
class Check:
    name: str
    look: Callable[[], Outcome]


def _listed(*patterns: str) -> list[Path]:
    """Files of the project: those in git and those about to be, never what is built or installed."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in found.split("\0") if name and (ROOT / name).exists()]


def _packages() -> list[str]:
    """Top-level Python packages of the project, as folders."""
    names = {path.relative_to(ROOT).parts[0] for path in _listed("*.py") if path.parent != ROOT}
    return sorted(name for name in names if (ROOT / name / "__init__.py").exists())


def _command(*words: str | Path) -> Callable[[], Outcome]:
    def look() -> Outcome:
        done = subprocess.run(
            [str(word) for word in words], cwd=ROOT, env=_environment(), capture_output=True, text=True
        )
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    return look


def _environment() -> dict[str, str]:
    return environment(
        {
            "DATABASE_URL": NO_DATABASE,
            "SECRET_KEY": "for-checking-only-" + "0123456789abcdef" * 4,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore::RuntimeWarning",
            "LOG_LEVEL": "ERROR",
        }
    )


def _manage(*words: str) -> Callable[[], Outcome]:
    return _command(PYTHON, "manage.py", *words)


def _tool(name: str, *words: str) -> Callable[[], Outcome]:
    return _command(PYTHON.parent / name, *words)


def _types() -> Outcome:
    return _tool("mypy", "--no-error-summary", *_packages())()


def _security() -> Outcome:
    return _tool("bandit", "-q", "-c", "pyproject.toml", "-ll", "-ii", "-r", *_packages())()


def _layers() -> Outcome:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["importlinter"]
    layers = " ".join(layer for contract in settings["contracts"] for layer in contract.get("layers", ()))
    named = set(re.findall(r"\w+", layers))
    missing = (set(_packages()) & named) - set(settings["root_packages"])
    unplaced = set(_packages()) - named - {"devtools", "tests", "benchmarks"}
    if missing or unplaced:
        words = f"root_packages in pyproject.toml lacks {sorted(missing)}; layers lack {sorted(unplaced)}"
        return False, words
    return _tool("lint-imports", "--no-cache")()


def _templates() -> Outcome:
    files = _listed("*.html", "*.txt")
    files = [path for path in files if "templates" in path.parts and "node_modules" not in path.parts]
    if not files:
        return True, ""
    return _tool("djade", "--check", "--target-version", "5.2", *map(str, files))()


# What only gov.uk may use (its typeface and the crest), and what would be fetched from elsewhere.
NOT_OURS = re.compile(
    rb"GDS Transport|govuk-crest|crown-(?:icon|logo)|light-[0-9a-f]{10}-v[12]\.woff", re.IGNORECASE
)
ELSEWHERE = re.compile(rb"url\(\s*[\"']?(?:https?:)?//", re.IGNORECASE)


def _look() -> Outcome:
    wrong = []
    for path in [*(ROOT / "static").rglob("*"), *(ROOT / "assets").rglob("*.scss")]:
        if path.is_file():
            content = path.read_bytes()
            if path.suffix != ".scss" and (NOT_OURS.search(content) or NOT_OURS.search(path.name.encode())):
                wrong.append(f"{path.relative_to(ROOT)}: holds GOV.UK's own typeface, crown or crest")
            if path.suffix in (".css", ".scss") and ELSEWHERE.search(content):
                wrong.append(f"{path.relative_to(ROOT)}: fetches something from another address")
    return not wrong, "\n".join(wrong)


ADDRESS = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|https?://|\"resolved\"")


def _lock_files() -> Outcome:
    wrong = []
    for path in _listed("requirements*.txt", "requirements*.in", "package-lock.json", ".npmrc", "pip.conf"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # Funding pages and the like in package-lock.json are no registries.
            if ADDRESS.search(line) and not re.search(r'"(?:url|funding|homepage)":', line):
                wrong.append(f"{path.name}:{number}: names an address: {line.strip()}")
    return not wrong, "\n".join(wrong)


# Pages of docs/ that are written from the code, each by the command of that name.
WRITTEN_PAGES = ("state_diagrams", "rule_register")


def _written_pages() -> Outcome:
    looked = [_manage(name, "--check")() for name in WRITTEN_PAGES]
    return all(good for good, _ in looked), "\n".join(words for good, words in looked if not good)


def _production_settings() -> Outcome:
    """The settings of a server behind HTTPS, as Django's own deployment check sees them."""
    env = _environment() | {"BEHIND_HTTPS": "1", "DEBUG": "0", "ALLOWED_HOSTS": "dissent.example.org"}
    done = subprocess.run(
        [str(PYTHON), "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()


# The longest first, so that two at a time end together.
CHECKS: Sequence[Check] = (
    Check("types (mypy)", _types),
    Check("Django's own checks", _manage("check", "--fail-level", "WARNING")),
    Check("Django's checks for a server", _production_settings),
    Check("migrations are complete", _manage("makemigrations", "--check", "--dry-run", "-v", "1")),
    Check("layers (import-linter)", _layers),
    Check("security (bandit)", _security),
    Check("written pages are up to date", _written_pages),
    Check("format (ruff)", _tool("ruff", "format", "--check", "--no-cache", ".")),
    Check("lint (ruff)", _tool("ruff", "check", "--no-cache", ".")),
    Check("templates (djade)", _templates),
    Check("nothing of GOV.UK's own identity", _look),
    Check("lock files name no addresses", _lock_files),
)


def check() -> int:
    prepare(dev=True, assets=True)
    started = time.monotonic()
    failed: list[str] = []

    def one(which: Check) -> tuple[Check, Outcome, str]:
        begun = time.monotonic()
        return which, which.look(), seconds(begun)

    with ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2) // 2)) as pool:
        for which, (good, words), took in pool.map(one, CHECKS):
            say(f"{'ok  ' if good else 'FAIL'}  {which.name:<48} {took:>8}")
            if not good:
                failed.append(which.name)
                say("\n".join(f"      {line}" for line in words.splitlines()[:200]))
    say(f"{len(CHECKS)} checks, {len(failed)} failed, {seconds(started)}")
    return 1 if failed else 0


def fix() -> int:
    prepare(dev=True, assets=False)
    templates = [str(path) for path in _listed("*.html", "*.txt") if "templates" in path.parts]
    done = [_tool("ruff", "check", "--fix", ".")(), _tool("ruff", "format", ".")()]
    if templates:
        _tool("djade", "--target-version", "5.2", *templates)()  # exits 1 when it has changed something
    done += [_manage(name)() for name in WRITTEN_PAGES]
    for good, words in done:
        if words:
            say(words)
        if not good:
            say("The rest needs a person.")
    return 0 if all(good for good, _ in done) else 1
