"""Read peak lists and results that Isodat exports as text: one row a peak or an analysis, columns as the laboratory chose them.

A delta value is given with the scale that the file names, in its heading or in a row of units under it; where it names none, the
unit says so. It is never given without a unit, and no scale is supposed.
"""

import csv
import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number
from services.classifier.domain.run import Floats

FORMAT = "Isodat-CSV"
MAX_ROWS, MAX_COLUMNS, HEADING_WITHIN = 50_000, 500, 60
#: A delta value as a heading names it: `d 13C/12C`, `rd 45CO2/44CO2 Mean`, `δ15N`.
DELTA = re.compile(r"\br?[dδ] ?\d{1,3}[A-Z][A-Za-z0-9]{0,4}(?:/\d{1,3}[A-Z][A-Za-z0-9]{0,4})?(?![\w/])")
#: Headings that no other software has.
OWN = re.compile(r"Identifier 1|Peak Nr|Is Ref|Gasconfiguration|Ref\.? Name|rIntensity|Ampl\.? +\d|BGD +\d")
_SCALE = re.compile(
    r"\bvs\.?\s+([A-Za-z][\w./+-]*(?: [A-Z][\w./+-]*)?)|\b(V-?PDB(?:-CO2)?|V-?SMOW2?|SLAP2?|V-?CDT|AIR(?:-N2)?|LSVEC|SMOC)\b"
)
_BRACKETS = re.compile(r"\s*[\[(]([^\[\]()]{0,60})[\])]")
_AREAS = (r"(?:Area|Intensity) All", r"(?:Area|Intensity) \d+")
_SIGNAL = ("Identifier 1", "Analysis", "Gasconfiguration")
#: A cell takes some 70 bytes until it is known whether its column holds numbers.
_MOST_CELLS = 400_000
_BLANK = {"", "-", "n/a", "na", "nan", "*"}
_SECONDS = {"s": 1.0, "sec": 1.0, "": 1.0, "min": 60.0}


@dataclass(slots=True)
class _Column:
    """A column: its heading without unit, unit, texts by row until it is known to hold numbers alone, and the numbers."""

    name: str
    unit: str
    cells: list[str] = field(default_factory=list)


