"""Working days for any calendar: the count is what counting day by day gives, and the end of a limit is where it passes."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.time_limits import Kind, Waiting, days_over, due_at, find_overdue
from services.chain_of_custody.domain.working_days import (
    Calendar,
    working_day_after,
    working_days_between,
)

_DAY = timedelta(days=1)
_ZONES = (
    "UTC",
    "America/Bogota",
    "Asia/Bangkok",
    "Asia/Kathmandu",
    "Europe/Vienna",
    "Pacific/Apia",
    "America/Lima",
)

moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(_ZONES),
    weekend=st.frozensets(st.integers(0, 6), max_size=6),
    holidays=st.frozensets(st.dates(date(2024, 1, 1), date(2028, 1, 1)), max_size=30),
)


def _counted(start: datetime, end: datetime, calendar: Calendar) -> int:
    day, count = calendar.day_of(start), 0
    while day < calendar.day_of(end):
        day += _DAY
        count += calendar.is_working(day)
    return count


@given(moments, moments, calendars)
def test_the_count_is_that_of_counting_day_by_day(start: datetime, end: datetime, calendar: Calendar) -> None:
    assert working_days_between(start, end, calendar) == _counted(start, end, calendar)


@given(moments, moments, moments, calendars)
def test_counts_add_up(one: datetime, two: datetime, three: datetime, calendar: Calendar) -> None:
    first, middle, last = sorted((one, two, three))
    whole = working_days_between(first, last, calendar)
    assert whole == working_days_between(first, middle, calendar) + working_days_between(
        middle, last, calendar
    )


@given(moments, st.integers(1, 12), calendars)
def test_the_nth_working_day_is_a_working_day_with_n_of_them(
    start: datetime, count: int, calendar: Calendar
) -> None:
    day = working_day_after(start, count, calendar)
    end = calendar.end_of(day)
    assert calendar.is_working(day)
    assert working_days_between(start, end - timedelta(seconds=1), calendar) == count
    assert (
        working_days_between(start, calendar.end_of(day - _DAY) - timedelta(seconds=1), calendar) == count - 1
    )


@given(st.sampled_from(Kind), moments, calendars, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_a_thing_is_overdue_from_its_due_moment_on_and_never_before(
    kind: Kind, since: datetime, calendar: Calendar, later: timedelta
) -> None:
    now, due = since + later, due_at(kind, since, calendar)
    waiting = Waiting(kind, "s", "n", "BOG", since, calendar="BOG")
    found = list(find_overdue([waiting], {"BOG": calendar}, now))
    assert bool(found) == (now >= due) == (days_over(due, now) > 0)
    assert due > since
