"""The commands of ./dev."""

import argparse
import os
import sys

from devtools import benching, bootstrap, checks, run, testing
from devtools.console import Stop, say
from devtools.places import PYTHON, ROOT
from devtools.processes import Interrupted, Processes, foreground


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description="Professional Dissent on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("run", help="the whole application with demonstration data")
    serve.add_argument("--port", type=int, default=None, help="default: PORT, else 8000")
    serve.add_argument("--fresh", action="store_true", help="forget all data and start over")
    commands.add_parser("test", help="every test; arguments go to pytest", add_help=False)
    commands.add_parser("check", help="format, lint, types, layers, migrations and the rest; writes nothing")
    commands.add_parser("fix", help="format and what the linter can mend; regenerate documents")
    commands.add_parser(
        "bench",
        help="speed, compared with peers in the same run; `bench faults`, `bench hostile`: those tests at full size",
        add_help=False,
    )
    commands.add_parser("lock", help="resolve and lock the requirements again")
    commands.add_parser("manage", help="a management command on this machine's database", add_help=False)
    commands.add_parser("shell", help="Django's shell on this machine's database")
    return parser


def _manage(words: list[str]) -> int:
    bootstrap.prepare(dev=False, assets=False)
    with Processes() as processes, run.database_for_command(processes) as url:
        port = int(os.environ.get("PORT", "8000"))
        return foreground([PYTHON, "manage.py", *words], run.settings_for(url, port))


def _port(given: int | None) -> int:
    if given is not None:
        return given
    try:
        return int(os.environ.get("PORT") or 8000)
    except ValueError:
        raise Stop(f"PORT must be a number, and is {os.environ['PORT']!r}.") from None


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    arguments, rest = _parser().parse_known_args(words)
    if rest and arguments.command not in ("test", "bench", "manage"):
        _parser().error(f"unknown: {' '.join(rest)}")
    # What stands behind the command's name goes on as it is, options included.
    rest = words[words.index(arguments.command) + 1 :]
    try:
        match arguments.command:
            case "run":
                return run.run(port=_port(arguments.port), fresh=arguments.fresh)
            case "test":
                return testing.test(rest)
            case "check":
                return checks.check()
            case "fix":
                return checks.fix()
            case "bench":
                return benching.bench(rest)
            case "lock":
                bootstrap.lock()
            case "manage":
                return _manage(rest)
            case "shell":
                return _manage(["shell"])
    except Stop as reason:
        say(f"\n{reason}")
        return 1
    except Interrupted as signalled:
        say("\nStopped.")
        return 128 + signalled.number
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
