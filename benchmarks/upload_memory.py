"""How much memory an upload of 500 MB costs: the growth of the process that grows most while one file passes through the system.

A system with the demo's accounts is started in a temporary folder; an upload of 1 MB makes every process load what it needs. Then
one file goes through the tus door in a single request, is stored, read back and verified. Measured is the memory that a process
has to itself (USS), of every process that was there before, ten times a second. There is no alternative to compare with; the goal
is an upper bound.

    python -m benchmarks.upload_memory [--megabytes 500] [--write]
"""

import argparse
import base64
import hashlib
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.keep import keep
from siglab_clients.api import ApiClient
from tests.system import RunningSystem, members, running_system

GOAL_MB = 64
MB = 1_000_000
_BLOCK = hashlib.shake_256(b"a run that no reader knows").digest(1 << 20)


@dataclass
class Growth:
    """Samples the processes of a system; `by_process` is (name, growth in bytes, the largest first) since `start`."""

    folder: Path
    _first: dict[int, int] = field(default_factory=dict)
    _most: dict[int, int] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Remembers how large every process is now and begins to look."""
        self._names = {pid: _short(command) for pid, command in members(self.folder).items()}
        self._first = {pid: size for pid in self._names if (size := _own_memory(pid)) is not None}
        self._most = dict(self._first)
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Ends the looking."""
        self._stop.set()

    def by_process(self) -> list[tuple[str, int]]:
        """The growth of every process at its most."""
        grown = [(self._names[pid], self._most[pid] - size) for pid, size in self._first.items()]
        return sorted(grown, key=lambda row: -row[1])

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for pid in self._first:
                size = _own_memory(pid)
                if size is not None:
                    self._most[pid] = max(self._most[pid], size)


def _own_memory(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except psutil.Error:
        return None


def _short(command: str) -> str:
    words = command.split()
    modules = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-m"]
    return modules[-1] if modules else command.strip()[:60]


def blocks(size: int) -> Iterator[bytes]:
    """`size` bytes that look random, a block at a time."""
    for start in range(0, size, len(_BLOCK)):
        yield _BLOCK[: min(len(_BLOCK), size - start)]


@dataclass
class People:
    """The demo's users as clients."""

    base_url: str
    users: dict[str, dict[str, Any]]

    def client(self, login: str) -> ApiClient:
        """A client that speaks as this user."""
        return ApiClient(self.base_url, self.users[login]["token"])


def make_item(people: People) -> str:
    """An item in the laboratory, as an office's submission and a receipt make it."""
    line = {
        "line": 1,
        "programme": "HSP",
        "description": "SYNTHETIC benchmark powder",
        "physical_form": "powder",
        "gross_mass_g": 5.0,
        "seal_number": "S-1",
        "case_number": "BENCH-1",
        "seized_on": "2026-09-02",
        "seized_country": "EC",
    }
    parcel = {"courier": "pouch", "tracking_number": "DP-1", "seal_numbers": ["B-1"]}
    office, custodian = people.client("bogota"), people.client("custodian")
    sent = office.post("/submissions", {"kind": "seizure", **parcel, "items": [line]})
    office.post(f"/submissions/{sent['id']}/dispatch")
    seen = {"line": 1, "outcome": "received", "gross_mass_g": 5.0, "seal_condition": "intact", "remarks": ""}
    received_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"received_at": received_at, "lines": [seen], "unexpected": []}
    exhibit = custodian.post(f"/submissions/{sent['id']}/receipts", body)["exhibits"][0]
    found = custodian.wait(f"/exhibits/{exhibit['id']}", lambda row: row["item_id"] is not None)
    return str(found["item_id"])


def upload(people: People, item_id: str, size: int) -> str:
    """Sends a file of this size in one request that holds a block at a time; returns the spectrum's id."""
    token = people.users["gcms1"]["token"]
    digest = hashlib.sha256()
    for block in blocks(size):
        digest.update(block)
    facts = {
        "filename": "bench.xyz",
        "item_id": item_id,
        "technique": "GC-MS",
        "instrument": "gcms1",
        "method": "benchmark",
        "run_role": "sample",
        "acquired_at": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sha256": digest.hexdigest(),
    }
    pairs = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in facts.items())
    head = {"Upload-Length": str(size), "Upload-Metadata": pairs}
    made = people.client("gcms1").request("POST", "/uploads", b"", head)
    connection = http.client.HTTPConnection(urlsplit(people.base_url).netloc, timeout=600)
    try:
        sending = {
            "Authorization": f"Bearer {token}",
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        }
        connection.request("PATCH", made.headers["location"], body=blocks(size), headers=sending)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status != 204:
        raise RuntimeError(f"the upload was refused: {answer.status} {said[:500]!r}")
    return str(answer.headers["Siglab-Spectrum-Id"])


def measure(system: RunningSystem, megabytes: int) -> list[tuple[str, int]]:
    """The growth of every process, in bytes."""
    credentials = json.loads(system.credentials.read_text())
    people = People(system.base_url, credentials["users"])
    item_id = make_item(people)
    reader = people.client("technician")

    def settle(size: int) -> None:
        spectrum = upload(people, item_id, size)
        found = reader.wait(f"/spectra/{spectrum}", lambda row: row["state"] != "verifying", seconds=300)
        if found["state"] != "verified":
            raise RuntimeError(f"the file was not verified: {found}")

    settle(1 * MB)
    growth = Growth(system.layout.data_dir)
    thread = growth.start()
    began = time.monotonic()
    settle(megabytes * MB)
    seconds = time.monotonic() - began
    growth.stop()
    thread.join()
    print(f"{megabytes} MB uploaded and verified in {seconds:.1f} s ({megabytes / seconds:.0f} MB/s)")
    return growth.by_process()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures the memory that a large upload costs.")
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--write", action="store_true", help="keep the figure in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        Path(folder).chmod(0o711)
        with running_system(Path(folder) / "data", variables={"SIGLAB_DEMO": "1"}, within_s=300) as system:
            grown = measure(system, options.megabytes)
    for name, size in grown[:8]:
        print(f"{size / MB:8.1f} MB  {name}")
    if options.write:
        what = f"growth of the process that grows most while {options.megabytes} MB are uploaded and verified"
        keep("upload_memory", what, "MB", grown[0][1] / MB, better="lower", goal=GOAL_MB)


if __name__ == "__main__":
    main()
