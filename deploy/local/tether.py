"""Starts one program in place of itself, tied to the life of its parent.

`python -m deploy.local.tether NAME` reads what to start from `programs.json`, asks the kernel for a signal when the parent dies
(PR_SET_PDEATHSIG: whatever kills the supervisor, nothing is left behind), notes its own process id, waits for the database where
the program needs one, and becomes the program. Only the standard library is imported: this runs before every program.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

#: A program that ends at once is not started again sooner than this, in seconds.
PACE_S = 1.0
_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: signal.Signals, parent: int | None = None) -> None:
    """Has the kernel send `death_signal` to this process when its parent dies; exits at once if `parent` is gone already.

    The wish is lost when the process changes its user: `setpriv --pdeathsig keep` carries it over.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel knows no parent-death signal")
    if parent is not None and os.getppid() != parent:
        sys.exit("the parent is gone")


def start_ticks(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None for one that is gone or dead and not yet reaped.

    Together with the process id it names a process for good: ids are used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def note_start(run_dir: Path, name: str, now: float) -> None:
    """Writes `started/<name>.json`: process id, its start in ticks, number of starts so far; waits if the last was just now.

    It comes before all else, so that whatever goes wrong later counts as a start that ended.
    """
    note = run_dir / "started" / f"{name}.json"
    before: dict[str, Any] = json.loads(note.read_text()) if note.exists() else {"starts": 0}
    pid = os.getpid()
    fresh = {"pid": pid, "ticks": start_ticks(pid), "starts": before["starts"] + 1, "since": now}
    temporary = note.with_suffix(f".{pid}")
    temporary.write_text(json.dumps(fresh))
    os.replace(temporary, note)
    wait = before.get("since", 0.0) + PACE_S - now
    if 0 < wait <= PACE_S:
        time.sleep(wait)


def wait_for_database(gate: Path, server: str) -> None:
    """Waits until the database was migrated, and until its server takes connections: it may just be starting again."""
    host, _, port = server.rpartition(":")
    while True:
        if gate.exists():
            try:
                socket.create_connection((host, int(port)), timeout=5).close()
                return
            except OSError as error:
                print(f"waiting for the database: {error}", file=sys.stderr, flush=True)
                time.sleep(0.2)
        time.sleep(0.05)


def main(name: str) -> None:
    """Becomes the program; does not return."""
    parent = os.getppid()
    run_dir = Path(os.environ["SIGLAB_RUN_DIR"])
    plan = json.loads((run_dir / "programs.json").read_text())[name]
    note_start(run_dir, name, time.time())
    die_with_parent(signal.Signals[f"SIG{plan['death_signal']}"], parent)
    if plan["needs_database"]:
        wait_for_database(run_dir / "database-ready", os.environ["SIGLAB_DATABASE_SERVER"])
    os.chdir(plan["folder"])
    os.execvpe(plan["argv"][0], plan["argv"], os.environ | plan["environment"])


if __name__ == "__main__":
    main(sys.argv[1])
