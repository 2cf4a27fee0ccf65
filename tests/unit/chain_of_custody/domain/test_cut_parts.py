"""Cutting what waits into parts: worked cases, and the rules for all sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.cut_parts import cut_parts

LEAST, MOST = 50, 80


@pytest.mark.parametrize(
    ("waiting", "last", "parts"),
    [
        (0, False, []),
        (0, True, [0]),
        (49, False, []),
        (49, True, [49]),
        (50, False, [50]),
        (80, False, [80]),
        (81, False, [80]),
        (81, True, [80, 1]),
        (99, False, [80]),
        (100, False, [50, 50]),
        (129, False, [65, 64]),
        (160, True, [54, 53, 53]),
        (200, False, [50, 50, 50, 50]),
        (161, True, [54, 54, 53]),
    ],
)
def test_worked_cases(waiting: int, last: bool, parts: list[int]) -> None:
    assert cut_parts(waiting, last=last, least=LEAST, most=MOST) == parts


@given(waiting=st.integers(0, 2000), last=st.booleans(), least=st.integers(1, 100), more=st.integers(0, 100))
def test_every_part_has_a_size_that_a_store_takes(waiting: int, last: bool, least: int, more: int) -> None:
    most = least + more
    parts = cut_parts(waiting, last=last, least=least, most=most)
    assert all(least <= size <= most for size in parts[:-1])
    assert all(size <= most for size in parts)
    left = waiting - sum(parts)
    if last:
        assert left == 0 and parts
    else:
        assert 0 <= left < least and all(size >= least for size in parts)
