"""The time limits that audits of drug laboratories found broken (E26), as one pure check over facts at a given moment."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.chain_of_custody.domain.working_days import Calendar, working_day_after

#: The laboratory's own calendar, among those of the offices.
LABORATORY = "LAB"


class Kind(StrEnum):
    """What may be overdue."""

    RECEIPT_UNCONFIRMED = "receipt_unconfirmed"
    NOT_ARRIVED = "not_arrived"
    OUT_OF_STORAGE = "out_of_storage"
    SIGNED_OUT = "signed_out"
    DISPOSAL_UNDONE = "disposal_undone"
    HANDOVER_UNANSWERED = "handover_unanswered"
    DISCREPANCY_OPEN = "discrepancy_open"


#: What an office may know of its own: where its shipments are.
SHIPMENTS = (Kind.RECEIPT_UNCONFIRMED, Kind.NOT_ARRIVED)


class Unit(StrEnum):
    """What a limit counts."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    YEARS = "years"


@dataclass(frozen=True)
class Limit:
    """So long a thing may stay as it is."""

    amount: int
    unit: Unit


LIMITS: Mapping[Kind, Limit] = {
    Kind.RECEIPT_UNCONFIRMED: Limit(3, Unit.WORKING_DAYS),
    Kind.NOT_ARRIVED: Limit(14, Unit.DAYS),
    Kind.OUT_OF_STORAGE: Limit(5, Unit.WORKING_DAYS),
    Kind.SIGNED_OUT: Limit(2, Unit.YEARS),
    Kind.DISPOSAL_UNDONE: Limit(90, Unit.DAYS),
    Kind.HANDOVER_UNANSWERED: Limit(3, Unit.WORKING_DAYS),
    Kind.DISCREPANCY_OPEN: Limit(10, Unit.WORKING_DAYS),
}


@dataclass(frozen=True)
class Waiting:
    """One thing that runs against a limit, whether or not it has passed it.

    `calendar` is the code of the office whose days count, `responsible` the login of who has to act where that is one person.
    `since` is the moment that counts; `since_written` what the act says where a correction says otherwise (E11).
    """

    kind: Kind
    subject_id: str
    number: str
    office: str
    since: datetime
    calendar: str = LABORATORY
    responsible: str | None = None
    responsible_name: str | None = None
    item_id: str | None = None
    submission_id: str | None = None
    detail: str = ""
    since_written: datetime | None = None


@dataclass(frozen=True)
class Overdue:
    """A thing beyond its limit; `due_at` was the end of the last day that the limit allows."""

    waiting: Waiting
    due_at: datetime


def find_overdue(
    waiting: Iterable[Waiting], calendars: Mapping[str, Calendar], now: datetime
) -> Iterator[Overdue]:
    """Those of the things that are beyond their limits at `now`, any moment; an office without a calendar has the default one."""
    for one in waiting:
        due = due_at(one.kind, one.since, calendars.get(one.calendar, Calendar()))
        if now >= due:
            yield Overdue(one, due)


def due_at(kind: Kind, since: datetime, calendar: Calendar) -> datetime:
    """The end of the last local day that the limit allows."""
    limit = LIMITS[kind]
    if limit.unit is Unit.WORKING_DAYS:
        last = working_day_after(since, limit.amount, calendar)
    elif limit.unit is Unit.DAYS:
        last = calendar.day_of(since) + timedelta(days=limit.amount)
    else:
        last = _years_later(calendar.day_of(since), limit.amount)
    return calendar.end_of(last)


def days_over(due: datetime, now: datetime) -> int:
    """How many days have begun since the limit passed: 1 from the first moment on, 0 before."""
    return 0 if now < due else (now - due) // timedelta(days=1) + 1


def _years_later(day: date, years: int) -> date:
    """The same day of a later year; of a 29 February the 28th where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
