"""How long `make run` takes from a clean clone and again, and how much memory the whole system holds at rest.

The project's last commit is cloned into a temporary folder and started there as a newcomer would, with whatever package
caches the machine has; stopped; started again. Then it rests, and the proportional memory (PSS) of all its processes is added
up. There is no alternative to compare with; the goals are upper bounds.

    python -m benchmarks.start [--rest 20] [--write]
"""

import argparse
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.keep import ROOT, keep
from deploy.local.ports import free_ports
from tests.system import members

MB = 1_000_000


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures starts and the memory at rest.")
    parser.add_argument("--rest", type=float, default=20, help="seconds of rest before memory is read")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        clone, data = Path(folder) / "clone", Path(folder) / "data"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with _made_ready(clone, data) as first:
            print(f"first start from a clean clone: {first:.1f} s")
        with _made_ready(clone, data) as second:
            print(f"second start: {second:.1f} s")
            time.sleep(options.rest)
            memory = sum(psutil.Process(pid).memory_full_info().pss for pid in members(data)) / MB
            print(f"memory of all processes at rest: {memory:.0f} MB")
    if options.write:
        keep(
            "start_first",
            "make run to ready from a clean clone, warm package caches",
            "s",
            first,
            better="lower",
            goal=90,
        )
        keep("start_second", "make run to ready, second start", "s", second, better="lower", goal=10)
        keep(
            "idle_memory",
            "PSS of all processes at rest, demo seeded",
            "MB",
            memory,
            better="lower",
            goal=1000,
        )


@contextmanager
def _made_ready(clone: Path, data: Path) -> Iterator[float]:
    """Runs `make run` until it says ready; gives the seconds, and stops it with Ctrl-C at the end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGLAB_")}
    settings = {"SIGLAB_DATA_DIR": str(data), "SIGLAB_HTTP_PORT": str(free_ports(1)[0])}
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=clean | settings,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready"):
                break
        else:
            raise SystemExit("make run ended before it was ready")
        yield time.monotonic() - began
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)


if __name__ == "__main__":
    main()
