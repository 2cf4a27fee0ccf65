"""How fast acts become durable evidence in the log: many at once, one by one, and as the log grows.

A system with the demo's accounts runs in a temporary folder, its PostgreSQL with fsync and synchronous commits. Two figures:

- `ledger_batch`: receipts of many exhibits go over the bus to custody, and are counted once every event is committed and has
  its place under a signed head.
- `ledger_acts`: weighings through the door, each its own request with an Idempotency-Key, over as many connections.

    python -m benchmarks.ledger [--events 20000] [--seconds 10] [--connections 8] [--write]
"""

import argparse
import json
import selectors
import socket
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.keep import keep
from shared.config import load_settings
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.system import RunningSystem, running_system

RECEIPT = 500
SENDERS = 2
GOAL_BATCH = 2000
GOAL_ACTS = 300


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
    items = []
    for _ in range(count):
        name = new_id()
        items.append(
            {
                "exhibit_id": name,
                "number": f"B-{name}",
                "office": "BOG",
                "submission_id": "bench",
                "submission_number": "D-BENCH",
                "line": 1,
                "kind": "seizure",
                "programme": "HSP",
                "description": "SYNTHETIC benchmark powder",
                "physical_form": "powder",
                "gross_mass_g": 5.0,
                "seal_number": "S-1",
                "seal_condition": "intact",
                "seizure_id": None,
                "blocked": False,
            }
        )
    return {
        "receipt_number": "R-BENCH",
        "received_by": holder,
        "received_by_name": holder,
        "received_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "items": items,
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


def measure_batches(system: RunningSystem, intake: Runtime, events: int) -> float:
    """Events a second, from the first request until all have their place in the log."""
    waiting = [receipt(RECEIPT, "custodian") for _ in range(events // RECEIPT)]
    before = log_size(system)
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
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acknowledged = time.perf_counter()
    if failures:
        raise failures[0]
    wait_for_size(system, before + events // RECEIPT * RECEIPT)
    seconds = time.perf_counter() - began
    count = events // RECEIPT * RECEIPT
    print(
        f"{count} events committed at {count / (acknowledged - began):.0f}/s, in the log at {count / seconds:.0f}/s"
    )
    return count / seconds


def measure_acts(
    system: RunningSystem, intake: Runtime, connections: int, seconds: float
) -> tuple[float, float]:
    """(acts a second, 95 % of them within so many milliseconds): each connection weighs an item of its own again and again."""
    made = intake.call("chain_of_custody", "POST", "/internal/items", receipt(connections, "technician"))
    ids = [row["item_id"] for row in made["items"]]
    token = json.loads(system.credentials.read_text())["users"]["technician"]["token"]
    place = urlsplit(system.base_url)
    selector = selectors.DefaultSelector()
    begun: dict[socket.socket, float] = {}
    received: dict[socket.socket, bytes] = {}
    body = b'{"net_mass_mg":500.2,"uncertainty_mg":0.4,"balance":"XPR205"}'

    def send(connection: socket.socket, item_id: str) -> None:
        begun[connection] = time.perf_counter()
        head = (
            f"POST /api/v1/items/{item_id}/weighings HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {new_id()}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)

    end = time.perf_counter() + 1.0
    times: list[float] = []
    for item_id in ids:
        connection = socket.create_connection((place.hostname or "", place.port or 80))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, item_id)
        received[connection] = b""
        send(connection, item_id)
    for warm in (True, False):
        times.clear()
        began = time.perf_counter()
        end = began + (1.0 if warm else seconds)
        while (now := time.perf_counter()) < end:
            for key, _ in selector.select(end - now):
                connection = key.fileobj  # type: ignore[assignment]
                answer = received[connection] = received[connection] + connection.recv(65536)
                if not _is_whole(answer):
                    continue
                received[connection] = b""
                times.append(time.perf_counter() - begun[connection])
                send(connection, key.data)
    for connection in begun:
        connection.close()
    slow = sorted(times)[int(0.95 * len(times))] * 1000
    print(f"{len(times) / seconds:.0f} acts/s over {connections} connections, 95 % within {slow:.1f} ms")
    return len(times) / seconds, slow


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    if not head.startswith(b"HTTP/1.1 201"):
        raise RuntimeError(f"a weighing was answered with {answer[:500]!r}")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return len(body) >= int(length.split(b":")[1])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures how fast acts become durable evidence in the log.")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument(
        "--grow", default="10000,100000,1000000", help="sizes of the log; empty to leave it out"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        Path(folder).chmod(0o711)
        with running_system(Path(folder) / "data", variables={"SIGLAB_DEMO": "1"}, within_s=300) as system:
            intake = intake_of(system)
            acts, _ = measure_acts(system, intake, options.connections, options.seconds)
            batch = measure_batches(system, intake, options.events)
    if options.write:
        what = "events a second, committed and in the log, by receipts over the bus"
        keep("ledger_batch", what, "events/s", batch, better="higher", goal=GOAL_BATCH)
        what = f"single weighings through the door, {options.connections} connections"
        keep("ledger_acts", what, "acts/s", acts, better="higher", goal=GOAL_ACTS)


if __name__ == "__main__":
    main()
