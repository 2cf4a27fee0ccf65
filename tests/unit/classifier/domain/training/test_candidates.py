"""What scikit-learn fitted and what numpy evaluates are the same classifier."""

import numpy as np
import pytest

from services.classifier.domain.run import Floats
from services.classifier.domain.scorers import scorer_from_arrays
from services.classifier.domain.training.candidates import candidates_for, fit_lda, fit_pls
from services.classifier.domain.training.machine_learning import fit_forest, fit_kernel_svm, fit_linear_svm

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


def test_a_forest_agrees_with_the_library_that_grew_it() -> None:
    rows, truth = samples()
    forest = sklearn_ensemble.RandomForestClassifier(
        n_estimators=25, min_samples_leaf=2, class_weight="balanced", random_state=5
    ).fit(rows, truth)
    scores = fit_forest(rows, truth, 3, 25, 5).scores(rows)
    assert np.allclose(np.exp(scores) - 0.01, forest.predict_proba(rows))


def test_linear_discriminants_agree_with_an_independent_fit_where_nothing_is_shrunk() -> None:
    rows, truth = samples(3000, 3)
    lda = pytest.importorskip("sklearn.discriminant_analysis").LinearDiscriminantAnalysis(priors=[1 / 3] * 3)
    assert (
        fit_lda(rows, truth, 3).scores(rows).argmax(axis=1) == lda.fit(rows, truth).predict(rows)
    ).mean() > 0.99


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


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no classifier"):
        scorer_from_arrays("oracle", {})
