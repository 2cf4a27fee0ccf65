"""How long a stranger takes to read a whole log, and how much memory: `siglab-verify log --full` beside Tessera's fsck.

Both read the same SYNTHETIC log: ours from the folder that mirrors it, fsck over HTTP from a server of plain files on the same
machine, since that is what each is made for; ours over HTTP too, so that the two can be compared.

    python -m benchmarks.verify_log [--size 1000000] [--write]
"""

import argparse
import functools
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import tessera
from benchmarks.keep import keep
from benchmarks.synthetic_log import VERIFIER, write_log

VERIFY = Path(sys.executable).with_name("siglab-verify")
GOAL_S, GOAL_MB, GOAL_RATIO = 15.0, 300.0, 3.0


@dataclass(frozen=True)
class Run:
    """Seconds by the clock and of CPU, and MB at the most, of one program."""

    seconds: float
    cpu: float
    megabytes: float


def timed(name: str, command: Sequence[str | Path]) -> Run:
    """Runs the program to its end; RuntimeError where it is not content."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | {"no_proxy": "*"})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        said.seek(0)
        words = said.read()
    if process.returncode != 0 or "fsck failed" in words:
        raise RuntimeError(f"{name} ended with {process.returncode}: {words[-1000:]}")
    found = Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    print(
        f"{name:24} {found.seconds:6.1f} s, {found.cpu:6.1f} s of CPU, {found.megabytes:5.0f} MB", flush=True
    )
    return found


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets: without it the second waits 40 ms until the client confirms the first.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of plain files."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures the check of a whole log by a stranger.")
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as place:
        folder = Path(place)
        write_log(folder, options.size)
        ours = timed("siglab-verify, folder", [VERIFY, "log", folder, "--key", str(VERIFIER), "--full"])
        checker = tessera.program("fsck")
        with served(folder) as address:
            http_run = timed(
                "siglab-verify, HTTP", [VERIFY, "log", address, "--key", str(VERIFIER), "--full"]
            )
            peer = None
            if checker is not None:
                flags = ["-ui=false", "-N=4", f"-storage_url={address}", f"-public_key={folder / 'key'}"]
                peer = timed("Tessera's fsck, HTTP", [checker, *flags])
    if options.write:
        what = f"siglab-verify log --full over {options.size:,} entries in a folder"
        keep("verify_log", what, "s", ours.seconds, better="lower", goal=GOAL_S)
        keep("verify_log_memory", what, "MB", ours.megabytes, better="lower", goal=GOAL_MB)
        if peer is not None:
            what = f"siglab-verify log --full over {options.size:,} entries by HTTP"
            keep(
                "verify_log_http",
                what,
                "s",
                http_run.seconds,
                better="lower",
                goal=GOAL_RATIO,
                peer=peer.seconds,
                peer_name="Tessera's fsck, 4 workers, the same server",
            )


if __name__ == "__main__":
    main()
