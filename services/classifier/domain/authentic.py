"""An authentic of the reference library as training sees it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Authentic:
    """A sample of known origin with its measured values.

    `labels` holds a class for each determination it is known for. `group` is its seizure or collection: no group stands on both
    sides of a validation. `values` are in the units of the programme; an analyte in `censored` was looked for and lies below its
    limit of quantitation; one in neither was not measured.
    """

    id: str
    labels: Mapping[str, str]
    group: str
    values: Mapping[str, float]
    censored: frozenset[str] = field(default_factory=frozenset)


def snapshot_digest(authentics: Sequence[Authentic]) -> str:
    """SHA-256 of the library as it was, whatever the order it comes in."""
    rows = [
        [
            a.id,
            dict(a.labels),
            a.group,
            {name: float(a.values[name]).hex() for name in a.values},
            sorted(a.censored),
        ]
        for a in sorted(authentics, key=lambda each: each.id)
    ]
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
