"""How fast a file of 500 MB gets through gateway, bus and custody into MinIO, beside the `minio` client straight to it.

A system with its own MinIO server is started in a temporary folder. In turns, so that what else the machine does falls on
all, the same bytes go: through our tus door in one request; from the `minio` Python client straight to the server, with the
client's own part size and its three connections; and, where a `tusd` is found (`--tusd FILE`, or `tusd` on the path), through
tusd in one request, which stores them on the same MinIO server and in a folder of its own. Measured is the time from the first
request to the answer that says that all is stored. Ours are then read back and verified before the next has its turn.
Memory is what a process has to itself (USS), of every process of the system that was there before, ten times a second.

    python -m benchmarks.upload [--megabytes 500] [--rounds 3] [--tusd FILE] [--write]
"""

import argparse
import base64
import contextlib
import hashlib
import http.client
import io
import json
import os
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio

from benchmarks.keep import keep
from benchmarks.upload_memory import MB, Growth, People, blocks, make_item
from deploy.local.layout import Layout
from deploy.local.ports import free_ports
from tests.system import running_system

GOAL_SHARE = 0.7
GOAL_TUSD = 1.0
GOAL_GROWTH_MB = 64
CLIENT = "minio Python client, straight to the same server"
TUSD = "tusd, on the same server"
_BUCKET = "bench"
_TUS = {"Tus-Resumable": "1.0.0"}


