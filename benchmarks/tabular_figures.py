"""What the benchmark of the models finds on a table: gathered from its folds, printed, and kept."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.keep import keep
from benchmarks.tabular_sets import Table
from services.classifier.domain.calibration import expected_calibration_error

KEPT = (
    ("coverage", "unseen rows whose prediction set at 90 % nominal holds the truth", "higher", 87.0),
    ("ece", "expected calibration error on unseen rows", "lower", 10.0),
    ("false_unknown", "unseen rows of known classes that are called Unknown, at 5 % nominal", "lower", 10.0),
)


@dataclass
class Figures:
    """What one table gave. Every list has one entry a judged row."""

    hits: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    truth: list[str] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    unknown: list[bool] = field(default_factory=list)
    probabilities: list[list[float]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    train_s: list[float] = field(default_factory=list)

    def accuracy(self, name: str, rows: int) -> tuple[float, float]:
        """Share of right answers and its standard error over the rows (a row counts once, however often it was judged)."""
        mean = self._per_row(name, rows)
        return float(mean.mean()), float(mean.std(ddof=1) / np.sqrt(len(mean)))

    def difference(self, one: str, other: str, rows: int) -> tuple[float, float]:
        """Mean difference of two on the same rows, and its standard error."""
        gap = self._per_row(one, rows) - self._per_row(other, rows)
        return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap)))

    def _per_row(self, name: str, rows: int) -> NDArray[np.float64]:
        right, count = np.zeros(rows), np.zeros(rows)
        for row, hit in self.hits[name]:
            right[row] += hit
            count[row] += 1
        return right[count > 0] / count[count > 0]


@dataclass
class Strangers:
    """One class left out: shares called Unknown of its rows and, falsely, of unseen rows of the others; ours and neighbours'."""

    label: str
    ours: list[bool] = field(default_factory=list)
    theirs: list[bool] = field(default_factory=list)
    ours_false: list[bool] = field(default_factory=list)
    theirs_false: list[bool] = field(default_factory=list)


def gather(parts: Sequence[Figures]) -> Figures:
    """All folds as one."""
    whole = Figures()
    for part in parts:
        for name, hits in part.hits.items():
            whole.hits.setdefault(name, []).extend(hits)
        for name in (
            "truth",
            "covered",
            "sizes",
            "unknown",
            "probabilities",
            "places",
            "chosen",
            "train_s",
        ):
            getattr(whole, name).extend(getattr(part, name))
    return whole


def share(values: Sequence[bool]) -> float:
    """Share of true ones."""
    return float(np.mean(values)) if len(values) else float("nan")


def report(table: Table, figures: Figures, strangers: Sequence[Strangers]) -> dict[str, float]:
    """Prints what a table gave and returns the figures to keep."""
    rows = len(table.labels)
    ours, error = figures.accuracy("ours", rows)
    others = {name: figures.accuracy(name, rows) for name in figures.hits if name != "ours"}
    best = max(others, key=lambda name: others[name][0])
    gap, gap_error = figures.difference("ours", best, rows)
    truth = np.array(figures.truth)
    covered = {c: share(np.array(figures.covered)[truth == c].tolist()) for c in sorted(set(figures.truth))}
    ece = expected_calibration_error(np.array(figures.probabilities), np.array(figures.places))
    print(f"\n{table.name}: {rows} rows, {len(table.columns)} analytes, {len(covered)} classes")
    print(
        f"  accuracy  ours {ours:.3f} ± {error:.3f}   "
        + "   ".join(f"{n} {a:.3f}" for n, (a, _) in others.items())
    )
    verdict = "below" if gap < -2 * gap_error else "not below"
    print(
        f"            against {best}: {gap:+.3f} ± {gap_error:.3f} ({verdict} the best beyond two standard errors)"
    )
    print(
        "            chosen: "
        + ", ".join(f"{n} x{figures.chosen.count(n)}" for n in sorted(set(figures.chosen)))
    )
    worst = min(covered, key=lambda name: covered[name])
    print(
        f"  sets      coverage {share(figures.covered):.3f} (worst class {worst} {covered[worst]:.3f}), mean size"
        f" {np.mean(figures.sizes):.2f}; ECE {ece:.3f}; false Unknown {share(figures.unknown):.3f};"
        f" choice and fit {np.mean(figures.train_s):.1f} s of CPU"
    )
    kept = {
        "ours": ours,
        "best": others[best][0],
        "gap": gap,
        "coverage": share(figures.covered),
        "ece": ece,
        "false_unknown": share(figures.unknown),
    }
    if strangers:
        by_label: dict[str, list[Strangers]] = {}
        for each in strangers:
            by_label.setdefault(each.label, []).append(each)
        own, near = [], []
        for found in by_label.values():
            own.append(share([x for each in found for x in each.ours]))
            near.append(share([x for each in found for x in each.theirs]))
        cells = "  ".join(f"{label} {a:.2f}/{b:.2f}" for label, a, b in zip(by_label, own, near, strict=True))
        false = [
            share([x for each in strangers for x in getattr(each, side)])
            for side in ("ours_false", "theirs_false")
        ]
        print(
            f"  strangers called Unknown, ours/neighbours: {np.mean(own):.3f}/{np.mean(near):.3f}"
            f" (false Unknown {false[0]:.3f}/{false[1]:.3f})\n            {cells}"
        )
        kept |= {"strangers": float(np.mean(own)), "strangers_neighbours": float(np.mean(near))}
    else:
        print("  strangers: with one of two classes left out there is nothing to train")
    sys.stdout.flush()
    return kept


def keep_figures(name: str, row: dict[str, float]) -> None:
    """One result file for each figure of a table."""
    keep(
        f"tabular_{name}",
        "nested-CV accuracy of the whole product, in percent",
        "%",
        100 * row["ours"],
        better="higher",
        goal=0.98,
        peer=100 * row["best"],
        peer_name="best of LDA, QDA, RF, SVM",
    )
    for figure, what, better, goal in KEPT:
        keep(f"{figure}_{name}", what, "%", 100 * row[figure], better=better, goal=goal)
    if "strangers" in row:
        keep(
            f"strangers_{name}",
            "rows of a class left out that are called Unknown at 5 % nominal false Unknown",
            "%",
            100 * row["strangers"],
            better="higher",
            goal=1.0,
            peer=100 * row["strangers_neighbours"],
            peer_name="conformal k-th neighbour",
        )
