"""Runs whose compounds have moved are identified all the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.profile.align import Alignment, Anchor
from services.classifier.domain.profile.profile import ProfileValue
from services.classifier.domain.profile.profile_from_run import profile_from_run
from services.classifier.domain.programme import InvalidProgramme, Programme
from services.classifier.domain.run import RawRun
from tests.unit.classifier.domain.profile.runs import moved, run_of, with_method

RATIOS = {"meconin": 0.04, "morphine": 0.05, "papaverine": 0.03, "noscapine": 0.06}
#: One published service saw a compound move from 8.92 to 10.03 min within a year.
A_YEAR = 10.03 / 8.92


def found(run: RawRun, programme: Programme) -> dict[str, ProfileValue]:
    return {value.analyte: value for value in profile_from_run(run, programme).values}


def measured(values: dict[str, ProfileValue]) -> dict[str, float | None]:
    return {name: values[name].value for name in RATIOS}


@pytest.mark.parametrize("factor", [A_YEAR, 1 / A_YEAR, 1.0])
def test_a_run_that_moved_as_far_as_in_a_year_gives_the_same_profile(tmp_path: Path, factor: float) -> None:
    programme = load_bundled("HSP")
    run = run_of(tmp_path, programme, RATIOS)
    profile = profile_from_run(moved(run, lambda t: t * factor), programme)
    assert profile.noted["retention_shift_percent"] == pytest.approx(100 * (factor - 1), abs=2.5)
    assert measured({v.analyte: v for v in profile.values}) == pytest.approx(RATIOS, rel=0.08)
    (standard,) = profile.anchors
    assert (standard.name, standard.place) == ("tetracosane", 600.0)


def anchored(**over: Any) -> Programme:
    """The method's outermost compounds as further anchors."""
    anchors = [
        {"name": "first", "relative_retention": 0.452, "quantifier": 165, "qualifiers": [{"mz": 194, "ratio": 0.62}]},
        {"name": "last", "relative_retention": 1.684, "quantifier": 220, "qualifiers": [{"mz": 205, "ratio": 0.36}]},
    ]  # fmt: skip
    return with_method("HSP", **{"anchors": anchors, **over})


def bent(times: np.ndarray) -> np.ndarray:
    """Late by a constant and by a part: what one standard cannot make good for compounds far from it."""
    return 60 + 0.95 * times


def test_anchors_follow_a_run_that_no_single_standard_can(tmp_path: Path) -> None:
    run = moved(run_of(tmp_path, load_bundled("HSP"), RATIOS), bent)
    alone = found(run, load_bundled("HSP"))
    assert alone["meconin"].value is None
    assert measured(found(run, anchored(window_percent=4.0))) == pytest.approx(RATIOS, rel=0.08)


def indexed() -> Programme:
    """The same compounds by retention index: an index is here 1000 + 2 x the seconds of the method."""
    data = dict(anchored().data)
    module = dict(data["modules"][0])
    method = dict(module["method"])

    def with_index(entry: dict[str, Any], *, keep: bool) -> dict[str, Any]:
        index = 1000 + 2 * 600 * entry["relative_retention"]
        rest = {k: v for k, v in entry.items() if keep or k != "relative_retention"}
        return {**rest, "retention_index": index}

    method["internal_standard"] = {**method["internal_standard"], "retention_index": 2200}
    method["anchors"] = [with_index(entry, keep=True) for entry in method["anchors"]]
    method["targets"] = [with_index(entry, keep=False) for entry in method["targets"]]
    method["main"] = with_index(method["main"], keep=False)
    module["method"] = {**method, "window_percent": 4.0}
    return programme_from_data({**data, "modules": [module, *data["modules"][1:]]})


def test_compounds_are_found_by_retention_index_on_a_ladder(tmp_path: Path) -> None:
    run = moved(run_of(tmp_path, load_bundled("HSP"), RATIOS), bent)
    profile = profile_from_run(run, indexed())
    assert [round(anchor.place) for anchor in profile.anchors] == [1542, 2200, 3021]
    assert measured({v.analyte: v for v in profile.values}) == pytest.approx(RATIOS, rel=0.08)


def test_one_step_of_a_ladder_aligns_nothing_and_says_so(tmp_path: Path) -> None:
    run = run_of(tmp_path, load_bundled("HSP"), {"morphine": 0.05})
    profile = profile_from_run(run, indexed())
    assert all(value.value is None for value in profile.values)
    assert profile.qc[0].passed is False
    assert "only one step" in profile.qc[0].detail


def test_a_ladder_with_gaps_in_its_indices_is_refused() -> None:
    data = dict(indexed().data)
    module = dict(data["modules"][0])
    method = dict(module["method"])
    method["anchors"] = []
    method["targets"] = [{**method["targets"][0], "retention_index": None, "relative_retention": 0.4}]
    with pytest.raises(InvalidProgramme) as caught:
        programme_from_data({**data, "modules": [{**module, "method": method}, *data["modules"][1:]]})
    pointers = [pointer for pointer, _ in caught.value.errors]
    assert pointers == [
        "/modules/0/method/targets/0/retention_index",
        "/modules/0/method/anchors",
    ]


def test_anchors_out_of_order_are_left_out() -> None:
    alignment = Alignment((Anchor("a", 100.0, 110.0),))
    assert alignment.with_anchor(Anchor("b", 200.0, 105.0)) is None
    both = alignment.with_anchor(Anchor("b", 200.0, 230.0))
    assert both is not None
    assert [both.time_of(place) for place in (50.0, 150.0, 300.0)] == [50.0, 170.0, 350.0]
