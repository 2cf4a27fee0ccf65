"""A dual-inlet isotope run: a sample and a reference gas measured in turn, the ion currents of every change-over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.run import TOTAL, Floats, NoSuchChannel, Trace

SAMPLE, REFERENCE = "sample", "reference"
CHANNEL = "beam"


@dataclass(frozen=True, slots=True)
class DualInlet:
    """Currents as measured, in the order of time; nothing is subtracted and no ratio is formed.

    `current` (changes, beams, readings) in `unit`; `gases` (changes,) says SAMPLE or REFERENCE, `blocks` (changes,) counts from
    1; `zero` (beams,) is the current without gas, NaN where it was not measured. Beams are in the order of the file.
    """

    format: str
    gas: str
    reference_gas: str
    gases: tuple[str, ...]
    blocks: tuple[int, ...]
    current: Floats
    zero: Floats
    unit: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def technique(self) -> str:
        """Isotope-ratio mass spectrometry."""
        return "IRMS"

    @property
    def beams(self) -> int:
        """Number of collectors."""
        return int(self.current.shape[1])

    def means(self) -> Floats:
        """Mean current of each change and beam, shape (changes, beams), less the zero where it is known."""
        return self.current.mean(axis=2) - np.nan_to_num(self.zero)

    def trace(self, channel: str = TOTAL) -> Trace:
        """The readings of one beam in order, for `beam:<n>` from 1; for `tic` those of the strongest. Raises NoSuchChannel."""
        name, _, number = channel.partition(":")
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        if channel == TOTAL:
            place = int(self.current.mean(axis=(0, 2)).argmax()) + 1
        elif name != CHANNEL or not 0 < place <= self.beams:
            raise NoSuchChannel(
                f"this run has no channel {channel[:40]!r}; it has {CHANNEL}:1 to {CHANNEL}:{self.beams}"
            )
        y = self.current[:, place - 1, :].ravel()
        return Trace(f"{CHANNEL}:{place}", np.arange(1.0, len(y) + 1), y, self.unit, "reading")

    def summary(self) -> dict[str, Any]:
        """What the run holds, in few words for people."""
        return {
            "technique": self.technique,
            "gas": self.gas,
            "reference_gas": self.reference_gas,
            "changes": len(self.gases),
            "changes_of_sample": self.gases.count(SAMPLE),
            "blocks": len(set(self.blocks)),
            "beams": self.beams,
            "readings": int(self.current.shape[2]),
            "unit": self.unit,
        }
