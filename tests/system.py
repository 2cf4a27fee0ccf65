"""A whole system for tests: started by the launcher in a data folder of its own, and stopped again."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.layout import PROJECT, Layout
from deploy.local.ports import free_ports
from deploy.local.status import read_status
from deploy.local.tether import die_with_parent

#: The real system; tests of the launcher run another module, with programs that need no service.
LAUNCHER = ("-m", "deploy.local", "run")


@dataclass
class RunningSystem:
    """A launcher process and what belongs to it."""

    base_url: str
    layout: Layout
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def credentials(self) -> Path:
        """The demo's accounts."""
        return self.layout.credentials

    def status(self) -> dict[str, Any]:
        """As `python -m deploy.local status --json`."""
        return read_status(self.layout)

    def program(self, name: str) -> dict[str, Any]:
        """One program's part of the status."""
        return next(program for program in self.status()["programs"] if program["name"] == name)

    def said(self) -> str:
        """All that the launcher printed so far."""
        return self.output.read_text()

    def is_healthy(self) -> bool:
        """Whether /api/v1/health answers and says ok."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.base_url}/api/v1/health", timeout=2) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends the launcher a signal, as Ctrl-C does, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=40)


def wait_for(condition: Callable[[], object], within_s: float, what: str) -> None:
    """Waits until the condition holds; fails the test where it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.05)


def members(data_dir: Path) -> dict[int, str]:
    """Every living process that belongs to the system of a data folder: it bears the folder in its environment.

    The database's processes wipe theirs to show a title instead; they work in the data folder.
    """
    found = {}
    mark = f"SIGLAB_RUN_DIR={Layout(data_dir).run}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            inside = os.readlink(entry / "cwd").startswith(f"{data_dir}/")
            ours = inside or mark in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if ours and command:
            found[int(entry.name)] = command
    return found


def _as_at_a_terminal() -> None:
    """A process that was itself started in the background ignores Ctrl-C, and what it starts inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent(signal.SIGTERM)


@contextmanager
def launched(
    data_dir: Path,
    *,
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
    launcher: tuple[str, ...] = LAUNCHER,
    project: Path = PROJECT,
) -> Iterator[RunningSystem]:
    """Starts a launcher and yields at once, without waiting until it is ready; stops it at the end."""
    port = port or free_ports(1)[0]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGLAB_")}
    environment = clean | {
        "SIGLAB_DATA_DIR": str(data_dir),
        "SIGLAB_HTTP_PORT": str(port),
        "PYTHONPATH": str(project),
    }
    handle, name = tempfile.mkstemp(prefix="siglab-launcher-")
    output = Path(name)
    with open(handle, "wb") as printed:
        process = subprocess.Popen(
            [sys.executable, *launcher],
            cwd=project,
            env=environment | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
            preexec_fn=_as_at_a_terminal,
        )
    system = RunningSystem(f"http://127.0.0.1:{port}", Layout(data_dir), process, output)
    try:
        yield system
    finally:
        system.stop()
        output.unlink()


@contextmanager
def running_system(
    data_dir: Path,
    *,
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
    launcher: tuple[str, ...] = LAUNCHER,
    within_s: float = 180.0,
) -> Iterator[RunningSystem]:
    """Starts a system and yields it once it is ready; stops it at the end."""
    with launched(data_dir, port=port, variables=variables, launcher=launcher) as system:
        wait_for(
            lambda: "\nready " in system.said() or system.process.poll() is not None,
            within_s,
            "the system is ready",
        )
        assert system.process.poll() is None, system.said()
        yield system
