"""Find the compounds by which a run is aligned, the internal standard first."""

from dataclasses import dataclass, replace

from services.classifier.domain.profile.align import Alignment, Anchor
from services.classifier.domain.profile.find_peaks import Peak
from services.classifier.domain.profile.identify import Channel, Criteria, Identified, candidates, identify
from services.classifier.domain.programme import Method

#: Anchors may have moved against the internal standard by so many times what a target may.
_ANCHOR_WINDOWS = 2.0
_LIKELY_STANDARDS = 5


@dataclass(frozen=True, slots=True)
class Aligned:
    """The internal standard, the alignment that follows from it and the other anchors, and the anchors' peaks by name."""

    standard: Identified
    alignment: Alignment | None
    anchors: dict[str, Peak]


def find_anchors(method: Method, channel: Channel, criteria: Criteria, search_percent: float) -> Aligned:
    """Aligns a run by its internal standard and the method's anchors.

    A run may be late by a tenth and more, so the standard is looked for within `search_percent` of its time, and what looks like
    it may be another: n-alkanes share their ions. The candidate counts that leads to most of the other anchors and to the main
    compound; the highest of equals. Without a standard there is no alignment.
    """
    wide = replace(criteria, window_percent=search_percent)
    likely, missed = candidates(method.internal_standard, channel, method.retention_s, wide)
    best, score = Aligned(missed, None, {}), -1
    for standard in likely[:_LIKELY_STANDARDS]:
        found = _aligned(method, channel, criteria, standard)
        alignment = found.alignment
        at = None if alignment is None else alignment.time_of(method.place(method.main))
        main = None if at is None else identify(method.main, channel, at, criteria).peak
        reached = 2 * len(found.anchors) + (3 if main is not None else 0)
        if reached > score:
            best, score = found, reached
        if main is not None and len(found.anchors) == len(method.anchors):
            break
    return best


def _aligned(method: Method, channel: Channel, criteria: Criteria, standard: Identified) -> Aligned:
    peak = standard.peak
    assert peak is not None
    # First by time, since anchors are looked for by time; then by the places that the method counts in.
    by_time = Alignment((Anchor(method.internal_standard.name, method.retention_s, peak.apex_s),))
    order = sorted(method.anchors, key=lambda each: abs(each.relative_retention - 1.0))
    wide = replace(criteria, window_percent=_ANCHOR_WINDOWS * criteria.window_percent)
    found: dict[str, Peak] = {}
    # Twice, since one that lies far off is expected better once others were found.
    for target in (*order, *order):
        if target.name in found:
            continue
        place = target.relative_retention * method.retention_s
        hit = identify(target, channel, by_time.time_of(place), wide).peak
        more = None if hit is None else by_time.with_anchor(Anchor(target.name, place, hit.apex_s))
        if hit is not None and more is not None:
            by_time, found[target.name] = more, hit
    if not method.by_index:
        return Aligned(standard, by_time, found)
    alignment = Alignment(
        (Anchor(method.internal_standard.name, method.place(method.internal_standard), peak.apex_s),)
    )
    for target in method.anchors:
        if target.name in found:
            anchor = Anchor(target.name, method.place(target), found[target.name].apex_s)
            alignment = alignment.with_anchor(anchor) or alignment
    # One step of a ladder tells no index.
    return Aligned(standard, alignment if len(alignment.anchors) > 1 else None, found)
