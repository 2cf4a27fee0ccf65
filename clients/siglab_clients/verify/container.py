"""The zip file of a bundle, in one fixed form.

Files are stored as they are (no compression: nothing can unfold into more than was read), in the order of
their names, with one fixed date. The names, sizes and CRCs in the zip file's directory settle every other byte of it but
the files' own; whatever differs is refused: duplicate names, comments, trailing data, hidden or overlapping entries,
changed attributes (`unpack`). Spectra are only hashed as they pass, everything else is small and kept.
"""

import hashlib
import io
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from siglab_clients.tlog.errors import EvidenceError

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
LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
_VERSION, _UNIX, _MODE = 20, 3 << 8, 0o100644 << 16
_DATE_1980_01_01 = 0x21


class ContainerError(EvidenceError):
    """The file is not a zip file that can be read at all."""


@dataclass(frozen=True)
class Stored:
    """One file of a bundle: size, SHA-256 in hexadecimal, CRC-32, and its bytes unless it is a spectrum.

    `damaged` says that these are not the bytes that the zip file was written with: from what they say follows nothing.
    """

    size: int
    sha256: str
    crc: int
    data: bytes | None = None
    damaged: bool = False

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
        head = LOCAL.pack(b"PK\x03\x04", _VERSION, *common) + raw
        index.write(
            CENTRAL.pack(b"PK\x01\x02", _VERSION | _UNIX, _VERSION, *common, 0, 0, 0, _MODE, offset) + raw
        )
        heads.append((name, head))
        offset += len(head) + file.size
    listed = index.getvalue()
    end = END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(listed), offset, 0)
    return heads, listed + end


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip file over `files`; the same files always give the same bytes."""
    heads, tail = frame({name: Stored.of(data) for name, data in files.items()})
    return b"".join([part for name, head in heads for part in (head, files[name])]) + tail
