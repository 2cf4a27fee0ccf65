"""The figures of a validation, from out-of-fold scores alone; calibrations are fitted without the fold they are judged on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.classifier.domain.calibration import (
    Labels,
    expected_calibration_error,
    fit_conformal,
    fit_sharpness,
    softmax,
    wilson,
)
from services.classifier.domain.decision import decide
from services.classifier.domain.novelty import calibrate, symmetric, upper_tail
from services.classifier.domain.programme import UNKNOWN, Decision
from services.classifier.domain.reliability import reliability_bins
from services.classifier.domain.run import Floats
from services.classifier.domain.training.cross_validate import OutOfFold

_TINY = 1e-12


def compare(scores: dict[str, Floats], truth: Labels) -> list[dict[str, Any]]:
    """Every candidate's accuracy on unseen authentics, with Wilson's 95 % interval."""
    rows = []
    for name, own in scores.items():
        hits = int((own.argmax(axis=1) == truth).sum())
        low, high = wilson(hits, len(truth))
        rows.append({"name": name, "accuracy": hits / len(truth), "low": low, "high": high})
    return rows


def choose(probabilities: dict[str, Floats], truth: Labels) -> str:
    """The simplest candidate that is as good as the best by the logarithmic score of its calibrated probabilities.

    As good: its mean loss is greater by at most one standard error of the paired differences. Candidates come from simple to
    flexible. The score is proper, so that neither bold nor timid probabilities win.
    """
    rows = np.arange(len(truth))
    loss = {name: -np.log(own[rows, truth] + _TINY) for name, own in probabilities.items()}
    best = min(loss.values(), key=lambda each: float(each.mean()))
    for name, own in loss.items():
        excess = own - best
        if excess.mean() <= excess.std() / np.sqrt(len(truth)) + _TINY:
            return name
    raise AssertionError("the best candidate is as good as itself")


def honest_probabilities(scores: Floats, truth: Labels, found: OutOfFold) -> Floats:
    """Probabilities (n, classes) of each fold, calibrated on the other folds."""
    result = np.zeros_like(scores)
    for f in np.unique(found.fold):
        inside, outside = found.fold != f, found.fold == f
        result[outside] = softmax(scores[outside], fit_sharpness(scores[inside], truth[inside]))
    return result


def honest_class_p_values(truth: Labels, found: OutOfFold) -> Floats:
    """For each authentic and class the combined p-value (n, classes), calibrated on the other folds."""
    result = np.ones((len(truth), found.distances[0].shape[1]))
    for f in np.unique(found.fold):
        inside, outside = np.flatnonzero(found.fold != f), np.flatnonzero(found.fold == f)
        groups = [found.groups[i] for i in inside]
        for distances in found.distances:
            centre, spread, count = calibrate(distances[inside], truth[inside], groups)
            standing = (symmetric(distances[outside]) - centre) / spread
            for i, row in zip(outside, standing, strict=True):
                own = [upper_tail(t, n) for t, n in zip(row, count, strict=True)]
                result[i] = np.minimum(result[i], own)
    return np.minimum(1.0, result * len(found.distances))


def validation_of(
    classes: Sequence[str],
    truth: Labels,
    groups: Sequence[str],
    found: OutOfFold,
    rule: Decision,
) -> dict[str, Any]:
    """The validation of one determination, ready for JSON."""
    candidates = compare(found.scores, truth)
    calibrated = {name: honest_probabilities(own, truth, found) for name, own in found.scores.items()}
    chosen = choose(calibrated, truth)
    probabilities = calibrated[chosen]
    class_p = honest_class_p_values(truth, found)
    said = found.scores[chosen].argmax(axis=1)
    covered, unknown, size = np.zeros(len(truth), bool), np.zeros(len(truth), bool), np.zeros(len(truth))
    decisions: dict[str, dict[str, int]] = {name: {} for name in classes}
    for f in np.unique(found.fold):
        inside = found.fold != f
        conformal = fit_conformal(probabilities[inside], truth[inside], len(classes), rule.coverage)
        for i in np.flatnonzero(~inside):
            verdict = decide(classes, probabilities[i], conformal, class_p[i], rule.novelty_alpha)
            covered[i], unknown[i] = truth[i] in verdict.members, verdict.conclusion == UNKNOWN
            size[i] = len(verdict.members)
            counts = decisions[classes[truth[i]]]
            answer = "Inconclusive" if verdict.conclusion.startswith("Inconclusive (") else verdict.conclusion
            counts[answer] = counts.get(answer, 0) + 1
    return {
        "candidates": candidates,
        "chosen": chosen,
        "accuracy": float((said == truth).mean()),
        "per_class": _per_class(classes, truth, said),
        "confusion": {
            name: {other: int(((truth == c) & (said == d)).sum()) for d, other in enumerate(classes)}
            for c, name in enumerate(classes)
        },
        "ece": expected_calibration_error(probabilities, truth),
        "calibration": reliability_bins(probabilities, truth),
        "coverage": {
            "nominal": rule.coverage,
            "overall": float(covered.mean()),
            "per_class": {name: float(covered[truth == c].mean()) for c, name in enumerate(classes)},
        },
        "false_unknown": float(unknown.mean()),
        "groups": len(set(groups)),
        "decisions": decisions,
        "mean_set_size": float(size.mean()),
        "ungrouped_classes": [classes[c] for c in found.loose],
    }


def _per_class(classes: Sequence[str], truth: Labels, said: Labels) -> dict[str, dict[str, Any]]:
    rows = {}
    for c, name in enumerate(classes):
        hits, named = int(((truth == c) & (said == c)).sum()), int((said == c).sum())
        members = int((truth == c).sum())
        rows[name] = {
            "n": members,
            "recall": hits / members,
            "precision": hits / named if named else 0.0,
        }
    return rows
