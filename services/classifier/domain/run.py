"""A raw run as every reader gives it: scan times, total ion current and, where there is one, the mass spectrum of each scan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from services.classifier.domain.peak_table import PeakTable

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TOTAL = "tic"


class NoSuchChannel(ValueError):
    """The run has no channel of that name; the message names those it has."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One channel against time: `x` in seconds, rising; `y` in `unit`; both of the same length."""

    channel: str
    x: Floats
    y: Floats
    unit: str
    x_unit: str = "s"


@dataclass(frozen=True, slots=True)
class RawRun:
    """A run as measured.

    `times_s` (scans,) rises strictly; `total` (scans,) is the total ion current or the detector signal. The spectrum of scan i is
    `mz[starts[i]:starts[i + 1]]` with `intensity` at the same places; a run without spectra has none of these points.
    `reported` is what the instrument's software integrated from the run, where the file holds both.
    """

    format: str
    technique: str
    times_s: Floats
    total: Floats
    starts: NDArray[np.int64]
    mz: Floats
    intensity: Floats
    unit: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    reported: "PeakTable | None" = None

    @property
    def scans(self) -> int:
        """Number of scans, or of measured points of a run without spectra."""
        return len(self.times_s)

    @property
    def has_spectra(self) -> bool:
        """Whether single masses can be traced."""
        return len(self.mz) > 0

    def trace(self, channel: str = TOTAL, *, tolerance: float = 0.5) -> Trace:
        """The named channel: `tic`, or `mz:<number>` for the intensity within `tolerance` of that mass.

        Raises NoSuchChannel.
        """
        if channel == TOTAL:
            return Trace(TOTAL, self.times_s, self.total, self.unit)
        name, _, number = channel.partition(":")
        try:
            mass = float(number)
        except ValueError:
            mass = float("nan")
        if name != "mz" or not 0 < mass < 1e6 or not self.has_spectra:
            usual = f"{TOTAL} and mz:<number>" if self.has_spectra else TOTAL
            raise NoSuchChannel(f"this run has no channel {channel[:40]!r}; it has {usual}")
        return Trace(channel, self.times_s, self.ion(mass, tolerance=tolerance), self.unit)

    def ion(self, mass: float, *, tolerance: float = 0.5) -> Floats:
        """Intensity within `tolerance` of `mass` in every scan, shape (scans,)."""
        near = np.flatnonzero(np.abs(self.mz - mass) <= tolerance)
        scan = np.searchsorted(self.starts, near, side="right") - 1
        return np.bincount(scan, weights=self.intensity[near], minlength=self.scans).astype(np.float64)

    def spectrum(self, scan: int) -> tuple[Floats, Floats]:
        """Masses and intensities of one scan."""
        place = slice(int(self.starts[scan]), int(self.starts[scan + 1]))
        return self.mz[place], self.intensity[place]
