"""Working days by hand: weekends that differ, holidays, time zones, clocks that are put back."""

from datetime import UTC, date, datetime

import pytest

from services.chain_of_custody.domain.working_days import (
    Calendar,
    working_day_after,
    working_days_between,
)

FRIDAY_SATURDAY = frozenset({4, 5})
BOGOTA = Calendar("America/Bogota")
BANGKOK = Calendar("Asia/Bangkok", holidays=frozenset({date(2026, 12, 7)}))
CAIRO = Calendar("Africa/Cairo", FRIDAY_SATURDAY)


def at(day: str, time: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}:00+00:00")


@pytest.mark.parametrize(
    ("calendar", "start", "end", "count"),
    [
        (BOGOTA, at("2026-11-23"), at("2026-11-23", "20:00"), 0),
        (BOGOTA, at("2026-11-23"), at("2026-11-26"), 3),
        (BOGOTA, at("2026-11-26"), at("2026-12-01"), 3),
        (BOGOTA, at("2026-11-28"), at("2026-11-29"), 0),
        (BOGOTA, at("2026-11-26"), at("2026-11-25"), 0),
        (CAIRO, at("2026-11-26"), at("2026-12-01"), 3),
        (CAIRO, at("2026-11-27"), at("2026-11-28"), 0),
        (BANGKOK, at("2026-12-03"), at("2026-12-08"), 2),
        (BOGOTA, at("2026-01-01"), at("2027-01-01"), 261),
    ],
)
def test_working_days_between(calendar: Calendar, start: datetime, end: datetime, count: int) -> None:
    assert working_days_between(start, end, calendar) == count


def test_the_same_moments_are_other_days_elsewhere() -> None:
    start, end = at("2026-11-22", "23:00"), at("2026-11-24", "03:00")
    # In Bogotá it is Sunday evening until Monday evening, in Bangkok Monday morning until Tuesday morning.
    assert working_days_between(start, end, BOGOTA) == 1
    assert working_days_between(start, end, Calendar("Asia/Bangkok")) == 1
    assert BOGOTA.day_of(start) == date(2026, 11, 22)
    assert BANGKOK.day_of(start) == date(2026, 11, 23)
    assert BOGOTA.end_of(date(2026, 11, 22)) == at("2026-11-23", "05:00")
    assert BANGKOK.end_of(date(2026, 11, 22)) == at("2026-11-22", "17:00")


def test_the_day_on_which_the_clock_is_put_back_has_25_hours() -> None:
    vienna = Calendar("Europe/Vienna")
    day = date(2026, 10, 25)
    assert (vienna.end_of(day) - vienna.end_of(date(2026, 10, 24))).total_seconds() == 25 * 3600


def test_what_comes_on_a_free_day_has_its_first_working_day_behind_that() -> None:
    assert working_day_after(at("2026-11-28"), 1, BOGOTA) == date(2026, 11, 30)
    assert working_day_after(at("2026-12-04"), 1, BANGKOK) == date(2026, 12, 8)
    assert working_day_after(at("2026-11-24"), 0, BOGOTA) == date(2026, 11, 24)


def test_a_week_without_working_days_is_no_week() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Calendar(weekend=frozenset(range(7)))


def test_moments_come_in_any_zone() -> None:
    there = datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert working_days_between(there, there, BANGKOK) == 0
