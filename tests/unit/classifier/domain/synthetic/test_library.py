import numpy as np
import pytest

from services.classifier.domain.load_programme import BUNDLED, load_bundled
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.synthetic.run import synthetic_run
from tests.unit.classifier.domain.builders import two_class_programme


@pytest.mark.parametrize("name", BUNDLED)
def test_a_library_is_labelled_grouped_and_stamped(name: str) -> None:
    programme = load_bundled(name)
    library = synthetic_library(programme, seed=1, per_class=12)
    assert len(library) == 12 * len(programme.determinations[0].leaves)
    assert len({each.id for each in library}) == len(library)
    assert all("SYNTHETIC" in each.id and "SYNTHETIC" in each.group for each in library)
    for determination in programme.determinations:
        assert {each.labels[determination.name] for each in library} == set(determination.leaves)
    for each in library:
        assert set(each.values) | each.censored == {analyte.name for analyte in programme.analytes}
        assert all(np.isfinite(value) for value in each.values.values())


def test_the_seed_decides() -> None:
    programme = load_bundled("CSP")
    assert synthetic_library(programme, 1, 5) == synthetic_library(programme, 1, 5)
    assert synthetic_library(programme, 1, 5) != synthetic_library(programme, 2, 5)


def test_samples_of_one_collection_are_more_alike_than_those_of_two() -> None:
    programme = load_bundled("CSP")
    library = [each for each in synthetic_library(programme, 1, 60) if each.labels["origin"] == "Chapare"]
    values = np.log([each.values["tropacocaine"] for each in library])
    groups = [each.group for each in library]
    same = [abs(values[i] - values[j]) for i in range(60) for j in range(i) if groups[i] == groups[j]]
    apart = [abs(values[i] - values[j]) for i in range(60) for j in range(i) if groups[i] != groups[j]]
    assert np.mean(same) < 0.6 * np.mean(apart)


def test_any_programme_has_a_library() -> None:
    library = synthetic_library(two_class_programme(), seed=1, per_class=4)
    assert {each.labels["kind"] for each in library} == {"P", "Q"}


def test_a_run_is_the_same_for_the_same_seed() -> None:
    programme = load_bundled("MPP")
    first, second, other = (synthetic_run(programme, {"dibenzyl ketone": 0.01}, seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other
    with pytest.raises(ValueError, match="no chromatographic method"):
        synthetic_run(two_class_programme(), {}, 1)
