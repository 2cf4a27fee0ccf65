"""The budget of the scrub, and years of retention by kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.pace import Pace
from services.chain_of_custody.domain.retention import retention_years
from shared.config import SettingsError, load_settings


@given(rate=st.integers(1, 10**7), steps=st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 100))))
def test_no_more_is_spent_than_time_allows(rate: int, steps: list[tuple[int, float]]) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace, spent = Pace(rate, lambda: now, sleep), 0
    for size, pause in steps:
        now += pause
        pace.spend(size)
        spent += size
        assert spent <= rate * now * (1 + 1e-9) + 1e-6


def test_the_longest_of_the_years_that_fit_holds() -> None:
    by_kind = {"standard": 25, "GC-MS": 15, "blank": 2}
    assert retention_years(10, by_kind, ("GC-MS", "standard")) == 25
    assert retention_years(10, by_kind, ("FTIR", "blank")) == 2
    assert retention_years(10, by_kind, ("FTIR", "sample")) == 10


def test_years_by_kind_are_read_from_the_environment() -> None:
    found = load_settings({"SIGLAB_RETENTION_YEARS_BY_KIND": "standard=25, GC-MS = 15,"})
    assert found.retention_years_by_kind == {"standard": 25, "GC-MS": 15}


@pytest.mark.parametrize("told", ["standard", "=5", "standard=five", "standard=0", "standard=1000"])
def test_what_is_no_number_of_years_is_named(told: str) -> None:
    with pytest.raises(SettingsError, match="SIGLAB_RETENTION_YEARS_BY_KIND"):
        load_settings({"SIGLAB_RETENTION_YEARS_BY_KIND": told})


@pytest.mark.parametrize("name", ["SIGLAB_SCRUB_BYTES_PER_SECOND", "SIGLAB_SCRUB_DAYS"])
def test_a_budget_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: "0"})
