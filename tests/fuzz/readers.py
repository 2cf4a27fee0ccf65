"""`python -m tests.fuzz.readers`: mutations of files of every format, read under measure; exit 1 where a reader failed.

`--again FORMAT NUMBER` writes that one mutation into var/fuzz and reads it here, with the whole trace of what it raises.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from services.classifier.domain.readers.registry import READERS
from tests.fuzz.run import Tally, fuzz, mutation
from tests.fuzz.seeds import seeds_of

PROJECT = Path(__file__).parents[2]
KEPT = PROJECT / "var" / "fuzz"
_SHARE = 2500


def main() -> int:
    """Runs what the arguments ask for and prints a line for every reader."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.readers", description=__doc__)
    parser.add_argument("--mutations", type=int, default=10_000, help="of each reader (10000)")
    parser.add_argument(
        "--reader", action="append", choices=sorted(READERS), help="only this one; may be repeated"
    )
    parser.add_argument("--base", type=int, default=0, help="another number gives other mutations (0)")
    parser.add_argument(
        "--cpu-seconds", type=float, default=2.0, help="most that a reader may take for a file (2)"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--again", nargs=2, metavar=("FORMAT", "NUMBER"))
    given = parser.parse_args()
    if given.again:
        return _again(given.again[0], int(given.again[1]), given.base)
    failed = False
    heads = ("mutations", "read", "refused", "slowest s", "most MB", "of limit", "failures")
    print(f"{'reader':20}" + "".join(f"{head:>10}" for head in heads))
    with ProcessPoolExecutor(given.processes) as pool:
        for name in given.reader or sorted(READERS):
            starts = range(0, given.mutations, _SHARE)
            shares = [range(start, min(start + _SHARE, given.mutations)) for start in starts]
            tallies = [pool.submit(fuzz, name, share, given.base, given.cpu_seconds) for share in shares]
            failed |= _told(name, [tally.result() for tally in tallies], given.base)
    return int(failed)


def _told(name: str, tallies: list[Tally], base: int) -> bool:
    whole = Tally(name)
    for each in tallies:
        whole.mutations += each.mutations
        whole.read += each.read
        whole.refused += each.refused
        whole.slowest = max(whole.slowest, each.slowest)
        whole.most_memory = max(whole.most_memory, each.most_memory)
        whole.fullest = max(whole.fullest, each.fullest)
        whole.failures += each.failures
    print(
        f"{name:20}{whole.mutations:10}{whole.read:10}{whole.refused:10}{whole.slowest:10.3f}{whole.most_memory / 2**20:10.1f}"
        f"{whole.fullest:10.0%}{len(whole.failures):10}",
        flush=True,
    )
    for failure in whole.failures[:20]:
        print(f"    {failure.format} {failure.number} (of {failure.seed}): {failure.what}", flush=True)
        _keep(failure.format, failure.number, base)
    return bool(whole.failures)


def _keep(format_name: str, number: int, base: int) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{format_name}-{base}-{number}"
    path.write_bytes(mutation(format_name, number, base, seeds_of(format_name))[1])
    return path


def _again(format_name: str, number: int, base: int) -> int:
    path = _keep(format_name, number, base)
    print(path)
    print(READERS[format_name](path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
