"""What a witness remembers: for each log the last checkpoint that it cosigned, one file each, in a folder of its own.

The file is the truth: it is written and made durable before the cosignature leaves, and read again for each request. A
file that vanishes or grows older while the witness runs stops it from signing; one that cannot be read stops it from
starting. A witness whose folder is lost must not go on under its key, for it would sign whatever it is shown.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import MAX_NOTE_BYTES, VerifierKey
from siglab_clients.verify.given import WrongUse, read_at_most, save


class StateLost(Exception):
    """What was remembered of a log is not there any more, or is damaged."""


class States:
    """The folder, held by one process at a time; one request at a time for each log."""

    def __init__(self, folder: Path, logs: Mapping[str, VerifierKey]) -> None:
        """Raises StateLost where a file is damaged, WrongUse where the folder cannot be used."""
        self._folder, self._logs = folder, dict(logs)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _hold(folder / "lock")
        except OSError as error:
            raise WrongUse(f"{folder} cannot be used as the witness's memory: {error.strerror}") from error
        self._turns = {origin: threading.Lock() for origin in self._logs}
        self._seen: dict[str, int] = {}
        for origin in self._logs:
            known = self.read(origin)
            self._seen[origin] = known.size if known else -1

    @contextmanager
    def turn(self, origin: str) -> Iterator[None]:
        """Only one request for the log at a time: reading, checking and writing must not mix."""
        with self._turns[origin]:
            yield

    def read(self, origin: str) -> Checkpoint | None:
        """The last checkpoint that was cosigned, or None before the first; raises StateLost."""
        path = self.path(origin)
        seen = self._seen.get(origin, -1)
        if not path.exists():
            if seen >= 0:
                raise StateLost(f"{path} is gone, which held the last checkpoint of {origin}")
            return None
        try:
            known = open_checkpoint(read_at_most(path, MAX_NOTE_BYTES), self._logs[origin])
        except (EvidenceError, WrongUse) as error:
            raise StateLost(
                f"{path} does not hold the last checkpoint of {origin} any more: {error}"
            ) from error
        if known.size < seen:
            raise StateLost(f"{path} was put back to an older checkpoint of {origin}")
        return known

    def write(self, origin: str, head: Checkpoint, note: bytes) -> None:
        """Remembers a checkpoint, durably; raises StateLost where that fails, and then nothing may be signed."""
        try:
            save(self.path(origin), note)
        except WrongUse as error:
            raise StateLost(str(error)) from error
        self._seen[origin] = head.size

    def path(self, origin: str) -> Path:
        """The file for a log."""
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def close(self) -> None:
        """Lets another process have the folder."""
        self._lock.close()


def _hold(path: Path) -> IO[bytes]:
    """Locks a file for as long as it is open; raises OSError where another process holds it."""
    handle = path.open("ab")
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # pragma: no cover - offices with Windows
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    except OSError as error:
        handle.close()
        raise OSError(error.errno, "another witness is using it") from error
    return handle
