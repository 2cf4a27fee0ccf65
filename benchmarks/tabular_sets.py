"""Tables of known origin for the benchmark of the models: real ones where they are on this machine, and generated kinds.

The real tables have no licence that lets the project carry them; they are looked for in `SIGLAB_TEST_DATA` or `var/test-data`.
The generated ones are of kinds that laboratories meet, and are made from fixed seeds.
"""

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.keep import ROOT

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """`values` (n, p), the class of each row, and the object that a row was taken from (rows of one object stay together)."""

    name: str
    columns: tuple[str, ...]
    values: Floats
    labels: tuple[str, ...]
    objects: tuple[str, ...]

    def without_small_classes(self, least: int) -> "Table":
        """The rows of the classes that have at least so many."""
        kept = [i for i, label in enumerate(self.labels) if self.labels.count(label) >= least]
        return self.rows(kept)

    def rows(self, places: list[int]) -> "Table":
        """Some of the rows, in that order."""
        return Table(
            self.name,
            self.columns,
            self.values[places],
            tuple(self.labels[i] for i in places),
            tuple(self.objects[i] for i in places),
        )


def folder() -> Path:
    """Where the real tables lie, if they do."""
    return Path(os.environ.get("SIGLAB_TEST_DATA") or ROOT / "var" / "test-data") / "tabular"


def _read(name: str, file: str, label: str, drop: tuple[str, ...] = (), first_items: int = 0) -> Table | None:
    path = folder() / file
    if not path.exists():
        return None
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    if first_items:
        kept = list(dict.fromkeys(row[label] for row in rows))[:first_items]
        rows = [row for row in rows if row[label] in kept]
    columns = tuple(column for column in rows[0] if column not in (label, *drop))
    values = np.array([[float(row[column]) for column in columns] for row in rows])
    labels = tuple(f"c{row[label]}" for row in rows)
    return Table(name, columns, values, labels, tuple(str(i) for i in range(len(rows))))


def _generated(name: str, values: Floats, truth: NDArray[np.int64], per_object: int = 1) -> Table:
    columns = tuple(f"a{j:03d}" for j in range(values.shape[1]))
    return Table(
        name,
        columns,
        values,
        tuple(f"K{c:02d}" for c in truth),
        tuple(f"{truth[i]}-{i // per_object}" for i in range(len(truth))),
    )


def _sizes(sizes: tuple[int, ...]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(sizes)), sizes)


def oils() -> Table:
    """Nine regions of unequal size, eight parts of a whole that sum to 10,000, three of them traces, classes that overlap."""
    dice = np.random.default_rng(101)
    truth = _sizes((25, 56, 206, 36, 65, 33, 50, 50, 51))
    base = np.log(np.array([1200.0, 130, 230, 7300, 980, 35, 60, 20]))
    country = dice.normal(0, 0.15, (3, 8))[[0, 0, 0, 0, 1, 1, 2, 2, 2]]
    centre = base + country + dice.normal(0, 0.12, (9, 8))
    spread = 0.08 + 0.12 * (base < 5)
    logs = centre[truth] + dice.normal(size=(len(truth), 8)) * spread
    parts = np.exp(logs)
    return _generated("made: oils", np.round(10_000 * parts / parts.sum(axis=1, keepdims=True)), truth)


def skewed() -> Table:
    """Six classes of trace elements, log-normal with a common dilution, some zeros."""
    dice = np.random.default_rng(102)
    truth = _sizes((60, 40, 30, 25, 15, 9))
    logs = dice.normal(0, 0.6, (6, 14))[truth] + dice.normal(0, 0.7, (len(truth), 14))
    logs += dice.normal(0, 0.8, (len(truth), 1)) + dice.normal(0, 2, 14)
    values = np.exp(logs)
    values[values < np.quantile(values, 0.02, axis=0)] = 0.0
    return _generated("made: skewed", values, truth)


def spectra() -> Table:
    """Four classes of 300 collinear channels with a baseline and a scale, fewer rows than channels."""
    dice = np.random.default_rng(103)
    truth = _sizes((30, 25, 20, 12))
    axis = np.arange(300)
    bands = np.stack(
        [
            np.exp(-0.5 * ((axis - m) / w) ** 2)
            for m, w in zip(dice.uniform(20, 280, 9), dice.uniform(6, 30, 9), strict=True)
        ]
    )
    amounts = np.abs(1 + dice.normal(0, 0.12, (4, 9))[truth] + dice.normal(0, 0.12, (len(truth), 9)))
    values = dice.normal(1, 0.1, (len(truth), 1)) * (amounts @ bands) + dice.normal(
        0.2, 0.05, (len(truth), 1)
    )
    return _generated("made: spectra", values + dice.normal(0, 0.01, values.shape), truth)


def small_classes() -> Table:
    """Nine classes of nine and five authentics, twelve analytes."""
    dice = np.random.default_rng(104)
    truth = _sizes((9, 9, 9, 9, 9, 9, 5, 5, 5))
    values = 2.2 * dice.normal(size=(9, 12))[truth] + dice.normal(size=(len(truth), 12))
    return _generated("made: small", 20 + values, truth)


def curved() -> Table:
    """Three classes that no plane separates: shells around one another in the first columns, noise in the others."""
    dice = np.random.default_rng(105)
    truth = _sizes((80, 80, 80))
    direction = dice.normal(size=(len(truth), 3))
    direction /= np.sqrt((direction**2).sum(axis=1, keepdims=True))
    values = np.hstack(
        (
            direction * (1 + 1.2 * truth + dice.normal(0, 0.35, len(truth)))[:, None],
            dice.normal(size=(len(truth), 5)),
        )
    )
    return _generated("made: curved", 10 + values, truth)


def twenty() -> Table:
    """Twenty classes of six to thirty authentics in collections of three, sixteen analytes."""
    dice = np.random.default_rng(106)
    truth = _sizes((30,) * 5 + (21,) * 5 + (12,) * 5 + (6,) * 5)
    collection = np.arange(len(truth)) // 3
    values = 2.0 * dice.normal(size=(20, 16))[truth] + dice.normal(size=(len(truth), 16))
    values += 0.7 * dice.normal(size=(collection.max() + 1, 16))[collection]
    return _generated("made: twenty", 20 + values, truth, 3)


REAL: dict[str, Callable[[], Table | None]] = {
    "wine": lambda: _read("wine", "wine_piedmont_178x27_pgmm.csv", "Type"),
    "pottery-region": lambda: _read(
        "pottery-region", "pottery_romanobritish_48x9_archdata.csv", "Region", ("ID", "Kiln")
    ),
    "pottery-kiln": lambda: _read(
        "pottery-kiln", "pottery_romanobritish_48x9_archdata.csv", "Kiln", ("ID", "Region")
    ),
    "glass-site": lambda: _read("glass-site", "glass_romanobritish_105x22_archdata.csv", "Site"),
    "coffee": lambda: _read("coffee", "coffee_43x12_pgmm.csv", "Variety", ("Country",)),
    "glass-20-items": lambda: _read(
        "glass-20-items", "glass_forensic_200items_x12frags_comparison.csv", "item", ("fragment",), 20
    ),
}
GENERATED: dict[str, Callable[[], Table]] = {
    each.__name__.replace("_", "-"): each for each in (oils, skewed, spectra, small_classes, curved, twenty)
}
