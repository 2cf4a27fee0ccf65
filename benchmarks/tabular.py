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
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tabular_figures import Figures, Strangers, gather, keep_figures, report
from benchmarks.tabular_peers import baselines, neighbour_p_values
from benchmarks.tabular_sets import GENERATED, REAL, Table, folder
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.evaluate import classify
from services.classifier.domain.opinion import DeterminationResult
from services.classifier.domain.programme import UNKNOWN, Programme
from services.classifier.domain.training.train import LEAST_AUTHENTICS, train

ALPHA = 0.05
Ints = NDArray[np.int64]


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


def likeliest(found: DeterminationResult) -> str:
    """The class with the greatest probability."""
    return max(found.probabilities, key=lambda name: found.probabilities[name])


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
            keep_figures(name, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
