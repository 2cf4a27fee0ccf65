"""Numbers as pages write them."""

import pytest

from gateway.pages.numbers import plain, ratio, uncertain


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


@pytest.mark.parametrize(
    ("value", "text"), [(4100.0, "4100"), (1e-9, "0.000000001"), (25.5, "25.5"), (0, "0")]
)
def test_numbers_are_written_plainly(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.44721, "0.448"), (0.2, "0.2"), (0, "0"), (1234.5, "1240")])
def test_uncertainties_are_never_rounded_down(value: float, text: str) -> None:
    assert uncertain(value) == text
