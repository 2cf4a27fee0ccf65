"""An ensemble of candidates, built vote by vote from what they say of authentics out of fold.

Forward selection with replacement (Caruana et al., 2004): each vote goes to the candidate that lowers the loss of all votes so
far the most. Few votes keep it from fitting the luck of the folds, and leave a candidate that adds nothing without any.
"""

from collections.abc import Mapping

import numpy as np

from services.classifier.domain.calibration import Labels, softmax
from services.classifier.domain.model import log_probabilities
from services.classifier.domain.run import Floats

VOTES = 8


def elect(scores: Mapping[str, Floats], sharpness: Mapping[str, float], truth: Labels) -> dict[str, int]:
    """The votes of each candidate that has any, in the order of the candidates; of equals the first wins.

    `scores` (repeats, n, classes) out of fold; only the repeats that every candidate has are used.
    """
    repeats = min(len(own) for own in scores.values())
    said = {
        name: np.stack([log_probabilities(each, sharpness[name]) for each in own[:repeats]])
        for name, own in scores.items()
    }
    total: Floats = np.zeros_like(next(iter(said.values())))
    votes = dict.fromkeys(said, 0)
    for count in range(1, VOTES + 1):
        losses = {name: _loss((total + own) / count, truth) for name, own in said.items()}
        winner = min(losses, key=lambda name: losses[name])
        total += said[winner]
        votes[winner] += 1
    return {name: own for name, own in votes.items() if own}


def _loss(joint: Floats, truth: Labels) -> float:
    rows = np.arange(len(truth))
    return float(-np.mean([np.log(softmax(each, 1.0)[rows, truth] + 1e-12) for each in joint]))
