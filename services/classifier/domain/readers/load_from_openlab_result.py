"""Read `Result.xml` of ChemStation and OpenLab CDS ChemStation Edition: the integration results of every signal.

The file says everything twice: under `Chromatograms/Signal/IntegrationResults` what was integrated, with the ends of every peak,
and under `Results/ResultsGroup/Peak` what was made of it, with types, names and amounts. Peaks of the second list are joined to
the first by signal and retention time. The parser is expat, fed piece by piece; declarations of a document type, which alone can
define entities, are refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import number
from services.classifier.domain.run import Floats

FORMAT = "OpenLab-result"
MAX_FILE_BYTES = 128 * 2**20
MAX_PEAKS = 50_000
MAX_DEPTH = 32
MAX_TEXT = 10_000
_PIECE = 2**16
_MINUTE = 60.0
_SAMPLE = {
    "SampleName": "sample", "InjectionDateTime": "injected_at", "Method": "method", "Operator": "operator",
    "AcqInstName": "instrument", "Location": "vial", "Multiplier": "multiplier", "Dilution": "dilution",
}  # fmt: skip


@dataclass
class _Document:
    """What was collected of the document so far: where the parser is, the open group of values, and the finished ones."""

    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0
    unit: str = ""
    open: dict[str, str] = field(default_factory=dict)
    signal: dict[str, str] = field(default_factory=dict)
    integrated: list[dict[str, str]] = field(default_factory=list)
    quantified: list[dict[str, str]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            raise ReaderError(f"the document's elements lie more than {MAX_DEPTH} deep in each other")
        self.text, self.length, self.unit = [], 0, attributes.get("Unit", "")[:40]
        if name in ("IntegrationResults", "Peak"):
            self.open = {}
        elif name == "Signal":
            self.signal = {}

    def characters(self, data: str) -> None:
        self.length += len(data)
        if self.length > MAX_TEXT:
            raise ReaderError(f"an element of the document holds more than {MAX_TEXT} letters")
        self.text.append(data)

    def end(self, name: str) -> None:
        self.path.pop()
        parent = self.path[-1] if self.path else ""
        text = "".join(self.text).strip()
        self.text, self.length = [], 0
        if name == "IntegrationResults":
            self.integrated.append(self.open | {"Signal": self.signal.get("Description", "").strip(" ,")})
        elif name == "Peak" and parent == "ResultsGroup":
            self.quantified.append(self.open)
        elif parent in ("IntegrationResults", "Peak"):
            self.open[name] = text
            if self.unit:
                self.units.setdefault(name, self.unit)
        elif parent == "Signal":
            self.signal[name] = text
            if name in ("XUnits", "YUnits"):
                self.units.setdefault(name, text[:40])
        elif parent == "SampleInformation" and name in _SAMPLE and text:
            self.facts[_SAMPLE[name]] = text[:500]
        if len(self.integrated) + len(self.quantified) > 2 * MAX_PEAKS:
            raise ReaderError(f"the document holds more than {MAX_PEAKS} peaks")


def load_from_openlab_result(path: Path) -> PeakTable:
    """Read the peaks of all signals; raises ReaderError and nothing else."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ReaderError(
                f"the file has more than the {MAX_FILE_BYTES} bytes that a list of peaks can need"
            )
        with path.open("rb") as handle:
            found = _parse(iter(lambda: handle.read(_PIECE), b""))
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    return _table(found)


def table_from_openlab_result(content: bytes) -> PeakTable:
    """The peaks in the bytes of a `Result.xml`; raises ReaderError and nothing else."""
    return _table(_parse(iter([content])))


def _parse(pieces: Iterable[bytes]) -> _Document:
    found = _Document()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.characters
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset}"
        raise ReaderError(
            f"the document is damaged or truncated at {where}: {expat.ErrorString(error.code)}"
        ) from error
    except (ValueError, LookupError) as error:
        raise ReaderError(f"the document is damaged: {error}") from error
    return found


def _refuse(*_: object) -> None:
    raise ReaderError("the document declares a document type, which no result file does")


def _table(found: _Document) -> PeakTable:
    if not found.integrated:
        raise ReaderError("the document holds no integration result")
    if len(found.integrated) > MAX_PEAKS:
        raise ReaderError(f"the document holds more than {MAX_PEAKS} peaks")
    scale = 1.0 if found.units.get("XUnits") == "s" else _MINUTE
    times = _column(found.integrated, "RetTime", scale)
    areas = _column(found.integrated, "Area")
    wrong = np.flatnonzero(~(np.isfinite(times) & np.isfinite(areas)))
    if len(wrong):
        raise ReaderError(f"the {int(wrong[0]) + 1}. integration result has no retention time or no area")
    joined = _joined(found)
    amounts = {
        "start_s": _column(found.integrated, "TimeStart", scale),
        "end_s": _column(found.integrated, "TimeEnd", scale),
        "area_percent": _column(found.integrated, "AreaPercent"),
        "symmetry": _column(found.integrated, "Symmetry"),
        "amount": _column(joined, "Amount"),
    }
    height_unit = found.units.get("Height") or found.units.get("YUnits", "")
    units = {
        "area": found.units.get("Area", ""),
        "height": height_unit,
        "amount": found.units.get("Amount", ""),
    }
    units |= {"area_percent": "%", "start_s": "s", "end_s": "s"}
    return PeakTable(
        FORMAT,
        "chromatography",
        tuple(peak.get("Name", "")[:200] for peak in joined),
        times,
        areas,
        _column(found.integrated, "Height"),
        _column(found.integrated, "Width", scale),
        tuple(peak["Signal"][:200] for peak in found.integrated),
        {name: column for name, column in amounts.items() if np.isfinite(column).any()},
        {name: unit for name, unit in units.items() if unit},
        found.facts,
    )


def _joined(found: _Document) -> list[dict[str, str]]:
    """For every integration result the entry of the second list that has its signal and retention time, empty where none has."""
    by_place = {
        (each.get("SignalDesc", "").strip(" ,"), each.get("MeasRetTime", "")): each
        for each in found.quantified
    }
    return [by_place.get((each["Signal"], each.get("RetTime", "")), {}) for each in found.integrated]


def _column(peaks: list[dict[str, str]], name: str, scale: float = 1.0) -> Floats:
    values = (number(peak.get(name, "")) for peak in peaks)
    return np.array([np.nan if value is None else value * scale for value in values])
