"""Likelihood ratios as pages write them."""

import pytest

from gateway.pages.ratios import ratio


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.0, "1"),
        (5.53, "5.53"),
        (10_130.0, "10,100"),
        (0.5, "1/2"),
        (1 / 165, "1/165"),
        (123_456.0, "123,000"),
        (2.5e7, "2.5e+07"),
        (4e-9, "1/2.5e+08"),
    ],
)
def test_a_ratio_below_1_is_told_as_one_over_so_much(value: float, told: str) -> None:
    assert ratio(value) == told