class Blocks(io.RawIOBase):
    """The bytes of `blocks` as a file that the client reads."""

    def __init__(self, size: int) -> None:
        self._blocks = blocks(size)
        self._left = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fills `buffer` as far as one block goes."""
        if not self._left:
            self._left = next(self._blocks, b"")
        take = min(len(buffer), len(self._left))
        buffer[:take], self._left = self._left[:take], self._left[take:]
        return take


@dataclass(frozen=True)
class Server:
    """The MinIO server of the system."""

    address: str
    access: str
    secret: str

    @classmethod
    def of(cls, layout: Layout) -> "Server":
        """As the launcher has started it."""
        command = json.loads(layout.programs.read_text())["minio"]["argv"]
        keys = layout.data_dir / "keys"
        return cls(
            command[command.index("--address") + 1],
            (keys / "store-access.secret").read_text().strip(),
            (keys / "store-secret.secret").read_text().strip(),
        )

    def client(self) -> Minio:
        """A client as anybody makes it."""
        return Minio(self.address, self.access, self.secret, secure=False)


def metadata(facts: dict[str, str]) -> str:
    """Upload-Metadata."""
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in facts.items())


def tus(base: str, path: str, size: int, facts: dict[str, str], token: str = "") -> http.client.HTTPMessage:
    """One whole file through a tus door, in a single PATCH; the headers of its last answer."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=600)
    try:
        head = {**bearer, **_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(facts)}
        connection.request("POST", path, headers=head)
        made = connection.getresponse()
        said = made.read()
        if made.status != 201:
            raise RuntimeError(f"the upload was not begun: {made.status} {said[:500]!r}")
        head = {**bearer, **_TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        head["Content-Length"] = str(size)
        place = urlsplit(made.headers["Location"]).path
        connection.request("PATCH", place, body=blocks(size), headers=head)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 204:
            raise RuntimeError(f"the upload was refused: {answer.status} {said[:500]!r}")
        return answer.headers
    finally:
        connection.close()


class Ours:
    """Uploads through the system, and waits until each has been verified."""

    def __init__(self, people: People, size: int) -> None:
        self._people, self._size = people, size
        self._item_id = make_item(people)
        self._reader = people.client("technician")
        self._digests: dict[int, str] = {}

    def __call__(self, size: int | None = None) -> float:
        """Seconds until it was stored."""
        size = size or self._size
        facts = {
            "filename": "bench.xyz",
            "item_id": self._item_id,
            "technique": "GC-MS",
            "instrument": "gcms1",
            "method": "benchmark",
            "run_role": "sample",
            "acquired_at": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sha256": self._digest(size),
        }
        token = self._people.users["gcms1"]["token"]
        began = time.perf_counter()
        answer = tus(self._people.base_url, "/api/v1/uploads", size, facts, token)
        seconds = time.perf_counter() - began
        place = f"/spectra/{answer['Siglab-Spectrum-Id']}"
        found = self._reader.wait(place, lambda row: row["state"] != "verifying", seconds=300)
        if found["state"] != "verified":
            raise RuntimeError(f"the file was not verified: {found}")
        return seconds

    def _digest(self, size: int) -> str:
        if size not in self._digests:
            digest = hashlib.sha256()
            for block in blocks(size):
                digest.update(block)
            self._digests[size] = digest.hexdigest()
        return self._digests[size]


def straight(server: Server, size: int) -> float:
    """Seconds of the client's own upload of an object of known size; it stays, as ours must."""
    client = server.client()
    if not client.bucket_exists(_BUCKET):
        client.make_bucket(_BUCKET)
    began = time.perf_counter()
    client.put_object(_BUCKET, secrets.token_hex(8), io.BufferedReader(Blocks(size), 1 << 20), size)
    return time.perf_counter() - began


@contextlib.contextmanager
def tusd_running(program: str, arguments: list[str], environment: dict[str, str]) -> Iterator[str]:
    """A tusd for as long as the block lasts; yields its address."""
    port = free_ports(1)[0]
    command = [program, "-host", "127.0.0.1", "-port", str(port), *arguments]
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with contextlib.suppress(OSError):
                tus(base, "/files/", 1, {"filename": "warm"})
                break
            time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(10)


def timed_tusd(base: str, size: int) -> float:
    """Seconds of one upload through tusd."""
    began = time.perf_counter()
    tus(base, "/files/", size, {"filename": "bench.xyz"})
    return time.perf_counter() - began


@dataclass
class Measured:
    """Seconds of every round by what did it, and the growth of every process of ours during our uploads."""

    seconds: dict[str, list[float]]
    grown: list[tuple[str, int]]

    def rate(self, name: str, megabytes: int) -> float | None:
        """The median in MB/s."""
        return megabytes / statistics.median(self.seconds[name]) if self.seconds.get(name) else None


def measure(megabytes: int, rounds: int, tusd: str | None) -> Measured:
    """Runs all in turns, each going first in turn."""
    size = megabytes * MB
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siglab-bench-")))
        folder.chmod(0o711)
        launcher = ("-m", "deploy.local", "run", "--store", "minio")
        variables = {"SIGLAB_DEMO": "1"}
        system = stack.enter_context(
            running_system(folder / "data", variables=variables, launcher=launcher, within_s=300)
        )
        server = Server.of(system.layout)
        ours = Ours(People(system.base_url, json.loads(system.credentials.read_text())["users"]), size)
        ours(1 * MB)
        turns: list[tuple[str, Callable[[], float]]] = [
            ("ours", ours),
            ("client", lambda: straight(server, size)),
        ]
        if tusd:
            keys = {"AWS_ACCESS_KEY_ID": server.access, "AWS_SECRET_ACCESS_KEY": server.secret}
            keys["AWS_REGION"] = "us-east-1"
            on_s3 = ["-s3-bucket", _BUCKET, "-s3-endpoint", f"http://{server.address}"]
            straight(server, 1 * MB)
            first = stack.enter_context(tusd_running(tusd, on_s3, keys))
            second = stack.enter_context(tusd_running(tusd, ["-upload-dir", str(folder / "tusd")], {}))
            turns.append(("tusd", lambda: timed_tusd(first, size)))
            turns.append(("tusd in a folder", lambda: timed_tusd(second, size)))
        growth = Growth(system.layout.data_dir)
        thread = growth.start()
        seconds: dict[str, list[float]] = {name: [] for name, _ in turns}
        for number in range(rounds):
            at = number % len(turns)
            for name, act in turns[at:] + turns[:at]:
                seconds[name].append(act())
                print(f"round {number + 1}: {name:18} {megabytes / seconds[name][-1]:6.0f} MB/s", flush=True)
        growth.stop()
        thread.join()
        grown = [(name, grown) for name, grown in growth.by_process() if not _is_server(name)]
        return Measured(seconds, grown)


def _is_server(name: str) -> bool:
    """MinIO's own process: all send to the same one, and what it takes is not ours to say."""
    return "bin/minio" in name


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Measures uploads to MinIO beside the minio client and tusd."
    )
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--tusd", default=shutil.which("tusd"), help="the program; left out where there is none"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    found = measure(options.megabytes, options.rounds, options.tusd)
    rates = {name: found.rate(name, options.megabytes) for name in found.seconds}
    ours, client, tusd = rates["ours"] or 0.0, rates["client"] or 0.0, rates.get("tusd")
    for name, rate in rates.items():
        print(f"{name:18} {rate:6.0f} MB/s")
    print(f"share of the client's {ours / client:.2f}")
    for name, size in found.grown[:8]:
        print(f"{size / MB:8.1f} MB  {name}")
    if options.write:
        what = f"upload of {options.megabytes} MB to MinIO"
        keep(
            "upload_rate", what, "MB/s", ours, better="higher", goal=GOAL_SHARE, peer=client, peer_name=CLIENT
        )
        if tusd:
            keep(
                "upload_tusd", what, "MB/s", ours, better="higher", goal=GOAL_TUSD, peer=tusd, peer_name=TUSD
            )
        most = found.grown[0][1] / MB
        grows = f"growth of the process that grows most in {options.rounds} uploads of {options.megabytes} MB to MinIO"
        keep("upload_growth", grows, "MB", most, better="lower", goal=GOAL_GROWTH_MB)


if __name__ == "__main__":
    main()
