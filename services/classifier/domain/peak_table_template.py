"""Which column of a table of peaks is what: declared by a laboratory, or known by the headings that software uses."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.run import Floats

MAX_PEAKS = 50_000
_LONGEST_HEADING = 200
_KNOWN = {
    "time": ("r.time", "rt", "rettime", "ret.time", "ret. time", "retention time", "retention", "time", "retentionszeit",
             "temps de rétention"),
    "area": ("area", "peak area", "fläche", "aire"),
    "name": ("name", "compound", "compound name", "peak name", "component", "substance", "analyte", "komponente", "composé"),
    "height": ("height", "peak height", "höhe", "hauteur"),
    "width": ("width", "peak width", "breite", "largeur"),
    "signal": ("signal", "detector", "channel", "detektor"),
}  # fmt: skip
_UNIT = re.compile(r"\s*[\[(]([^\[\]()]*)[\])]\s*$")
_SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "min.": 60.0,
}
_ENDS = ("total", "totals", "sum", "summe", "somme")


class WrongTable(ValueError):
    """The table does not fit the template; the message says where."""


@dataclass(frozen=True, slots=True)
class PeakTableTemplate:
    """Headings of the columns, compared without regard to case; a heading may leave out the unit in brackets.

    `time_unit` (s or min) is used where the heading of the times names no unit. `amounts` are further columns of numbers that are
    taken over. `delimiter` and `decimal_mark` are found where they are None; `sheet` is the first of a workbook where it is None.
    """

    time: str
    area: str
    name: str = ""
    height: str = ""
    width: str = ""
    signal: str = ""
    amounts: tuple[str, ...] = ()
    time_unit: str = "min"
    units: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    decimal_mark: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        """Raises WrongTable for a template that says nothing or the impossible."""
        if not self.time.strip() or not self.area.strip():
            raise WrongTable("a template names the column of the retention times and that of the areas")
        if self.time_unit not in ("s", "min"):
            raise WrongTable(f"a template's time unit is s or min, not {self.time_unit[:20]!r}")
        if self.delimiter not in (None, ",", ";", "\t", "|"):
            raise WrongTable("a template's delimiter is a comma, a semicolon, a tab or a bar")
        if self.decimal_mark not in (None, ".", ",") or (self.delimiter == "," and self.decimal_mark == ","):
            raise WrongTable(
                "a template's decimal mark is the point or the comma, and not also the delimiter"
            )


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a table are: `places` by meaning, `amounts` by their heading, and the units in the headings."""

    places: Mapping[str, int]
    amounts: Mapping[str, int]
    units: Mapping[str, str]
    seconds: float
    assumed: bool


def find_columns(cells: Sequence[str], template: PeakTableTemplate | None) -> Columns | None:
    """The columns in a row of headings, None where the row does not hold those of the time and the area."""
    headings, units = [], {}
    for cell in (cell.strip()[:_LONGEST_HEADING] for cell in cells):
        found = _UNIT.search(cell)
        headings.append((_UNIT.sub("", cell).strip().lower(), cell.strip().lower()))
        units[len(headings) - 1] = found.group(1).strip() if found else ""
    places: dict[str, int] = {}
    for meaning, known in _KNOWN.items():
        declared = getattr(template, meaning).strip().lower() if template else ""
        wanted = ((declared,) if declared else ()) if template else known
        place = next((at for name in wanted for at, heading in enumerate(headings) if name in heading), None)
        if place is not None:
            places[meaning] = place
    if "time" not in places or "area" not in places:
        return None
    amounts = {}
    for name in template.amounts if template else ():
        at = next((at for at, heading in enumerate(headings) if name.strip().lower() in heading), None)
        if at is None:
            raise WrongTable(f"the table has no column {name[:60]!r}, which the template names")
        amounts[name] = at
    unit = units[places["time"]].lower()
    if unit and unit not in _SECONDS:
        raise WrongTable(f"the retention times are in {unit[:20]!r}, which is neither s nor min")
    by_meaning = {
        meaning: units[at] for meaning, at in places.items() if units[at] and meaning in ("area", "height")
    }
    by_amount = {name: units[at] for name, at in amounts.items() if units[at]}
    declared_units = dict(template.units) if template else {}
    seconds = _SECONDS[unit or (template.time_unit if template else "min")]
    return Columns(
        places, amounts, {**by_meaning, **by_amount, **declared_units}, seconds, not unit and not template
    )


def table_of_rows(
    format_name: str, columns: Columns, rows: Iterable[tuple[int, Sequence[Any], Sequence[float | None]]]
) -> PeakTable:
    """The table; a row is its number in the file, its cells, and their numbers where they are some.

    Raises WrongTable for a row without time or area, and for a time below zero.
    """
    names: list[str] = []
    signals: list[str] = []
    numbers: dict[str, list[float]] = {
        key: [] for key in ("time", "area", "height", "width", *columns.amounts)
    }
    places = {**columns.amounts, **{key: at for key, at in columns.places.items() if key in numbers}}
    for line, cells, values in rows:
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not any(texts):
            continue
        if any(text.lower().rstrip(" :") in _ENDS for text in texts):
            break
        for key in numbers:
            at = places.get(key)
            value = values[at] if at is not None and at < len(values) else None
            if value is None and key in ("time", "area"):
                said = texts[at] if at is not None and at < len(texts) else ""
                what = "retention time" if key == "time" else "area"
                raise WrongTable(f"row {line} has no {what}: {said[:40]!r} is no number")
            numbers[key].append(np.nan if value is None else value)
        if numbers["time"][-1] < 0:
            raise WrongTable(f"row {line} has a retention time below zero: {numbers['time'][-1]:g}")
        names.append(_text(texts, columns.places.get("name")))
        signals.append(_text(texts, columns.places.get("signal")))
        if len(names) > MAX_PEAKS:
            raise WrongTable(f"the table has more than {MAX_PEAKS} peaks")
    if not names:
        raise WrongTable("the table has headings, but no peak")
    arrays: dict[str, Floats] = {key: np.array(column) for key, column in numbers.items()}
    metadata = {"remark": "the table names no unit of time; minutes were assumed"} if columns.assumed else {}
    return PeakTable(
        format_name, "chromatography", tuple(names), arrays["time"] * columns.seconds, arrays["area"], arrays["height"],
        arrays["width"] * columns.seconds, tuple(signals), {key: arrays[key] for key in columns.amounts}, columns.units, metadata,
    )  # fmt: skip


def _text(texts: Sequence[str], at: int | None) -> str:
    return texts[at][:200] if at is not None and at < len(texts) else ""
