"""Read the text that Shimadzu LabSolutions exports ("convert to ASCII"): sections in brackets, one of them the chromatogram.

The first chromatogram is read as the run; the tables of peaks of all channels come with it as what the instrument reported. An
export without a chromatogram gives its tables of peaks alone. Columns are parted by tab, comma or semicolon; numbers have the
decimal mark of the computer that wrote them.
"""

import array
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number
from services.classifier.domain.run import Floats, RawRun

FORMAT = "Shimadzu"
MAX_POINTS = 2_000_000
MAX_PEAKS = 50_000
MAX_SECTIONS = 2000
_SECTION = re.compile(r"\[(.*)\]")
_TABLE = re.compile(r"Peak Table\s*\((.*)\)")
_CHROMATOGRAM = re.compile(r"(LC |GC |MS |PDA )?Chromatogram\s*(\(.*\))?")
_FACTS = ("Application Name", "Sample Name", "Sample ID", "Acquired", "Operator Name", "Instrument Name", "Detector Name",
          "Method File", "Dilution Factor", "Injection Volume")  # fmt: skip
_NUMBERS = {
    "Area": "area",
    "Height": "height",
    "Conc.": "amount",
    "I.Time": "start_s",
    "F.Time": "end_s",
    "Conc. %": "amount_percent",
}
_MINUTES = ("start_s", "end_s")


@dataclass
class _Export:
    """What was read so far; `mark` is found with the first number that tells it."""

    parts: str = "\t"
    facts: dict[str, str] = field(default_factory=dict)
    signals: list[str] = field(default_factory=list)
    run: tuple[Floats, Floats, str] | None = None
    rows: list[tuple[str, str, float, dict[str, float]]] = field(default_factory=list)
    tables: int = 0


def load_from_shimadzu(path: Path) -> RawRun | PeakTable:
    """Read the first chromatogram and the tables of peaks; raises ReaderError and nothing else."""
    found = _Export()
    for section, lines in _sections(path):
        if table := _TABLE.fullmatch(section):
            _peaks(found, table.group(1), lines)
        elif _CHROMATOGRAM.fullmatch(section):
            found.signals.append(section)
            if found.run is None:
                found.run = _chromatogram(found, section, lines)
        else:
            _facts(found, section, lines)
    table_of_peaks = _table(found) if found.tables else None
    if found.run is None:
        if table_of_peaks is None:
            raise ReaderError("the export holds neither a chromatogram nor a table of peaks")
        return table_of_peaks
    times, values, unit = found.run
    none, starts = np.zeros(0), np.zeros(len(times) + 1, np.int64)
    metadata = found.facts | {"signal": found.signals[0]}
    if len(found.signals) > 1:
        metadata["other_signals"] = "; ".join(found.signals[1:])[:500]
    return RawRun(FORMAT, "chromatography", times, values, starts, none, none, unit, metadata, table_of_peaks)


