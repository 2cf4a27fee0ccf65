"""Spectra that are no run: an infrared or NMR spectrum, single mass spectra, a library of them. Their axis is not time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.run import TOTAL, Floats, NoSuchChannel, Trace

CHANNEL = "spectrum"


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One spectrum in the order of its file: `x` in `x_unit`, `y` in `unit`, both of one length.

    `y` is NaN where nothing was measured. `is_peaks` says that the points are single lines (masses, a peak table) with nothing
    measured between them.
    """

    title: str
    x: Floats
    y: Floats
    x_unit: str
    unit: str
    technique: str
    is_peaks: bool
    metadata: Mapping[str, str] = field(default_factory=dict)

    def trace(self, channel: str = CHANNEL) -> Trace:
        """The spectrum with rising `x`, whichever way it was written, without the points where nothing was measured."""
        known = np.isfinite(self.y)
        x, y = self.x[known], self.y[known]
        order = np.argsort(x, kind="stable")
        return Trace(channel, x[order], y[order], self.unit, self.x_unit)


@dataclass(frozen=True, slots=True)
class SpectrumSet:
    """The spectra of one file, at least one, in its order."""

    format: str
    spectra: tuple[Spectrum, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def technique(self) -> str:
        """That of the first spectrum."""
        return self.spectra[0].technique

    def trace(self, channel: str = TOTAL) -> Trace:
        """The first spectrum for `tic` and `spectrum`, or the n-th, from 1, for `spectrum:<n>`. Raises NoSuchChannel."""
        if channel in (TOTAL, CHANNEL):
            return self.spectra[0].trace()
        name, _, number = channel.partition(":")
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
        if name != CHANNEL or not 0 < place <= len(self.spectra):
            raise NoSuchChannel(
                f"this file has no channel {channel[:40]!r}; it has {CHANNEL}:1 to {CHANNEL}:{len(self.spectra)}"
            )
        return self.spectra[place - 1].trace(channel)

    def summary(self) -> dict[str, Any]:
        """What the file holds, in few words for people."""
        first = self.spectra[0]
        told: dict[str, Any] = {
            "spectra": len(self.spectra),
            "technique": self.technique,
            "points": sum(len(each.x) for each in self.spectra),
            "unit": first.unit,
            "x_unit": first.x_unit,
            "titles": [each.title for each in self.spectra[:20]],
        }
        if len(first.x):
            told |= {"x_from": float(first.x.min()), "x_to": float(first.x.max())}
        return told
