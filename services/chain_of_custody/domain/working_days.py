"""Working days and ends of days as a calendar has them: time zone, days of the week without work, public holidays.

Days are local ones. The day on which something happens is not counted, as most laws on periods have it (Regulation
1182/71, article 3): what arrives on a Monday has three working days in Tuesday, Wednesday and Thursday, and Thursday ends at the
calendar's own midnight.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY, SUNDAY = 5, 6
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Where and when people work: an IANA time zone, weekdays off (Monday is 0), and holidays."""

    zone: str = "UTC"
    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(7)):
            raise ValueError("A week has days 0 to 6, and at least one of them is a working day.")

    def is_working(self, day: date) -> bool:
        """Whether people work on this day."""
        return day.weekday() not in self.weekend and day not in self.holidays

    def day_of(self, moment: datetime) -> date:
        """The local day in which a moment lies."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def end_of(self, day: date) -> datetime:
        """The moment, in UTC, at which a local day has ended and the next begins."""
        midnight = datetime.combine(day + _DAY, time.min, tzinfo=ZoneInfo(self.zone))
        return midnight.astimezone(UTC)


def working_days_between(start: datetime, end: datetime, calendar: Calendar) -> int:
    """How many working days lie behind the local day of `start`, up to and with that of `end`; 0 where `end` is earlier."""
    first, last = calendar.day_of(start) + _DAY, calendar.day_of(end)
    days = (last - first).days + 1
    if days <= 0:
        return 0
    weeks, rest = divmod(days, 7)
    count = weeks * (7 - len(calendar.weekend))
    count += sum((first.weekday() + step) % 7 not in calendar.weekend for step in range(rest))
    return count - sum(
        first <= day <= last and day.weekday() not in calendar.weekend for day in calendar.holidays
    )


def working_day_after(start: datetime, count: int, calendar: Calendar) -> date:
    """The `count`-th working day behind the local day of `start`."""
    day = calendar.day_of(start)
    while count:
        day += _DAY
        count -= calendar.is_working(day)
    return day
