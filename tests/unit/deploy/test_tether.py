"""A tether dies with its parent, counts starts, and knows processes by more than their number."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from deploy.local.layout import PROJECT
from deploy.local.tether import PACE_S, note_start, start_ticks


def test_a_living_process_has_a_start_and_a_dead_one_none() -> None:
    child = subprocess.Popen(["sleep", "60"])
    assert start_ticks(child.pid) is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(child.pid) is None, "a zombie is dead"
    child.wait()
    assert start_ticks(child.pid) is None


def test_starts_are_counted_and_paced(tmp_path: Path) -> None:
    (tmp_path / "started").mkdir()
    now = time.time()
    note_start(tmp_path, "broker", now - 100)
    note_start(tmp_path, "broker", now)
    began = time.monotonic()
    note_start(tmp_path, "broker", now + 0.5 * PACE_S)
    assert time.monotonic() - began >= 0.4 * PACE_S
    note = json.loads((tmp_path / "started" / "broker.json").read_text())
    assert note["starts"] == 3
    assert (note["pid"], note["ticks"]) == (os.getpid(), start_ticks(os.getpid()))


def test_a_clock_set_back_does_not_stall_a_start(tmp_path: Path) -> None:
    (tmp_path / "started").mkdir()
    note_start(tmp_path, "broker", 2_000_000_000.0)
    began = time.monotonic()
    note_start(tmp_path, "broker", 1_000_000_000.0)
    assert time.monotonic() - began < PACE_S


def test_a_program_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "started").mkdir()
    (tmp_path / "programs.json").write_text(
        json.dumps(
            {
                "x": {
                    "argv": ["sleep", "600"],
                    "death_signal": "KILL",
                    "needs_database": False,
                    "folder": "/",
                    "environment": {},
                }
            }
        )
    )
    parent = textwrap.dedent(
        """
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-m", "deploy.local.tether", "x"])
        time.sleep(600)
        """
    )
    environment = os.environ | {"SIGLAB_RUN_DIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen([sys.executable, "-c", parent], env=environment)
    note, pid = tmp_path / "started" / "x.json", 0
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if note.exists():
            pid = json.loads(note.read_text())["pid"]
            if Path(f"/proc/{pid}/comm").read_text().strip() == "sleep":
                break
        time.sleep(0.02)
    assert start_ticks(pid) is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    while start_ticks(pid) is not None:
        assert time.monotonic() < end
        time.sleep(0.02)
