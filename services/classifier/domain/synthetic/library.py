"""A synthetic reference library of any programme, from a seed.

Nothing in it is measured. Class means are drawn at random from the names of programme, class and analyte, with overlap, and were
not adjusted to any published accuracy. Samples of one collection are more alike than those of two; ratios are lognormal and
correlated; measurement uncertainty comes on top.
"""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.programme import Analyte, Programme
from services.classifier.domain.run import Floats

PROVENANCE = "SYNTHETIC"
_FACTORS = 3
_BETWEEN_CLASSES = 0.3
_BETWEEN_COLLECTIONS = 0.3
_WITHIN_COLLECTION = 0.10
_ISOTOPES = {"d13C": (-31.0, 1.0), "d15N": (-6.0, 2.2), "d2H": (-140.0, 18.0), "d18O": (24.0, 2.5)}
# These two are reported together as inconclusive often enough to have a line of their own in the public reports.
_ALIKE = {("HSP", "Mexico"): ("South America", 0.85)}
# Share of the d form in percent, and its spread between collections.
_FORMS = {"d": (97.0, 0.9), "l": (3.5, 0.9), "racemic": (50.0, 1.6), "d with excess l": (74.0, 5.0)}


def synthetic_library(programme: Programme, seed: int, per_class: int) -> tuple[Authentic, ...]:
    """`per_class` authentics of each leaf of the first determination, with labels for every determination.

    Identifiers and collections begin with SYNTHETIC. The same arguments give the same library.
    """
    dice = np.random.default_rng([seed, _key(programme.id)])
    loadings = _draw(programme.id, "correlation").normal(
        0.0, 1.0, (len(programme.analytes), _FACTORS)
    ) / np.sqrt(_FACTORS)
    found: list[Authentic] = []
    number = collection = 0
    for leaf in programme.determinations[0].leaves:
        choices = _label_choices(programme, leaf)
        made = 0
        while made < per_class:
            labels = choices[collection % len(choices)]
            collection += 1
            name = f"{PROVENANCE}-{programme.id}-C{collection:03d}"
            centre = _class_mean(programme, labels) + _BETWEEN_COLLECTIONS * _correlated(dice, loadings)
            forms = dice.normal()
            for _ in range(min(int(dice.integers(2, 5)), per_class - made)):
                standard = centre + _WITHIN_COLLECTION * _correlated(dice, loadings)
                values = _values(programme, labels, standard, forms, dice)
                number, made = number + 1, made + 1
                below = frozenset(
                    a.name for a in programme.analytes if a.loq is not None and values[a.name] < a.loq
                )
                kept = {name: value for name, value in values.items() if name not in below}
                found.append(
                    Authentic(f"{PROVENANCE}-{programme.id}-{number:04d}", labels, name, kept, below)
                )
    return tuple(found)


def _key(*texts: str) -> int:
    return zlib.crc32("\x1f".join(texts).encode())


def _draw(*texts: str) -> np.random.Generator:
    return np.random.default_rng(_key(*texts))


def _correlated(dice: np.random.Generator, loadings: Floats) -> Floats:
    """Deviations of all analytes: shared factors and an own part."""
    return loadings @ dice.normal(size=_FACTORS) + 0.7 * dice.normal(size=len(loadings))


def _class_mean(programme: Programme, labels: Mapping[str, str]) -> Floats:
    """Invented position of a class, in spreads between classes, as the sum over the determinations that bear on each analyte."""
    mean = np.zeros(len(programme.analytes))
    for determination in programme.determinations:
        line = (labels[determination.name], *determination.ancestors(labels[determination.name]))
        for j, analyte in enumerate(programme.analytes):
            if analyte.module in determination.modules:
                for name in line:
                    mean[j] += _BETWEEN_CLASSES * _effect(
                        programme.id, determination.name, name, analyte.name
                    )
    return mean


def _effect(programme_id: str, determination: str, name: str, analyte: str) -> float:
    """Invented effect of a class on an analyte; a class that is said to be like another shares most of that one's."""
    own = float(_draw(programme_id, determination, name, analyte).normal())
    if (programme_id, name) not in _ALIKE:
        return own
    other, share = _ALIKE[programme_id, name]
    return share * _effect(programme_id, determination, other, analyte) + float(np.sqrt(1 - share**2)) * own


