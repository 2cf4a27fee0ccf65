"""A peak table as an instrument's own software reported it: no signal, only what was integrated from one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.run import Floats

NONE: Floats = np.zeros(0)
_COLUMNS = ("time_s", "area", "height", "width_s")


@dataclass(frozen=True, slots=True)
class PeakTable:
    """Peaks of one or more signals, in the order of the file.

    `names` (peaks,) is "" where the file names none; `signals` (peaks,) says which detector signal a peak belongs to.
    `time_s`, `area`, `height`, `width_s` (peaks,) hold NaN where the file says nothing; times and widths are in seconds whatever
    the file counts in. `amounts` are further numbers that the file gives for every peak, by their name there: concentrations,
    shares, delta values. `units` has the unit of `area`, `height` and of each of the amounts; no entry where the file names none.
    """

    format: str
    technique: str
    names: tuple[str, ...]
    time_s: Floats
    area: Floats
    height: Floats = field(default_factory=lambda: NONE)
    width_s: Floats = field(default_factory=lambda: NONE)
    signals: tuple[str, ...] = ()
    amounts: Mapping[str, Floats] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Columns that were not given hold nothing for every peak; raises ValueError where columns differ in length."""
        for name in _COLUMNS:
            if len(getattr(self, name)) == 0 and self.names:
                object.__setattr__(self, name, np.full(len(self.names), np.nan))
        if not self.signals:
            object.__setattr__(self, "signals", ("",) * len(self.names))
        columns = [getattr(self, name) for name in _COLUMNS] + list(self.amounts.values()) + [self.signals]
        if any(len(column) != len(self.names) for column in columns):
            raise ValueError("the columns of a peak table differ in length")

    @property
    def peaks(self) -> int:
        """Number of peaks, over all signals."""
        return len(self.names)

    def summary(self) -> dict[str, Any]:
        """What the table holds, in few words for people: peaks, first and last retention time, signals, units, names."""
        told: dict[str, Any] = {
            "peaks": self.peaks,
            "technique": self.technique,
            "unit": self.units.get("area", ""),
        }
        known = self.time_s[np.isfinite(self.time_s)]
        if len(known):
            told |= {"from_s": float(known.min()), "to_s": float(known.max())}
        signals = sorted({signal for signal in self.signals if signal})
        if signals:
            told["signals"] = signals[:20]
        named = sum(bool(name) for name in self.names)
        if named:
            told["named_peaks"] = named
        return told | ({"remark": self.metadata["remark"]} if "remark" in self.metadata else {})
