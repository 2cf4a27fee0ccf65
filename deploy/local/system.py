"""A system of one's own for a while: started by the launcher in a given data folder, and stopped again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.layout import PROJECT
from deploy.local.ports import free_ports

_STOP_SECONDS = 60


@contextmanager
def running_system(data_dir: Path) -> Iterator[str]:
    """Starts the demo system with its data in `data_dir` and gives its address; raises RuntimeError where it does not start."""
    port = free_ports(1)[0]
    settings = {"SIGLAB_DATA_DIR": str(data_dir), "SIGLAB_HTTP_PORT": str(port), "SIGLAB_DEMO": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "run", "--tethered"],
        cwd=PROJECT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line.rstrip()}", flush=True)
            if line.startswith("ready"):
                break
        else:
            raise RuntimeError("the system did not start; its words are above")
        # What it says later is read and dropped, so that it never waits for a full pipe.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=_STOP_SECONDS)
