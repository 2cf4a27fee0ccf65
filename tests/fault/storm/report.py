"""Writes docs/reliability.md: what the last storm was, and what was left of the records after it."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from tests.fault.storm.run import Storm

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"

_HEAD = """\
# Reliability: the storm

Made by `make storm`. Several crews of people work through the API with keys that make their requests repeatable, while
the processes that keep the records are killed with SIGKILL at random moments, also while they are still starting.
Afterwards every act that was answered is looked for in the records: in its item's history once and in order, in the
books, in the log; each head of the log that somebody kept meanwhile must be a head of it still; stored files are read
back. A short storm on each store is one of the tests (`tests/fault/test_storm.py`). Below is the last long one on each;
`make storm STORM="--store minio"` chooses the store, which on MinIO is killed as well.
"""
#: Stores in the order of the page, with what their section is called.
SECTIONS = {"directory": "On a directory", "minio": "On MinIO, which was killed too"}


def write_page(storm: Storm, store: str, path: Path = PAGE) -> None:
    """Writes the section of this storm's store; the other store's stays as it is."""
    path.write_text(page(section(storm), store, path.read_text() if path.exists() else ""))


def page(told: str, store: str, before: str) -> str:
    """The page's text: `told` for this store, for others what stood there `before`."""
    sections = {}
    for part in before.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        sections[title] = body.strip()
    sections[SECTIONS[store]] = told.strip()
    parts = [f"## {title}\n\n{sections[title]}\n" for title in SECTIONS.values() if title in sections]
    return "\n".join([_HEAD, *parts])


def section(storm: Storm) -> str:
    """What is told of one storm."""
    found, kills = storm.reckoning, sum(storm.kills.values())
    rows = [
        ("date", datetime.now(UTC).strftime("%Y-%m-%d")),
        (
            "machine",
            f"{os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()} {platform.machine()}",
        ),
        ("acts answered", f"{storm.acts:,} by {storm.crews} crews in {storm.seconds:.0f} s"),
        ("which", ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in storm.kinds.items())),
        ("kills", f"{kills}: " + ", ".join(f"{count} {name}" for name, count in sorted(storm.kills.items()))),
        ("answers that asked to try again", _counts(storm.refused)),
        ("other errors", str(len(storm.unexpected))),
        ("acts lost", str(len(found.lost))),
        ("acts doubled", str(len(found.doubled))),
        ("other differences", str(len(found.wrong))),
        ("compared", f"{found.items:,} items, {found.events:,} events, {found.spectra:,} spectra"),
        ("log", f"{found.log_size:,} entries; {storm.heads:,} heads kept meanwhile are all heads of it"),
        ("self-check", _self_check(storm)),
        (
            "longest recovery",
            f"{storm.longest_recovery_s:.1f} s from a kill to the answer of an act begun after it",
        ),
        ("longest wait", f"{storm.longest_wait_s:.1f} s for one answer, every repetition included"),
    ]
    lines = ["| what | result |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines)


def _self_check(storm: Storm) -> str:
    told = storm.self_check
    if told["ok"]:
        return f"ok at {told['size']:,} entries"
    return f"{len(told['findings'])} findings"


def _counts(refused: dict[str, int]) -> str:
    if not refused:
        return "none"
    return ", ".join(f"{count:,} × {word}" for word, count in sorted(refused.items()))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
