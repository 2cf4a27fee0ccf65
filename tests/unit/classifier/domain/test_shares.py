from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.domain.shares import period, same_words, shares, wilson


@given(st.integers(1, 10_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(given_: tuple[int, int]) -> None:
    n, total = given_
    low, high = wilson(n, total)
    assert 0 <= low <= n / total <= high <= 1


@pytest.mark.parametrize(
    ("n", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)],
)
def test_intervals_agree_with_published_ones(n: int, total: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17:857 (1998), table I, method 3, for the last two."""
    assert wilson(n, total) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("n", "total"), [(1, 0), (-1, 3), (4, 3)])
def test_what_is_no_share_is_refused(n: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(n, total)


@given(st.lists(st.sampled_from(["A", "B", "Unknown", "Inconclusive (A or B)"]), min_size=1))
def test_counts_add_up(found: list[str]) -> None:
    told = shares(found)
    assert sum(share.n for share in told.values()) == len(found)
    assert sum(share.share for share in told.values()) == pytest.approx(1)


def test_periods() -> None:
    assert [period(date(2026, 11, 24), by) for by in ("year", "quarter", "month")] == [
        "2026",
        "2026-Q4",
        "2026-11",
    ]
    assert period(date(2026, 3, 31), "quarter") == "2026-Q1"


def test_what_nobody_concluded_has_a_share_of_0_with_an_interval() -> None:
    found = shares(["A", "A"], among=["A", "B"])
    assert (found["B"].n, found["B"].share, found["B"].low) == (0, 0.0, 0.0)
    assert found["B"].high > 0.5
    assert found["A"].share == 1.0


def test_one_set_has_one_name_whichever_class_is_likeliest() -> None:
    assert same_words("Inconclusive (B or A)", ["B", "A"]) == same_words("Inconclusive (A or B)", ["A", "B"])
    assert same_words("Unknown", ["A", "B"]) == "Unknown"
