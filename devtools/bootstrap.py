"""Makes the environment: the Python packages, Node.js where there is none, and the built styles and scripts."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.console import Stop, say, step
from devtools.places import BUILD, PYTHON, ROOT, VENV, environment, fingerprint, is_macos
from devtools.processes import Processes

LOG = BUILD / "setup.log"
RUN_FILES = ("requirements.txt",)
UV_OPTIONS = (
    "--quiet --universal --python-version 3.11 --generate-hashes "
    "--no-header --no-emit-index-url --no-emit-find-links"
)
DEV_FILES = ("requirements.txt", "requirements-dev.txt")


def _pip_install(python: Path) -> list[str | Path]:
    """A lock file names everything, so pip resolves nothing: an older pip would look for `coverage[toml]`, which
    another package asks for, beside the locked `coverage`, and refuse whatever newer release it finds."""
    options = "--quiet --no-input --disable-pip-version-check --require-hashes --no-deps"
    return [python, "-m", "pip", "install", *options.split()]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two ./dev at once must not install over each other."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  waiting for another ./dev that is installing")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(*, dev: bool, assets: bool) -> None:
    with one_at_a_time():
        wanted_python = _python_is_missing(dev)
        wanted_assets = assets and _assets_stamp() != _read(BUILD / "assets.sha256")
        wanted_assets = wanted_assets or (assets and not (ROOT / "static" / "build" / "app.css").exists())
        if not (wanted_python or wanted_assets):
            return
        say("Preparing" + ("" if VENV.exists() else " (the first time takes a minute or two)"))
        with Processes() as processes:
            if wanted_python:
                _install_python(processes, dev)
            if wanted_assets:
                _build_assets(processes)


def _read(stamp: Path) -> str:
    try:
        return stamp.read_text().strip()
    except OSError:
        return ""


def _python_stamp(dev: bool) -> Path:
    return VENV / ("installed-dev.sha256" if dev else "installed-run.sha256")


def _python_wanted(dev: bool) -> str:
    return fingerprint([ROOT / name for name in (DEV_FILES if dev else RUN_FILES)])


def _python_is_missing(dev: bool) -> bool:
    if not os.access(PYTHON, os.X_OK) or not PYTHON.exists():
        return True
    return _read(_python_stamp(dev)) != _python_wanted(dev)


def _python_works() -> bool:
    if not PYTHON.exists():
        return False
    probe = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True)
    return probe.returncode == 0


def _install_python(processes: Processes, dev: bool) -> None:
    if not _python_works():
        if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise Stop(
                f"This Python ({sys.executable}) came without the part that makes virtual environments.\n"
                f"Type: {'' if os.geteuid() == 0 else 'sudo '}apt-get install python{version}-venv\n"
                "and start again."
            )
        if VENV.exists():
            shutil.rmtree(VENV)
        with step("Python environment"):
            processes.run("making .venv", [sys.executable, "-m", "venv", VENV], log=LOG)
    files = DEV_FILES if dev else RUN_FILES
    words = [word for name in files for word in ("-r", ROOT / name)]
    with step("Python packages, checked against their hashes"):
        processes.run(
            "installing the Python packages",
            [*_pip_install(PYTHON), "--prefer-binary", *words],
            log=LOG,
        )
        processes.run("checking that they fit together", [PYTHON, "-m", "pip", "check", "--quiet"], log=LOG)
    for also in (True, False) if dev else (False,):
        _python_stamp(also).write_text(_python_wanted(also))


def _assets_stamp() -> str:
    return fingerprint([ROOT / "assets", ROOT / "package.json", ROOT / "package-lock.json"])


def node_environment(processes: Processes) -> dict[str, str]:
    """With node and npm on the path: the machine's, else those of a wheel, in the project's own folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        found = re.match(r"v(\d+)\.", answer)
        if found and int(found.group(1)) >= 20:
            return environment()
    own = BUILD / "node"
    stamp = own / "installed.sha256"
    wanted = fingerprint([ROOT / "requirements-node.txt"])
    if _read(stamp) != wanted:
        with step("Node.js, as the machine has none that is recent enough"):
            processes.run("making .build/node", [sys.executable, "-m", "venv", "--clear", own], log=LOG)
            processes.run(
                "installing Node.js",
                [*_pip_install(own / "bin" / "python"), "-r", ROOT / "requirements-node.txt"],
                log=LOG,
            )
            stamp.write_text(wanted)
    given = environment()
    given["PATH"] = f"{own / 'bin'}{os.pathsep}{given['PATH']}"
    return given


def _build_assets(processes: Processes) -> None:
    env = node_environment(processes)
    npm = shutil.which("npm", path=env["PATH"])
    if npm is None:
        raise Stop("npm was installed but cannot be found; delete .build and start again.")
    modules = ROOT / "node_modules"
    # The programs that npm brings are for one kind of machine: a folder copied to another is made anew.
    wanted = fingerprint([ROOT / "package-lock.json"], extra=f"{sys.platform} {os.uname().machine}")
    if _read(modules / ".installed.sha256") != wanted:
        with step("Node packages"):
            processes.run(
                "npm ci", [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], log=LOG, env=env
            )
            (modules / ".installed.sha256").write_text(wanted)
    with step("Styles and scripts"):
        processes.run("building styles and scripts", [npm, "run", "--silent", "build"], log=LOG, env=env)
    (BUILD / "assets.sha256").write_text(_assets_stamp())


def install_with_apt(processes: Processes, *packages: str) -> None:
    env = environment({"DEBIAN_FRONTEND": "noninteractive"})
    processes.run("apt-get update", ["apt-get", "update", "-qq"], log=LOG, env=env)
    processes.run(
        f"installing {', '.join(packages)}",
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        log=LOG,
        env=env,
    )


def lock() -> None:
    """Resolve the requirements and the Node packages again, and write them down with hashes and no addresses."""
    prepare(dev=False, assets=False)
    with Processes() as processes:
        uv = shutil.which("uv")
        if uv is None:
            own = BUILD / "uv"
            if not (own / "bin" / "uv").exists():
                with step("uv"):
                    processes.run("making .build/uv", [sys.executable, "-m", "venv", own], log=LOG)
                    processes.run(
                        "installing uv", [own / "bin" / "python", "-m", "pip", "install", "-q", "uv"], log=LOG
                    )
            uv = str(own / "bin" / "uv")
        for name in ("requirements", "requirements-dev", "requirements-node"):
            with step(f"{name}.txt"):
                processes.run(
                    f"resolving {name}.in",
                    [uv, "pip", "compile", *UV_OPTIONS.split(), f"{name}.in", "--output-file", f"{name}.txt"],
                    log=LOG,
                )
        with step("package-lock.json"):
            env = node_environment(processes)
            npm = shutil.which("npm", path=env["PATH"]) or "npm"
            processes.run(
                "npm", [npm, "install", "--package-lock-only", "--no-audit", "--no-fund"], log=LOG, env=env
            )
            packages = ROOT / "package-lock.json"
            text = packages.read_text()
            packages.write_text(re.sub(r'\n\s*"resolved": "[^"]*",?', "", text))
    if is_macos():
        say("Resolved for every platform; the hashes of Linux wheels are in as well.")
