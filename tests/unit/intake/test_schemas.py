"""Dates and countries as offices write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from services.intake.schemas import Country, PastDate, nested_messages


def test_a_date_counts_from_the_moment_it_begins_anywhere() -> None:
    easternmost = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert PastDate().deserialize(easternmost.isoformat()) == easternmost
    with pytest.raises(ValidationError, match="future"):
        PastDate().deserialize((easternmost + timedelta(days=1)).isoformat())


def test_a_year_of_the_thai_calendar_is_recognised() -> None:
    with pytest.raises(ValidationError, match=r"Did you mean 2026 \(B.E. 2569\)\?"):
        PastDate().deserialize("2569-08-15")


@pytest.mark.parametrize("value", ["1969-12-31", "15.08.2026", "2026-02-30", "", 20260815, None, True])
def test_what_is_no_date(value: Any) -> None:
    with pytest.raises(ValidationError):
        PastDate().deserialize(value)


@pytest.mark.parametrize("value", ["MEX", "mx", "XX", "", 7])
def test_what_is_no_country(value: Any) -> None:
    with pytest.raises(ValidationError):
        Country().deserialize(value)


def test_pointers_become_nested_messages() -> None:
    errors: list[Any] = [
        {"pointer": "/items/0/line", "message": "a"},
        {"pointer": "/items/0/line", "message": "b"},
        {"pointer": "/items/2/programme", "message": "c"},
    ]
    assert nested_messages(errors) == {"items": {0: {"line": ["a", "b"]}, 2: {"programme": ["c"]}}}
