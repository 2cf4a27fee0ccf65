"""How fast acts become durable evidence in the log: many at once, and one by one.

A system with the demo's accounts runs in a temporary folder, its PostgreSQL with fsync and synchronous commits. Two figures:

- `ledger_batch`: receipts of many exhibits go over the bus to custody, and are counted once every event is committed and has
  its place under a signed head. Beside it, on the same disk, Tessera's POSIX log under its own hammer (`make go-tools`).
- `ledger_acts`: weighings through the door, each its own request with an Idempotency-Key, over as many connections.

    python -m benchmarks.ledger [--events 40000] [--seconds 10] [--connections 8] [--write]
"""

import argparse
import json
import selectors
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import tessera
from benchmarks.http_answers import is_whole
from benchmarks.keep import keep
from benchmarks.ledger_batches import intake_of, measure_batches, receipt
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.system import RunningSystem, running_system

GOAL_BATCH = 2000
GOAL_ACTS = 300
#: What the goal is of what Tessera's log does on such a machine.
GOAL_SHARE = 0.2


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
                if not is_whole(answer, 201):
                    continue
                received[connection] = b""
                times.append(time.perf_counter() - begun[connection])
                send(connection, key.data)
    for connection in begun:
        connection.close()
    slow = sorted(times)[int(0.95 * len(times))] * 1000
    print(f"{len(times) / seconds:.0f} acts/s over {connections} connections, 95 % within {slow:.1f} ms")
    return len(times) / seconds, slow


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures how fast acts become durable evidence in the log.")
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        Path(folder).chmod(0o711)
        with running_system(Path(folder) / "data", variables={"SIGLAB_DEMO": "1"}, within_s=300) as system:
            intake = intake_of(system)
            acts, _ = measure_acts(system, intake, options.connections, options.seconds)
            batches = measure_batches(system, intake, options.events)
        peer = tessera.measure_writes(Path(folder) / "tessera", options.events)
    if options.write:
        batches.keep(GOAL_BATCH)
        if peer is not None:
            what = "events a second, committed and in the log, beside entries into a log without a laboratory"
            keep(
                "ledger_tessera",
                what,
                "events/s",
                batches.logged,
                better="higher",
                goal=GOAL_SHARE,
                peer=peer,
                peer_name="Tessera's POSIX log under its hammer, on the same disk",
            )
        what = f"single weighings through the door, {options.connections} connections"
        keep("ledger_acts", what, "acts/s", acts, better="higher", goal=GOAL_ACTS)


if __name__ == "__main__":
    main()
