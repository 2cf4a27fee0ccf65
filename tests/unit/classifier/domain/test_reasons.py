"""What is said of the classes that are not concluded is true: excluded is only what the profile is unlike."""

from dataclasses import replace

import numpy as np
import pytest

from services.classifier.domain.decision import decide
from services.classifier.domain.model import DeterminationModel
from services.classifier.domain.opinion import ModuleEvidence
from services.classifier.domain.reasons import contradicted, reasons_of
from services.classifier.domain.training.train import train
from services.classifier.service.report_words import in_short
from tests.unit.classifier.domain.builders import two_class_library, two_class_programme


@pytest.fixture(scope="module")
def model() -> DeterminationModel:
    trained = train(two_class_programme(), two_class_library((10, 14), 20, seed=2), seed=1, validate=False)
    return trained.determinations[0]


def side(module: str, *fits: str) -> ModuleEvidence:
    return ModuleEvidence(module, "any", 2, 2, "P", {}, {}, fits, 0.9, f"{module}: fits {' or '.join(fits)}")


def test_modules_contradict_where_one_excludes_a_class_of_the_set_that_another_fits() -> None:
    assert contradicted(["P"], [side("first", "P", "Q"), side("second", "Q")]) == ("P",)
    assert contradicted(["P"], [side("first", "P"), side("second")]) == ("P",)
    assert contradicted(["P"], [side("first", "P"), side("second", "P")]) == ()
    assert contradicted(["P"], [side("first"), side("second")]) == ()
    assert contradicted(["P"], [side("first")]) == ()


def test_a_set_about_which_modules_do_not_agree_names_both_sides(model: DeterminationModel) -> None:
    model = replace(model, conformal=replace(model.conformal, coverage=0.99))
    evidence = (side("first", "P", "Q"), side("second", "P"))
    class_p = np.array([0.5, 0.01])
    verdict = decide(model.classes, np.array([0.6, 0.4]), model.conformal, class_p, 0.05)
    said = reasons_of(model, verdict, evidence, class_p, ("Q",), np.zeros(2, dtype=bool), 0.05)
    assert verdict.conclusion == "Inconclusive (P or Q)"
    assert "the modules do not agree about Q: first: fits P or Q; second: fits P" in said


@pytest.mark.parametrize(("other", "word"), [(0.4, "not in the prediction set"), (0.001, "excluded")])
def test_a_class_outside_the_set_is_excluded_only_where_the_profile_is_unlike_it(
    model: DeterminationModel, other: float, word: str
) -> None:
    class_p = np.array([0.5, other])
    verdict = decide(model.classes, np.array([0.99, 0.01]), model.conformal, class_p, 0.05)
    said = reasons_of(model, verdict, (), class_p, (), np.zeros(2, dtype=bool), 0.05)
    assert verdict.conclusion == "P"
    assert [("excluded" in each, word in each) for each in said if "Q" in each] == [
        (word == "excluded", True)
    ]
    told = in_short(
        {
            "conclusion": "P",
            "prediction_set": ["P"],
            "coverage": 0.9,
            "novelty": {"p_values": {"P": 0.5, "Q": other}, "threshold": 0.05},
        },
        "S26-000001",
    )
    assert ("xcluded" in told) == (word == "excluded")


def test_the_set_of_several_is_named_as_what_it_is(model: DeterminationModel) -> None:
    model = replace(model, conformal=replace(model.conformal, coverage=0.99))
    verdict = decide(model.classes, np.array([0.6, 0.4]), model.conformal, np.array([0.5, 0.5]), 0.05)
    said = reasons_of(model, verdict, (), np.array([0.5, 0.5]), (), np.zeros(2, dtype=bool), 0.05)
    assert said == ("the prediction set at 99% coverage holds 2 classes",)
