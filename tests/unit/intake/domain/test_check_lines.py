"""Rules between lines; strange values are passed over, since the schema names them."""

from typing import Any

import pytest

from services.intake.domain.check_lines import number_errors, origin_errors


def test_each_repeated_number_is_named_once() -> None:
    items: list[Any] = [{"line": 1}, {"line": 2}, {"line": 1}, {"line": "1"}, {}, 7, None, {"line": 1}]
    assert [error["pointer"] for error in number_errors(items)] == ["/items/2/line", "/items/7/line"]
    assert [error["pointer"] for error in number_errors(items[:3], at="/lines")] == ["/lines/2/line"]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("authentic", ["/items/1/authentic", "/items/2/authentic"]), ("seizure", ["/items/0/authentic"])],
)
def test_an_origin_stands_with_authentics_alone(kind: str, wrong: list[str]) -> None:
    items: list[Any] = [{"authentic": {"country": "MX"}}, {"authentic": None}, {}, 7]
    assert [error["pointer"] for error in origin_errors(kind, items)] == wrong


@pytest.mark.parametrize("kind", [None, "gift", 7])
def test_without_a_kind_nothing_is_said_of_origins(kind: Any) -> None:
    assert origin_errors(kind, [{"authentic": None}]) == []
