"""A budget of bytes a second, for work that must not be in anybody's way."""

from collections.abc import Callable


class Pace:
    """Keeps what is spent below `rate` bytes a second by sleeping; `clock` and `sleep` count seconds.

    What was not spent is not saved up: after a pause the work does not come faster.
    """

    def __init__(self, rate: int, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._free_at = clock()

    def spend(self, size: int) -> None:
        """Tells of `size` bytes that were read; returns when the next may be."""
        now = self._clock()
        self._free_at = max(self._free_at, now) + size / self._rate
        if self._free_at > now:
            self._sleep(self._free_at - now)
