"""Many mutations, in children that are forked when everything is loaded: a crash ends a child, a hang is ended, both are found.

Mutation `n` of a reader is the same on every machine that has the same seeds: it depends on the reader's name, the base and n.
"""

import faulthandler
import gc
import os
import random
import resource
import select
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from json import dumps, loads
from pathlib import Path

from tests.fuzz.mutate import mutate
from tests.fuzz.probe import Outcome, probe
from tests.fuzz.seeds import Seed, seeds_of

BATCH = 200
_REAL_COUNTS = 10.0
_SIZE_THAT_HALVES = 20_000
_PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Failure:
    """A mutation that a reader did not stand; `number` makes it again."""

    format: str
    number: int
    seed: str
    what: str


@dataclass
class Tally:
    """What the mutations of one reader came to."""

    format: str
    mutations: int = 0
    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    most_memory: int = 0
    fullest: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Counts one outcome that came back."""
        self.mutations += 1
        self.read += outcome.was_read
        self.refused += not outcome.was_read
        self.slowest = max(self.slowest, outcome.cpu_seconds)
        self.most_memory = max(self.most_memory, outcome.memory)
        self.fullest = max(self.fullest, outcome.memory / outcome.allowed)


def mutation(format_name: str, number: int, base: int, seeds: list[Seed]) -> tuple[Seed, bytes]:
    """The seed and the mutated file of a number."""
    dice = random.Random(f"{format_name}:{base}:{number}")
    weights = [_weight(seed) for seed in seeds]
    seed, other = dice.choices(seeds, weights)[0], dice.choices(seeds, weights)[0]
    return seed, mutate(seed.content, other.content, dice)


def _weight(seed: Seed) -> float:
    """Real files come more often than generated ones, large ones less often than small ones."""
    counts = 1.0 if seed.name.startswith("generated") else _REAL_COUNTS
    return counts / (1 + len(seed.content) / _SIZE_THAT_HALVES)


def fuzz(format_name: str, numbers: range, base: int, cpu_limit: float) -> Tally:
    """Runs the mutations of one reader one after the other, batch by batch; a child that ends early is replaced."""
    seeds = seeds_of(format_name)
    tally = Tally(format_name)
    left = list(numbers)
    _warm(format_name, seeds)
    while left:
        batch, done, last = left[:BATCH], 0, ""
        for line in _child(format_name, batch, base, cpu_limit, seeds):
            word, _, rest = line.partition(" ")
            if word == "done":
                done += 1
                outcome = Outcome(**loads(rest))
                tally.add(outcome)
                if outcome.failure is not None:
                    tally.failures.append(
                        _failure(format_name, batch[done - 1], base, seeds, outcome.failure)
                    )
            elif word == "ended":
                last = rest
        if done < len(batch):
            tally.mutations += 1
            tally.failures.append(_failure(format_name, batch[done], base, seeds, last or "the child ended"))
            done += 1
        left = left[done:]
    return tally


def _failure(format_name: str, number: int, base: int, seeds: list[Seed], what: str) -> Failure:
    return Failure(format_name, number, mutation(format_name, number, base, seeds)[0].name, what)


def _warm(format_name: str, seeds: list[Seed]) -> None:
    """What a reader loads at its first call is loaded before the fork and is no memory of a mutation."""
    from services.classifier.domain.readers.registry import READERS

    with tempfile.TemporaryDirectory(prefix="siglab-fuzz-") as folder:
        path = Path(folder) / "seed"
        for seed in seeds[:2]:
            path.write_bytes(seed.content)
            READERS[format_name](path)


def _child(
    format_name: str, batch: list[int], base: int, cpu_limit: float, seeds: list[Seed]
) -> Iterator[str]:
    """Lines that a forked child writes: `done` with an outcome for each mutation, `ended` where it did not come to its end."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        status = 1
        try:
            _work(format_name, batch, base, cpu_limit, seeds, writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    buffer, hung = b"", False
    with open(reading, "rb", buffering=0) as source:
        while True:
            if not select.select([source], [], [], _PATIENCE_SECONDS)[0]:
                hung = True
                os.kill(pid, signal.SIGKILL)
            piece = source.read(65_536)
            if not piece:
                break
            *lines, buffer = (buffer + piece).split(b"\n")
            for line in lines:
                yield line.decode()
    _, status = os.waitpid(pid, 0)
    if hung:
        yield f"ended hung for {_PATIENCE_SECONDS} s and was killed"
    elif status:
        code = os.waitstatus_to_exitcode(status)
        yield f"ended crashed with {signal.Signals(-code).name if code < 0 else f'exit {code}'}"


def _work(
    format_name: str, batch: list[int], base: int, cpu_limit: float, seeds: list[Seed], writing: int
) -> None:
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What the parent has loaded is not looked through at every collection.
    gc.freeze()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="siglab-fuzz-", dir=memory) as folder,
        open(writing, "wb", buffering=0) as target,
    ):
        path = Path(folder) / "run"
        for number in batch:
            path.write_bytes(mutation(format_name, number, base, seeds)[1])
            outcome = probe(format_name, path, cpu_limit)
            target.write(f"done {dumps(asdict(outcome))}\n".encode())
