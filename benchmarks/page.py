"""Writes docs/benchmarks.md and its chart: the machine, each figure beside its goal, and the misses as such."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from benchmarks.paired import Result
from core.clock import edge_now

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
CHART = DOCS / "benchmarks.svg"
INTRODUCTION = """\
# How fast the parts are whose speed counts

Written by `./dev bench --write`; anyone can repeat it. Each figure is a ratio of two ways of doing the same work, measured
by turns in one run on rows of their own: the median over the pairs, and of two runs the worse. What else the machine
does falls on both. Wall times say nothing on a machine that is shared, so there are none.

“Bare” is one SQL statement, or psycopg with every value known beforehand: what the database itself takes. PostgreSQL waits
for its disk, as on a server. Goals stand beside the figures; what misses its goal is marked, and said again below.
"""

NOTES = """\
## What stands behind the misses, and what is not measured

- P2 with history: each passed clock is a link in its partnership's audit chain, whose hash is made in Python. The bare
  statement writes as many rows and chains nothing.
- P5: the nine statements of the goal cannot be reached with this many kinds of rows. The bare side, which knows everything
  beforehand and asks nothing, needs as many as the table says: a begin, two locks, one statement for each table written, the
  chain’s head, a commit. Ours adds three reads: of the case with its dissent, of the post and its open review, of the calendar
  with the facts and running clocks. The rest of the time is Django’s, which makes each statement anew and has none prepared.
- P6: a moved clock is more than a date: its reminders are laid out anew, its history says so and its holder is told. The second
  figure compares all of these rows with bare SQL for the same rows.
- Viewflow is not measured beside P5: a dissent would have to be written a second time, on its tables, and nothing that both do
  (the chain, the clocks, who may) comes with it. Such a comparison would measure what we wrote for it. A figure that the table lacks was not measured in that run: it ends when its time does.
"""


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GB of memory, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, PostgreSQL 18 from the project’s own wheel."
    )


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=DOCS)  # noqa: S607
    return done.stdout.strip()


def _table(results: Sequence[Result]) -> list[str]:
    lines = ["| | open clocks | what | measured | goal | |", "|---|---:|---|---:|---:|---|"]
    for one in results:
        clocks = f"{one.clocks:,}" if one.clocks else ""
        verdict = "**missed**" if one.verdict == "MISSED" else one.verdict
        lines.append(
            f"| {one.part} | {clocks} | {one.what} | {one.measured:,.2f} | {one.goal_in_words} | {verdict} |"
        )
    return lines


def chart(results: Sequence[Result]) -> str:
    """Bars of measured ÷ goal, attributes only: up to the line is within the goal."""
    with_goal = [one for one in results if one.goal and one.measured]
    row, left, wide = 26, 560, 300
    height = row * len(with_goal) + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 90} {height}" role="img"',
        'font-family="sans-serif" font-size="13">',
        "<title>Each figure as a share of its goal; a bar that crosses the line misses it</title>",
    ]
    for number, one in enumerate(with_goal):
        assert one.goal is not None
        share = one.measured / one.goal if one.at_most else one.goal / one.measured
        length = min(share, 2.0) * wide / 2
        y = 20 + number * row
        what = one.what.partition(": time")[0]
        words = f"{one.part} {what}" + (f" ({one.clocks:,} open)" if one.clocks else "")
        colour = "#00703c" if one.good else "#d4351c"
        parts.append(
            f'<text x="{left - 8}" y="{y + 14}" text-anchor="end" fill="#0b0c0c">{escape(words)}</text>'
        )
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="16" fill="{colour}"/>')
        parts.append(
            f'<text x="{left + max(length, wide / 2) + 6:.1f}" y="{y + 14}" fill="#0b0c0c">{one.measured:,.2f} '
            f"({escape(one.goal_in_words)})</text>"
        )
    x = left + wide / 2
    parts.append(
        f'<line x1="{x}" y1="14" x2="{x}" y2="{height - 28}" stroke="#0b0c0c" stroke-dasharray="4 3"/>'
    )
    parts.append(f'<text x="{x}" y="{height - 10}" text-anchor="middle" fill="#0b0c0c">goal</text>')
    return "\n".join([*parts, "</svg>", ""])


def write(results: Sequence[Result]) -> None:
    day: datetime = edge_now()
    lines = [INTRODUCTION, f"Measured on {day:%d %B %Y} at commit {_commit()}. {machine()}", ""]
    lines += _table(results)
    lines += ["", "![Each figure as a share of its goal](benchmarks.svg)", ""]
    missed = [one for one in results if not one.good]
    lines += ["## Missed", ""]
    lines += [
        f"- {one.part}, {one.what}: {one.measured:,.2f}, goal {one.goal_in_words}." for one in missed
    ] or ["Nothing."]
    lines += ["", NOTES]
    PAGE.write_text("\n".join(lines).rstrip() + "\n")
    CHART.write_text(chart(results))
