"""The zip file of a bundle, in one fixed form.

Files are stored as they are (no compression: nothing can unfold into more than was read), in the order of
their names, with one fixed date. The names, sizes and CRCs in the zip file's directory settle every other byte of it but
the files' own; whatever differs is refused: duplicate names, comments, trailing data, hidden or overlapping entries,
changed attributes. Spectra are only hashed as they pass, everything else is small and kept.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.verify.findings import Finding

#: Bounds of a bundle: of a zip file that is not of the large kind (zip64), which no bundle is.
MAX_BUNDLE_BYTES = (1 << 32) - 2
MAX_FILES = 4096
#: What is kept in memory: everything but the spectra.
MAX_KEPT_BYTES = 64 << 20
#: Files below this folder are hashed and not kept.
SPECTRA = "spectra/"

#: Where a finding concerns the zip file itself.
CONTAINER = "bundle"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
#: A directory of the large kind (zip64) is announced right before the end; it may claim any size.
_LOCATOR_BYTES = 20
_VERSION, _UNIX, _MODE = 20, 3 << 8, 0o100644 << 16
_DATE_1980_01_01 = 0x21
_CHUNK = 1 << 20


class ContainerError(EvidenceError):
    """The file is not a zip file that can be read at all."""


@dataclass(frozen=True)
class Stored:
    """One file of a bundle: size, SHA-256 in hexadecimal, CRC-32, and its bytes unless it is a spectrum."""

    size: int
    sha256: str
    crc: int
    data: bytes | None = None

    @classmethod
    def of(cls, data: bytes) -> "Stored":
        """A file that is kept."""
        return cls(len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data), data)


class Measure:
    """Measures a file that is not kept, from its bytes as they pass."""

    def __init__(self) -> None:
        self._digest, self._size, self._crc = hashlib.sha256(), 0, 0

    def take(self, chunk: bytes) -> None:
        """The next bytes."""
        self._digest.update(chunk)
        self._size, self._crc = self._size + len(chunk), zlib.crc32(chunk, self._crc)

    def stored(self) -> Stored:
        """The file that has passed."""
        return Stored(self._size, self._digest.hexdigest(), self._crc)


def measure(chunks: Iterable[bytes]) -> Stored:
    """A file that is not kept."""
    measuring = Measure()
    for chunk in chunks:
        measuring.take(chunk)
    return measuring.stored()


def is_file_name(name: str) -> bool:
    """Whether a file of a bundle may be called so: plain segments, no traversal, ASCII only."""
    return _NAME.fullmatch(name) is not None


def frame(files: Mapping[str, Stored]) -> tuple[list[tuple[str, bytes]], bytes]:
    """(each file's name with the header before its bytes, in order; what stands behind the last)."""
    heads: list[tuple[str, bytes]] = []
    index, offset = io.BytesIO(), 0
    for name in sorted(files):
        raw, file = name.encode("ascii"), files[name]
        common = (0, 0, 0, _DATE_1980_01_01, file.crc, file.size, file.size, len(raw), 0)
        head = _LOCAL.pack(b"PK\x03\x04", _VERSION, *common) + raw
        index.write(
            _CENTRAL.pack(b"PK\x01\x02", _VERSION | _UNIX, _VERSION, *common, 0, 0, 0, _MODE, offset) + raw
        )
        heads.append((name, head))
        offset += len(head) + file.size
    listed = index.getvalue()
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(listed), offset, 0)
    return heads, listed + end


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip file over `files`; the same files always give the same bytes."""
    heads, tail = frame({name: Stored.of(data) for name, data in files.items()})
    return b"".join([part for name, head in heads for part in (head, files[name])]) + tail


def unpack(source: BinaryIO) -> tuple[dict[str, Stored], list[Finding]]:
    """The files of a bundle and what is wrong with their container; ContainerError when there is nothing to
    read.
    """
    size = source.seek(0, io.SEEK_END)
    entries = _entries(source, size)
    files: dict[str, Stored] = {}
    findings: list[Finding] = []
    with zipfile.ZipFile(source) as archive:
        for entry in entries:
            name = entry.filename
            if not is_file_name(name):
                findings.append(Finding(repr(name[:80]), "this is no name for a file of a bundle"))
            elif name in files:
                findings.append(Finding(name, "the zip file holds this name twice"))
            elif entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                findings.append(Finding(name, "the file is compressed or encrypted in the zip file"))
            else:
                try:
                    files[name] = _read(archive, entry)
                except _UNREADABLE as error:
                    findings.append(Finding(name, f"the file cannot be read out of the zip file: {error}"))
    if not _is_canonical(source, size, files):
        message = "the zip file is not as it was written: it was packed again, or changed, or added to"
        findings.append(Finding(CONTAINER, message))
    return files, findings


#: All that the standard library raises over damaged zip files.
_UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Stored:
    with archive.open(entry) as member:
        if entry.filename.startswith(SPECTRA):
            return measure(iter(lambda: member.read(_CHUNK), b""))
        return Stored.of(member.read())


def _is_canonical(source: BinaryIO, size: int, files: Mapping[str, Stored]) -> bool:
    """Whether every byte that is not a file's own is the one that names, sizes and CRCs demand."""
    heads, tail = frame(files)
    if sum(len(head) + files[name].size for name, head in heads) + len(tail) != size:
        return False
    at = 0
    for name, head in heads:
        source.seek(at)
        if source.read(len(head)) != head:
            return False
        at += len(head) + files[name].size
    source.seek(at)
    return source.read(len(tail)) == tail


def _entries(source: BinaryIO, size: int) -> list[zipfile.ZipInfo]:
    """The zip file's directory, its size bounded before it is read."""
    if size > MAX_BUNDLE_BYTES:
        raise ContainerError(f"the file is larger than a bundle may be ({MAX_BUNDLE_BYTES >> 20} MiB)")
    source.seek(max(0, size - _END.size))
    end = source.read(_END.size)
    if len(end) < _END.size or end[:4] != b"PK\x05\x06":
        raise ContainerError("the file is not a bundle: it does not end as a zip file without comment does")
    source.seek(max(0, size - _END.size - _LOCATOR_BYTES))
    if source.read(4) == b"PK\x06\x07":
        raise ContainerError("the file is a zip file of the large kind, which no bundle is")
    *_, count, listed, _, _ = _END.unpack(end)
    if count > MAX_FILES or listed > MAX_FILES * 512:
        raise ContainerError(f"the file holds more than {MAX_FILES} files")
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except _UNREADABLE as error:
        raise ContainerError(f"the file is not a zip file that can be read: {error}") from error
    stored = [entry for entry in entries if entry.compress_type == zipfile.ZIP_STORED]
    if sum(entry.file_size for entry in stored) > size:
        raise ContainerError("the files in the zip file claim to be larger than the zip file itself")
    if sum(entry.file_size for entry in stored if not entry.filename.startswith(SPECTRA)) > MAX_KEPT_BYTES:
        raise ContainerError(f"the files beside the spectra are larger than {MAX_KEPT_BYTES >> 20} MiB")
    return entries
