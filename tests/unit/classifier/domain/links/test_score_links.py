import pytest

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.links.score_links import NoPopulation, link_population, score_links, verbal
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.synthetic.library import synthetic_library

PROGRAMME = load_bundled("CSP")
LIBRARY = synthetic_library(PROGRAMME, seed=3, per_class=20)


def test_a_twin_comes_first_and_strangers_speak_against_a_link() -> None:
    population = link_population(PROGRAMME, LIBRARY, seed=1)
    own = LIBRARY[40]
    twin = {name: value * 1.0004 for name, value in own.values.items()}
    others = [(each.id, (each.values, each.censored)) for each in LIBRARY if each.id != own.id]
    found = score_links(
        population, (own.values, own.censored), [*others, ("twin", (twin, own.censored))], 500
    )
    assert found[0].id == "twin"
    assert found[0].likelihood_ratio > 100
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert any(each.likelihood_ratio < 1 for each in found)
    assert all(each.likelihood_ratio > 0 for each in found)
    assert "different collections" in population.rule
    assert len(score_links(population, (own.values, own.censored), others, 3)) == 3


def test_without_shared_collections_a_profile_is_compared_with_itself_measured_again() -> None:
    alone = [Authentic(each.id, each.labels, each.id, each.values, each.censored) for each in LIBRARY]
    population = link_population(PROGRAMME, alone, seed=1)
    assert "measured again" in population.rule
    assert population.n_linked == len(LIBRARY)
    assert population.n_unlinked > 0


def test_a_greater_likeness_never_speaks_less_for_a_link() -> None:
    population = link_population(PROGRAMME, LIBRARY, seed=1)
    ratios = [population.likelihood_ratio(step / 50) for step in range(-50, 51)]
    assert ratios == sorted(ratios)
    assert ratios[-1] <= population.n_unlinked + 1.001
    assert ratios[0] >= 0.999 / (population.n_linked + 1)


def test_too_few_profiles_are_refused() -> None:
    with pytest.raises(NoPopulation):
        link_population(PROGRAMME, LIBRARY[:9], seed=1)


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
