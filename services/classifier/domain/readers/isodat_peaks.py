"""The peak table that Isodat keeps inside a continuous-flow file, with the reference scale of each delta value.

A peak is a row of cells, each with its own name, format, unit and scale; where the peak lies in time stands before them, in one
record for each mass, which is found by the area that both repeat to the last bit.
"""

import re
import struct
from dataclasses import dataclass, field

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.isodat_strings import Found, strings

MAX_PEAKS = 5000
_FORMAT = re.compile(r"%[\d.]*(f|u|d|s)")
_VALUE = re.compile(rb"\0{4}(?:\x01\0{3}|\0{4}\x02\0{3})(....)", re.DOTALL)
_TEXT = re.compile(rb"(?:\0\0)?\x01\0{3}(....)", re.DOTALL)
_DELTA = re.compile(r"r?[dδ] ?\d+\w+/\d+\w+")
_MASS = re.compile(r"rIntensity([0-9])")
_RECORD = struct.Struct("<I4xI4xdd4xdd4xddd")


@dataclass(slots=True)
class Row:
    """One peak: its number, gas, cells by name, and (start, apex, end, amplitude) of its first mass, in s and mV."""

    number: int
    gas: str
    values: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    place: tuple[float, float, float, float] | None = None


@dataclass(slots=True)
class Peaks:
    """The rows, units by column, and masses by gas in the order of the file."""

    rows: list[Row] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    masses: dict[str, list[str]] = field(default_factory=dict)


def find_peaks_of_isodat(content: bytes) -> Peaks:
    """Every peak of the file; none where it has no table. Raises ReaderError."""
    begin = content.find(b"CGCPeakList")
    found = Peaks()
    if begin < 0:
        return found
    end = content.find("DetectorDataBlock".encode("utf-16-le"), begin)
    all_strings = strings(content, begin, end if end > 0 else len(content))
    for at in range(2, len(all_strings) - 5):
        if _FORMAT.fullmatch(all_strings[at].text):
            _cell(content, all_strings[at - 2 : at + 6], found)
    for row in found.rows:
        _place(content, begin, row, found.masses.get(row.gas, []))
    return found


def _cell(content: bytes, told: list[Found], found: Peaks) -> None:
    """A cell: code, name, format, gas (in the first of a row), a blank, unit, scale, a blank, and then the value."""
    code, name, form, gas, _, unit, scale, last = (each.text for each in told)
    if last:
        return
    name = name.replace("δ", "d").strip()
    value = _value(content, told[-1].end, form)
    if code == "Nr.":
        if len(found.rows) >= MAX_PEAKS or not isinstance(value, float):
            raise ReaderError(f"the peak table inside the file is damaged behind peak {len(found.rows)}")
        found.rows.append(Row(int(value), gas))
        return
    if not found.rows or value is None:
        return
    row = found.rows[-1]
    if isinstance(value, str):
        row.texts[name] = value
        return
    unit = _unit(name, unit, scale)
    # Peaks against another scale get a column of their own; no column mixes two.
    column = name if found.units.get(name, unit) == unit else f"{name} ({unit})"
    found.units[column] = unit
    row.values[column] = value
    if mass := _MASS.fullmatch(code):
        masses, last_word = found.masses.setdefault(row.gas, []), name.rpartition(" ")[2]
        if int(mass[1]) == len(masses) + 1 and re.fullmatch(r"[0-9]{1,3}", last_word):
            masses.append(last_word)


def _value(content: bytes, at: int, form: str) -> float | str | None:
    head = _VALUE.match(content, at)
    if head is None:
        return None
    (size,) = struct.unpack("<I", head[1])
    if form.endswith("s"):
        text = _TEXT.match(content, head.end())
        length = struct.unpack("<I", text[1])[0] if text else 0
        if text is None or not 0 < length <= 400:
            return None
        return content[text.end() : text.end() + length].decode("utf-16-le", "replace").rstrip("\0")
    if (form[-1], size) not in (("f", 8), ("u", 4), ("d", 4)) or head.end() + size > len(content):
        return None
    (value,) = struct.unpack_from({"f": "<d", "u": "<I", "d": "<i"}[form[-1]], content, head.end())
    return float(value) if np.isfinite(value) and abs(value) < 1e100 else None


def _unit(name: str, unit: str, scale: str) -> str:
    """The unit as the file has it, for a delta value with its scale; a delta value never goes without."""
    unit, scale = unit.strip(" []"), scale.strip()
    if _DELTA.fullmatch(name):
        return f"{unit or 'per mil'} vs {scale}" if scale else f"{unit or 'per mil'}, scale not stated"
    return unit


def _place(content: bytes, begin: int, row: Row, masses: list[str]) -> None:
    """Find the record of the row's first mass by its area."""
    area = row.values.get(f"rIntensity {masses[0]}") if masses else None
    if not area:
        return
    wanted, offset = struct.pack("<d", area), 72
    at = content.find(wanted, begin)
    for _ in range(8):
        if at < 0 or at < offset:
            return
        mass, number, start, _, apex, height, end, _, again = _RECORD.unpack_from(content, at - offset)
        if str(mass) == masses[0] and number == row.number and again == area and start <= apex <= end < 1e7:
            row.place = (start, apex, end, height)
            return
        at = content.find(wanted, at + 1)


def table_of(peaks: Peaks, format_name: str) -> PeakTable | None:
    """The peaks as a table; None where there are none. Areas are of all masses together, heights of the first."""
    rows = peaks.rows
    if not rows:
        return None
    places = [row.place or (np.nan,) * 4 for row in rows]
    start, apex, end, height = (np.array(column, np.float64) for column in zip(*places, strict=True))
    columns = {
        name: np.array([row.values.get(name, np.nan) for row in rows])
        for name in peaks.units
        if name != "Nr."
    }
    area = columns.get("Intensity All", np.full(len(rows), np.nan))
    references = sorted({text for row in rows for name, text in row.texts.items() if name.startswith("Ref")})
    metadata = {"reference_gas": ", ".join(references)[:300]} if references else {}
    return PeakTable(
        format_name, "IRMS", tuple(row.texts.get("Component", "") for row in rows), apex, area, height, end - start,
        tuple(row.gas for row in rows), columns,
        peaks.units | {"area": peaks.units.get("Intensity All", "Vs"), "height": "mV"}, metadata,
    )  # fmt: skip
