"""What a zip file says of the files in it: in the directory at its end, and in the header before each of them.

Nothing here is checked against the files' bytes (`unpack` does that), but that there is something to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from siglab_clients.verify.container import (
    CENTRAL,
    END,
    LOCAL,
    MAX_BUNDLE_BYTES,
    MAX_FILES,
    ContainerError,
    is_file_name,
)

#: A directory of the large kind (zip64) is announced right before the end; it may claim any size.
_LOCATOR_BYTES = 20
_CHUNK = 1 << 20
#: More bytes than any directory of a bundle has.
_MOST_LISTED = MAX_FILES * 512


@dataclass(frozen=True)
class Head:
    """What a header or the directory says of one file; `at` is where its header stands, or once settled where its bytes do.

    `named` is the length of the name in bytes.
    """

    name: str
    named: int
    at: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    extra: int

    @property
    def is_stored(self) -> bool:
        """Whether its bytes are there as they are."""
        return self.method == 0 and not self.flags & 1


def read_at(source: BinaryIO, at: int, count: int) -> bytes:
    source.seek(max(0, at))
    return source.read(count)


def chunks(source: BinaryIO, at: int, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = read_at(source, at, min(size, _CHUNK))
        if not chunk:
            return
        at, size = at + len(chunk), size - len(chunk)
        yield chunk


def directory(source: BinaryIO, size: int) -> tuple[list[Head], int, int]:
    """What the directory says of the files, or the headers where it cannot be read; where it stands, and how far from where the
    end of the zip file says.
    """
    if size > MAX_BUNDLE_BYTES:
        raise ContainerError(f"the file is larger than a bundle may be ({MAX_BUNDLE_BYTES >> 20} MiB)")
    end = read_at(source, size - END.size, END.size)
    if len(end) < END.size or end[:4] != b"PK\x05\x06":
        raise ContainerError(
            f"the file is not a bundle: it does not end as a zip file without comment does{_where_it_ends(source, size)}"
        )
    locator = size - END.size - _LOCATOR_BYTES
    if locator >= 0 and read_at(source, locator, 4) == b"PK\x06\x07":
        raise ContainerError("the file is a zip file of the large kind, which no bundle is")
    *_, count, length, offset, _ = END.unpack(end)
    upto = size - END.size
    for start in (offset, upto - length):
        if 0 <= upto - start <= _MOST_LISTED and start >= 0:
            entries = _entries(read_at(source, start, upto - start))
            if entries is not None and len(entries) <= MAX_FILES:
                return entries, start, start - offset
    walked, at = _walk(source, size)
    if walked and at in (offset, upto - length) and len(walked) <= MAX_FILES:
        return walked, at, 0
    if count > MAX_FILES or length > _MOST_LISTED or len(walked) > MAX_FILES:
        raise ContainerError(f"the file says at its end that it holds more than {MAX_FILES} files")
    raise ContainerError(
        "the file is not a zip file that can be read: the list of its files at its end is damaged"
    )


def _entries(raw: bytes) -> list[Head] | None:
    """The entries of a directory; None where these bytes are not a directory and nothing else."""
    found, at = [], 0
    while at < len(raw):
        if raw[at : at + 4] != b"PK\x01\x02" or at + CENTRAL.size > len(raw):
            return None
        row = CENTRAL.unpack_from(raw, at)
        flags, method, crc, packed, size, name, extra, comment, where = (*row[3:5], *row[7:13], row[16])
        at += CENTRAL.size
        written = raw[at : at + name]
        at += name + extra + comment
        if at > len(raw):
            return None
        found.append(Head(_text(written), name, where, flags, method, crc, packed, size, extra))
    return found


def _text(written: bytes) -> str:
    return written.decode("ascii", "backslashreplace")


def header(source: BinaryIO, at: int) -> Head | None:
    """The header of a file at this place, None where there is none."""
    raw = read_at(source, at, LOCAL.size)
    if len(raw) < LOCAL.size or raw[:4] != b"PK\x03\x04":
        return None
    _, _, flags, method, _, _, crc, packed, size, name, extra = LOCAL.unpack(raw)
    return Head(_text(source.read(name)), name, at, flags, method, crc, packed, size, extra)


def _walk(source: BinaryIO, size: int) -> tuple[list[Head], int]:
    """The files by their headers alone, one behind the other from the beginning; and where the last of them ends."""
    found: list[Head] = []
    at = 0
    while len(found) <= MAX_FILES and (head := header(source, at)) is not None:
        after = at + LOCAL.size + head.named + head.extra + head.packed
        if after > size:
            break
        found.append(head)
        at = after
    return found, at


def _where_it_ends(source: BinaryIO, size: int) -> str:
    """In words, how far a zip file goes that does not end as one; empty where it never was one."""
    walked, at = _walk(source, size)
    last = f"behind {walked[-1].name}" if walked else "at its beginning"
    head = header(source, at)
    if head is not None and is_file_name(head.name):
        there = size - at - LOCAL.size - head.named
        return f"; it is cut off inside {head.name}, of which {max(0, there)} of {head.size} bytes are there"
    if not walked:
        return ""
    if size - at < 4:
        return f"; it is cut off {last}"
    if read_at(source, at, 4) == b"PK\x01\x02":
        return f"; its {len(walked)} files are there, and the directory behind them is cut off, changed or added to"
    return f"; it is cut off or changed {last}"
