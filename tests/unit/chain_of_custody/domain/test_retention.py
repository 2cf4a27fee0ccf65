"""The end of retention."""

from datetime import UTC, datetime

from services.chain_of_custody.domain.retention import retain_until


def test_the_same_day_years_later() -> None:
    assert retain_until(datetime(2026, 11, 24, 8, 30, tzinfo=UTC), 10) == datetime(
        2036, 11, 24, 8, 30, tzinfo=UTC
    )


def test_no_finer_than_a_store_keeps_it() -> None:
    assert retain_until(datetime(2026, 11, 24, 8, 30, 0, 999, tzinfo=UTC), 1).microsecond == 0


def test_a_leap_day_ends_on_the_28th_where_there_is_none() -> None:
    assert retain_until(datetime(2028, 2, 29, tzinfo=UTC), 10) == datetime(2038, 2, 28, tzinfo=UTC)
    assert retain_until(datetime(2028, 2, 29, tzinfo=UTC), 12) == datetime(2040, 2, 29, tzinfo=UTC)
