"""Read dual-inlet runs that the software of Nu Instruments writes as text.

The file does not name the masses of its beams; which collector measured what is in the method of the instrument. So beams are
counted, in the order of the file.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.classifier.domain.dual_inlet import REFERENCE, SAMPLE, DualInlet
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.scan_builder import budget_points
from services.classifier.domain.readers.text_file import lines_of, number

FORMAT = "Nu"
FIRST_LINE = re.compile(r'"[^"\r\n]{0,200}Data File Version')
MAX_BEAMS = 32
_LABEL = re.compile(r'"([^"]{1,80})"\s*,\s*(.*)')
_COUNT = re.compile(r"(No_C_O_Cycles|Cycle_Length|Zero_Measurement_Length)\s+(\d{1,6})\s*")
_GAS = re.compile(r"\s*Gas\s*(\w*)\s*")
_ONE = r"-?\d\.\d{1,17}E[+-]\d{2}"
_ROW = re.compile(rf"\s*{_ONE}(?:\s+{_ONE})*\s*", re.ASCII)
_KEPT = 200


def load_from_nu(path: Path) -> DualInlet:
    """Read the currents of every change-over; cycles, readings and blocks must be as many as declared.

    Raises ReaderError and nothing else, also where the instrument's software noted that the run failed.
    """
    lines = enumerate(lines_of(path), 1)
    if not FIRST_LINE.match(next(lines, (1, ""))[1]):
        raise ReaderError("the file does not begin as a data file of Nu Instruments does")
    return _Nu(budget_points(path.stat().st_size)).read(lines)


@dataclass(slots=True)
class _Change:
    """One gas let in: its rows of readings, one a beam."""

    kind: str
    block: int
    line: int
    beams: int = 0
    values: "array[float]" = field(default_factory=lambda: array("d"))


class _Nu:
    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._labels: dict[str, str] = {}
        self._zero: list[float] = []
        self._block = 0
        self._counts: dict[str, int] = {}
        self._change: _Change | None = None
        self._changes: list[_Change] = []
        self._values = 0

    def read(self, lines: Iterator[tuple[int, str]]) -> DualInlet:
        for place, line in lines:
            if label := _LABEL.match(line):
                self._label(label[1].strip(" :"), label[2].strip().strip('"'))
            elif line.startswith("Zero Data"):
                self._zero = _numbers(next(lines, (0, ""))[1].split(","), stop=True)
            elif line.startswith("Individual Data"):
                self._block += 1
                self._change = None
            elif count := _COUNT.fullmatch(line):
                self._counts[count[1]] = int(count[2])
            elif gas := _GAS.fullmatch(line):
                self._open(gas[1], place)
            elif line.startswith("End of Analysis"):
                self._change = None
            elif self._change is not None and line.strip():
                self._readings(self._change, line, place)
        return self._run()

    def _label(self, name: str, value: str) -> None:
        if name == "Sample Failed":
            raise ReaderError(f"the instrument noted that the run failed: {value[:200]}")
        if len(self._labels) < _KEPT and value:
            self._labels.setdefault(name, value[:300])

    def _open(self, kind: str, place: int) -> None:
        # A last change without a name holds nothing but zeros.
        self._change = _Change(kind, self._block, place)
        if kind in ("Ref", "Sam"):
            if len(self._changes) >= 100_000:
                raise ReaderError("the file holds more than 100000 change-overs")
            self._changes.append(self._change)

    def _readings(self, change: _Change, line: str, place: int) -> None:
        parts = line.split()
        values = list(map(float, parts)) if _ROW.fullmatch(line) else _numbers(parts, stop=False)
        length = "Cycle_Length" if change.kind in ("Ref", "Sam") else "Zero_Measurement_Length"
        wanted = self._counts.get(length, 0) + 1
        if change.kind and len(values) != wanted:
            raise ReaderError(f"line {place} has {len(values)} numbers where {wanted} are declared")
        change.beams += 1
        self._values += len(values)
        if change.beams > MAX_BEAMS or self._values > self._budget:
            raise ReaderError(f"line {place} brings more readings than there can be")
        if change.kind and values[0] != 0.0:
            raise ReaderError(f"line {place} begins with {values[0]:g}; the first number of a row is 0")
        change.values.extend(values[1:])

    def _run(self) -> DualInlet:
        changes, readings = self._changes, self._counts.get("Cycle_Length", 0)
        if not changes or not readings:
            raise ReaderError("the file holds no change-over of sample and reference gas")
        beams = changes[0].beams
        for each in changes:
            if each.beams != beams or len(each.values) != beams * readings:
                raise ReaderError(
                    f"the change-over at line {each.line} has {each.beams} beams, the first {beams}"
                )
        self._check_blocks()
        if not beams:
            raise ReaderError("the change-overs hold no readings")
        current = np.empty((len(changes), beams, readings))
        for place, each in enumerate(changes):
            current[place] = np.frombuffer(each.values).reshape(beams, readings)
            each.values = array("d")
        if not (np.abs(current) < 1e3).all():
            raise ReaderError("the file holds a current that is no number")
        zero = np.array(self._zero) if len(self._zero) == beams else np.full(beams, np.nan)
        told = self._labels
        return DualInlet(
            FORMAT, told.get("Gas ID", told.get("Gas1", "")), told.get("Ref Gas Identifier", ""),
            tuple(SAMPLE if each.kind == "Sam" else REFERENCE for each in changes),
            tuple(each.block for each in changes), current, zero, "A", told,
        )  # fmt: skip

    def _check_blocks(self) -> None:
        declared = self._labels.get("Num Blocks", "")
        if declared.isdigit() and int(declared) != self._block:
            raise ReaderError(f"the file declares {declared[:10]} blocks, but holds {self._block}")
        kinds: dict[int, list[str]] = {}
        for change in self._changes:
            kinds.setdefault(change.block, []).append(change.kind)
        cycles = self._counts.get("No_C_O_Cycles", 0)
        for block, found in kinds.items():
            if found != ["Ref", *["Sam", "Ref"] * cycles]:
                raise ReaderError(
                    f"block {block} does not hold {cycles} cycles of sample between reference: "
                    f"{found.count('Sam')} of sample, {found.count('Ref')} of reference"
                )


def _numbers(parts: list[str], *, stop: bool) -> list[float]:
    """Numbers; at something else the list ends where `stop`, otherwise ReaderError."""
    found = []
    for part in parts:
        value = number(part)
        if value is None:
            if stop:
                break
            raise ReaderError(f"a row of readings holds {part[:30]!r}, which is no number")
        found.append(value)
    return found
