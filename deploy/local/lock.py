"""One system a data folder: an flock that the launcher and its supervisor hold together.

The supervisor inherits the open file, so that the lock is held until the last process that may write is gone, even when the
launcher was killed outright.
"""

import fcntl
import os
import time
from pathlib import Path

from deploy.local.errors import StartRefused
from deploy.local.tether import start_ticks

#: How long a start waits for an earlier run that has lost its launcher and is still stopping, in seconds.
STOPPING_S = 25.0


class DataLock:
    """The lock of one data folder, held until this process and those that inherited `handle` are gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + STOPPING_S
        while not self._take():
            holder = self._holder()
            if holder is not None or time.monotonic() > end:
                who = f"process {holder}" if holder else "an earlier run that has not ended"
                os.close(self.handle)
                raise StartRefused(
                    f"the data folder {path.parent} is in use by {who}; one system a data folder"
                )
            time.sleep(0.2)
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, str(os.getpid()).encode(), 0)

    def _take(self) -> bool:
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int | None:
        """The launcher that holds the lock, if it lives."""
        text = os.pread(self.handle, 20, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() and start_ticks(int(text)) is not None else None
