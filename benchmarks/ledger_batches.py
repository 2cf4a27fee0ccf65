"""Receipts of many exhibits, over the bus to custody, until every event has its place in the log."""

import threading
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.cpu import cpu_seconds
from benchmarks.exhibits import synthetic_exhibit
from benchmarks.keep import keep
from shared.config import load_settings
from shared.runtime import Runtime
from tests.system import RunningSystem

RECEIPT = 500
SENDERS = 4


@dataclass(frozen=True)
class Batches:
    """What was measured: events a second, committed and in the log; CPU of all of the system's processes per event in ms."""

    committed: float
    logged: float
    cpu_ms: float

    def keep(self, goal: float) -> None:
        """Writes the figures."""
        what = "events a second, committed and in the log, by receipts over the bus"
        keep("ledger_batch", what, "events/s", self.logged, better="higher", goal=goal)
        what = "CPU of the whole system an event of a receipt, from the bus into the log"
        keep("ledger_batch_cpu", what, "ms", self.cpu_ms, better="lower", goal=2 * 1000 / goal)


def intake_of(system: RunningSystem) -> Runtime:
    """A runtime that speaks on the system's bus as intake does."""
    ports = system.status()["ports"]
    return Runtime(
        "intake",
        load_settings(
            {
                "SIGLAB_DATA_DIR": str(system.layout.data_dir),
                "SIGLAB_BUS_FRONTEND": f"tcp://127.0.0.1:{ports['bus_frontend']}",
                "SIGLAB_BUS_BACKEND": f"tcp://127.0.0.1:{ports['bus_backend']}",
                "SIGLAB_DATABASE_URL": f"postgresql://siglab@127.0.0.1:{ports['database']}/siglab",
            }
        ),
    )


def receipt(count: int, holder: str) -> dict[str, Any]:
    """A receipt of as many new exhibits, into the hands of `holder`."""
    return {
        "receipt_number": "R-BENCH",
        "received_by": holder,
        "received_by_name": holder,
        "received_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "items": [synthetic_exhibit() for _ in range(count)],
    }


def log_size(system: RunningSystem) -> int:
    """The size in the log's signed head."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{system.base_url}/api/v1/ledger/checkpoint", timeout=10) as answer:
        return int(answer.read().decode().split("\n")[1])


def wait_for_size(system: RunningSystem, size: int, seconds: float = 120.0) -> None:
    """Returns when the log has `size` entries."""
    end = time.monotonic() + seconds
    while log_size(system) < size:
        if time.monotonic() > end:
            raise RuntimeError(f"the log has {log_size(system)} entries and not {size} after {seconds:.0f} s")
        time.sleep(0.05)


def measure_batches(system: RunningSystem, intake: Runtime, events: int) -> Batches:
    """Sends receipts of RECEIPT exhibits by SENDERS at once, and waits until all have their place in the log."""
    waiting = [receipt(RECEIPT, "custodian") for _ in range(events // RECEIPT)]
    count, before = len(waiting) * RECEIPT, log_size(system)
    failures: list[Exception] = []

    def send() -> None:
        while waiting and not failures:
            try:
                intake.call("chain_of_custody", "POST", "/internal/items", waiting.pop(), deadline=60.0)
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 - told below, in the thread that measures
                failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    cpu, began = cpu_seconds(system.process.pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acknowledged = time.perf_counter() - began
    if failures:
        raise failures[0]
    wait_for_size(system, before + count)
    seconds = time.perf_counter() - began
    cpu = cpu_seconds(system.process.pid) - cpu
    found = Batches(count / acknowledged, count / seconds, cpu / count * 1000)
    print(
        f"{count} events committed at {found.committed:.0f}/s, in the log at {found.logged:.0f}/s, "
        f"{found.cpu_ms:.2f} ms of CPU each"
    )
    return found
