"""Bytes that one process hands to another on the same machine: files in a folder that lies in memory.

A piece of an upload that goes over the bus as a message is encrypted, decrypted and copied four times on its way. Where gateway
and custody share a folder (`SIGLAB_BULK_DIR`, for the user they run as alone), the bytes are written there once and the message
only names the file. Nothing is kept here: who made a file removes it when the answer has come, and what a killed process
left is swept away.
"""

import mmap
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import Invalid

_NAME = re.compile(r"[0-9a-f]{32}")
#: Seconds after which nobody can still wait for what is in a file: longer than any deadline of the bus.
_LEFT_BEHIND = 600.0


class BulkFile:
    """A file of at most `room` bytes that is being written; the room is there from the first, or OSError is raised."""

    def __init__(self, folder: Path, room: int) -> None:
        self.name = secrets.token_hex(16)
        self.size = 0
        self._path = folder / self.name
        self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(self._handle, 0, room)
        except OSError:
            self.close()
            raise

    def write(self, data: bytes) -> None:
        """Adds these bytes."""
        view = memoryview(data)
        while view:
            written = os.write(self._handle, view)
            self.size += written
            view = view[written:]

    def rewind(self) -> None:
        """Begins anew from the first byte; nobody may be reading it."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        self.size = 0

    def close(self) -> None:
        """Removes the file; who reads it at this moment still can."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._path.unlink(missing_ok=True)


class BulkFolder:
    """The folder, as one of the processes sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, room: int) -> BulkFile | None:
        """A new file with room for so many bytes; None where there is no folder or no room, and bytes must go another way."""
        try:
            return BulkFile(self._folder, room)
        except OSError:
            return None

    @contextmanager
    def reading(self, name: str, size: int) -> Iterator[memoryview]:
        """The first `size` bytes of a file, for as long as the block lasts; raises Invalid where there are none."""
        if not _NAME.fullmatch(name) or size < 1:
            raise Invalid("This names no piece that was handed over.", code="no_such_piece")
        try:
            handle = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise Invalid("The piece that was handed over is gone.", code="no_such_piece") from error
        try:
            if os.fstat(handle).st_size < size:
                raise Invalid("The piece that was handed over is too short.", code="no_such_piece")
            mapped = mmap.mmap(handle, size, access=mmap.ACCESS_READ)
            view = memoryview(mapped)
            try:
                yield view
            finally:
                # Where the block failed, the frames of its error may still hold slices; the mapping then goes with them.
                with suppress(BufferError):
                    view.release()
                    mapped.close()
        finally:
            os.close(handle)

    def sweep(self) -> None:
        """Removes what killed processes left."""
        before = time.time() - _LEFT_BEHIND
        for path in self._folder.glob("*") if self._folder.is_dir() else []:
            with suppress(FileNotFoundError):
                if _NAME.fullmatch(path.name) and path.stat().st_mtime < before:
                    path.unlink()
