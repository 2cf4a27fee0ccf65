"""Votes of an ensemble, and the choice between it and single candidates."""

import numpy as np
import pytest

from services.classifier.domain.model import joint_scores
from services.classifier.domain.run import Floats
from services.classifier.domain.training.ensemble import VOTES, elect
from services.classifier.domain.training.select import choose

TRUTH = np.arange(60) % 3


def scores(strength: Floats, seed: int, repeats: int = 1) -> Floats:
    """Scores (repeats, n, classes) that know the truth of each row as well as `strength` (n,) says."""
    noise = np.random.default_rng(seed).normal(size=(repeats, len(TRUTH), 3))
    return noise + strength[:, None] * np.eye(3)[TRUTH]


def test_a_candidate_that_adds_nothing_has_no_vote() -> None:
    good, blind = scores(np.full(60, 5.0), 1), scores(np.zeros(60), 2)
    assert elect({"blind": blind, "good": good}, {"blind": 1.0, "good": 1.0}, TRUTH) == {"good": VOTES}


def test_candidates_that_know_different_rows_share_the_votes() -> None:
    first, second = (scores(np.where(half, 5.0, 0.0), 3) for half in (TRUTH == 0, TRUTH != 0))
    votes = elect({"first": first, "second": second}, {"first": 1.0, "second": 1.0}, TRUTH)
    assert set(votes) == {"first", "second"}
    assert sum(votes.values()) == VOTES


def test_of_equals_the_first_wins_and_repeats_that_one_lacks_are_left_out() -> None:
    own = scores(np.full(60, 2.0), 4, repeats=2)
    assert elect({"simple": own, "same": own[:1]}, {"simple": 1.0, "same": 1.0}, TRUTH) == {"simple": VOTES}


def test_votes_weigh_as_repeated_members_do() -> None:
    one, other = scores(np.full(60, 1.0), 5)[0], scores(np.full(60, 1.0), 6)[0]
    by_votes = joint_scores([one, other], [1.0, 2.0], [3, 1])
    repeated = joint_scores([one, one, one, other], [1.0, 1.0, 1.0, 2.0], [1, 1, 1, 1])
    assert np.allclose(by_votes, repeated, atol=1e-12)


@pytest.mark.parametrize(("excess", "chosen"), [(0.9, "simple"), (1.1, "ensemble")])
def test_the_simplest_within_one_standard_error_of_the_best_is_chosen(excess: float, chosen: str) -> None:
    apart = np.where(np.arange(100) % 2, 1.0, -1.0)
    losses = {"simple": 1.0 + apart + excess * 0.1, "middling": np.full(100, 9.0), "ensemble": np.ones(100)}
    assert choose(losses) == chosen
