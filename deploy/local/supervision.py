"""The supervisor as this process's child, and everything that its death would leave behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import StartFailed
from deploy.local.layout import Layout
from deploy.local.tether import die_with_parent, start_ticks

_PR_SET_CHILD_SUBREAPER = 36
#: What a supervisor that was killed leaves behind has this long to end before it is killed, in seconds.
_LEFTOVERS_S = 1.0
#: An orderly stop of all groups takes at most the sum of their limits (see programs.py), in seconds.
_STOP_S = 20.0


class Supervision:
    """Starts supervisord, starts it again when it dies, reaps what is left of it, and stops it.

    This process makes itself the reaper of its descendants: whatever loses its parent becomes its child, so that it can wait
    for the last process of an old supervisor before a new one starts the same programs on the same ports.
    """

    def __init__(
        self, layout: Layout, configuration: Path, environment: Mapping[str, str], lock: int
    ) -> None:
        self._layout = layout
        self._configuration = configuration
        self._environment = dict(environment)
        self._lock = lock
        self._quick_ends = 0
        if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise StartFailed(
                "the kernel does not let this process wait for its descendants (PR_SET_CHILD_SUBREAPER)"
            )
        self._child = self._start()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._child.pid

    def tend(self) -> bool:
        """Reaps the dead; starts the supervisor again if it died, and returns whether it did. Call it often."""
        self._reap()
        if self._child.poll() is None:
            return False
        self._quick_ends = self._quick_ends + 1 if time.monotonic() - self._began < 2.0 else 0
        if self._quick_ends > 3:
            log = self._layout.logs / "supervisord.err"
            raise StartFailed("the supervisor ends as soon as it is started", log.read_text()[-2000:])
        self._clear_leftovers()
        self._child = self._start()
        return True

    def stop(self) -> None:
        """Stops all programs in order, and then whatever did not heed it."""
        self._child.terminate()
        end = time.monotonic() + _STOP_S
        while self._child.poll() is None and time.monotonic() < end:
            self._reap()
            time.sleep(0.05)
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._clear_leftovers()

    def _start(self) -> subprocess.Popen[bytes]:
        self._began = time.monotonic()
        parent = os.getpid()
        with (self._layout.logs / "supervisord.err").open("ab") as errors:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-W",
                    "ignore",
                    "-m",
                    "deploy.local.supervisord",
                    "-n",
                    "-c",
                    str(self._configuration),
                ],
                cwd=self._layout.data_dir,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(self._lock,),
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent),
            )

    def _reap(self) -> None:
        """Takes the exit codes of adopted processes; the supervisor's own is left for `poll`."""
        with contextlib.suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if found.si_pid == self._child.pid:
                    return
                os.waitpid(found.si_pid, 0)

    def _clear_leftovers(self) -> None:
        """Waits for all adopted processes to end, as their tethers have them do; kills those that do not."""
        end = time.monotonic() + _LEFTOVERS_S
        while left := children_of(os.getpid()):
            if time.monotonic() > end:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.02)


def children_of(parent: int) -> list[int]:
    """The living children of a process."""
    return [pid for pid, above in _parents().items() if above == parent and start_ticks(pid) is not None]


def _parents() -> dict[int, int]:
    """Every process's parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            found[int(entry.name)] = int(stat[stat.rindex(")") + 2 :].split()[1])
    return found
