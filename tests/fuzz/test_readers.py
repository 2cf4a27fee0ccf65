"""A short run of the mutations of every reader; `make fuzz` runs ten thousand of each under the limits of the release."""

import pytest

from services.classifier.domain.readers.registry import READERS
from tests.fuzz.run import fuzz, mutation
from tests.fuzz.seeds import seeds_of

MUTATIONS = 150
# A reader that hangs is found; one that is slow because the machine is busy is not blamed. The release's limit is 2 s.
CPU_SECONDS = 30.0


@pytest.mark.parametrize("format_name", sorted(READERS))
def test_no_mutation_makes_a_reader_crash_hang_or_grow(format_name: str) -> None:
    tally = fuzz(format_name, range(MUTATIONS), base=1, cpu_limit=CPU_SECONDS)
    assert tally.mutations == MUTATIONS
    assert tally.failures == []
    assert tally.refused > MUTATIONS / 10


@pytest.mark.parametrize("format_name", sorted(READERS))
def test_a_mutation_is_the_same_again(format_name: str) -> None:
    seeds = seeds_of(format_name)
    assert mutation(format_name, 7, 1, seeds) == mutation(format_name, 7, 1, seeds)
    assert mutation(format_name, 7, 1, seeds) != mutation(format_name, 8, 1, seeds)
