"""Zip archives from strangers: listed and unpacked within limits that are checked before anything is allocated.

What an archive claims is compared with what it is: the size of its directory, the number and the names of its members, what they
unpack to together and each alone. A member is copied piece by piece and never written under a name that the archive chose.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from services.classifier.domain.readers.errors import ReaderError

MAX_MEMBERS = 5000
MAX_DIRECTORY_BYTES = 2**20
MAX_UNPACKED_BYTES = 2**31
# Raw runs pack to a third, XML to a twentieth; more than this together is made to burst.
MAX_RATIO = 60
MIN_UNPACKED_BYTES = 2**20
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 2**16
_LOCATOR_64 = b"PK\x06\x07"
_ENCRYPTED = 0x1
_PIECE = 2**18
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, IndexError, struct.error,
    UnicodeError, OverflowError,
)  # fmt: skip


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive whose directory was checked; raises ReaderError, also for what goes wrong while it is read."""
    try:
        with path.open("rb") as handle:
            _check_directory(handle)
            with zipfile.ZipFile(handle) as archive:
                _check_members(archive, path.stat().st_size)
                yield archive
    except ReaderError:
        raise
    except _DAMAGED as error:
        raise ReaderError(f"the archive is damaged: {type(error).__name__}: {error}"[:300]) from error
    except OSError as error:
        raise ReaderError(f"the archive cannot be read: {error.strerror or error}") from error


def files_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's files by their path with forward slashes; raises ReaderError for a path that leads out of the archive."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or ":" in name or len(name) > 500:
            raise ReaderError(f"the archive has a file whose path leads out of it: {name[:100]!r}")
        if name.endswith("/"):
            continue
        if str(place) in found:
            raise ReaderError(f"the archive holds the file {name[:100]!r} twice")
        found[str(place)] = info
    return found


def copy_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: BinaryIO, most: int) -> None:
    """Unpack one member into an open file; raises ReaderError where it is longer than `most` or than the archive says."""
    if info.file_size > most:
        raise ReaderError(
            f"{info.filename[:100]!r} unpacks to {info.file_size} bytes; at most {most} are read of such a file"
        )
    with archive.open(info) as source:
        while piece := source.read(_PIECE):
            target.write(piece)


def _check_directory(handle: BinaryIO) -> None:
    """The size that the end of the archive gives for its directory is what the library allocates; so it is looked at before."""
    size = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    tail = handle.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise ReaderError("the archive is truncated: it has no end record")
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    if tail[max(0, at - 20) : at].startswith(_LOCATOR_64) or directory_bytes > MAX_DIRECTORY_BYTES:
        raise ReaderError(
            f"the archive's directory is longer than the {MAX_DIRECTORY_BYTES} bytes that are read"
        )
    handle.seek(0)


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ReaderError(f"the archive holds {len(members)} files; at most {MAX_MEMBERS} are read")
    for info in members:
        if info.header_offset + info.compress_size > size:
            raise ReaderError(f"the archive is damaged: {info.filename[:100]!r} reaches beyond its end")
        if info.flag_bits & _ENCRYPTED:
            raise ReaderError(f"{info.filename[:100]!r} is encrypted; send the archive without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ReaderError(
                f"{info.filename[:100]!r} is packed by a method that is not read; use the usual one (deflate)"
            )
    unpacked = sum(info.file_size for info in members)
    if unpacked > MAX_UNPACKED_BYTES or unpacked > max(MIN_UNPACKED_BYTES, MAX_RATIO * size):
        raise ReaderError(
            f"the archive of {size} bytes claims to hold {unpacked} bytes; that much is not unpacked"
        )
