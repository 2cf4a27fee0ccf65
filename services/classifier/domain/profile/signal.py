"""What the steps need of a run: its times, and the intensity of single masses. A raw run has it, and so have its kept traces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.classifier.domain.run import Floats


class NotKept(ValueError):
    """A mass whose trace was not kept when the run was read; the message names it."""


class Signal(Protocol):
    """Times in s (scans,), rising, and the trace of any mass at these times."""

    @property
    def times_s(self) -> Floats:
        """Time of every scan."""
        ...

    @property
    def has_spectra(self) -> bool:
        """Whether single masses can be traced."""
        ...

    def ion(self, mass: float, *, tolerance: float = 0.5) -> Floats:
        """Intensity within `tolerance` of `mass` in every scan."""
        ...


@dataclass(frozen=True, slots=True)
class KeptTraces:
    """The traces of the masses that a method looks at, as they were read from the run; `tolerance` is that of the reading."""

    times_s: Floats
    ions: Mapping[str, Floats]

    @property
    def has_spectra(self) -> bool:
        """Whether there are any."""
        return bool(self.ions)

    def ion(self, mass: float, *, tolerance: float = 0.5) -> Floats:
        """The kept trace of a mass; raises NotKept."""
        found = self.ions.get(ion_channel(mass))
        if found is None:
            raise NotKept(f"the trace of m/z {mass:g} was not kept when the run was read")
        return found


def ion_channel(mass: float) -> str:
    """The name of a mass's channel."""
    return f"mz:{mass:g}"
