"""Train and validate a model of a programme on a snapshot of the reference library."""

import platform
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.authentic import Authentic, snapshot_digest
from services.classifier.domain.calibration import Labels, fit_sharpness
from services.classifier.domain.model import DeterminationModel, Model, Neighbourhood, View
from services.classifier.domain.novelty import ClassDistance
from services.classifier.domain.pretreatment import raw_matrix, shrunk_covariance
from services.classifier.domain.programme import Analyte, Determination, Programme
from services.classifier.domain.run import Floats
from services.classifier.domain.seen import seen_ranges
from services.classifier.domain.training.candidates import class_means, fit_lda
from services.classifier.domain.training.cross_validate import OUTER_FOLDS, choose_and_judge, rounds_of
from services.classifier.domain.training.left_out_collections import TICKS as OF_COLLECTIONS
from services.classifier.domain.training.left_out_collections import leave_collections_out
from services.classifier.domain.training.novelty_space import fit_space
from services.classifier.domain.training.select import select, ticks_of
from services.classifier.domain.training.selection import Selection, fit_members
from services.classifier.domain.training.strangers import leave_classes_out
from services.classifier.domain.training.task import Task
from services.classifier.domain.training.validate import validation_of

LEAST_AUTHENTICS = 5
_LEAST_MEASURED = 0.5

Progress = Callable[[float], None]


class NotTrainable(ValueError):
    """The library does not suffice for any determination; the message says why for each."""


def train(
    programme: Programme,
    authentics: Sequence[Authentic],
    *,
    seed: int,
    progress: Progress | None = None,
    least: int = LEAST_AUTHENTICS,
    validate: bool = True,
) -> Model:
    """Train every determination for which the library suffices: two classes or more of at least `least` authentics.

    A determination that cannot be trained stands in `not_trained` with the reason. Raises NotTrainable where that is all of them.
    `progress` is called with numbers that rise to 1, and stops the training by raising. Without `validate` the same model comes
    without its figures, in a fraction of the time, for those who judge it themselves.
    """
    report = progress or (lambda share: None)
    trained: list[DeterminationModel] = []
    validation: dict[str, Any] = {}
    failed: dict[str, str] = {}
    ordered = sorted(authentics, key=lambda each: each.id)
    for place, determination in enumerate(programme.determinations):

        def share(part: float, done: int = place) -> None:
            report((done + part) / len(programme.determinations))

        try:
            model, figures = _train_one(
                programme, determination, ordered, seed + 1000 * place, share, least, validate
            )
        except NotTrainable as error:
            failed[determination.name] = str(error)
        else:
            trained.append(model)
            validation[determination.name] = figures
        share(1.0)
    if not trained:
        raise NotTrainable("; ".join(f"{name}: {reason}" for name, reason in failed.items()))
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn")}
    return Model(
        programme=programme,
        snapshot=snapshot_digest(ordered),
        seed=seed,
        determinations=tuple(trained),
        validation={"determinations": validation, "not_trained": failed},
        versions={**versions, "python": platform.python_version()},
        not_trained=failed,
    )


def _train_one(
    programme: Programme,
    determination: Determination,
    authentics: Sequence[Authentic],
    seed: int,
    share: Progress,
    least: int,
    validate: bool,
) -> tuple[DeterminationModel, dict[str, Any]]:
    offered = programme.analytes_of(determination)
    rows, usable = _measured(programme, determination, offered, authentics)
    counts = Counter(a.labels[determination.name] for a in rows)
    classes = tuple(name for name in determination.leaves if counts[name] >= least)
    left_out = tuple(name for name in determination.leaves if 0 < counts[name] < least)
    if len(classes) < 2:
        raise NotTrainable(
            f"at least two classes need {least} measured authentics each; there are "
            + ", ".join(f"{counts[name]} of {name}" for name in determination.leaves)
        )
    rows = [a for a in rows if a.labels[determination.name] in classes]
    truth = np.array([classes.index(a.labels[determination.name]) for a in rows])
    raw = raw_matrix(offered, [(a.values, a.censored) for a in rows])[:, usable]
    usable = usable[_varying(raw)]
    if not len(usable):
        raise NotTrainable(
            "no analyte was measured in at least half of the authentics and differs among them"
        )
    analytes = tuple(offered[j] for j in usable)
    raw = np.ascontiguousarray(raw[:, _varying(raw)])
    names, columns = _views(determination, [a.module for a in analytes])
    groups = tuple(a.group for a in rows)
    task = Task(
        raw,
        truth,
        groups,
        analytes,
        len(classes),
        programme.pretreatment,
        columns,
        seed,
        programme.decision.coverage,
        len(truth),
    )
    figures: dict[str, Any] = {}
    if validate:
        alpha, tick = programme.decision.novelty_alpha, _ticker(task, share)
        selection, rounds = choose_and_judge(task, classes, alpha, tick)
        figures = validation_of(classes, truth, groups, rounds, selection.chosen, programme.decision)
        strangers = leave_classes_out(task, selection, classes, alpha, tick)
        figures["leave_one_class_out"] = {"per_class": strangers}
        figures["leave_one_collection_out"] = leave_collections_out(task, selection, tick)
    else:
        selection = select(task, lambda units: None)
    figures |= {
        "left_out_classes": list(left_out),
        "analytes": [a.name for a in analytes],
        "authentics_without_enough_values": sum(
            a.labels.get(determination.name) in classes for a in authentics
        )
        - len(rows),
        "unused_analytes": [a.name for j, a in enumerate(offered) if j not in usable],
    }
    model = _final(determination, task, selection, (classes, left_out), rows, names)
    unused = [a for a in offered if a not in analytes]
    return replace(model, seen=seen_ranges(unused, [(a.values, a.censored) for a in rows])), figures


