"""Read libraries of mass spectra as text: NIST MSP and its older sister MSL."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.scan_builder import budget_points
from services.classifier.domain.spectrum import Spectrum, SpectrumSet

FORMAT = "MSP"
MAX_SPECTRA = 20_000
MAX_LINE = 2**17
_MAX_FIELDS, _MAX_ALL_FIELDS = 40, 150_000
_FIELD = re.compile(r"\s*([A-Za-z][\w .#$/()-]{0,59}?)\s*:(.*)", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = str.maketrans("(),;\t", "     ")


def load_from_msp(path: Path) -> SpectrumSet:
    """Read every spectrum with its fields; the number of peaks must be the one declared.

    A library is no run: it has no time axis. Raises ReaderError and nothing else.
    """
    try:
        budget = budget_points(path.stat().st_size)
        file = path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    spectra: list[Spectrum] = []
    fields = 0
    with file:
        for entry in _entries(iter(lambda: file.readline(MAX_LINE), ""), budget):
            if len(spectra) >= MAX_SPECTRA:
                raise ReaderError(f"the library holds more than {MAX_SPECTRA} spectra")
            fields += len(entry.fields)
            spectra.append(entry.spectrum(fields <= _MAX_ALL_FIELDS))
    if not spectra:
        raise ReaderError("the file holds no spectrum")
    return SpectrumSet(FORMAT, tuple(spectra))


@dataclass(slots=True)
class _Entry:
    name: str
    line: int
    declared: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    last: str = ""
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def put(self, name: str, text: str, number: int) -> None:
        """Take a field; "Num Peaks" opens the table."""
        if re.sub(r"\W", "", name).lower() == "numpeaks":
            if not re.fullmatch(r"\d{1,9}", text):
                raise ReaderError(f"line {number} does not say how many peaks follow: {text[:40]!r}")
            self.declared = int(text)
        elif len(self.fields) < _MAX_FIELDS or name in self.fields:
            # A field may come several times, as synonyms do.
            before = self.fields.get(name)
            self.fields[name] = text[:500] if before is None else f"{before}; {text}"[:500]
            self.last = name

    def peaks(self, line: str, number: int) -> None:
        """Take a line of the table: pairs, in brackets or not, with notes in quotation marks or behind a pair."""
        text = _QUOTED.sub(" ", line)
        try:
            found = [float(each) for each in text.translate(_SEPARATORS).split()]
        except ValueError:
            found = [value for group in re.split(r"[;)]", text) for value in _pair(group, number)]
        if len(found) % 2:
            raise ReaderError(f"line {number} holds a mass without an intensity: {line.strip()[:40]!r}")
        if len(self.values) + len(found) > 2 * (self.declared or 0):
            raise ReaderError(f"line {number} brings more than the {self.declared} peaks that were declared")
        self.values.extend(found)

    @property
    def is_full(self) -> bool:
        return self.declared is not None and len(self.values) == 2 * self.declared

    def spectrum(self, with_fields: bool) -> Spectrum:
        if self.declared is None:
            raise ReaderError(f"the entry {self.name[:40]!r} at line {self.line} has no peaks")
        if not self.is_full:
            raise ReaderError(
                f"the entry {self.name[:40]!r} at line {self.line} declares {self.declared} peaks, "
                f"but has {len(self.values) // 2}"
            )
        table = np.frombuffer(self.values).reshape(-1, 2)
        if not (np.abs(table) <= 1e30).all() or (table[:, 0] < 0).any():
            raise ReaderError(
                f"the entry {self.name[:40]!r} at line {self.line} has a peak that is no number"
            )
        told = self.fields if with_fields else {}
        return Spectrum(self.name, table[:, 0], table[:, 1], "m/z", "relative abundance", "MS", True, told)


def _pair(group: str, number: int) -> list[float]:
    parts = group.translate(_SEPARATORS).split()
    if not parts:
        return []
    try:
        return [float(parts[0]), float(parts[1])]
    except (ValueError, IndexError):
        raise ReaderError(f"line {number} is no pair of mass and intensity: {group.strip()[:40]!r}") from None


def _entries(lines: Iterator[str], budget: int) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(lines, 1):
        if len(line) == MAX_LINE:
            raise ReaderError(f"line {number} is longer than {MAX_LINE} characters")
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        found = _FIELD.fullmatch(text)
        if found is not None and found[1].lower() == "name" and (entry is None or entry.declared is not None):
            if entry is not None:
                yield entry
            entry = _Entry(found[2].strip()[:200], number)
        elif entry is None:
            raise ReaderError(f"line {number} stands before the first name: {text[:40]!r}")
        elif entry.declared is not None and not entry.is_full:
            entry.peaks(text, number)
        elif entry.declared is not None and found is None:
            raise ReaderError(f"line {number} brings more than the {entry.declared} peaks that were declared")
        elif found is not None:
            entry.put(found[1], found[2].strip(), number)
            if (entry.declared or 0) > budget // 2:
                raise ReaderError(
                    f"line {number} declares {entry.declared} peaks, far more than the file can hold"
                )
        elif entry.last:
            # A comment may run over several lines.
            entry.fields[entry.last] = f"{entry.fields[entry.last]} {text}"[:500]
    if entry is not None:
        yield entry