def _values(
    programme: Programme,
    labels: Mapping[str, str],
    standard: Floats,
    forms: float,
    dice: np.random.Generator,
) -> dict[str, float]:
    found: dict[str, float] = {}
    share = _d_share(labels, forms, dice)
    for j, analyte in enumerate(programme.analytes):
        if analyte.unit == "%" and share is not None:
            value = (share if analyte.name.startswith("d-") else 100.0 - share) + dice.normal(0.0, 0.25)
            found[analyte.name] = float(np.clip(round(value, 2), 0.05, 99.95))
        elif analyte.is_isotope:
            centre, spread = _isotope(analyte)
            noise = dice.normal(0.0, (analyte.uncertainty or 0.3) / 2)
            found[analyte.name] = round(float(centre + spread * standard[j] + noise), 2)
        else:
            noise = dice.normal(0.0, (analyte.uncertainty_percent or 8.0) / 200)
            found[analyte.name] = float(f"{np.exp(_level(programme, analyte) + standard[j] + noise):.5g}")
    return found


def _d_share(labels: Mapping[str, str], forms: float, dice: np.random.Generator) -> float | None:
    form = next((_FORMS[label] for label in labels.values() if label in _FORMS), None)
    return None if form is None else float(form[0] + form[1] * (forms + 0.4 * dice.normal()))


def _isotope(analyte: Analyte) -> tuple[float, float]:
    return next((known for name, known in _ISOTOPES.items() if analyte.name.startswith(name)), (-20.0, 2.0))


def _level(programme: Programme, analyte: Analyte) -> float:
    """Logarithm of an analyte's usual value: minor compounds lie between 0.006 and 0.16 of the main one."""
    low, high = (0.3, 60.0) if analyte.unit == "mg/kg" else (0.006, 0.16)
    return float(_draw(programme.id, analyte.name, "level").uniform(np.log(low), np.log(high)))


def _label_choices(programme: Programme, leaf: str) -> Sequence[dict[str, str]]:
    """The combinations of labels that go with a leaf of the first determination."""
    first, *others = programme.determinations
    if programme.id == "MPP":
        return [
            dict(zip((d.name for d in programme.determinations), (leaf, *rest), strict=True))
            for rest in _MPP[leaf]
        ]
    count = max((len(each.leaves) for each in others), default=1)
    return [
        {first.name: leaf, **{each.name: each.leaves[k % len(each.leaves)] for each in others}}
        for k in range(count)
    ]


_EPHEDRINE, _P2P = "ephedrine/pseudoephedrine", "P2P"
_MPP: dict[str, list[tuple[str, str, str]]] = {
    "P/I": [
        (_EPHEDRINE, "natural", "d"),
        (_EPHEDRINE, "semi-synthetic", "d"),
        (_EPHEDRINE, "synthetic", "d"),
    ],
    "Emde": [
        (_EPHEDRINE, "semi-synthetic", "d"),
        (_EPHEDRINE, "natural", "d"),
        (_EPHEDRINE, "synthetic", "d"),
    ],
    "Birch": [
        (_EPHEDRINE, "synthetic", "d"),
        (_EPHEDRINE, "natural", "d"),
        (_EPHEDRINE, "semi-synthetic", "d"),
    ],
    "reductive amination": [
        (_P2P, "phenylacetic acid", "racemic"),
        (_P2P, "benzaldehyde/nitrostyrene", "d with excess l"),
        (_P2P, "benzyl cyanide", "l"),
        (_P2P, "benzaldehyde/nitrostyrene", "racemic"),
        (_P2P, "phenylacetic acid", "d with excess l"),
        (_P2P, "benzyl cyanide", "d with excess l"),
    ],
    "Leuckart": [
        (_P2P, "benzyl cyanide", "racemic"),
        (_P2P, "phenylacetic acid", "l"),
        (_P2P, "benzaldehyde/nitrostyrene", "racemic"),
        (_P2P, "benzyl cyanide", "d with excess l"),
        (_P2P, "phenylacetic acid", "d with excess l"),
        (_P2P, "benzaldehyde/nitrostyrene", "l"),
    ],
}
