"""How good the models are on tables of known origin, beside plain scikit-learn on the same folds.

For each table the whole product (training with its own choice, then opinions) is cross-validated: no fold's test part is seen
in its training. Beside it: discriminant analysis, random forest and support vector machine of scikit-learn on standardised
columns. Then each class in turn is left out of the training: how many of its rows are called Unknown, beside a conformal test
on the distance to the k-th neighbour. Classes that lie inside others cannot be told from them; so the shares are shown by class.

    python -m benchmarks.tabular [SET ...] [--generated] [--folds 5] [--repeats 2] [--jobs 1] [--write]
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.keep import keep
from benchmarks.tabular_sets import GENERATED, REAL, Table, folder
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.calibration import expected_calibration_error
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.evaluate import classify
from services.classifier.domain.opinion import DeterminationResult
from services.classifier.domain.programme import UNKNOWN, Programme
from services.classifier.domain.training.train import LEAST_AUTHENTICS, train

ALPHA = 0.05
NEIGHBOUR = 3
Ints = NDArray[np.int64]


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


def programme_for(table: Table) -> Programme:
    """The smallest programme for a table, at the false-Unknown rate of the comparison."""
    return programme_from_data(
        {
            "id": "TABLE",
            "version": "1",
            "title": table.name,
            "modules": [{"name": "all", "technique": "any"}],
            "analytes": [{"name": c, "unit": "1", "module": "all", "loq": None} for c in table.columns],
            "determinations": [{"name": "origin", "classes": sorted(set(table.labels))}],
            "pretreatment": "auto",
            "decision": {"novelty_alpha": ALPHA},
        }
    )


def product(table: Table, inside: Ints, outside: Ints) -> tuple[list[DeterminationResult], dict[str, Any]]:
    """Opinions of a model that was trained on the rows `inside` on those `outside`, and its own validation."""
    known = table.rows(inside.tolist())
    authentics = [
        Authentic(
            f"{i:05d}", {"origin": label}, obj, dict(zip(table.columns, map(float, values), strict=True))
        )
        for i, (label, obj, values) in enumerate(zip(known.labels, known.objects, known.values, strict=True))
    ]
    began = time.process_time()
    model = train(programme_for(known), authentics, seed=1, least=LEAST_AUTHENTICS - 2, validate=False)
    spent = time.process_time() - began
    opinions = [
        classify(model, dict(zip(table.columns, map(float, table.values[i]), strict=True)))[0]
        for i in outside.tolist()
    ]
    return opinions, {"chosen": model.determinations[0].candidate, "seconds": spent}


def baselines() -> dict[str, Callable[..., Any]]:
    """Plain scikit-learn, as most would use it."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    costs = {"svc__C": [0.1, 1.0, 10.0, 100.0]}

    def quadratic(rows: NDArray[np.float64], labels: Sequence[str]) -> Any:
        # With as many columns as a class has rows only the shrunk form can be fitted at all.
        plain = make_pipeline(StandardScaler(), QuadraticDiscriminantAnalysis(reg_param=0.01))
        shrunk = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.5)
        try:
            return plain.fit(rows, labels)
        except np.linalg.LinAlgError:
            return make_pipeline(StandardScaler(), shrunk).fit(rows, labels)

    return {
        "LDA": make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()).fit,
        "QDA": quadratic,
        "RF": make_pipeline(StandardScaler(), RandomForestClassifier(300, random_state=0)).fit,
        "SVM": GridSearchCV(make_pipeline(StandardScaler(), SVC()), costs, cv=3).fit,
    }


