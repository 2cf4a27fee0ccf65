"""Lines on the terminal that say what is going on, with the seconds since the start."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Prints one line a step; `began` is a monotonic time, so that steps before this process count as well."""

    def __init__(self, began: float | None = None) -> None:
        self._began = time.monotonic() if began is None else began

    def say(self, text: str) -> None:
        """Prints a line with the time since the start."""
        print(f"[{time.monotonic() - self._began:6.1f} s] {text}", flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Prints the line when the step is done, with what it took."""
        began = time.monotonic()
        yield
        self.say(f"{text} ({time.monotonic() - began:.1f} s)")


def complain(text: str) -> None:
    """Prints a sentence on standard error."""
    sys.stdout.flush()
    print(f"siglab: {text}", file=sys.stderr, flush=True)
