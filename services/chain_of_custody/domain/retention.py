"""How long what is stored must be kept."""

from collections.abc import Iterable, Mapping
from datetime import datetime


def retention_years(years: int, years_by_kind: Mapping[str, int], kinds: Iterable[str]) -> int:
    """The longest of those that are named for one of the kinds (technique, run role); `years` where none is."""
    named = [years_by_kind[kind] for kind in kinds if kind in years_by_kind]
    return max(named, default=years)


def retain_until(moment: datetime, years: int) -> datetime:
    """The same day `years` later, for the 29th of February the 28th where that year has none; stores keep whole seconds."""
    moment = moment.replace(microsecond=0)
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)
