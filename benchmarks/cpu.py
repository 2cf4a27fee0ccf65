"""CPU time of a process and all below it, from /proc (Linux)."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of `pid` and its descendants, with that of children that have ended and were waited for."""
    found, children = _read()
    seconds, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        seconds += found.get(one, 0.0)
        waiting += children.get(one, [])
    return seconds


def _read() -> tuple[dict[int, float], dict[int, list[int]]]:
    seconds: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended.
        pid = int(place.parent.name)
        seconds[pid] = sum(map(int, fields[11:15])) / _TICK
        children.setdefault(int(fields[1]), []).append(pid)
    return seconds, children
