import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.domain.links.groups import average_linkage
from services.classifier.domain.links.likelihood import fit_ratio, fold_of_groups, validate_ratio, verbal
from services.classifier.domain.links.measures import CORRELATIONS, DISTANCES, MEASURES, scores, spread
from services.classifier.domain.links.population import LinkPopulation, NoPopulation, learn_population
from services.classifier.domain.links.search import Prepared, nearest
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.run import Floats
from services.classifier.domain.synthetic.library import synthetic_library

PROGRAMME = load_bundled("CSP")
LIBRARY = synthetic_library(PROGRAMME, seed=3, per_class=20)
RAW = raw_matrix(PROGRAMME.analytes, [(each.values, each.censored) for each in LIBRARY])
GROUPS = [each.group for each in LIBRARY]
NONE = np.array([], np.intp)


def held(rows: Floats, measure: str) -> Prepared:
    table = Prepared(rows.shape[1], measure)
    table.put(np.arange(len(rows)), rows)
    return table


def learned(measure: str = "cosine", groups: list[str] | None = None) -> LinkPopulation:
    return learn_population(
        PROGRAMME.analytes,
        RAW,
        groups or GROUPS,
        steps=PROGRAMME.pretreatment,
        measure=measure,
        seed=1,
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_a_twin_comes_first_and_strangers_speak_against_a_link(measure: str) -> None:
    population = learned(measure)
    twin = RAW[40] * 1.0004
    treated = population.pretreatment.transform
    table, own = held(treated(np.vstack((RAW, twin))), measure), treated(RAW[40:41])[0]
    places, found = nearest(table, own, 500, np.array([40]))
    assert places[0] == len(RAW)
    assert 40 not in places
    assert (np.diff(found) <= 0).all()
    ratios = population.compare(table.rows[places], own).ratios
    assert ratios[0] > 100
    assert ratios.min() < 1
    assert (ratios > 0).all()
    assert measure in population.rule
    assert "different collections" in population.rule
    assert len(nearest(table, own, 3, NONE)[0]) == 3


def test_without_shared_collections_a_profile_is_compared_with_itself_measured_again() -> None:
    population = learned(groups=[each.id for each in LIBRARY])
    assert "measured again" in population.rule
    assert population.n_linked == len(LIBRARY)
    assert population.n_unlinked > 0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_greater_likeness_never_speaks_less_for_a_link(measure: str) -> None:
    population = learned(measure)
    ratios = population.curves[0].ratios(
        spread(np.linspace(0 if measure in DISTANCES else -1, 1, 101), measure)
    )
    assert (np.diff(ratios) >= 0).all()
    assert ratios[-1] <= population.n_unlinked + 1.001
    assert ratios[0] >= 0.999 / (population.n_linked + 1)


def test_ratios_hold_on_pairs_that_did_not_shape_them() -> None:
    found = learned().validation
    assert found is not None
    assert 0 < found.cllr < 0.6
    assert found.misleading_unlinked < 0.1
    assert (np.diff(found.tippett_linked) <= 0).all()
    assert (found.tippett_linked >= found.tippett_unlinked - 0.05).all()


def test_ratios_of_scores_that_say_nothing_cost_as_much_as_saying_nothing() -> None:
    dice = np.random.default_rng(4)
    linked, unlinked = dice.normal(size=(3000, 1)), dice.normal(size=(3000, 1))
    folds = np.repeat(dice.integers(0, 5, 3000)[:, None], 2, axis=1)
    found = validate_ratio(linked, unlinked, folds, folds)
    assert found is not None
    assert found.cllr == pytest.approx(1.0, abs=0.03)


def test_ratios_agree_with_the_densities_where_these_are_known() -> None:
    dice = np.random.default_rng(5)
    curve = fit_ratio(dice.normal(2, 1, 20_000), dice.normal(0, 1, 20_000))
    at = np.array([0.0, 1.0, 2.0])
    assert curve.ratios(at) == pytest.approx(np.exp(2 * at - 2), rel=0.15)


def test_folds_keep_groups_together() -> None:
    fold = fold_of_groups(GROUPS, 7)
    assert all(len(set(fold[np.array(GROUPS) == group])) == 1 for group in set(GROUPS))


def test_too_few_profiles_are_refused() -> None:
    with pytest.raises(NoPopulation):
        learn_population(PROGRAMME.analytes, RAW[:9], GROUPS[:9], steps=None, measure="cosine", seed=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(MEASURES), st.integers(1, 40), st.integers(70_000, 75_000))
def test_the_quick_search_finds_what_looking_at_every_row_finds(
    seed: int, measure: str, limit: int, rows: int
) -> None:
    dice = np.random.default_rng(seed)
    table = dice.normal(size=(rows, 6))
    own = table[3]
    left_out = np.array([3, 17])
    places, found = nearest(held(table, measure), own, limit, left_out)
    every = scores(table, own, measure)
    every[left_out] = -np.inf
    expected = np.argsort(-every, kind="stable")[:limit]
    assert places.tolist() == expected.tolist()
    assert found.tolist() == every[expected].tolist()


def test_rows_that_come_later_are_found() -> None:
    dice = np.random.default_rng(1)
    rows = dice.normal(size=(3000, 4))
    table = held(rows[:10], "cosine")
    for place in (5, *range(10, 3000)):
        table.put(np.array([place]), rows[place : place + 1])
    assert nearest(table, rows[2999], 1, NONE)[0].tolist() == [2999]
    assert (table.rows == rows).all()


def test_scores_are_greatest_for_the_same_profile_and_spread_keeps_their_order() -> None:
    dice = np.random.default_rng(2)
    for measure in MEASURES:
        rows = dice.normal(size=(50, 5))
        found = scores(rows, rows[7], measure)
        assert found.argmax() == 7
        assert found[7] == pytest.approx(1.0)
        assert (np.argsort(found) == np.argsort(spread(found, measure), kind="stable")).sum() >= 48


def test_one_link_between_two_groups_does_not_make_them_one() -> None:
    likeness = np.full((6, 6), 0.1)
    likeness[:3, :3] = likeness[3:, 3:] = 0.95
    likeness[2, 3] = likeness[3, 2] = 0.95
    assert average_linkage(likeness, 0.9).tolist() == [0, 0, 0, 1, 1, 1]
    assert average_linkage(likeness, 0.99).tolist() == [0, 1, 2, 3, 4, 5]
    assert average_linkage(np.ones((1, 1)), 0.5).tolist() == [0]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1, "limited support for a common source"),
        (50, "moderate support for a common source"),
        (500, "moderately strong support for a common source"),
        (5000, "strong support for a common source"),
        (1e5, "very strong support for a common source"),
        (0.001, "strong support for different sources"),
    ],
)
def test_words_follow_the_scale(ratio: float, words: str) -> None:
    assert verbal(ratio) == words


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(MEASURES), st.integers(1, 40), st.booleans())
def test_the_quick_search_finds_what_is_best_over_the_shared_analytes_where_there_are_gaps(
    seed: int, measure: str, limit: int, own_is_complete: bool
) -> None:
    dice = np.random.default_rng(seed)
    table = dice.normal(size=(70_000, 6))
    table[dice.random(70_000) < 0.02, :4] = np.nan
    table[5, 1:] = np.nan
    own = dice.normal(size=6)
    if not own_is_complete:
        own[2:4] = np.nan
    places, found = nearest(held(table, measure), own, limit, np.array([17]), 2)
    every = scores(table, own, measure)
    shared = (~np.isnan(table) & ~np.isnan(own)).sum(axis=1)
    every[shared < 2] = every[17] = -np.inf
    expected = np.argsort(-every, kind="stable")[:limit]
    assert places.tolist() == expected.tolist()
    assert found.tolist() == every[expected].tolist()


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_is_said_of_two_profiles_that_share_too_little(measure: str) -> None:
    population = learn_population(
        PROGRAMME.analytes,
        RAW,
        GROUPS,
        steps=PROGRAMME.pretreatment,
        measure=measure,
        seed=1,
        least_share=0.4,
    )
    assert population.least_shared == 6
    assert "at least 6 of 13 analytes" in population.rule
    assert "about complete profiles" in population.rule
    one, twin = RAW[40:42].copy()
    twin[:] = one
    twin[5:] = np.nan
    treated = population.pretreatment.transform(np.stack((one, twin)))
    told = population.compare(treated[1:], treated[0])
    assert (told.compared[0], told.beyond[0]) == (5, False)
    assert np.isnan(told.ratios[0])
    assert np.isnan(told.scores[0])
    assert not len(nearest(held(treated[:1], measure), treated[1], 5, NONE, population.least_shared)[0])


