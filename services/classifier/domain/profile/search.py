"""One run searched by one method: corrected traces, each made once, alignment, and what the examiner has set by hand."""

import functools
from collections.abc import Mapping

from services.classifier.domain.profile.find_anchors import Aligned, find_anchors
from services.classifier.domain.profile.find_peaks import Corrected, Peak, correct
from services.classifier.domain.profile.identify import Criteria, Identified, identify
from services.classifier.domain.profile.manual import Manual, integrate_by_hand
from services.classifier.domain.profile.profile import ProfileParameters
from services.classifier.domain.profile.signal import Signal, ion_channel
from services.classifier.domain.programme import Method, Target

BY_HAND = "set by hand"


class Search:
    """A run under a method."""

    def __init__(
        self, run: Signal, method: Method, used: ProfileParameters, manual: Mapping[str, Manual]
    ) -> None:
        self._run, self._method, self._used, self._manual = run, method, used, manual
        self.criteria = Criteria(
            used.window_percent or method.window_percent,
            used.qualifier_tolerance_percent or method.qualifier_tolerance_percent,
            method.least_match,
            used.peaks,
        )
        self.channel = functools.cache(self._channel)

    def _channel(self, mass: float) -> Corrected:
        y = self._run.ion(mass, tolerance=self._used.mass_tolerance)
        return correct(ion_channel(mass), self._run.times_s, y, self._used.peaks)

    def aligned(self) -> Aligned:
        """The internal standard and the alignment; a standard that was set by hand leads the alignment too."""
        found = find_anchors(self._method, self.channel, self.criteria, self._used.standard_search_percent)
        own = self._method.internal_standard
        if own.name not in self._manual:
            return found
        return Aligned(self._by_hand(own), found.alignment, found.anchors)

    def find(self, target: Target, expected_s: float) -> Identified:
        """The peak of a compound near its expected time, or between the ends that were set by hand."""
        if target.name in self._manual:
            return self._by_hand(target)
        return identify(target, self.channel, expected_s, self.criteria)

    def is_by_hand(self, target: Target) -> bool:
        """Whether an examiner set this peak."""
        return target.name in self._manual

    def _by_hand(self, target: Target) -> Identified:
        peak = integrate_by_hand(target.name, self.channel(target.quantifier), self._manual[target.name])
        return Identified(peak, BY_HAND if peak is not None else f"{BY_HAND}: not there")

    def saturated_scans(self, target: Target, peak: Peak) -> int:
        """Scans of a peak at the detector's limit, or, where the method names none, on a flat top of three scans and more."""
        most = 0
        for mass in (target.quantifier, *(ion.mz for ion in target.qualifiers)):
            y = self._run.ion(mass, tolerance=self._used.mass_tolerance)
            part = y[peak.first : peak.last + 1]
            if self._method.saturation is not None:
                most = max(most, int((part >= self._method.saturation).sum()))
            elif part.max() >= y.max() and (flat := int((part == part.max()).sum())) >= 3:
                most = max(most, flat)
        return most