def load_from_isodat_csv(path: Path) -> PeakTable:
    """Read the rows as a table; `signals` names analysis and gas of each. Raises ReaderError and nothing else."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    try:
        columns = _columns(path, _MOST_CELLS + size // 20)
    except csv.Error as error:
        raise ReaderError(f"the file is no table: {error}") from error
    return _table(columns)


def _columns(path: Path, most: int) -> list[_Column]:
    delimiter = _delimiter(path)
    columns: list[_Column] = []
    reader = csv.reader(lines_of(path), delimiter=delimiter)
    rows = 0
    for row in reader:
        if len(row) > MAX_COLUMNS:
            raise ReaderError(f"row {reader.line_num} has {len(row)} columns; at most {MAX_COLUMNS} are read")
        if not columns:
            if _is_heading(row):
                columns = [_column(cell) for cell in row]
            elif reader.line_num > HEADING_WITHIN:
                break
            continue
        if not any(cell.strip() for cell in row):
            continue
        if not rows and _is_units(row):
            for column, cell in zip(columns, row, strict=False):
                column.unit = _unit(column.name, cell) if cell.strip() else column.unit
            continue
        if len(row) > len(columns):
            raise ReaderError(f"row {reader.line_num} has {len(row)} cells under {len(columns)} headings")
        rows += 1
        if rows > MAX_ROWS or rows * len(columns) > most:
            raise ReaderError(f"row {reader.line_num} is more than can be read of a file of this size")
        for place, column in enumerate(columns):
            column.cells.append(row[place].strip()[:200] if place < len(row) else "")
    if not columns:
        raise ReaderError(f"none of the first {HEADING_WITHIN} rows is a heading with a delta value")
    if not rows:
        raise ReaderError("the file holds a heading, but no row under it")
    return columns


def _delimiter(path: Path) -> str:
    for place, line in enumerate(lines_of(path), 1):
        if DELTA.search(line):
            return max("\t;,", key=line.count)
        if place > HEADING_WITHIN:
            break
    raise ReaderError(f"none of the first {HEADING_WITHIN} rows is a heading with a delta value")


def _is_heading(row: list[str]) -> bool:
    return len(row) > 1 and any(DELTA.match(cell.strip()) for cell in row)


def _is_units(row: list[str]) -> bool:
    """A row of units has one in brackets, and no number."""
    told = [cell.strip() for cell in row if cell.strip()]
    return any(_BRACKETS.match(cell) for cell in told) and not any(cell[0].isdigit() for cell in told)


def _column(cell: str) -> _Column:
    text = " ".join(cell.split()).replace("δ", "d")
    found = DELTA.match(text)
    if found is not None:
        rest = text[found.end() :]
        words = re.match(
            r" *(?:(?:Mean|Std\.? ?Dev\.?|Std\.? ?Err\.?|corr\w*|raw)\b\.? *)*", rest, re.IGNORECASE
        )
        end = found.end() + (words.end() if words else 0)
        name = text[:end].strip()
        return _Column(name, _unit(name, text[end:]))
    name = _BRACKETS.sub("", text).strip()
    return _Column(name, _unit(name, text[len(name) :]))


def _unit(name: str, text: str) -> str:
    """The unit that a heading or a row of units names; of a delta value with its scale, or that no scale is stated."""
    brackets = _BRACKETS.search(text)
    inside = brackets[1].strip() if brackets else ""
    if not DELTA.match(name):
        return inside
    scale = _SCALE.search(text)
    unit = "per mil" if not re.search(r"ppm|per meg", text) else "ppm"
    if scale is None:
        return f"{unit}, scale not stated"
    return f"{unit} vs {(scale[1] or scale[2]).rstrip('.')}"


def _table(columns: list[_Column]) -> PeakTable:
    texts: dict[str, list[str]] = {}
    numbers: dict[str, Floats] = {}
    units: dict[str, str] = {}
    for column in columns:
        name, count = column.name or "column", 2
        while name in numbers or name in texts:
            name, count = f"{column.name} ({count})", count + 1
        values = _numbers(column)
        if values is None:
            texts[name] = column.cells
        else:
            numbers[name], units[name] = values, column.unit
            column.cells = []
    rows = len(next(iter(numbers.values()), np.zeros(0))) or len(next(iter(texts.values()), []))
    time = _seconds(numbers, units, "Rt")
    start, end = (_seconds(numbers, units, name) for name in ("Start", "End"))
    nothing = np.full(rows, np.nan)
    area, area_unit = _first(numbers, units, _AREAS, "Vs")
    height, height_unit = _first(numbers, units, (r"Ampl\.? +\d+",), "mV")
    units |= {"area": area_unit, "height": height_unit}
    signals = [words for name in _SIGNAL if (words := _words(name, texts, numbers)) is not None]
    return PeakTable(
        FORMAT, "IRMS", tuple(texts.get("Component", [""] * rows)),
        nothing if time is None else time, nothing if area is None else area, nothing if height is None else height,
        end - start if start is not None and end is not None else nothing,
        tuple(" / ".join(part for part in parts if part) for parts in zip(*signals, strict=True)) if signals else (),
        numbers, {name: unit for name, unit in units.items() if unit},
        {name: ", ".join(sorted(set(cells)))[:300] for name, cells in texts.items() if any(cells)},
    )  # fmt: skip


def _numbers(column: _Column) -> Floats | None:
    """The column as numbers, NaN where a cell is blank; None where it holds words. A column of delta values holds no words."""
    mark = decimal_mark(column.cells)
    values = array("d")
    for row, cell in enumerate(column.cells, 1):
        value = np.nan if cell.lower() in _BLANK else number(cell, mark)
        if value is None:
            if DELTA.match(column.name):
                raise ReaderError(
                    f"row {row} of the column {column.name!r} holds {cell[:40]!r}, which is no number"
                )
            return None
        values.append(value)
    found = np.array(values, np.float64)
    return found if np.isfinite(found).any() or DELTA.match(column.name) else None


def _seconds(numbers: dict[str, Floats], units: dict[str, str], name: str) -> Floats | None:
    """A time in seconds, which is what this software counts in where a heading names no unit."""
    found = next((each for each in numbers if each.rstrip(".").lower() == name.lower()), None)
    if found is None:
        return None
    if units[found] not in _SECONDS:
        raise ReaderError(f"the column {found!r} has times in {units[found][:20]!r}, not in s or min")
    return numbers[found] * _SECONDS[units[found]]


def _first(
    numbers: dict[str, Floats], units: dict[str, str], patterns: tuple[str, ...], usual: str
) -> tuple[Floats | None, str]:
    """The best column of a kind: the patterns in their order, and of one pattern the column to the left."""
    for pattern in patterns:
        for name in numbers:
            if re.fullmatch(pattern, name):
                return numbers[name], units[name] or usual
    return None, usual


def _words(name: str, texts: dict[str, list[str]], numbers: dict[str, Floats]) -> list[str] | None:
    if name in numbers:
        return [f"{value:g}" if np.isfinite(value) else "" for value in numbers[name]]
    return texts.get(name)
