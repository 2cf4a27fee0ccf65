"""Places among all profiles."""

import numpy as np

from services.classifier.domain.links.ranks import ranks


def test_places_are_shares_of_the_measured_and_equal_ones_count_half() -> None:
    archive = np.array([[1.0, np.nan], [2.0, np.nan], [2.0, np.nan], [3.0, np.nan]])
    found = ranks(archive, np.array([[2.0, 1.0], [0.0, np.nan], [9.0, 1.0], [np.nan, 1.0]]))
    assert found[:3, 0].tolist() == [0.5, 0.0, 1.0]
    assert np.isnan(found[3, 0])
    assert np.isnan(found[:, 1]).all(), "nobody was measured there"


def test_places_do_not_depend_on_the_scale() -> None:
    dice = np.random.default_rng(1)
    archive = np.exp(dice.normal(size=(50, 3)))
    assert np.array_equal(ranks(archive, archive), ranks(np.log(archive), np.log(archive)))
