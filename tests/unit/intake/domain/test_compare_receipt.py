"""What opens a discrepancy, and what passes."""

from decimal import Decimal
from typing import Any

import pytest

from services.intake.domain.compare_receipt import TOLERANCE, Announced, Seen, compare

LINE = Announced(1, Decimal("5.25"), "S-1")


def codes(announced: Announced | None = LINE, **over: Any) -> list[str]:
    fine: dict[str, Any] = {
        "line": 1, "outcome": "received", "gross_mass_g": LINE.gross_mass_g, "seal_condition": "intact",
    }  # fmt: skip
    return [finding.code for finding in compare(announced, Seen(**{**fine, **over}))]


@pytest.mark.rule("E5")
def test_a_line_as_announced_opens_nothing() -> None:
    assert codes() == []


@pytest.mark.rule("E5")
@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"gross_mass_g": Decimal("4.10")}, ["weight"]),
        ({"seal_condition": "broken"}, ["seal"]),
        ({"seal_condition": "absent"}, ["seal"]),
        ({"outcome": "damaged"}, ["damaged"]),
        (
            {"outcome": "damaged", "gross_mass_g": Decimal(1), "seal_condition": "broken"},
            ["weight", "seal", "damaged"],
        ),
        ({"outcome": "missing", "gross_mass_g": None, "seal_condition": "absent"}, ["missing"]),
    ],
)
def test_each_deviation_has_its_code(over: dict[str, Any], expected: list[str]) -> None:
    assert codes(**over) == expected


@pytest.mark.rule("E5")
def test_what_nobody_announced_has_one_discrepancy() -> None:
    assert codes(None, line=None, seal_condition="absent") == ["unexpected"]


@pytest.mark.parametrize(
    ("announced", "allowed"),
    [("0.5", "0.10"), ("5", "0.10"), ("5.25", "0.105"), ("1000", "20"), ("2500", "50"), ("25000", "50")],
)
def test_the_allowed_difference(announced: str, allowed: str) -> None:
    assert TOLERANCE.allowed_g(Decimal(announced)) == Decimal(allowed)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_allowed_difference_itself_passes_and_a_milligram_more_does_not(sign: int) -> None:
    allowed = TOLERANCE.allowed_g(LINE.gross_mass_g)
    assert codes(gross_mass_g=LINE.gross_mass_g + sign * allowed) == []
    assert codes(gross_mass_g=LINE.gross_mass_g + sign * (allowed + Decimal("0.001"))) == ["weight"]


def test_the_words_hold_the_figures() -> None:
    (finding,) = compare(LINE, Seen(1, "received", Decimal("4.10"), "intact"))
    assert finding.detail == "4.1 g at receipt, 5.25 g announced; a difference of 0.105 g would pass."
