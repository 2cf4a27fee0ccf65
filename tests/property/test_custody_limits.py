"""When a limit passes, against an oracle that only counts local dates one by one: no arithmetic of weeks, no midnights."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from services.chain_of_custody.domain.time_limits import LIMITS, Kind, Unit, Waiting, find_overdue
from services.chain_of_custody.domain.working_days import Calendar

_DAY = timedelta(days=1)
#: Among them zones whose clocks change at midnight, where a local day has no beginning or its last hour comes twice.
_ZONES = (
    "UTC", "Africa/Cairo", "America/Asuncion", "America/Havana", "America/Scoresbysund", "Asia/Beirut", "Asia/Kathmandu",
    "Atlantic/Azores", "Australia/Lord_Howe", "Europe/Vienna", "Pacific/Apia", "Pacific/Kiritimati",
)  # fmt: skip

moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(_ZONES),
    weekend=st.frozensets(st.integers(0, 6), max_size=6),
    holidays=st.frozensets(st.dates(date(2024, 1, 1), date(2028, 1, 1)), max_size=60),
)
#: Near the moment at which something changes, or far from it.
_LATER = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=12)), st.timedeltas(timedelta(0), timedelta(days=1200))
)


def _is_over(kind: Kind, since: datetime, now: datetime, calendar: Calendar) -> bool:
    """Whether all days that the limit allows lie wholly behind; the day of the beginning is not one of them."""
    zone, limit = ZoneInfo(calendar.zone), LIMITS[kind]
    first, today = since.astimezone(zone).date(), now.astimezone(zone).date()
    if limit.unit is Unit.YEARS:
        anniversary = (first.year + limit.amount, first.month, first.day)
        if (first.month, first.day) == (2, 29):
            anniversary = (first.year + limit.amount, 2, 28)
        return (today.year, today.month, today.day) > anniversary
    behind, day = 0, first + _DAY
    while day < today:
        works = day.weekday() not in calendar.weekend and day not in calendar.holidays
        behind += works or limit.unit is Unit.DAYS
        day += _DAY
    return behind >= limit.amount


@given(st.sampled_from(Kind), moments, _LATER, calendars)
@example(
    Kind.OUT_OF_STORAGE, datetime(2024, 4, 21, 12, tzinfo=UTC), timedelta(days=5), Calendar("Africa/Cairo")
)
@example(Kind.SIGNED_OUT, datetime(2024, 2, 29, 12, tzinfo=UTC), timedelta(days=730), Calendar())
def test_a_limit_passes_when_counting_the_days_says_so(
    kind: Kind, since: datetime, later: timedelta, calendar: Calendar
) -> None:
    now = since + later
    found = list(
        find_overdue([Waiting(kind, "s", "n", "BOG", since, calendar="BOG")], {"BOG": calendar}, now)
    )
    assert bool(found) == _is_over(kind, since, now, calendar)
    for one in found:
        second = timedelta(seconds=1)
        assert _is_over(kind, since, one.due_at, calendar)
        assert not _is_over(kind, since, one.due_at - second, calendar), "it was over earlier than it says"


@given(st.lists(st.tuples(st.sampled_from(Kind), moments, calendars), max_size=6), moments)
def test_each_thing_is_judged_by_its_own_calendar_alone(
    things: list[tuple[Kind, datetime, Calendar]], now: datetime
) -> None:
    waiting = [
        Waiting(kind, str(place), "n", "BOG", since, calendar=str(place))
        for place, (kind, since, _) in enumerate(things)
    ]
    found = find_overdue(waiting, {str(place): row[2] for place, row in enumerate(things)}, now)
    expected = [
        str(place)
        for place, (kind, since, calendar) in enumerate(things)
        if _is_over(kind, since, now, calendar)
    ]
    assert [one.waiting.subject_id for one in found] == expected
