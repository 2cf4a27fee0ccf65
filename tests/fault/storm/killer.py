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
        self._ended = threading.Event()

    def run(self) -> None:
        """Kills until `stop`."""
        while not self._ended.wait(min(self._chance.expovariate(1 / self._every_s), 4 * self._every_s)):
            self.kill(self._chance.choice(self._programs))

    def stop(self) -> None:
        """No kill after this returns."""
        self._ended.set()
        self.join()

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