def neighbour_p_values(known: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Conformal p-values of the distance to the k-th neighbour among standardised training rows."""
    centre, scale = known.mean(axis=0), known.std(axis=0)
    scale[scale == 0] = 1.0
    known, asked = (known - centre) / scale, (asked - centre) / scale

    def distances(rows: NDArray[np.float64], own: bool) -> NDArray[np.float64]:
        found = np.sqrt(((rows[:, None, :] - known[None, :, :]) ** 2).sum(axis=2))
        return np.sort(found, axis=1)[:, min(NEIGHBOUR - 1 + own, found.shape[1] - 1)]

    usual = distances(known, own=True)
    return np.array([(1 + (usual >= d).sum()) / (len(usual) + 1) for d in distances(asked, own=False)])


def outer_folds(table: Table, folds: int, repeat: int) -> list[tuple[Ints, Ints]]:
    """Stratified folds that keep the rows of one object together; as many as the smallest class can fill with training left."""
    from sklearn.model_selection import StratifiedGroupKFold

    fewest = min(
        len({o for o, n in zip(table.objects, table.labels, strict=True) if n == label})
        for label in set(table.labels)
    )
    cut = StratifiedGroupKFold(max(2, min(folds, fewest)), shuffle=True, random_state=repeat)
    return [(np.asarray(a), np.asarray(b)) for a, b in cut.split(table.values, table.labels, table.objects)]


def judge(table: Table, inside: Ints, outside: Ints) -> Figures:
    """One fold: the product and every baseline."""
    figures, classes = Figures(), sorted(set(table.labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opinions, own = product(table, inside, outside)
        figures.chosen.append(own["chosen"])
        figures.train_s.append(own["seconds"])
        labels = [table.labels[i] for i in inside]
        for name, fit in baselines().items():
            said = fit(table.values[inside], labels).predict(table.values[outside])
            figures.hits[name] = [(int(i), said[n] == table.labels[i]) for n, i in enumerate(outside)]
    figures.hits["ours"] = []
    for i, found in zip(outside.tolist(), opinions, strict=True):
        truth = table.labels[i]
        best = likeliest(found)
        figures.hits["ours"].append((i, best == truth))
        figures.truth.append(truth)
        figures.covered.append(truth in found.prediction_set)
        figures.sizes.append(len(found.prediction_set))
        figures.unknown.append(found.conclusion == UNKNOWN)
        figures.probabilities.append([found.probabilities.get(name, 0.0) for name in classes])
        figures.places.append(classes.index(truth))
    return figures


@dataclass
class Strangers:
    """One class left out: shares called Unknown of its rows and, falsely, of unseen rows of the others; ours and neighbours'."""

    label: str
    ours: list[bool] = field(default_factory=list)
    theirs: list[bool] = field(default_factory=list)
    ours_false: list[bool] = field(default_factory=list)
    theirs_false: list[bool] = field(default_factory=list)


def leave_out(table: Table, label: str, repeat: int) -> Strangers:
    """Train without a class and without a quarter of the others; judge both."""
    others = np.array([i for i, name in enumerate(table.labels) if name != label])
    absent = np.array([i for i, name in enumerate(table.labels) if name == label])
    rest = table.rows(others.tolist())
    inside, outside = outer_folds(rest, 4, repeat)[0]
    found = Strangers(label)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked = np.concatenate((others[outside], absent))
        opinions, _ = product(table, others[inside], asked)
    said = [opinion.conclusion == UNKNOWN for opinion in opinions]
    p_values = neighbour_p_values(table.values[others[inside]], table.values[asked])
    near = [bool(p <= ALPHA) for p in p_values]
    cut = len(outside)
    found.ours_false, found.ours = said[:cut], said[cut:]
    found.theirs_false, found.theirs = near[:cut], near[cut:]
    return found


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


def likeliest(found: DeterminationResult) -> str:
    """The class with the greatest probability."""
    return max(found.probabilities, key=lambda name: found.probabilities[name])


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


def run(table: Table, options: argparse.Namespace, pool: ProcessPoolExecutor | None) -> dict[str, float]:
    """Every fold of a table, and every class left out."""
    tasks = [
        (table, a, b)
        for repeat in range(options.repeats)
        for a, b in outer_folds(table, options.folds, repeat)
    ]
    labels = sorted(set(table.labels))
    absent = (
        [(table, label, repeat) for repeat in range(options.stranger_repeats) for label in labels]
        if len(labels) > 2
        else []
    )
    if pool is None:
        return report(table, gather([judge(*each) for each in tasks]), [leave_out(*each) for each in absent])
    judged = [pool.submit(judge, *each) for each in tasks]
    left = [pool.submit(leave_out, *each) for each in absent]
    return report(table, gather([each.result() for each in judged]), [each.result() for each in left])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Accuracy, coverage, calibration and strangers beside plain scikit-learn."
    )
    parser.add_argument("sets", nargs="*", help=", ".join((*REAL, *GENERATED)))
    parser.add_argument("--generated", action="store_true", help="the generated tables too")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--stranger-repeats", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    names = options.sets or [*REAL, *(GENERATED if options.generated else ())]
    pool = ProcessPoolExecutor(options.jobs) if options.jobs > 1 else None
    kept: dict[str, dict[str, float]] = {}
    for name in names:
        table = {**REAL, **GENERATED}[name]()
        if table is None:
            print(f"\n{name}: not on this machine (looked in {folder()})")
            continue
        kept[name] = run(table.without_small_classes(LEAST_AUTHENTICS), options, pool)
    if options.write:
        for name, row in kept.items():
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
