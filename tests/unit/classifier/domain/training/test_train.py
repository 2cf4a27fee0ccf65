"""Training on the synthetic libraries, on a real table where it is there, and on libraries that do not suffice."""

import csv
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.bundle import bundle_digest, model_to_bundle
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import Model
from services.classifier.domain.programme import UNKNOWN, Programme
from services.classifier.domain.training.train import NotTrainable, train
from services.classifier.service.validation_warnings import validation_warnings
from tests.unit.classifier.domain.builders import (
    REAL_DATA,
    programme_data,
    two_class_library,
    two_class_programme,
)

# Whole validations take some seconds of a free processor, and much longer on a busy one.
pytestmark = pytest.mark.timeout(900)

WINES = REAL_DATA / "tabular" / "wine_piedmont_178x27_pgmm.csv"


def check_figures(figures: dict[str, Any], count: int) -> None:
    candidates = {each["name"]: each for each in figures["candidates"]}
    assert len(candidates) >= 5
    assert figures["chosen"] in candidates
    assert all(each["low"] <= each["accuracy"] <= each["high"] for each in candidates.values())
    assert sum(each["n"] for each in figures["per_class"].values()) == count
    assert sum(sum(said.values()) for said in figures["confusion"].values()) == count
    hits = sum(said[truth] for truth, said in figures["confusion"].items())
    assert hits / count == pytest.approx(figures["accuracy"])
    nominal = figures["coverage"]["nominal"]
    assert figures["coverage"]["overall"] >= nominal - 3 * np.sqrt(nominal * (1 - nominal) / count)
    assert 0 <= figures["ece"] <= 0.15
    assert 0 <= figures["false_unknown"] <= 0.12


def test_the_validation_of_each_programme_is_complete_and_holds_what_it_claims(
    demo: tuple[Model, tuple[Authentic, ...]],
) -> None:
    model, library = demo
    figures = model.validation["determinations"]
    assert set(figures) == {each.name for each in model.programme.determinations}
    for each in figures.values():
        check_figures(each, len(library))
        assert each["groups"] == len({authentic.group for authentic in library})
        assert not each["ungrouped_classes"]


def wines() -> tuple[list[str], list[dict[str, str]]]:
    with WINES.open(newline="") as handle:
        table = list(csv.DictReader(handle))
    random.Random(3).shuffle(table)
    return [name for name in table[0] if name != "Type"], table


@pytest.mark.skipif(not WINES.exists(), reason="the real wine table is not on this machine")
@pytest.mark.parametrize("grouped", [True, False])
def test_real_wines_are_told_apart(grouped: bool) -> None:
    analytes, table = wines()
    programme = programme_from_data(
        programme_data(
            analytes=[{"name": a, "unit": "1", "module": "composition", "loq": None} for a in analytes],
            determinations=[{"name": "origin", "classes": sorted({row["Type"] for row in table})}],
        )
    )
    library = [
        Authentic(
            f"{i:03d}",
            {"origin": row["Type"]},
            str(i) if grouped else "one",
            {a: float(row[a]) for a in analytes},
        )
        for i, row in enumerate(table[:133])
    ]
    model = train(programme, library, seed=1, validate=grouped)
    if grouped:
        figures = model.validation["determinations"]["origin"]
        check_figures(figures, 133)
        assert figures["accuracy"] > 0.9
        absent = figures["leave_one_class_out"]["per_class"]
        assert all(each["low"] <= each["detected"] <= each["high"] for each in absent.values())
        assert max(each["detected"] for each in absent.values()) > 0.5
    found = [(row["Type"], classify(model, {a: float(row[a]) for a in analytes})[0]) for row in table[133:]]
    assert np.mean([len(each.prediction_set) for _, each in found]) <= 1.5
    assert np.mean([truth in each.prediction_set for truth, each in found]) >= 0.9
    assert np.mean([truth == each.conclusion for truth, each in found]) >= 0.8


