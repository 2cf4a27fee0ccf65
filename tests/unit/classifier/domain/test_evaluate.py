"""Opinions of trained models: on the synthetic libraries, and on cases that were made for one rule each."""

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.evaluate import DeterminationResult, _level, classify
from services.classifier.domain.model import Model
from services.classifier.domain.novelty import UsualFit
from services.classifier.domain.programme import NOT_EVALUATED, UNKNOWN
from services.classifier.domain.qc import QcFinding
from services.classifier.domain.training.train import train
from tests.unit.classifier.domain.builders import PROJECT, two_class_library, two_class_programme

Demo = tuple[Model, tuple[Authentic, ...]]


def like_authentics(
    library: tuple[Authentic, ...], count: int, seed: int
) -> list[tuple[Authentic, dict[str, float]]]:
    """Nine parts of one authentic and one of another of the same labels."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        first = dice.choice(library)
        second = dice.choice([each for each in library if each.labels == first.labels])
        made.append((first, {n: 0.9 * v + 0.1 * second.values.get(n, v) for n, v in first.values.items()}))
    return made


def shuffled(model: Model, values: dict[str, float], seed: int) -> dict[str, float]:
    """The same numbers on other analytes; isotopes stay."""
    kept = {analyte.name for analyte in model.programme.analytes if analyte.is_isotope}
    moved = [value for name, value in values.items() if name not in kept]
    random.Random(seed).shuffle(moved)
    return {name: value if name in kept else moved.pop() for name, value in values.items()}


def test_exhibits_like_authentics_get_their_classes(demo: Demo) -> None:
    model, library = demo
    likely = decided = unknown = total = 0
    for authentic, values in like_authentics(library, 60, seed=1):
        for found in classify(model, values):
            truth = authentic.labels[found.name]
            total += 1
            likely += max(found.probabilities, key=lambda name: found.probabilities[name]) == truth
            decided += truth in found.conclusion and truth in found.prediction_set
            unknown += found.conclusion == UNKNOWN
            assert abs(sum(found.probabilities.values()) - 1) < 1e-6
            assert found.evidence
            assert 0 <= (found.novelty.p_value or 0) <= 1
    assert likely >= 0.9 * total
    assert decided >= 0.85 * total
    assert unknown <= 0.05 * total


def is_measured_like(model: Model, name: str, values: dict[str, float], other: Mapping[str, float]) -> bool:
    """Whether all that bears on a determination agrees within three times its uncertainty."""
    determination = model.programme.determination(name)
    assert determination is not None
    for analyte in model.programme.analytes_of(determination):
        here, there = values.get(analyte.name), other.get(analyte.name)
        if here is None or there is None:
            return False
        usual = analyte.uncertainty or (analyte.uncertainty_percent or 5.0) / 100 * abs(there)
        if abs(here - there) > 3 * max(usual, analyte.loq or 0.0):
            return False
    return True


def test_values_on_the_wrong_analytes_are_unknown_and_not_the_nearest_class(demo: Demo) -> None:
    """Where the exchanged numbers are by chance those of an authentic (two enantiomers add up to 100 %), they are not strange."""
    model, library = demo
    exchanged = [
        shuffled(model, values, seed) for seed, (_, values) in enumerate(like_authentics(library, 60, seed=2))
    ]
    strange = [classify(model, values) for values in exchanged]
    for place, determination in enumerate(model.programme.determinations):
        answers = [
            each[place]
            for each, values in zip(strange, exchanged, strict=True)
            if not any(is_measured_like(model, determination.name, values, a.values) for a in library)
        ]
        assert len(answers) >= 40, determination.name
        assert sum(each.conclusion == UNKNOWN for each in answers) >= 0.85 * len(answers)
        assert all(each.probabilities for each in answers)


def test_modules_that_contradict_each_other_give_unknown_with_both_sides(heroin: Demo) -> None:
    """After the published case of J Forensic Sci 51(3):597 (2006), with synthetic numbers.

    Alkaloids and solvents said Southeast Asia; the acid and neutral fraction did not (sterols that are always seen there were
    absent, others were present that are not usual there), and the report was "unknown origin".
    """
    model, library = heroin
    real = next(each for each in library if each.labels["origin"] == "Southeast Asia")
    values = {
        **real.values,
        "neutral impurity N1": 3.0,
        "neutral impurity N2": 0.0009,
        "acid impurity A1": 2.0,
    }
    del values["sterols, sum"]
    found = classify(model, values, censored=frozenset({"sterols, sum"}))[0]
    assert found.conclusion == UNKNOWN
    sides = {each.module: each for each in found.evidence}
    assert "Southeast Asia" in sides["alkaloids"].fits
    assert "Southeast Asia" in sides["occluded_solvents"].fits
    assert "Southeast Asia" not in sides["acid_neutral"].fits
    assert any("acid_neutral" in reason for reason in found.reasons)
    assert classify(model, real.values, real.censored)[0].conclusion != UNKNOWN


@pytest.fixture(scope="module")
def two_modules() -> Model:
    """The module `first` measures a and b, `second` c and d; all are about 10 in P and about 18 in Q."""
    modules = [{"name": name, "technique": "any"} for name in ("first", "second")]
    places = zip("abcd", ["first", "first", "second", "second"], strict=True)
    analytes = [{"name": name, "unit": "1", "module": module} for name, module in places]
    programme = two_class_programme(modules=modules, analytes=analytes)
    dice = np.random.default_rng(4)
    library = [
        Authentic(f"{kind}{i}", {"kind": kind}, f"{kind}{i}", {n: dice.normal(mean) for n in "abcd"})
        for kind, mean in (("P", 10.0), ("Q", 18.0))
        for i in range(25)
    ]
    return train(programme, library, seed=1, validate=False)


def test_modules_that_each_fit_another_class_contradict(two_modules: Model) -> None:
    found = classify(two_modules, {"a": 10.0, "b": 10.0, "c": 18.0, "d": 18.0})[0]
    assert found.conclusion == UNKNOWN
    assert found.contradiction
    assert [each.fits for each in found.evidence] == [("P",), ("Q",)]
    assert "fits P" in found.reasons[0]
    assert "fits Q" in found.reasons[0]
    assert set(found.probabilities) == {"P", "Q"}
    assert classify(two_modules, dict.fromkeys("abcd", 10.0))[0].conclusion == "P"


def with_authentics_that_fit_badly(model: Model) -> Model:
    own = model.determinations[0]
    return replace(
        model, determinations=(replace(own, usual=UsualFit(np.sort(np.geomspace(1e-12, 1e-6, 60)))),)
    )


@pytest.mark.parametrize("c", [15.5, 16.5, 18.0])
def test_a_class_that_one_module_excludes_is_not_concluded_however_badly_authentics_fit(
    two_modules: Model, c: float
) -> None:
    values = {"a": 10.0, "b": 10.0, "c": c, "d": 10.0}
    found = classify(with_authentics_that_fit_badly(two_modules), values)[0]
    assert "P" not in found.evidence[1].fits
    assert found.conclusion == UNKNOWN
    assert found.contradiction
    assert "about P" in found.reasons[0]
    assert "first: fits P" in found.reasons[0]


def test_what_the_only_module_excludes_of_every_class_is_unknown_however_badly_authentics_fit(
    overlapping: Model,
) -> None:
    found = kind(with_authentics_that_fit_badly(overlapping), 40.0)
    assert found.evidence[0].fits == ()
    assert found.conclusion == UNKNOWN
    assert not found.contradiction
    assert found.novelty.p_value is not None
    assert found.novelty.p_value <= max(found.evidence[0].p_values.values())


def test_a_missing_module_is_named_and_a_missing_required_one_stops(heroin: Demo) -> None:
    model, library = heroin
    modules = {analyte.name: analyte.module for analyte in model.programme.analytes}
    without = {n: v for n, v in library[0].values.items() if modules[n] != "isotopes"}
    found = classify(model, without)[0]
    assert found.conclusion != NOT_EVALUATED
    assert "isotopes" not in [each.module for each in found.evidence]
    assert any("d13C heroin" in reason for reason in found.reasons)
    stopped = classify(model, {n: v for n, v in library[0].values.items() if modules[n] != "alkaloids"})[0]
    assert stopped.conclusion == NOT_EVALUATED
    assert any("alkaloids" in reason for reason in stopped.reasons)


def test_nothing_to_go_on_is_never_a_guess(demo: Demo) -> None:
    for found in classify(demo[0], {}):
        assert found.conclusion == NOT_EVALUATED
        assert found.reasons
        assert found.novelty.p_value is None


def test_a_failed_quality_rule_stops(cocaine: Demo) -> None:
    model, library = cocaine
    found = classify(model, library[0].values, qc=[QcFinding("blank_ratio", False, "0.2, at most 0.05")])[0]
    assert found.conclusion == NOT_EVALUATED
    assert "blank_ratio" in found.reasons[0]


def test_the_probability_of_a_level_is_never_above_one(cocaine: Demo) -> None:
    model, _ = cocaine
    own = model.determinations[0]
    members = [c for c, name in enumerate(own.classes) if name in ("Apurimac", "Huallaga/Ucayali")]
    chances = np.zeros(len(own.classes))
    chances[members] = 0.5000000006
    verdict = SimpleNamespace(conclusion="Inconclusive", members=members)
    level = _level(model.programme.determinations[0], own, verdict, chances)  # type: ignore[arg-type]
    assert level is not None
    assert (level.name, level.probability) == ("Peru", 1.0)


def test_the_deepest_level_that_holds_the_whole_set_is_given(cocaine: Demo) -> None:
    model, library = cocaine
    seen = set()
    for authentic in library:
        found = classify(model, authentic.values, authentic.censored)[0]
        if found.conclusion in found.probabilities:
            assert found.level is not None
            assert found.level.name == found.conclusion
        elif found.level is not None:
            assert found.level.name in ("Bolivia", "Peru", "Colombia")
            assert found.level.probability >= max(found.probabilities.values())
        seen.add(found.conclusion)
    assert {"Chapare", "Guaviare", "Apurimac"} <= seen


def test_an_answer_is_ready_for_json_and_the_same_every_time(demo: Demo) -> None:
    model, library = demo
    first, second = (
        [each.as_data() for each in classify(model, library[5].values, library[5].censored)] for _ in range(2)
    )
    assert json.dumps(first, allow_nan=False) == json.dumps(second)


def test_an_item_of_the_library_is_told_to_be_judged_against_itself(heroin: Demo) -> None:
    model, library = heroin
    for items, told in (({library[5].id, "other"}, True), ({"other"}, False)):
        found = classify(model, library[5].values, library[5].censored, items=frozenset(items))[0]
        assert (
            any("part of the library that the model was trained on" in each for each in found.reasons) == told
        )


def test_an_answer_is_explained(heroin: Demo) -> None:
    model, library = heroin
    found = classify(model, library[5].values, library[5].censored)[0]
    assert {each.analyte for each in found.contributions} == {
        analyte.name for analyte in model.programme.analytes
    }
    assert found.nearest[0].id == library[5].id
    assert found.nearest[0].distance < 1e-6
    assert found.position is not None


@pytest.fixture(scope="module")
def overlapping() -> Model:
    return train(two_class_programme(), two_class_library((10, 11), 30, seed=6), seed=1)


def kind(model: Model, a: float) -> DeterminationResult:
    return classify(model, {"a": a, "b": 9.0})[0]


def test_half_way_between_two_classes_both_stay(overlapping: Model) -> None:
    found = kind(overlapping, 10.5)
    assert min(found.probabilities.values()) > 0.1
    assert sorted(found.prediction_set) == ["P", "Q"]
    assert found.conclusion in ("Inconclusive (P or Q)", "Inconclusive (Q or P)")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_gets_a_finite_answer(overlapping: Model, a: float, b: float) -> None:
    found = classify(overlapping, {"a": a, "b": b})[0]
    json.dumps(found.as_data(), allow_nan=False)
    assert abs(sum(found.probabilities.values()) - 1) < 1e-6
    assert found.novelty.p_value is not None


def test_far_from_all_classes_is_unknown(overlapping: Model) -> None:
    assert kind(overlapping, 40.0).conclusion == UNKNOWN
    assert any("probabilities suppose" in reason for reason in kind(overlapping, 40.0).reasons)
    assert not any("probabilities suppose" in reason for reason in kind(overlapping, 10.0).reasons)


def test_well_separated_classes_are_told_apart_and_the_gap_is_unknown() -> None:
    model = train(two_class_programme(), two_class_library((10, 20), 20, seed=5), seed=1)
    assert [kind(model, a).conclusion for a in (10, 15, 20)] == ["P", UNKNOWN, "Q"]


def test_serving_loads_neither_scipy_nor_scikit_learn() -> None:
    modules = "evaluate bundle check_programme trace readers.registry profile.profile_from_run links.population links.search"
    code = "import sys\n" + "\n".join(f"import services.classifier.domain.{name}" for name in modules.split())
    code += "\nprint(sorted({n.split('.')[0] for n in sys.modules} & {'scipy', 'sklearn', 'flask', 'sqlalchemy'}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    assert done.stdout.strip() == "[]"
