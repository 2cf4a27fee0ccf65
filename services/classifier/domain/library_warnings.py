"""What in a reference library asks for a second look: authentics far from their own class, and pairs too alike to be two."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.novelty import symmetric
from services.classifier.domain.pretreatment import fit_pretreatment, raw_matrix, shrunk_covariance
from services.classifier.domain.programme import Determination, Programme
from services.classifier.domain.run import Floats

#: Robust standard scores beyond which a member of a class is told as far from it (Iglewicz and Hoaglin 1993).
FAR = 3.5
#: A pair is told where chance would give one as near in less than one library of a hundred.
CHANCE = 0.01
_LEAST = 5
_MAD_TO_SD = 1.4826
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class LibraryWarning:
    """`kind` is "outlier" (`score` robust standard scores from its class, `other` the class that it is nearer to, if any)

    or "duplicate" (`score` the distance in spreads within classes, `other` the id of the authentic of another collection).
    """

    kind: str
    id: str
    determination: str
    label: str
    score: float
    other: str | None


def library_warnings(programme: Programme, authentics: Sequence[Authentic]) -> list[LibraryWarning]:
    """All warnings, the strongest of each kind first; a determination of too few authentics has none."""
    found: list[LibraryWarning] = []
    told: set[tuple[str, str]] = set()
    for determination in programme.determinations:
        space = _space(programme, determination, authentics)
        if space is None:
            continue
        members, truth, names, white = space
        found += _outliers(determination, members, truth, names, white)
        for warning in _duplicates(determination, members, white):
            pair = (min(warning.id, warning.other or ""), max(warning.id, warning.other or ""))
            if pair not in told:
                told.add(pair)
                found.append(warning)
    outliers = sorted((w for w in found if w.kind == "outlier"), key=lambda w: (-w.score, w.id))
    return outliers + sorted((w for w in found if w.kind == "duplicate"), key=lambda w: (w.score, w.id))


_Space = tuple[list[Authentic], np.ndarray, list[str], Floats]


def _space(
    programme: Programme, determination: Determination, authentics: Sequence[Authentic]
) -> _Space | None:
    """Authentics with a leaf as label, their classes, and their rows (n, p) whitened by the spread within classes."""
    labelled = [a for a in authentics if a.labels.get(determination.name) in determination.leaves]
    offered = programme.analytes_of(determination)
    if not labelled or not offered:
        return None
    raw = raw_matrix(offered, [(a.values, a.censored) for a in labelled])
    known = ~np.isnan(raw)
    usable = np.flatnonzero(known.mean(axis=0) >= 0.5)
    usable = usable[[len(np.unique(raw[known[:, j], j])) > 1 for j in usable]] if len(usable) else usable
    if not len(usable):
        return None
    enough = np.flatnonzero(known[:, usable].mean(axis=1) >= programme.decision.minimum_measured)
    members = [labelled[i] for i in enough]
    names = [
        n for n in determination.leaves if sum(a.labels[determination.name] == n for a in members) >= _LEAST
    ]
    kept = [i for i, a in enumerate(members) if a.labels[determination.name] in names]
    if not names or len(kept) < 2 * _LEAST:
        return None
    members = [members[i] for i in kept]
    part = raw[np.ix_(enough[kept], usable)]
    rows = fit_pretreatment(part, [offered[j] for j in usable], programme.pretreatment).apply(part)
    truth = np.array([names.index(a.labels[determination.name]) for a in members])
    centres = np.stack([np.median(rows[truth == c], axis=0) for c in range(len(names))])
    deviation = rows - centres[truth]
    whitener = np.linalg.inv(
        np.linalg.cholesky(shrunk_covariance(deviation, max(len(rows) - len(names), 1)))
    ).T
    return members, truth, names, rows @ whitener


def _outliers(
    determination: Determination,
    members: Sequence[Authentic],
    truth: np.ndarray,
    names: Sequence[str],
    white: Floats,
) -> list[LibraryWarning]:
    centres = np.stack([np.median(white[truth == c], axis=0) for c in range(len(names))])
    distance = ((white[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    own = symmetric(distance[np.arange(len(truth)), truth])
    found = []
    for c, name in enumerate(names):
        inside = np.flatnonzero(truth == c)
        middle = float(np.median(own[inside]))
        spread = _MAD_TO_SD * float(np.median(np.abs(own[inside] - middle)))
        everyone = _MAD_TO_SD * float(np.median(np.abs(own - np.median(own))))
        spread = max(spread, everyone, 1e-9)
        for i in inside.tolist():
            score = (float(own[i]) - middle) / spread
            if score > FAR:
                nearest = int(distance[i].argmin())
                other = names[nearest] if nearest != c else None
                found.append(
                    LibraryWarning("outlier", members[i].id, determination.name, name, round(score, 2), other)
                )
    return found


def _duplicates(
    determination: Determination, members: Sequence[Authentic], white: Floats
) -> list[LibraryWarning]:
    count, columns = white.shape
    pairs = count * (count - 1) / 2
    limit = 2.0 * _low_quantile(columns, CHANCE / max(pairs, 1.0))
    squares = (white**2).sum(axis=1)
    found = []
    for start in range(0, count, _BLOCK):
        block = white[start : start + _BLOCK]
        gaps = squares[start : start + _BLOCK, None] + squares[None, :] - 2.0 * block @ white.T
        for i, j in zip(*np.nonzero(gaps < limit + 1e-9), strict=True):
            a, b = members[start + int(i)], members[int(j)]
            if start + i < j and a.group != b.group:
                far = math.sqrt(float(((white[start + i] - white[j]) ** 2).sum()))
                label = b.labels[determination.name]
                found.append(
                    LibraryWarning("duplicate", b.id, determination.name, label, round(far, 4), a.id)
                )
    return found


def _low_quantile(degrees: int, share: float) -> float:
    """The value below which a chi-squared variable of so many degrees lies with this small probability, by bisection."""
    low, high = 0.0, float(degrees)
    for _ in range(80):
        middle = (low + high) / 2
        if _chi_squared(middle, degrees) < share:
            low = middle
        else:
            high = middle
    return low


def _chi_squared(value: float, degrees: int) -> float:
    """Distribution function, by the series of the incomplete gamma function; exact enough below the mean."""
    if value <= 0.0:
        return 0.0
    a, x = degrees / 2.0, value / 2.0
    term = math.exp(a * math.log(x) - x - math.lgamma(a + 1.0))
    total, k = term, 1
    while term > 1e-17 * total and k < 500:
        term *= x / (a + k)
        total += term
        k += 1
    return min(total, 1.0)
