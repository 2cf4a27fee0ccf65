"""Each limit just inside and just beyond, asked for any moment."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.chain_of_custody.domain.time_limits import (
    LABORATORY,
    LIMITS,
    Kind,
    Limit,
    Unit,
    Waiting,
    days_over,
    find_overdue,
)
from services.chain_of_custody.domain.working_days import Calendar

_SECOND = timedelta(seconds=1)
#: The laboratory in Vienna has a holiday on 8 December; the office in Cairo has Friday and Saturday off.
CALENDARS = {
    LABORATORY: Calendar("Europe/Vienna", holidays=frozenset({date(2026, 12, 8)})),
    "CAI": Calendar("Africa/Cairo", frozenset({4, 5})),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def waiting(kind: Kind, since: str, calendar: str = LABORATORY) -> Waiting:
    return Waiting(kind, "subject", "S26-000001", "CAI", at(since), calendar=calendar)


@pytest.mark.rule("E26")
@pytest.mark.parametrize(
    ("kind", "since", "calendar", "due"),
    [
        (Kind.RECEIPT_UNCONFIRMED, "2026-11-23T09:00+01:00", LABORATORY, "2026-11-27T00:00+01:00"),
        # From Thursday over the weekend to Tuesday; that Tuesday is a holiday in the week after.
        (Kind.RECEIPT_UNCONFIRMED, "2026-11-26T09:00+01:00", LABORATORY, "2026-12-02T00:00+01:00"),
        (Kind.RECEIPT_UNCONFIRMED, "2026-12-03T09:00+01:00", LABORATORY, "2026-12-10T00:00+01:00"),
        # Late on Sunday in UTC is Monday in Vienna.
        (Kind.RECEIPT_UNCONFIRMED, "2026-11-22T23:30+00:00", LABORATORY, "2026-11-27T00:00+01:00"),
        (Kind.NOT_ARRIVED, "2026-11-01T10:00+02:00", "CAI", "2026-11-16T00:00+02:00"),
        (Kind.OUT_OF_STORAGE, "2026-11-23T09:00+01:00", LABORATORY, "2026-12-01T00:00+01:00"),
        (Kind.OUT_OF_STORAGE, "2026-12-04T09:00+01:00", LABORATORY, "2026-12-15T00:00+01:00"),
        (Kind.SIGNED_OUT, "2024-11-24T09:00+01:00", LABORATORY, "2026-11-25T00:00+01:00"),
        (Kind.SIGNED_OUT, "2024-02-29T09:00+01:00", LABORATORY, "2026-03-01T00:00+01:00"),
        (Kind.DISPOSAL_UNDONE, "2026-08-26T09:00+02:00", LABORATORY, "2026-11-25T00:00+01:00"),
        # Offered on Wednesday to Cairo: Thursday, Sunday, Monday.
        (Kind.HANDOVER_UNANSWERED, "2026-11-25T09:00+02:00", "CAI", "2026-12-01T00:00+02:00"),
        (Kind.HANDOVER_UNANSWERED, "2026-11-25T09:00+01:00", LABORATORY, "2026-12-01T00:00+01:00"),
        (Kind.DISCREPANCY_OPEN, "2026-11-23T09:00+01:00", LABORATORY, "2026-12-08T00:00+01:00"),
    ],
)
def test_just_inside_and_just_beyond(kind: Kind, since: str, calendar: str, due: str) -> None:
    one = waiting(kind, since, calendar)
    assert list(find_overdue([one], CALENDARS, at(due) - _SECOND)) == []
    (found,) = find_overdue([one], CALENDARS, at(due))
    assert (found.waiting, found.due_at) == (one, at(due))


@pytest.mark.rule("E26")
def test_the_limits_are_those_that_audits_named() -> None:
    named = {
        Kind.RECEIPT_UNCONFIRMED: Limit(3, Unit.WORKING_DAYS),
        Kind.OUT_OF_STORAGE: Limit(5, Unit.WORKING_DAYS),
        Kind.DISPOSAL_UNDONE: Limit(90, Unit.DAYS),
        Kind.SIGNED_OUT: Limit(2, Unit.YEARS),
        Kind.NOT_ARRIVED: Limit(14, Unit.DAYS),
    }
    assert {kind: LIMITS[kind] for kind in named} == named
    assert set(LIMITS) == set(Kind)


def test_an_office_without_a_calendar_has_utc_and_the_common_weekend() -> None:
    one = waiting(Kind.HANDOVER_UNANSWERED, "2026-11-25T09:00+00:00", "LIM")
    assert list(find_overdue([one], CALENDARS, at("2026-11-30T23:59+00:00"))) == []
    assert list(find_overdue([one], CALENDARS, at("2026-12-01T00:00+00:00")))


def test_days_over_begin_with_the_first_moment() -> None:
    due = at("2026-11-27T00:00+01:00")
    assert [days_over(due, due + step) for step in (-_SECOND, _SECOND - _SECOND, timedelta(hours=23))] == [
        0,
        1,
        1,
    ]
    assert days_over(due, due + timedelta(days=4)) == 5
