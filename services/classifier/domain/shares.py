"""Shares of classes with their intervals, and the periods that they are told for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import sqrt

#: Two-sided 95 % of the normal distribution.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """`n` of a total; `share` with the limits of its 95 % interval, all from 0 to 1."""

    n: int
    share: float
    low: float
    high: float


def shares(conclusions: Iterable[str], among: Iterable[str] = ()) -> dict[str, Share]:
    """The share of every conclusion, by name, with the Wilson score interval (Wilson 1927), which holds for small counts too.

    Those of `among` that nobody concluded have a share of 0, whose interval says how much that means. Raises ValueError for none.
    """
    counts = Counter(conclusions)
    total = counts.total()
    counts.update(dict.fromkeys(among, 0))
    return {name: Share(n, n / total, *wilson(n, total)) for name, n in sorted(counts.items())}


def wilson(n: int, total: int) -> tuple[float, float]:
    """Limits of the 95 % Wilson score interval of n out of total; raises ValueError unless 0 <= n <= total and total > 0."""
    if not 0 <= n <= total or total == 0:
        raise ValueError(f"{n} of {total} is no share")
    share = n / total
    middle = share + _Z**2 / (2 * total)
    half = _Z * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    size = 1 + _Z**2 / total
    return min(share, max(0.0, (middle - half) / size)), max(share, min(1.0, (middle + half) / size))


def same_words(conclusion: str, prediction_set: Iterable[str]) -> str:
    """One set of classes in one way, whichever is likeliest: an opinion names that first, and shares count sets."""
    if not conclusion.startswith("Inconclusive ("):
        return conclusion
    return f"Inconclusive ({' or '.join(sorted(prediction_set))})"


def period(day: date, group_by: str) -> str:
    """The year (2026), quarter (2026-Q4) or month (2026-11) of a day."""
    if group_by == "year":
        return f"{day.year:04d}"
    if group_by == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return f"{day.year:04d}-{day.month:02d}"