def _measured(
    programme: Programme,
    determination: Determination,
    offered: Sequence[Analyte],
    authentics: Sequence[Authentic],
) -> tuple[list[Authentic], NDArray[np.int64]]:
    """Authentics with a leaf as label and enough values to learn from, and the columns that at least half of them have."""
    labelled = [a for a in authentics if a.labels.get(determination.name) in determination.leaves]
    known = ~np.isnan(raw_matrix(offered, [(a.values, a.censored) for a in labelled]))
    some = known.any(axis=1)
    if not some.any():
        return [], np.arange(0)
    usable = np.flatnonzero(known[some].mean(axis=0) >= _LEAST_MEASURED)
    least = programme.decision.minimum_measured * len(usable)
    enough = np.flatnonzero(some & (known[:, usable].sum(axis=1) >= least))
    return [labelled[i] for i in enough.tolist()], usable


def _varying(raw: Floats) -> NDArray[np.bool_]:
    """Which columns hold more than one value."""
    return np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in raw.T], dtype=bool)


def _views(
    determination: Determination, modules: Sequence[str]
) -> tuple[tuple[str | None, ...], tuple[NDArray[np.int64], ...]]:
    """Everything, and each module by itself; a determination with one module has that module as its only view."""
    present = [name for name in determination.modules if name in modules]
    everything = np.arange(len(modules))
    if len(present) == 1:
        return (present[0],), (everything,)
    each = [np.array([j for j, module in enumerate(modules) if module == name]) for name in present]
    return (None, *present), (everything, *each)


def _ticker(task: Task, share: Progress) -> Progress:
    """Turns units of finished work, from several threads, into a share that only rises."""
    lock, done = threading.Lock(), [0.0]
    choices = OUTER_FOLDS * rounds_of(len(task.truth)) + 1
    total = choices * (ticks_of(task) + 1) + 2 * task.classes + OF_COLLECTIONS

    def tick(units: float) -> None:
        with lock:
            done[0] += units
            share(min(0.99, done[0] / total))

    return tick


def _final(
    determination: Determination,
    task: Task,
    selection: Selection,
    classes: tuple[tuple[str, ...], tuple[str, ...]],
    authentics: Sequence[Authentic],
    names: Sequence[str | None],
) -> DeterminationModel:
    """Fit what was chosen on all authentics; calibrations come from the scores out of fold."""
    space = fit_space(selection, task)
    rows = space.pretreatment.apply(task.raw)
    return DeterminationModel(
        name=determination.name,
        classes=classes[0],
        analytes=tuple(each.name for each in task.analytes),
        pretreatment=space.pretreatment,
        candidate=selection.chosen,
        members=fit_members(selection, selection.chosen, task),
        sharpness=selection.sharpness[selection.chosen],
        conformal=selection.conformal(selection.chosen, task),
        views=tuple(
            _view(name, place, task, rows, selection, space.distances[place])
            for place, name in enumerate(names)
        ),
        neighbourhood=_neighbourhood(rows, task.truth, task.classes, classes[0], authentics),
        left_out=classes[1],
        usual=space.usual,
    )


def _view(
    name: str | None, place: int, task: Task, rows: Floats, found: Selection, distance: ClassDistance
) -> View:
    columns, truth, classes = task.views[place], task.truth, task.classes
    own, scores = rows[:, columns], found.module_scores[place]
    if name is None:
        return View(None, columns, distance)
    accuracy = float((scores.argmax(axis=1) == truth).mean())
    return View(name, columns, distance, fit_lda(own, truth, classes), fit_sharpness(scores, truth), accuracy)


def _neighbourhood(
    rows: Floats, truth: Labels, count: int, classes: Sequence[str], authentics: Sequence[Authentic]
) -> Neighbourhood:
    """Rows whitened by the spread within classes, and the two canonical variates that separate the classes best."""
    means, deviation = class_means(rows, truth, count)
    whitener = np.linalg.inv(np.linalg.cholesky(shrunk_covariance(deviation, len(rows) - count))).T
    white = rows @ whitener
    centres = means @ whitener
    _, strength, directions = np.linalg.svd(centres - centres.mean(axis=0), full_matrices=False)
    kept = [
        directions[k] for k in range(min(2, len(directions))) if strength[k] > 1e-9 * max(strength[0], 1e-300)
    ]
    if len(kept) < 2:
        rest = white - white.mean(axis=0)
        for known in kept:
            rest = rest - np.outer(rest @ known, known)
        kept.append(np.linalg.svd(rest, full_matrices=False)[2][0])
    signed = [axis * np.sign(axis[int(np.abs(axis).argmax())] or 1.0) for axis in kept[:2]]
    while len(signed) < 2:
        signed.append(np.zeros(rows.shape[1]))
    axes = whitener @ np.stack(signed, axis=1)
    labels = tuple(classes[int(c)] for c in truth)
    return Neighbourhood(tuple(a.id for a in authentics), labels, white, whitener, axes, rows @ axes)
