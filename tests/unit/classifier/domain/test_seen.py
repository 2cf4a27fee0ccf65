"""Much of what no authentic had is strange, though a model learns nothing from an analyte that never varied."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.bundle import model_from_bundle, model_to_bundle
from services.classifier.domain.evaluate import classify
from services.classifier.domain.evaluate_many import StoredProfile, conclude_many
from services.classifier.domain.model import Model
from services.classifier.domain.programme import UNKNOWN
from services.classifier.domain.seen import SeenRange
from services.classifier.domain.training.train import train
from services.classifier.domain.what_would_change import what_would_change
from services.classifier.service.report_words import in_short
from tests.unit.classifier.domain.builders import two_class_library, two_class_programme

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
LIKE_P = {"a": 10.0, "b": 9.0}


@pytest.fixture(scope="module")
def model() -> Model:
    """Of every authentic `absent` is below 0.01, `even` is 1 and `seldom` 2 or 3 in a few; nobody looked for `never`."""
    analytes: list[dict[str, Any]] = [
        {"name": name, "unit": "1", "module": "composition", "loq": None} for name in "ab"
    ]
    for name, unit, loq in (
        ("absent", "ratio", 0.01),
        ("even", "1", 0.1),
        ("seldom", "1", None),
        ("never", "1", None),
    ):
        analytes.append({"name": name, "unit": unit, "module": "composition", "loq": loq})
    library = [
        Authentic(
            a.id,
            a.labels,
            a.group,
            {**a.values, "even": 1.0, **({"seldom": 2.0 + i % 2} if i < 6 else {})},
            frozenset({"absent"}),
        )
        for i, a in enumerate(two_class_library((10, 14), 20, seed=2))
    ]
    made = train(two_class_programme(analytes=analytes), library, seed=1, validate=False)
    return model_from_bundle(model_to_bundle(made, KEY), KEY.public_key())


def test_a_model_keeps_what_the_library_showed_of_analytes_that_it_does_not_use(model: Model) -> None:
    own = model.determinations[0]
    assert own.analytes == ("a", "b")
    assert own.seen == (
        SeenRange("absent", None, 0.01),
        SeenRange("even", 1.0, 1.0),
        SeenRange("seldom", 2.0, 3.0),
    )


@pytest.mark.parametrize(
    ("values", "below", "words"),
    [
        ({"absent": 1000.0}, "", "absent 1000 ratio where no authentic had more than 0.01 ratio"),
        ({"even": 7.0}, "", "even 7 where no authentic had more than 1"),
        ({"even": 0.2}, "", "even 0.2 where no authentic had less than 1"),
        ({}, "even", "even below 0.1 where no authentic had less than 1"),
        ({"seldom": 50.0}, "", "seldom 50 where no authentic had more than 3"),
    ],
)
def test_what_lies_beyond_the_library_is_unknown_and_told(
    model: Model, values: dict[str, float], below: str, words: str
) -> None:
    censored = frozenset({below} - {""})
    found = classify(model, {**LIKE_P, **values}, censored)[0]
    assert found.conclusion == UNKNOWN
    assert any(words in reason for reason in found.reasons)
    assert words in found.evidence[0].statement
    assert [each.statement for each in found.beyond] == [words]
    assert words in in_short(found.as_data(), "S26-000001")
    assert not any("unlike every class" in reason for reason in found.reasons)
    stored = StoredProfile({**LIKE_P, **values}, censored, {})
    assert conclude_many(model, [stored]) == [{"kind": UNKNOWN}]
    assert what_would_change(model, found, {**LIKE_P, **values}, censored) == ()


@pytest.mark.parametrize(
    "values", [{}, {"absent": 0.015}, {"even": 1.05}, {"even": 0.95}, {"seldom": 3.9}, {"seldom": 1.0}]
)
def test_what_the_library_might_have_shown_changes_nothing(model: Model, values: dict[str, float]) -> None:
    found = classify(model, {**LIKE_P, **values}, frozenset({"absent"} - values.keys()))[0]
    assert found.conclusion == "P"
    assert found.beyond == ()


def test_what_the_model_knows_nothing_of_is_named(model: Model) -> None:
    found = classify(model, {**LIKE_P, "never": 4.0})[0]
    assert found.conclusion == "P"
    assert "measured, but not considered, since the model knows nothing of it: never 4" in found.reasons
    old = replace(model, determinations=(replace(model.determinations[0], seen=()),))
    found = classify(old, {**LIKE_P, "absent": 1000.0})[0]
    assert any("absent 1000 ratio" in reason for reason in found.reasons)
