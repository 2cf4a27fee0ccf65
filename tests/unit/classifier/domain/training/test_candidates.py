"""What scikit-learn fitted and what numpy evaluates are the same classifier."""

import numpy as np
import pytest

from services.classifier.domain.calibration import softmax
from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import scorer_from_arrays
from services.classifier.domain.training.candidates import candidates_for, fit_lda, fit_pls, names
from services.classifier.domain.training.machine_learning import (
    fit_boosted,
    fit_forest,
    fit_kernel_svm,
    fit_linear_svm,
)

sklearn_svm = pytest.importorskip("sklearn.svm")
sklearn_ensemble = pytest.importorskip("sklearn.ensemble")


def samples(count: int = 90, columns: int = 6, classes: int = 3) -> tuple[Floats, np.ndarray]:
    dice = np.random.default_rng(8)
    truth = np.arange(count) % classes
    return dice.normal(size=(count, columns)) + dice.normal(size=(classes, columns))[truth], truth


def test_support_vector_machines_agree_with_the_library_that_fitted_them() -> None:
    rows, truth = samples()
    for kernel, scorer in (
        ("linear", fit_linear_svm(rows, truth, 3, 1.0)),
        ("rbf", fit_kernel_svm(rows, truth, 3, 1.0, 0.2)),
    ):
        for c in range(3):
            machine = sklearn_svm.SVC(C=1.0, kernel=kernel, gamma=0.2, class_weight="balanced").fit(
                rows, truth == c
            )
            assert np.allclose(scorer.scores(rows)[:, c], machine.decision_function(rows), atol=1e-9)


def test_a_forest_is_like_that_of_the_library() -> None:
    rows, truth = samples(120)
    known, unseen = rows[:90], rows[90:]
    forest = sklearn_ensemble.RandomForestClassifier(400, class_weight="balanced", random_state=5)
    theirs = forest.fit(known, truth[:90]).predict_proba(unseen)
    ours = np.exp(fit_forest(known, truth[:90], 3, 400, 5).scores(unseen)) - 0.01
    assert np.allclose(ours.sum(axis=1), 1)
    assert np.abs(ours - theirs).mean() < 0.03


@pytest.mark.parametrize("extremely_random", [False, True])
def test_a_tree_is_to_the_last_bit_that_of_the_library(extremely_random: bool) -> None:
    rows, truth = samples(120, columns=9, classes=4)
    scorer = fit_forest(rows, truth, 4, 3, 5, extremely_random=extremely_random)
    tree = pytest.importorskip("sklearn.tree")
    kind = tree.ExtraTreeClassifier if extremely_random else tree.DecisionTreeClassifier
    dice, thresholds = np.random.RandomState(5), []
    for _ in range(3):
        drawn = np.arange(120) if extremely_random else dice.randint(0, 120, 120)
        weight = np.bincount(drawn, minlength=120)
        grown = kind(max_features="sqrt", random_state=dice).fit(rows, truth, sample_weight=weight)
        thresholds.append(grown.tree_.threshold)
    assert scorer.threshold.tolist() == np.concatenate(thresholds).tolist()


def test_extremely_random_trees_are_like_those_of_the_library() -> None:
    rows, truth = samples(120)
    known, unseen = rows[:90], rows[90:]
    forest = sklearn_ensemble.ExtraTreesClassifier(400, class_weight="balanced", random_state=5)
    theirs = forest.fit(known, truth[:90]).predict_proba(unseen)
    ours = np.exp(fit_forest(known, truth[:90], 3, 400, 5, extremely_random=True).scores(unseen)) - 0.01
    assert np.abs(ours - theirs).mean() < 0.03


