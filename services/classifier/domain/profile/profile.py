"""What a run gave: the values of one module, the peaks behind them, what was noted of its quality, and every parameter."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from services.classifier.domain.profile.align import Anchor
from services.classifier.domain.profile.find_peaks import Peak, PeakParameters
from services.classifier.domain.qc import QcFinding


class NoMethod(ValueError):
    """This run cannot give a profile of this programme; the message says why."""


@dataclass(frozen=True, slots=True)
class ProfileParameters:
    """Everything that the numbers depend on besides the method; stored with the profile.

    The two percentages stand over the method's own where they are given.
    """

    peaks: PeakParameters = field(default_factory=PeakParameters)
    mass_tolerance: float = 0.4
    standard_search_percent: float = 20.0
    window_percent: float | None = None
    qualifier_tolerance_percent: float | None = None


@dataclass(frozen=True, slots=True)
class ProfileValue:
    """One analyte: its value with expanded uncertainty (k=2), or None with the reason in `remark`.

    `censored`: looked for, and below the limit of quantitation. `peak` and `main_peak` are what the value was computed from;
    `expected_s` is where the alignment put the compound, `match` the agreement with the reference spectrum.
    """

    analyte: str
    value: float | None
    unit: str
    uncertainty: float | None
    censored: bool = False
    remark: str = ""
    peak: Peak | None = None
    main_peak: Peak | None = None
    expected_s: float | None = None
    match: float | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """The values of one module from one run, the quality findings, and the parameters that gave them.

    `areas` are those of every compound of the method that was found, by name; of a blank there is nothing else.
    """

    programme: str
    version: str
    module: str
    values: tuple[ProfileValue, ...]
    qc: tuple[QcFinding, ...]
    noted: dict[str, Any]
    parameters: ProfileParameters
    internal_standard: Peak | None = None
    provenance: str = field(default="")
    anchors: tuple[Anchor, ...] = ()
    areas: dict[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Plain dictionaries, ready for JSON."""
        return asdict(self)


def measured_values(profile: Profile) -> tuple[dict[str, float], frozenset[str]]:
    """What classification takes from a profile: measured values, and the analytes below their limit."""
    values = {v.analyte: v.value for v in profile.values if v.value is not None and np.isfinite(v.value)}
    return values, frozenset(v.analyte for v in profile.values if v.censored)
