"""What the size of the log does to it: an append, an inclusion proof and the check of everything, at 10 k, 100 k and 1 M events.

Custody's own tables on a PostgreSQL of its own, with fsync on. Figures, each at the largest size (the check at 100 k):

- `append_growth`: time of sequencing a batch of 1,000 events, against that at the smallest size; medians.
- `proof_p95`: an inclusion proof of a random event by custody's own function, within its transaction.
- `self_check`, `self_check_memory`: the hourly check of all tables against each other up to the signed root.

    python -m benchmarks.ledger_growth [--sizes 10000,100000,1000000] [--write]
"""

import argparse
import json
import random
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.full_tables import fill, sequence
from benchmarks.keep import RESULTS, keep
from benchmarks.swollen_log import swell
from services.chain_of_custody.app import make_runtime
from services.chain_of_custody.service.ledger import get_proof
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.sequence_events import BATCH, Sequencer
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.database import make_settings, running_postgres

AUDITOR = Actor("auditor", "Auditor", Role.AUDITOR)
ROUNDS = 9
PROOFS = 1000
#: Up to here the log is filled by the code of the service, and everything is checked; a larger one is made by the database.
_CHECKED = 100_000
GOAL_GROWTH, GOAL_PROOF_MS, GOAL_CHECK_S, GOAL_CHECK_MB = 1.5, 20.0, 600.0, 300.0


@dataclass(frozen=True)
class Measured:
    """At one size: ms of a batch, of a proof (median, 95 %); then s and MB of the check."""

    size: int
    append_ms: float
    proof_ms: float
    proof_p95_ms: float
    check_s: float | None
    check_mb: float | None


def measure(runtime: Runtime, size: int) -> Measured:
    """Fills the log up to `size` and measures there."""
    there = _size(runtime)
    if size <= _CHECKED:
        fill(runtime, size - there)
        sequence(runtime)
    else:
        swell(runtime, there, size)
    _analyse(runtime)
    appends = [_append(runtime) for _ in range(ROUNDS)]
    proofs = sorted(_proofs(runtime, _size(runtime)))
    seconds, megabytes = _check(runtime) if size <= _CHECKED else (None, None)
    found = Measured(
        size,
        statistics.median(appends),
        statistics.median(proofs),
        proofs[int(0.95 * len(proofs))],
        seconds,
        megabytes,
    )
    print(
        f"{size:9} events: {BATCH} more in {found.append_ms:.0f} ms, proof {found.proof_ms:.1f} ms "
        f"(95 % within {found.proof_p95_ms:.1f})",
        flush=True,
    )
    if found.check_s is not None:
        print(
            f"{size:9} events: all checked in {found.check_s:.1f} s, {found.check_mb:.0f} MB more", flush=True
        )
    return found


def _size(runtime: Runtime) -> int:
    with runtime.unit_of_work() as uow:
        return int(uow.session.connection().exec_driver_sql(_SIZE).scalar() or 0)


_SIZE = "SELECT max(size) FROM chain_of_custody.log_checkpoints"


def _analyse(runtime: Runtime) -> None:
    """As autovacuum would have done by the time that a log is so large."""
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _append(runtime: Runtime) -> float:
    fill(runtime, BATCH)
    sequencer = Sequencer(runtime)
    began = time.perf_counter()
    count = sequencer.run_once()
    seconds = time.perf_counter() - began
    if count != BATCH:
        raise RuntimeError(f"a batch had {count} events")
    return seconds * 1000


def _proofs(runtime: Runtime, size: int) -> list[float]:
    found = []
    for index in random.Random(size).sample(range(size), PROOFS):
        began = time.perf_counter()
        with runtime.unit_of_work() as uow:
            get_proof(AUDITOR, uow, index)
        found.append((time.perf_counter() - began) * 1000)
    return found


def _check(runtime: Runtime) -> tuple[float, float]:
    """(seconds, MB by which this process was larger at the most)."""
    Path("/proc/self/clear_refs").write_text("5")
    before, began = _peak(), time.perf_counter()
    with runtime.unit_of_work() as uow:
        _, wrong = find_wrongs(uow, load_verifier_key(runtime.settings.keys_dir))
    if wrong:
        raise RuntimeError(f"the check found {wrong[:3]}")
    return time.perf_counter() - began, _peak() - before


def _peak() -> float:
    """The largest size of this process since it was last set back, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _write(found: list[Measured]) -> None:
    first, last = found[0], found[-1]
    at = f"at {last.size:,} events"
    sizes = ", ".join(f"{row.append_ms:.0f} ms at {row.size:,}" for row in found)
    what = f"sequencing {BATCH:,} events at the largest log against the smallest: {sizes}"
    keep("append_growth", what, "ratio", last.append_ms / first.append_ms, better="lower", goal=GOAL_GROWTH)
    what = f"inclusion proof of a random event {at}, 95 % within (median {last.proof_ms:.1f} ms)"
    keep("proof_p95", what, "ms", last.proof_p95_ms, better="lower", goal=GOAL_PROOF_MS)
    for row in found:
        if row.check_s is not None and row.check_mb is not None:
            at = f"at {row.size:,} events"
            what = f"check from tables to root {at}"
            keep("self_check", what, "s", row.check_s, better="lower", goal=GOAL_CHECK_S)
            what = f"growth of the process during the check {at}"
            keep("self_check_memory", what, "MB", row.check_mb, better="lower", goal=GOAL_CHECK_MB)


def _is_larger(size: int) -> bool:
    """Whether the figures that are kept are of no larger log; a short run does not replace a long one's."""
    kept = RESULTS / "append_growth.json"
    known = re.findall(r"ms at ([\d,]+)", json.loads(kept.read_text())["what"]) if kept.exists() else []
    return all(int(number.replace(",", "")) <= size for number in known)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures appends, proofs and checks as the log grows.")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="sizes of the log, rising")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with (
        tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder,
        running_postgres(durable=True) as server,
    ):
        runtime = make_runtime(make_settings(server, "growth", Path(folder)))
        try:
            found = [measure(runtime, size) for size in sizes]
        finally:
            runtime.engine.dispose()
    ratio = found[-1].append_ms / found[0].append_ms
    print(f"an append at {sizes[-1]} costs {ratio:.2f} times that at {sizes[0]}")
    if options.write and _is_larger(sizes[-1]):
        _write(found)
    elif options.write:
        print("the kept figures are of a larger log and stay; --sizes 10000,100000,1000000 renews them")


if __name__ == "__main__":
    main()