def test_each_collection_is_left_out_in_turn() -> None:
    library = two_class_library((10, 40), 8, seed=2)
    paired = [replace(each, group=f"{each.group[0]}{int(each.group[1:]) // 2}") for each in library]
    # What one collection of P says is what Q says: nothing but leaving it out shows that the next such would be missed.
    odd = [
        replace(each, values={"a": 40.0 + place / 10, "b": 9.0}) if each.group == "P0" else each
        for place, each in enumerate(paired)
    ]
    figures = train(two_class_programme(), odd, seed=9).validation["determinations"]["kind"]
    told = figures["leave_one_collection_out"]
    assert told["collections"] == told["of"] == 8 and told["authentics"] == 16
    assert told["missed"] == ["P0"] and told["accuracy"] == 14 / 16
    assert told["low"] < told["accuracy"] < told["high"]
    assert figures["groups_per_class"] == {"P": 4, "Q": 4}
    low, high = figures["coverage"]["intervals"]["P"]
    assert low <= figures["coverage"]["per_class"]["P"] <= high
    assert all(each["log_score"] <= 0 for each in figures["candidates"])
    told_first = validation_warnings(figures)
    assert any("Fewer than 20 seizures or collections stand behind P, Q" in words for words in told_first)
    strange = {**figures, "chosen": "something else"}
    assert any("No outer fold chose something else" in words for words in validation_warnings(strange))


def test_a_collection_without_which_there_is_no_class_is_not_left_out() -> None:
    library = [replace(each, group=each.group[0]) for each in two_class_library((10, 16), 8, seed=2)]
    figures = train(two_class_programme(), library, seed=9).validation["determinations"]["kind"]
    assert figures["leave_one_collection_out"] == {}


def test_training_twice_gives_the_same_bundle() -> None:
    library = two_class_library((10, 12), 7, seed=2)
    first, second = (train(two_class_programme(), order, seed=9) for order in (library, library[::-1]))
    assert first.snapshot == second.snapshot
    assert first.validation == second.validation
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    digests = [bundle_digest(model_to_bundle(model, key)) for model in (first, second)]
    assert digests[0] == digests[1]
    bare = train(two_class_programme(), library, seed=9, validate=False)
    answers = [classify(model, {"a": 10.7, "b": 8.5})[0].as_data() for model in (first, bare)]
    assert answers[0] == answers[1], "the figures change nothing in the model"


def test_a_training_stops_when_its_progress_raises() -> None:
    class Cancelled(Exception):
        pass

    def stop(share: float) -> None:
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(two_class_programme(), two_class_library((10, 14), 12, seed=2), seed=1, progress=stop)


def many_classes(sizes: tuple[int, ...], spread: float) -> tuple[Programme, list[Authentic]]:
    """Classes of these sizes in six analytes, the means `spread` standard deviations apart."""
    names = [f"K{c:02d}" for c in range(len(sizes))]
    programme = programme_from_data(
        programme_data(
            analytes=[{"name": a, "unit": "1", "module": "composition", "loq": None} for a in "abcdef"],
            determinations=[{"name": "origin", "classes": names}],
        )
    )
    dice = np.random.default_rng(12)
    library = []
    for name, size in zip(names, sizes, strict=True):
        centre = 30 + spread * dice.normal(size=6)
        for i in range(size):
            values = dict(zip("abcdef", (centre + dice.normal(size=6)).tolist(), strict=True))
            library.append(Authentic(f"{name}{i}", {"origin": name}, f"{name}{i}", values))
    return programme, library


def test_classes_of_five_and_nine_get_sets_that_are_small_and_hold_the_truth() -> None:
    programme, library = many_classes((40, 9, 9, 5, 5), 4.0)
    figures = train(programme, library, seed=1).validation["determinations"]["origin"]
    assert figures["accuracy"] > 0.85
    assert figures["coverage"]["overall"] > 0.84
    assert figures["mean_set_size"] < 1.6
    assert set(figures["false_unknown_per_class"]) == set(figures["per_class"])


def test_twenty_classes_can_be_told_apart() -> None:
    programme, library = many_classes((6,) * 20, 6.0)
    model = train(programme, library, seed=1, validate=False)
    found = [(each, classify(model, each.values)[0]) for each in library[::5]]
    assert np.mean([each.labels["origin"] in answer.prediction_set for each, answer in found]) > 0.9
    assert np.mean([len(answer.prediction_set) for _, answer in found]) < 2
    stranger = classify(model, dict(zip("abcdef", (10.0, 60.0, 10.0, 60.0, 10.0, 60.0), strict=True)))[0]
    assert stranger.conclusion == UNKNOWN


def test_collections_are_kept_together_unless_a_class_has_too_few() -> None:
    library = two_class_library((10, 14), 20, seed=2)
    few = [
        Authentic(a.id, a.labels, "one" if a.labels["kind"] == "P" else a.group, a.values) for a in library
    ]
    assert train(two_class_programme(), few, seed=1).validation["determinations"]["kind"][
        "ungrouped_classes"
    ] == ["P"]