def _sections(path: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """Every section with its lines; a section that the caller has not read to its end is passed over."""
    source = lines_of(path)
    heads: list[str] = []

    def lines() -> Iterator[str]:
        for line in source:
            if head := _SECTION.fullmatch(line.strip(" ,;\t")):
                heads.append(head.group(1)[:200])
                return
            if line.strip(" ,;\t"):
                yield line

    for _ in lines():
        raise ReaderError("the export does not begin with a section in brackets")
    for _ in range(MAX_SECTIONS):
        if not heads:
            return
        own = lines()
        yield heads.pop(), own
        for _ in own:
            pass
    raise ReaderError(f"the export has more than {MAX_SECTIONS} sections")


def _facts(found: _Export, section: str, lines: Iterator[str]) -> None:
    for line in lines:
        if section == "Header" and line.startswith("Application Name"):
            found.parts = line[len("Application Name") :][:1] or "\t"
            if found.parts not in "\t,;":
                raise ReaderError(
                    f"the export parts its columns by {found.parts!r}, which is none of tab, comma, semicolon"
                )
        name, _, value = line.partition(found.parts)
        if name in _FACTS and value.strip():
            found.facts.setdefault(name, value.strip()[:500])


def _chromatogram(found: _Export, section: str, lines: Iterator[str]) -> tuple[Floats, Floats, str]:
    facts: dict[str, str] = {}
    for line in lines:
        name, _, said = line.partition(found.parts)
        if name.startswith(("R.Time", "Ret.Time")):
            break
        facts[name.strip()] = said.strip()
        if len(facts) > 50:
            raise ReaderError(f"the section {section!r} has no head of a table")
    times, values = array.array("d"), array.array("d")
    mark = _mark(found, [facts.get("End Time(min)", ""), facts.get("Start Time(min)", "")])
    for line in lines:
        cells = line.split(found.parts)
        time, value = (number(cells[0], mark), number(cells[1], mark)) if len(cells) >= 2 else (None, None)
        if time is None or value is None:
            raise ReaderError(
                f"row {len(times) + 1} of {section!r} is no time with its intensity: {line[:60]!r}"
            )
        if len(times) >= MAX_POINTS:
            raise ReaderError(f"the file holds more than {MAX_POINTS} points")
        times.append(time * 60)
        values.append(value)
    declared = number(facts.get("# of Points", ""), mark)
    if declared is not None and declared != len(times):
        raise ReaderError(
            f"the file is truncated: {section!r} declares {declared:g} points and holds {len(times)}"
        )
    if len(times) < 2:
        raise ReaderError(f"{section!r} holds {len(times)} points, which are no chromatogram")
    x, y = np.array(times), np.array(values)
    falls = np.flatnonzero(np.diff(x) <= 0)
    if len(falls):
        raise ReaderError(f"the times do not rise at row {int(falls[0]) + 2} of {section!r}")
    factor = number(facts.get("Intensity Multiplier", "1"), mark)
    if not factor:
        raise ReaderError(
            f"an intensity multiplier of {facts['Intensity Multiplier'][:40]!r} gives no signal"
        )
    return x, y * factor, facts.get("Intensity Units", "")[:40] or "detector units"


def _mark(found: _Export, cells: list[str]) -> str:
    # Where the comma parts the columns, it can be no decimal mark.
    return "." if found.parts == "," else decimal_mark(cells)


def _peaks(found: _Export, channel: str, lines: Iterator[str]) -> None:
    first, head = next(lines, ""), next(lines, "")
    declared = number(first.partition(found.parts)[2])
    names = [name.strip() for name in head.split(found.parts)]
    found.tables += 1
    if declared == 0:
        return
    if not first.startswith("# of Peaks") or declared is None or "R.Time" not in names or "Area" not in names:
        raise ReaderError(f"the table of peaks of {channel!r} has no head with R.Time and Area")
    before, mark = len(found.rows), ""
    for line in lines:
        cells = dict(zip(names, line.split(found.parts), strict=False))
        mark = mark or _mark(found, [cells.get(name, "") for name in ("R.Time", "I.Time", "F.Time")])
        time, area = number(cells.get("R.Time", ""), mark), number(cells.get("Area", ""), mark)
        if time is None or area is None:
            raise ReaderError(
                f"a row of the table of peaks of {channel!r} has no time or no area: {line[:60]!r}"
            )
        values = {key: number(cells.get(name, ""), mark) for name, key in _NUMBERS.items()}
        kept = {
            key: value * (60 if key in _MINUTES else 1) for key, value in values.items() if value is not None
        }
        found.rows.append((channel, cells.get("Name", "").strip()[:200], time * 60, kept))
        if len(found.rows) > MAX_PEAKS:
            raise ReaderError(f"the file holds more than {MAX_PEAKS} peaks")
    if len(found.rows) - before != declared:
        raise ReaderError(
            f"the file is truncated: the table of {channel!r} declares {declared:g} peaks and holds {len(found.rows) - before}"
        )


def _table(found: _Export) -> PeakTable:
    columns = {key: np.array([row[3].get(key, np.nan) for row in found.rows]) for key in _NUMBERS.values()}
    amounts = {
        key: columns[key]
        for key in ("start_s", "end_s", "amount", "amount_percent")
        if np.isfinite(columns[key]).any()
    }
    units = {
        key: unit
        for key, unit in (("start_s", "s"), ("end_s", "s"), ("amount_percent", "%"))
        if key in amounts
    }
    return PeakTable(
        FORMAT, "chromatography", tuple(row[1] for row in found.rows), np.array([row[2] for row in found.rows]),
        columns["area"], columns["height"], np.zeros(0), tuple(row[0] for row in found.rows), amounts, units, found.facts,
    )  # fmt: skip
