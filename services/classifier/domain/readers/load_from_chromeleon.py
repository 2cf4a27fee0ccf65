"""Read the chromatogram that Thermo Fisher Chromeleon exports as text, with either decimal mark.

Sections of facts ("Injection Information:"), then a table of times, steps and values under "Chromatogram Data:" (version 7) or
"Raw Data:" (version 6). The words are those of the export's language; so the table is read by the places of its columns: the
time is the first, the value the last.
"""

import array
import re
from pathlib import Path

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number
from services.classifier.domain.run import RawRun

FORMAT = "Chromeleon"
MAX_POINTS = 2_000_000
MAX_FACTS = 200
_SECTION = re.compile(r"[^\t]+:")
_DATA = re.compile(r"(Chromatogram Data|Raw Data|Chromatogrammdaten|Rohdaten)\s*:", re.IGNORECASE)
_UNIT = re.compile(r"\(([^()]*)\)\s*$")
_LOOK_AHEAD = 200


def load_from_chromeleon(path: Path) -> RawRun:
    """Read the signal against time in seconds; raises ReaderError and nothing else."""
    lines = lines_of(path)
    facts: dict[str, str] = {}
    for line in lines:
        if _DATA.fullmatch(line.strip()):
            break
        name, tab, value = line.partition("\t")
        if tab and value.strip() and len(facts) < MAX_FACTS:
            facts.setdefault(name.strip(" :")[:100], value.strip()[:500])
    else:
        raise ReaderError("the file holds no section 'Chromatogram Data:'")
    head = next((line for line in lines if line.strip()), "").split("\t")
    if len(head) < 2:
        raise ReaderError("the table of the chromatogram has no head")
    if len(head) > 4:
        raise ReaderError(f"the table has {len(head)} columns: a field of spectra, not one chromatogram")
    times, values = array.array("d"), array.array("d")
    early: list[list[str]] = []
    for line in lines:
        if line.strip():
            early.append(_cells(line, len(head), len(early)))
        if len(early) == _LOOK_AHEAD:
            break
    mark = decimal_mark([cell for row in early for cell in (row[0], row[-1])])
    for row in early:
        _add(times, values, row, mark)
    for line in lines:
        if line.strip():
            _add(times, values, _cells(line, len(head), len(times)), mark)
    return _run(np.array(times), np.array(values), head, facts, mark)


def _cells(line: str, columns: int, row: int) -> list[str]:
    cells = line.split("\t")
    if len(cells) != columns:
        raise ReaderError(f"row {row + 1} of the chromatogram has {len(cells)} cells, not {columns}")
    return cells


def _add(times: "array.array[float]", values: "array.array[float]", cells: list[str], mark: str) -> None:
    time, value = number(cells[0], mark), number(cells[-1], mark)
    if time is None or value is None:
        raise ReaderError(
            f"row {len(times) + 1} of the chromatogram holds something that is no number: {cells!r:.80}"
        )
    if len(times) >= MAX_POINTS:
        raise ReaderError(f"the file holds more than {MAX_POINTS} points")
    times.append(time)
    values.append(value)


def _run(times: np.ndarray, values: np.ndarray, head: list[str], facts: dict[str, str], mark: str) -> RawRun:
    if len(times) < 2:
        raise ReaderError(f"the file holds {len(times)} points, which are no chromatogram")
    time_unit, unit = (
        found.group(1) if (found := _UNIT.search(cell[-200:])) else "" for cell in (head[0], head[-1])
    )
    times = times * (1.0 if time_unit == "s" else 60.0)
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        raise ReaderError(f"the times do not rise at row {int(falls[0]) + 2} of {len(times)}")
    metadata = facts | {"decimal_mark": mark}
    declared = number(facts.get("Data Points", facts.get("Datenpunkte", "")), mark)
    if declared is not None and declared != len(times):
        metadata["remark"] = f"the file declares {declared:g} points and holds {len(times)}"
    unit = unit or facts.get("Signal Unit", "") or "detector units"
    none, starts = np.zeros(0), np.zeros(len(times) + 1, np.int64)
    return RawRun(FORMAT, "chromatography", times, values, starts, none, none, unit, metadata)