def test_a_class_with_too_few_authentics_is_left_out_and_named() -> None:
    classes = [{"name": "kind", "classes": ["P", "Q", "R"]}]
    library = two_class_library((10, 14), 20, seed=2)
    library += [Authentic(f"R{i}", {"kind": "R"}, f"R{i}", {"a": 30.0, "b": 9.0}) for i in range(3)]
    model = train(two_class_programme(determinations=classes), library, seed=1, validate=False)
    assert model.determinations[0].classes == ("P", "Q")
    assert model.determinations[0].left_out == ("R",)


def test_a_determination_that_cannot_be_trained_does_not_stop_the_others() -> None:
    both = [{"name": "kind", "classes": ["P", "Q"]}, {"name": "other", "classes": ["X", "Y"]}]
    model = train(
        two_class_programme(determinations=both),
        two_class_library((10, 14), 20, seed=2),
        seed=1,
        validate=False,
    )
    assert set(model.not_trained) == {"other"}
    found = classify(model, {"a": 10.0, "b": 9.0})
    assert [each.conclusion for each in found] == ["P", "Not evaluated"]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_library_that_does_not_suffice_says_why(count: int) -> None:
    with pytest.raises(NotTrainable, match=f"{count} of P"):
        train(two_class_programme(), two_class_library((10, 14), count, seed=2), seed=1)


def test_analytes_that_nobody_measured_or_that_never_vary_are_not_used() -> None:
    analytes = [{"name": name, "unit": "1", "module": "composition", "loq": 0.5} for name in "abcd"]
    library = [
        Authentic(a.id, a.labels, a.group, {**a.values, "c": 1.0}, frozenset())
        for a in two_class_library((10, 14), 20, seed=2)
    ]
    model = train(two_class_programme(analytes=analytes), library, seed=1)
    assert model.determinations[0].analytes == ("a", "b")
    assert model.validation["determinations"]["kind"]["unused_analytes"] == ["c", "d"]


def test_gaps_in_the_library_and_censored_values_are_borne() -> None:
    dice = random.Random(4)
    analytes = [{"name": name, "unit": "1", "module": "composition", "loq": 8.0} for name in "ab"]
    library = []
    for a in two_class_library((10, 14), 30, seed=2):
        values = {name: value for name, value in a.values.items() if dice.random() > 0.1 and value >= 8.0}
        below = frozenset(name for name, value in a.values.items() if value < 8.0)
        library.append(Authentic(a.id, a.labels, a.group, values, below))
    model = train(two_class_programme(analytes=analytes), library, seed=1)
    assert model.validation["determinations"]["kind"]["accuracy"] > 0.8
    assert classify(model, {"a": 10.0}, frozenset({"b"}))[0].conclusion == "P"


@pytest.mark.parametrize(
    "steps", [["log", "autoscale"], ["closure", "fourth_root", "centre"], ["square_root"]]
)
def test_named_steps_are_used_as_named(steps: list[str]) -> None:
    library = two_class_library((10, 14), 20, seed=2)
    model = train(two_class_programme(pretreatment=steps), library, seed=1, validate=False)
    assert model.determinations[0].pretreatment.steps == tuple(steps)
    assert classify(model, {"a": 14.0, "b": 9.0})[0].conclusion == "Q"


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    train(two_class_programme(), two_class_library((10, 14), 20, seed=2), seed=1, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_authentics_without_values_teach_nothing_and_are_counted() -> None:
    library = two_class_library((10, 14), 20, seed=2)
    bare = [Authentic(f"X{i}", {"kind": "P"}, f"X{i}", {}) for i in range(4)]
    model = train(two_class_programme(), [*library, *bare], seed=1)
    figures = model.validation["determinations"]["kind"]
    assert figures["per_class"]["P"]["n"] == 20
    assert figures["authentics_without_enough_values"] == 4


def test_a_library_in_which_every_value_is_the_same_cannot_be_trained() -> None:
    library = [
        Authentic(f"{k}{i}", {"kind": k}, f"{k}{i}", {"a": 1.0, "b": 2.0}) for k in "PQ" for i in range(9)
    ]
    with pytest.raises(NotTrainable, match="differs"):
        train(two_class_programme(), library, seed=1)


def test_absurd_values_in_a_library_do_not_break_it() -> None:
    library = two_class_library((10, 14), 20, seed=2)
    library[3] = Authentic("wild", {"kind": "P"}, "wild", {"a": 1e300, "b": -1e300})
    model = train(two_class_programme(), library, seed=1, validate=False)
    assert classify(model, {"a": 10.0, "b": 9.0})[0].conclusion == "P"
