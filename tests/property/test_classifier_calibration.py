"""Calibration holds for any scores: sets cover, probabilities sum to one, distances and folds keep their promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.domain.calibration import (
    Conformal,
    between_groups,
    fit_conformal,
    fit_sharpness,
    softmax,
    wilson,
)
from services.classifier.domain.decision import decide
from services.classifier.domain.novelty import upper_tail
from services.classifier.domain.pretreatment import shrunk_covariance
from services.classifier.domain.programme import UNKNOWN
from services.classifier.domain.training.cross_validate import make_folds

SEEDS = st.integers(0, 2**32 - 1)


def chances(seed: int, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    truth = np.arange(count) % classes
    scores = dice.normal(size=(count, classes)) + 1.5 * np.eye(classes)[truth]
    return softmax(scores, 1.0), truth


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([0.8, 0.9, 0.95]))
def test_prediction_sets_cover_each_class(seed: int, coverage: float) -> None:
    known, truth = chances(seed, 600, 3)
    conformal = fit_conformal(known, truth, 3, coverage)
    fresh, answers = chances(seed + 1, 1500, 3)
    inside = np.array([c in conformal.members(row) for row, c in zip(fresh, answers, strict=True)])
    five_sigma = 5 * np.sqrt(coverage * (1 - coverage) * (1 / 200 + 1 / 500))
    for c in range(3):
        assert inside[answers == c].mean() > coverage - five_sigma


def test_p_values_agree_with_an_independent_conformal_library() -> None:
    crepes = pytest.importorskip("crepes")
    known, truth = chances(1, 200, 3)
    fresh, _ = chances(2, 20, 3)
    conformal = fit_conformal(known, truth, 3, 0.9)
    oracle = crepes.ConformalClassifier()
    oracle.fit(1 - known[np.arange(200), truth], bins=truth)
    for row in fresh:
        theirs = oracle.predict_p(np.tile(1 - row, (3, 1)), bins=np.arange(3), smoothing=False)
        assert np.allclose(conformal.p_values(row), np.diag(theirs))


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(0.01, 50), st.integers(2, 6))
def test_sharpness_undoes_a_factor_on_the_scores(seed: int, factor: float, classes: int) -> None:
    dice = np.random.default_rng(seed)
    truth = np.arange(40 * classes) % classes
    scores = dice.normal(size=(len(truth), classes)) + np.eye(classes)[truth]
    one, other = fit_sharpness(scores, truth), fit_sharpness(factor * scores, truth)
    assert other * factor == pytest.approx(one, rel=0.02)
    assert np.allclose(softmax(scores, one).sum(axis=1), 1)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_holds_the_share(hits: int, more: int) -> None:
    low, high = wilson(hits, hits + more)
    assert 0 <= low <= hits / (hits + more) <= high <= 1


@given(SEEDS, st.integers(1, 12), st.integers(1, 9), st.floats(0, 1))
def test_alike_authentics_of_a_collection_count_less(seed: int, names: int, size: int, share: float) -> None:
    hits = np.random.default_rng(seed).random(names) < share
    alike = np.repeat(hits, size)
    groups = np.repeat(np.array([f"c{n}" for n in range(names)]), size)
    low, high = between_groups(alike, groups)
    assert 0 <= low <= hits.mean() <= high <= 1
    exact = wilson(int(hits.sum()), names)
    assert high - low >= (exact[1] - exact[0]) * 0.8, "many of one collection are hardly more than one"
    apart = between_groups(hits, np.array([f"c{n}" for n in range(names)]))
    assert (low, high) == pytest.approx(apart, abs=1e-9)


@given(st.floats(-50, 50), st.integers(3, 500))
def test_the_tail_is_close_to_students(standing: float, count: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    exact = float(stats.t.sf(standing / np.sqrt(1 + 1 / count), count - 1))
    assert upper_tail(standing, count) == pytest.approx(exact, rel=0.35, abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(2, 40), st.integers(1, 60))
def test_a_shrunk_covariance_can_always_be_inverted(seed: int, rows: int, columns: int) -> None:
    dice = np.random.default_rng(seed)
    data = dice.normal(size=(rows, 2)) @ dice.normal(size=(2, columns))
    covariance = shrunk_covariance(data - data.mean(axis=0))
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.allclose(covariance, covariance.T)


@settings(max_examples=80, deadline=None)
@given(SEEDS, st.lists(st.integers(5, 30), min_size=2, max_size=6), st.integers(1, 8))
def test_no_collection_stands_on_both_sides(seed: int, sizes: list[int], per_group: int) -> None:
    truth = np.repeat(np.arange(len(sizes)), sizes)
    groups = [f"{c}-{i // per_group}" for c, size in enumerate(sizes) for i in range(size)]
    fold, together, loose = make_folds(groups, truth, 5, seed)
    for name in set(together):
        assert len({int(fold[i]) for i, each in enumerate(together) if each == name}) == 1
    for f in np.unique(fold):
        assert np.bincount(truth[fold != f], minlength=len(sizes)).min() >= 2
    if not loose:
        assert tuple(together) == tuple(groups)


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_class_is_concluded_only_where_the_set_holds_it_alone(seed: int, p_values: list[float]) -> None:
    known, truth = chances(seed, 60, 3)
    conformal = fit_conformal(known, truth, 3, 0.9)
    row = chances(seed + 1, 3, 3)[0][0]
    verdict = decide("ABC", row, conformal, np.array(p_values), 0.02)
    if verdict.conclusion in "ABC":
        assert [verdict.conclusion] == ["ABC"[c] for c in verdict.members]
    elif verdict.conclusion != UNKNOWN:
        assert set(verdict.conclusion.removeprefix("Inconclusive (").rstrip(")").split(" or ")) == {
            "ABC"[c] for c in verdict.members
        }
    assert (verdict.conclusion == UNKNOWN) == (not set(verdict.members) & set(verdict.compatible))
    assert int(row.argmax()) in verdict.members


def test_no_class_is_concluded_beside_a_likelier_one() -> None:
    """Each class is held against its own authentics: of A all were recognised surely, and 0.54 is little; of C 0.09 is usual."""
    sure, unsure = np.linspace(0.0, 0.2, 40), np.linspace(0.0, 0.99, 40)
    conformal = Conformal(0.9, (sure, sure, unsure), ())
    row = np.array([0.535, 0.378, 0.087])
    assert [c for c, p in enumerate(conformal.p_values(row)) if p > 0.1] == [2]
    verdict = decide("ABC", row, conformal, np.array([0.5, 0.5, 0.5]), 0.02)
    assert verdict.conclusion == "Inconclusive (A or C)"
    assert decide("ABC", row, conformal, np.array([0.5, 0.5, 0.01]), 0.02).conclusion == verdict.conclusion