@pytest.mark.parametrize("classes", [2, 3])
def test_boosted_trees_agree_with_the_library_that_grew_them(classes: int) -> None:
    rows, truth = samples(90, classes=classes)
    boosted = sklearn_ensemble.HistGradientBoostingClassifier(
        max_iter=15, learning_rate=0.2, max_leaf_nodes=6, min_samples_leaf=5, l2_regularization=1.0,
        max_bins=64, early_stopping=False, class_weight="balanced", random_state=5,
    ).fit(rows, truth)  # fmt: skip
    scores = fit_boosted(rows, truth, classes, 15, 5).scores(rows)
    assert np.allclose(softmax(scores, 1.0), boosted.predict_proba(rows), atol=1e-9)


def test_neighbours_of_a_large_class_have_no_advantage() -> None:
    rows = np.array([[0.0], [0.1], [5.0], [5.1], [5.2], [5.3], [5.4], [5.5]])
    truth = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    candidate = next(each for each in candidates_for(8, 1, 2) if each.name == "k nearest neighbours")
    for setting in candidate.settings:
        said = setting.fit(rows, truth, 2, 0).scores(np.array([[0.05], [2.0], [5.2]])).argmax(axis=1)
        assert said.tolist() == [0, 0, 1]


def test_linear_discriminants_agree_with_an_independent_fit_where_nothing_is_shrunk() -> None:
    rows, truth = samples(3000, 3)
    lda = pytest.importorskip("sklearn.discriminant_analysis").LinearDiscriminantAnalysis(priors=[1 / 3] * 3)
    assert (
        fit_lda(rows, truth, 3).scores(rows).argmax(axis=1) == lda.fit(rows, truth).predict(rows)
    ).mean() > 0.99


def test_linear_discriminants_can_leave_the_covariance_as_it_was_measured() -> None:
    """Strongly correlated columns, few rows: the shrunk covariance says something else than what was measured."""
    rows, truth = samples(60)
    rows = rows @ (np.ones((6, 6)) + 0.5 * np.eye(6))
    lda = pytest.importorskip("sklearn.discriminant_analysis").LinearDiscriminantAnalysis(priors=[1 / 3] * 3)
    theirs = lda.fit(rows, truth).predict(rows)
    own = next(each for each in candidates_for(60, 6, 3) if each.name == "regularised LDA").settings
    agree = [(each.fit(rows, truth, 3, 0).scores(rows).argmax(axis=1) == theirs).mean() for each in own]
    assert own[-1].text == "covariance as measured"
    assert agree[-1] > 0.95
    assert agree[-1] > max(agree[:-1])
    few = next(each for each in candidates_for(15, 6, 3) if each.name == "regularised LDA")
    assert own[-1].text not in {each.text for each in few.settings}


def test_pls_with_all_components_is_least_squares() -> None:
    rows, truth = samples()
    scores = fit_pls(rows, truth, 3, 6).scores(rows)
    design = np.column_stack((np.ones(len(rows)), rows))
    solution = np.linalg.lstsq(design, np.eye(3)[truth], rcond=None)[0]
    assert np.allclose(scores, design @ solution, atol=1e-8)


def test_every_candidate_survives_storage_bit_by_bit() -> None:
    rows, truth = samples()
    for candidate in candidates_for(len(rows), rows.shape[1], 3):
        for setting in candidate.settings:
            scorer = setting.fit(rows, truth, 3, 1)
            again = scorer_from_arrays(scorer.kind, scorer.arrays())
            assert (scorer.scores(rows) == again.scores(rows)).all()
            # One sample alone gives the same bits as among others.
            assert (scorer.scores(rows)[7] == again.scores(rows[7:8])[0]).all()


@pytest.mark.parametrize(("rows", "library", "offered"), [(48, 60, False), (56, 70, True), (61, None, True)])
def test_boosting_is_offered_by_the_size_of_the_whole_library(
    rows: int, library: int | None, offered: bool
) -> None:
    """So that a fold offers what the whole offers, and a library of few does not offer it at all."""
    assert ("gradient boosting" in names(candidates_for(rows, 6, 3, library))) is offered


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no classifier"):
        scorer_from_arrays("oracle", {})
