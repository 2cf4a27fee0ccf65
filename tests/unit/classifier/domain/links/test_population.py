import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.domain.links.groups import average_linkage
from services.classifier.domain.links.likelihood import fit_ratio, fold_of_groups, validate_ratio, verbal
from services.classifier.domain.links.measures import DISTANCES, MEASURES, prepare, scores, spread
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
    table = held(population.prepared(np.vstack((RAW, twin))), measure)
    places, found = nearest(table, population.prepared(RAW[40:41])[0], 500, np.array([40]))
    assert places[0] == len(RAW)
    assert 40 not in places
    assert (np.diff(found) <= 0).all()
    ratios = population.likelihood_ratios(found)
    assert ratios[0] > 100
    assert ratios.min() < 1
    assert (ratios > 0).all()
    assert measure in population.rule
    assert "different collections" in population.rule
    assert len(nearest(table, population.prepared(RAW[40:41])[0], 3, NONE)[0]) == 3


def test_without_shared_collections_a_profile_is_compared_with_itself_measured_again() -> None:
    population = learned(groups=[each.id for each in LIBRARY])
    assert "measured again" in population.rule
    assert population.n_linked == len(LIBRARY)
    assert population.n_unlinked > 0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_greater_likeness_never_speaks_less_for_a_link(measure: str) -> None:
    population = learned(measure)
    ratios = population.likelihood_ratios(np.linspace(0 if measure in DISTANCES else -1, 1, 101))
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
    linked, unlinked = dice.normal(size=3000), dice.normal(size=3000)
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
    table = prepare(dice.normal(size=(rows, 6)), measure)
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
    rows = prepare(dice.normal(size=(3000, 4)), "cosine")
    table = held(rows[:10], "cosine")
    for place in (5, *range(10, 3000)):
        table.put(np.array([place]), rows[place : place + 1])
    assert nearest(table, rows[2999], 1, NONE)[0].tolist() == [2999]
    assert (table.rows == rows).all()


def test_scores_are_greatest_for_the_same_profile_and_spread_keeps_their_order() -> None:
    dice = np.random.default_rng(2)
    for measure in MEASURES:
        rows = prepare(dice.normal(size=(50, 5)), measure)
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
