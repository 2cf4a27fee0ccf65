"""Read ChemStation's Report.TXT: the peak tables of all signals, as its report prints them (UTF-16 or eight bits a letter).

The line of dashes under a table's head says where its columns are; the head's two lines say what they hold. The sums that the
report prints under a table are compared with its rows, so that a row that was lost or damaged does not pass.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import lines_of, number

FORMAT = "ChemStation-report"
MAX_PEAKS = 50_000
MAX_COLUMNS = 30
_DASHES = re.compile(r"-+(\|-+){2,}\|?")
_SIGNAL = re.compile(r"Signal\s*\d+\s*:\s*(.*)")
# Besides the English the German report, whose layout is the same.
_TIMES = {"RetTime", "RetZeit", "Ret.Time"}
_WIDTHS = {"Width", "Breite"}
_AREAS, _HEIGHTS = {"Area", "Fläche"}, {"Height", "Höhe"}
_TOTALS = ("Totals", "Summen", "Summe")
_FACTS = (
    "Acq. Operator",
    "Acq. Instrument",
    "Injection Date",
    "Method",
    "Sample Name",
    "Data File",
    "Multiplier",
    "Dilution",
)


@dataclass
class _Table:
    """An open table: where its columns are, their names and units, and the numbers of its rows by column."""

    signal: str
    bounds: list[tuple[int, int]]
    names: list[str]
    units: list[str]
    rows: list[dict[str, float]] = field(default_factory=list)
    compounds: list[str] = field(default_factory=list)


def load_from_chemstation_report(path: Path) -> PeakTable:
    """Read the peak tables; raises ReaderError and nothing else."""
    tables: list[_Table] = []
    facts: dict[str, str] = {}
    signal, before, table = "", ["", ""], None
    peaks = 0
    for line in lines_of(path):
        text = line.strip()
        if _DASHES.fullmatch(text):
            table = _open(signal, line, before)
            tables.append(table)
        elif table is not None:
            if not text:
                table = None
            elif text.startswith(_TOTALS):
                _compare(table, line)
                table = None
            else:
                _add_row(table, line)
                peaks += 1
        elif found := _SIGNAL.match(text):
            signal = found.group(1)[:200]
        elif (fact := _fact(text)) is not None:
            facts.setdefault(*fact)
        if peaks > MAX_PEAKS:
            raise ReaderError(f"the report holds more than {MAX_PEAKS} peaks")
        if text:
            before = [before[1], line]
    if table is not None:
        raise ReaderError(f"the file is truncated: the table of {signal or 'a signal'!r} has no end")
    if not tables:
        raise ReaderError("the report holds no peak table")
    return _content(tables, facts)


def _open(signal: str, dashes: str, head: list[str]) -> _Table:
    ends = [place for place, letter in enumerate(dashes) if letter == "|"] + [len(dashes)]
    bounds = list(zip([0, *(end + 1 for end in ends)], ends, strict=False))
    # The last column holds names that may be longer than its dashes.
    bounds = [pair for pair in bounds if pair[0] < pair[1]][:MAX_COLUMNS]
    names = [head[0][start:end].strip() for start, end in bounds]
    units = [head[1][start:end].strip(" []") for start, end in bounds]
    if not set(names) & _TIMES or not set(names) & _AREAS:
        raise ReaderError(f"a table's head {' '.join(names)[:80]!r} names no retention time or no area")
    return _Table(signal, bounds, names, units)


def _cells(table: _Table, line: str) -> list[str]:
    last = len(table.bounds) - 1
    return [
        (line[start:] if place == last else line[start:end]).strip()
        for place, (start, end) in enumerate(table.bounds)
    ]


def _key(name: str, unit: str) -> str:
    if name in _TIMES:
        return "time"
    if name in _WIDTHS:
        return "width"
    if name in _AREAS:
        return "area_percent" if unit == "%" else "area"
    if name in _HEIGHTS:
        return "height_percent" if unit == "%" else "height"
    return name


def _add_row(table: _Table, line: str) -> None:
    cells, row = _cells(table, line), {}
    for name, unit, cell in zip(table.names, table.units, cells, strict=True):
        value = number(cell)
        if name and value is not None and name not in ("Peak", "#", "Type", "Typ", "Name", "Grp"):
            row[_key(name, unit)] = value
    if "time" not in row or "area" not in row:
        if len(row) <= 1 and table.rows and not cells[0]:
            return
        raise ReaderError(f"a row of the peak table has no retention time or no area: {line.strip()[:80]!r}")
    table.rows.append(row)
    table.compounds.append(cells[table.names.index("Name")][:200] if "Name" in table.names else "")


def _compare(table: _Table, line: str) -> None:
    for name, unit, cell in zip(table.names, table.units, _cells(table, line), strict=True):
        total, key = number(cell.split(":")[-1]), _key(name, unit)
        if total is None or key not in ("area", "height", "Amount"):
            continue
        added = sum(row.get(key, 0.0) for row in table.rows)
        # The report prints six digits.
        if abs(added - total) > 2e-5 * abs(total) + 1e-5 * len(table.rows):
            raise ReaderError(
                f"the rows of {table.signal or 'the table'!r} add up to {added:.6g} in the column {name}, "
                f"the report says {total:.6g}: rows are missing or damaged"
            )


def _fact(text: str) -> tuple[str, str] | None:
    for name in _FACTS:
        if text.startswith(name):
            # What stands far to the right on the same line is another fact.
            value = re.split(r"\s{3,}", text[len(name) :].lstrip(" :"))[0].strip()
            return (name, value[:500]) if value else None
    return None


def _content(tables: list[_Table], facts: dict[str, str]) -> PeakTable:
    rows = [row for table in tables for row in table.rows]
    columns = {key: np.array([row.get(key, np.nan) for row in rows]) for key in sorted(set().union(*rows))}
    units: dict[str, str] = {}
    for table in tables:
        for name, unit in zip(table.names, table.units, strict=True):
            if name and unit:
                units.setdefault(_key(name, unit), unit)
    for key in ("time", "width"):
        if key in columns:
            columns[key] = columns[key] * (1.0 if units.get(key) == "s" else 60.0)
    known = ("time", "area", "height", "width")
    amounts = {key: column for key, column in columns.items() if key not in known}
    nothing = np.zeros(0)
    return PeakTable(
        FORMAT,
        "chromatography",
        tuple(name for table in tables for name in table.compounds),
        columns.get("time", nothing),
        columns.get("area", nothing),
        columns.get("height", nothing),
        columns.get("width", nothing),
        tuple(table.signal for table in tables for _ in table.rows),
        amounts,
        {key: unit for key, unit in units.items() if key in ("area", "height") or key in amounts},
        facts,
    )
