"""Plain scikit-learn and a conformal test of neighbours, beside which the models are judged on tables."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOUR = 3


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