def test_what_was_not_measured_does_not_liken_and_less_tells_less() -> None:
    population = learned()
    row = RAW[40:41].copy()
    full = population.pretreatment.transform(row)
    row[:, 8:] = np.nan
    part = population.pretreatment.transform(row)
    whole, some = population.compare(full, full[0]), population.compare(part, full[0])
    assert some.scores[0] == pytest.approx(1.0)
    assert some.ratios[0] == pytest.approx(whole.ratios[0] ** (8 / 13))
    other = population.pretreatment.transform(RAW[41:42])
    shared = population.compare(part, other[0]).scores[0]
    assert shared == pytest.approx(scores(part[:, :8], other[0, :8], "cosine")[0])


@pytest.mark.parametrize("measure", CORRELATIONS)
@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_profiles_far_off_in_one_direction_are_no_link_where_their_size_differs(
    measure: str, direction: float
) -> None:
    population = learned(measure)
    far = np.zeros((2, RAW.shape[1]))
    far[:, [0, 3]] = direction * np.array([[20.0, 10.0], [200.0, 100.0]])
    told = population.compare(far[1:], far[0])
    assert told.scores[0] > 0.999
    assert told.ratios[0] < 1
    assert not told.beyond[0]
    assert population.compare(far[:1], far[0]).beyond[0]
    assert (population.outside(far[1]) or 0) > (population.outside(far[0]) or 0) > 1
    assert population.outside(population.pretreatment.transform(RAW[:1])[0]) is None


@pytest.mark.parametrize("name", ["HSP", "CSP", "MPP"])
def test_linked_pairs_of_another_library_keep_their_ratio(name: str) -> None:
    programme = load_bundled(name)
    rows, groups = [], []
    for seed in (3, 4):
        library = synthetic_library(programme, seed=seed, per_class=20)
        rows.append(raw_matrix(programme.analytes, [(each.values, each.censored) for each in library]))
        groups.append(np.array([each.group for each in library]))
    steps, measure = programme.pretreatment, programme.links.measure
    population = learn_population(
        programme.analytes, rows[0], groups[0].tolist(), steps=steps, measure=measure, seed=1
    )
    treated = population.pretreatment.transform(rows[1])
    one, other = np.triu_indices(len(treated), k=1)
    linked = groups[1][one] == groups[1][other]
    ratios = np.concatenate(
        [population.compare(treated[k + 1 :], treated[k]).ratios for k in range(len(treated))]
    )
    assert (ratios[linked] > 1).mean() > 0.85
    assert (ratios[~linked] > 1).mean() < 0.05
    assert (ratios[~linked] > 100).mean() < 0.002
