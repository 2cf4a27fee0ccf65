"""Which copies of heads a check reads, when reading all of them would take too long."""

from collections.abc import Iterator

#: This many of the newest are always read, and as many of the others.
RECENT = 1000


def choose_copied_heads(known: int, turn: int) -> Iterator[int]:
    """Numbers from 1 to `known`: all of few; of many the newest, and of the others a share that changes with each `turn`."""
    old = max(0, known - RECENT)
    step = max(1, -(-old // RECENT))
    for number in range(1, old + 1):
        if number % step == turn % step:
            yield number
    yield from range(old + 1, known + 1)
