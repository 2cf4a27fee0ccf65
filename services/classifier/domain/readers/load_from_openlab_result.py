"""Read `Result.xml` of ChemStation and OpenLab CDS ChemStation Edition: the integration results of every signal.

The file says everything twice: under `Chromatograms/Signal/IntegrationResults` what was integrated, with the ends of every peak,
and under `Results/ResultsGroup/Peak` what was made of it, with types, names and amounts. Peaks of the second list are joined to
the first by signal and retention time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import number
from services.classifier.domain.readers.xml_stream import stream_xml
from services.classifier.domain.run import Floats

FORMAT = "OpenLab-result"
MAX_PEAKS = 50_000
MAX_VALUES = 100
MAX_TEXT = 500
_MINUTE = 60.0
_WANTED = ("IntegrationResults", "Peak", "Signal", "SampleInformation")
_SAMPLE = {
    "SampleName": "sample", "InjectionDateTime": "injected_at", "Method": "method", "Operator": "operator",
    "AcqInstName": "instrument", "Location": "vial", "Multiplier": "multiplier", "Dilution": "dilution",
}  # fmt: skip


@dataclass
class _Document:
    """A listener: where the stream is, the open group of values, and the groups that are finished."""

    path: list[str] = field(default_factory=list)
    unit: str = ""
    open: dict[str, str] = field(default_factory=dict)
    signal: dict[str, str] = field(default_factory=dict)
    integrated: list[dict[str, str]] = field(default_factory=list)
    quantified: list[dict[str, str]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self.path.append(name)
        self.unit = attributes.get("Unit", "")[:40]
        if name in ("IntegrationResults", "Peak"):
            self.open = {}
        elif name == "Signal":
            self.signal = {}

    def wants_text(self, name: str) -> bool:
        return len(self.path) > 1 and self.path[-2] in _WANTED

    def end(self, name: str, text: str) -> None:
        self.path.pop()
        parent, text = self.path[-1] if self.path else "", text.strip()[:MAX_TEXT]
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
            self.facts[_SAMPLE[name]] = text
        if len(self.open) + len(self.signal) > MAX_VALUES:
            raise ReaderError(f"a peak or a signal of the document has more than {MAX_VALUES} values")
        if max(len(self.integrated), len(self.quantified)) > MAX_PEAKS:
            raise ReaderError(f"the document holds more than {MAX_PEAKS} peaks")


def load_from_openlab_result(source: Path | BinaryIO) -> PeakTable:
    """Read the peaks of all signals; raises ReaderError and nothing else."""
    found = _Document()
    try:
        stream_xml(source, found)
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    return _table(found)


def _table(found: _Document) -> PeakTable:
    if not found.integrated:
        raise ReaderError("the document holds no integration result")
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
