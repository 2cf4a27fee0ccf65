"""Kills processes of a running system outright, one after another, at random moments."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence

from tests.fault.storm.http import Weather
from tests.system import RunningSystem

#: This share of the kills may fall while what was killed before is still starting; the others wait until it works.
_STILL_STARTING = 1 / 3
_MOST_S = 60.0


class Killer(threading.Thread):
    """Sends SIGKILL to one of `programs` every `every_s` seconds on average, also while another is still starting."""

    def __init__(
        self, system: RunningSystem, programs: Sequence[str], weather: Weather, every_s: float, seed: int
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self.kills: Counter[str] = Counter()
        self.moments: list[tuple[float, str]] = []
        self._system, self._programs, self._weather = system, tuple(programs), weather
        self._every_s, self._chance = every_s, random.Random(seed)
        self._bag: list[str] = []
        self._ended = threading.Event()

    def run(self) -> None:
        """Kills until `stop`."""
        while not self._ended.wait(min(self._chance.expovariate(1 / self._every_s), 4 * self._every_s)):
            if self._chance.random() > _STILL_STARTING:
                self._wait_for_an_answer()
            self.kill(self._next())

    def stop(self) -> None:
        """No kill after this returns."""
        self._ended.set()
        self.join()

    def _wait_for_an_answer(self) -> None:
        """Until an act that was begun after the last kill was answered: else a slow machine would never work again."""
        last, end = self.moments[-1][0] if self.moments else 0.0, time.monotonic() + _MOST_S
        while time.monotonic() < end and not self._ended.wait(0.1):
            if any(began > last for began, _ in self._weather.answers[-100:]):
                return

    def _next(self) -> str:
        """A program at random, but none a second time before all others had their turn: a short storm spares none either."""
        if not self._bag:
            self._bag = self._chance.sample(self._programs, len(self._programs))
        return self._bag.pop()

    def kill(self, name: str) -> None:
        """Kills one program where it runs just now."""
        pid = self._system.program(name)["pid"]
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[name] += 1
        self.moments.append((time.monotonic(), name))

    def longest_recovery_s(self) -> float:
        """The longest time from a kill to the answer of an act that was begun after it."""
        answers = sorted(self._weather.answers)
        longest = 0.0
        for moment, _ in self.moments:
            first = min((ended for began, ended in answers if began > moment), default=moment)
            longest = max(longest, first - moment)
        return longest
