"""The figures of a validation, from what was said of authentics that no choice and no fit had seen."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from services.classifier.domain.calibration import Labels, between_groups, expected_calibration_error, wilson
from services.classifier.domain.programme import UNKNOWN, Decision
from services.classifier.domain.reliability import reliability_bins
from services.classifier.domain.run import Floats
from services.classifier.domain.training.cross_validate import Judged


def compare(candidates: dict[str, Floats], truth: Labels) -> list[dict[str, Any]]:
    """Every candidate's accuracy on unseen authentics, with Wilson's 95 % interval, and its mean logarithmic score, by which
    candidates are chosen: that of the probability of the truth, 0 at best."""
    rows = np.arange(len(truth))
    return [
        {
            "name": name,
            **_accuracy(own, truth),
            "log_score": float(np.log(np.maximum(own[rows, truth], 1e-12)).mean()),
        }
        for name, own in candidates.items()
    ]


def _accuracy(probabilities: Floats, truth: Labels) -> dict[str, float]:
    hits = int((probabilities.argmax(axis=1) == truth).sum())
    low, high = wilson(hits, len(truth))
    return {"accuracy": hits / len(truth), "low": low, "high": high}


def validation_of(
    classes: Sequence[str],
    truth: Labels,
    groups: Sequence[str],
    rounds: Sequence[Judged],
    chosen: str,
    rule: Decision,
) -> dict[str, Any]:
    """The validation of one determination, ready for JSON.

    The figures are those of the first round of folds, so that they count every authentic once; `repeated` tells how much they
    change when the folds are cut anew.
    """
    first = rounds[0]
    whole = _accuracy(first.whole, truth)
    said = first.whole.argmax(axis=1)
    covered = np.array([truth[i] in verdict.members for i, verdict in enumerate(first.verdicts)])
    unknown = np.array([verdict.conclusion == UNKNOWN for verdict in first.verdicts])
    own_p = first.class_p[np.arange(len(truth)), truth]
    decisions: dict[str, dict[str, int]] = {name: {} for name in classes}
    for i, verdict in enumerate(first.verdicts):
        counts = decisions[classes[truth[i]]]
        answer = "Inconclusive" if verdict.conclusion.startswith("Inconclusive (") else verdict.conclusion
        counts[answer] = counts.get(answer, 0) + 1
    own_groups = np.array(groups)
    again = [float((each.whole.argmax(axis=1) == truth).mean()) for each in rounds]
    return {
        "candidates": compare(first.candidates, truth),
        "chosen": chosen,
        "chosen_in_folds": dict(sorted(Counter(name for each in rounds for name in each.chosen).items())),
        **whole,
        "repeated": {"rounds": len(rounds), "accuracy": again, "mean": float(np.mean(again))},
        "per_class": _per_class(classes, truth, said),
        "confusion": {
            name: {other: int(((truth == c) & (said == d)).sum()) for d, other in enumerate(classes)}
            for c, name in enumerate(classes)
        },
        "ece": expected_calibration_error(first.whole, truth),
        "calibration": reliability_bins(first.whole, truth),
        "coverage": {
            "nominal": rule.coverage,
            "overall": float(covered.mean()),
            "per_class": {name: float(covered[truth == c].mean()) for c, name in enumerate(classes)},
            "intervals": {
                name: list(between_groups(covered[truth == c], own_groups[truth == c]))
                for c, name in enumerate(classes)
            },
        },
        "false_unknown": float(unknown.mean()),
        "false_unknown_per_class": {
            name: float(unknown[truth == c].mean()) for c, name in enumerate(classes)
        },
        "novelty": {
            "nominal": rule.novelty_alpha,
            "rejected_by_own_class": {
                name: float((own_p[truth == c] < rule.novelty_alpha).mean()) for c, name in enumerate(classes)
            },
        },
        "groups": len(set(groups)),
        "groups_per_class": {
            name: len(set(own_groups[truth == c].tolist())) for c, name in enumerate(classes)
        },
        "decisions": decisions,
        "mean_set_size": float(np.mean([len(verdict.members) for verdict in first.verdicts])),
        "ungrouped_classes": [classes[c] for c in first.loose],
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
