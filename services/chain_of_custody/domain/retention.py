"""How long what is stored must be kept."""

from datetime import datetime


def retain_until(moment: datetime, years: int) -> datetime:
    """The same day `years` later, for the 29th of February the 28th where that year has none; stores keep whole seconds."""
    moment = moment.replace(microsecond=0)
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)
