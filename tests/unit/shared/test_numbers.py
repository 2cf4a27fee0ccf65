"""Numbers as people read them."""

import pytest

from shared.numbers import number_text, uncertainty_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(4100.0, "4100"), (1e-9, "0.000000001"), (1e9, "1000000000"), (25.5, "25.5"), (0, "0"), (12, "12")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.44721, "0.448"), (0.2, "0.2"), (0, "0"), (1234.5, "1240"), (1e-9, "0.000000001")]
)
def test_an_uncertainty_is_never_rounded_down(value: float, text: str) -> None:
    assert uncertainty_text(value) == text
