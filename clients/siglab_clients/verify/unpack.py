"""Reads the zip file of a bundle, and says truly what is wrong with it: which file was damaged, or which part of the zip file.

What a file is called, where it lies and what its checksum is stands twice, in the header before it and in the directory at the
end. Where one of both is damaged the other is followed, so that a single wrong bit is told as that and not as a file that is
missing. Nothing is trusted for it: every byte that is not a file's own must in the end be the one that is written anew.
"""

import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from siglab_clients.verify.container import (
    CENTRAL,
    CONTAINER,
    END,
    LOCAL,
    MAX_BUNDLE_BYTES,
    MAX_FILES,
    MAX_KEPT_BYTES,
    SPECTRA,
    ContainerError,
    Measure,
    Stored,
    frame,
    is_file_name,
)
from siglab_clients.verify.findings import Finding

#: A directory of the large kind (zip64) is announced right before the end; it may claim any size.
_LOCATOR_BYTES = 20
_CHUNK = 1 << 20
#: More bytes than any directory of a bundle has.
_MOST_LISTED = MAX_FILES * 512
_MANIFEST = "manifest"
_IN_MANIFEST = re.compile(rb"^[0-9a-f]{64} [0-9]+ ([^ \n]+)$", re.MULTILINE)

DAMAGED = "damaged"


@dataclass
class Unpacked:
    """The files of a bundle that could be read, what is wrong with the zip file, and names of files that are there unread."""

    files: dict[str, Stored] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Head:
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


def unpack(source: BinaryIO) -> Unpacked:
    """The files of a bundle; raises ContainerError where the zip file cannot be read at all."""
    size = source.seek(0, io.SEEK_END)
    listed, upto, shift = _directory(source, size)
    found = _settled(source, listed, shift, upto)
    _require_bounds(found, size)
    unpacked = Unpacked()
    declared: dict[str, Stored] = {}
    for head in found:
        _take(source, head, unpacked, declared)
    place = _first_difference(source, size, declared)
    if place is not None:
        message = (
            "the zip file is not as it was written: it was packed again, or changed, or added to; "
            f"it differs first in {place}"
        )
        unpacked.findings.append(Finding(CONTAINER, message))
    return unpacked


def _read_at(source: BinaryIO, at: int, count: int) -> bytes:
    source.seek(max(0, at))
    return source.read(count)


def _directory(source: BinaryIO, size: int) -> tuple[list[_Head], int, int]:
    """What the directory says of the files, or the headers where it cannot be read; where it stands, and how far from where the
    end of the zip file says.
    """
    if size > MAX_BUNDLE_BYTES:
        raise ContainerError(f"the file is larger than a bundle may be ({MAX_BUNDLE_BYTES >> 20} MiB)")
    end = _read_at(source, size - END.size, END.size)
    if len(end) < END.size or end[:4] != b"PK\x05\x06":
        raise ContainerError(
            f"the file is not a bundle: it does not end as a zip file without comment does{_where_it_ends(source, size)}"
        )
    locator = size - END.size - _LOCATOR_BYTES
    if locator >= 0 and _read_at(source, locator, 4) == b"PK\x06\x07":
        raise ContainerError("the file is a zip file of the large kind, which no bundle is")
    *_, count, length, offset, _ = END.unpack(end)
    upto = size - END.size
    for start in (offset, upto - length):
        if 0 <= upto - start <= _MOST_LISTED and start >= 0:
            entries = _entries(_read_at(source, start, upto - start))
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


def _entries(raw: bytes) -> list[_Head] | None:
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
        found.append(_Head(_text(written), name, where, flags, method, crc, packed, size, extra))
    return found


def _text(written: bytes) -> str:
    return written.decode("ascii", "backslashreplace")


def _header(source: BinaryIO, at: int) -> _Head | None:
    """The header of a file at this place, None where there is none."""
    raw = _read_at(source, at, LOCAL.size)
    if len(raw) < LOCAL.size or raw[:4] != b"PK\x03\x04":
        return None
    _, _, flags, method, _, _, crc, packed, size, name, extra = LOCAL.unpack(raw)
    return _Head(_text(source.read(name)), name, at, flags, method, crc, packed, size, extra)


def _walk(source: BinaryIO, size: int) -> tuple[list[_Head], int]:
    """The files by their headers alone, one behind the other from the beginning; and where the last of them ends."""
    found: list[_Head] = []
    at = 0
    while len(found) <= MAX_FILES and (head := _header(source, at)) is not None:
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
    head = _header(source, at)
    if head is not None and is_file_name(head.name):
        there = size - at - LOCAL.size - head.named
        return f"; it is cut off inside {head.name}, of which {max(0, there)} of {head.size} bytes are there"
    if not walked:
        return ""
    if size - at < 4:
        return f"; it is cut off {last}"
    if _read_at(source, at, 4) == b"PK\x01\x02":
        return f"; its {len(walked)} files are there, and the directory behind them is cut off, changed or added to"
    return f"; it is cut off or changed {last}"


def _settled(source: BinaryIO, listed: Sequence[_Head], shift: int, upto: int) -> list[_Head]:
    """What holds of each file, of what the directory and its own header say: that which fits to the bytes.

    `shift` is how far the directory stands from where the end of the zip file says, and so may the files.
    """
    found: list[tuple[_Head, list[str]]] = []
    before = 0
    for entry in listed:
        places = dict.fromkeys((entry.at, entry.at + shift, before))
        own = next((head for at in places if (head := _header(source, at)) is not None), None)
        head = _fitting(source, entry, own or replace(entry, extra=0), upto)
        found.append((head, [entry.name] if own is None else [entry.name, own.name]))
        before = head.at + head.packed
    known = _names_in_manifest(source, found)
    return [
        replace(head, name=next((name for name in names if name in known), names[0])) for head, names in found
    ]


def _fitting(source: BinaryIO, entry: _Head, own: _Head, upto: int) -> _Head:
    """The one of two descriptions of a file by which its bytes have their checksum; `at` is then where these begin."""
    starts = dict.fromkeys(
        own.at + LOCAL.size + named + extra for named in (own.named, entry.named) for extra in (own.extra, 0)
    )
    sizes = dict.fromkeys((entry.packed, entry.size, own.packed, own.size))
    likely = replace(entry, at=own.at + LOCAL.size + entry.named + own.extra)
    if not (entry.is_stored or own.is_stored) or replace(own, at=entry.at) == entry:
        return likely  # Both say the same, so that nothing is to be settled.
    for start in starts:
        for size in sizes:
            if start + size > upto:
                continue
            crc = _checksum(source, start, size)
            if crc in (entry.crc, own.crc):
                return _Head(entry.name, entry.named, start, 0, 0, crc, size, size, 0)
    return likely


def _checksum(source: BinaryIO, at: int, size: int) -> int:
    crc = 0
    for chunk in _chunks(source, at, size):
        crc = zlib.crc32(chunk, crc)
    return crc


def _chunks(source: BinaryIO, at: int, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = _read_at(source, at, min(size, _CHUNK))
        if not chunk:
            return
        at, size = at + len(chunk), size - len(chunk)
        yield chunk


def _names_in_manifest(source: BinaryIO, found: Sequence[tuple[_Head, list[str]]]) -> set[str]:
    """The names that the manifest tells, whose signature is not looked at here: it only decides between two spellings."""
    for head, names in found:
        if _MANIFEST in names and head.is_stored:
            raw = b"".join(_chunks(source, head.at, min(head.packed, MAX_FILES * 256)))
            return {_MANIFEST, *(name.decode("ascii", "replace") for name in _IN_MANIFEST.findall(raw))}
    return {_MANIFEST}


def _require_bounds(found: Sequence[_Head], size: int) -> None:
    stored = [head for head in found if head.is_stored]
    if sum(head.packed for head in stored) > size:
        raise ContainerError("the files in the zip file claim to be larger than the zip file itself")
    if sum(head.packed for head in stored if not head.name.startswith(SPECTRA)) > MAX_KEPT_BYTES:
        raise ContainerError(f"the files beside the spectra are larger than {MAX_KEPT_BYTES >> 20} MiB")


def _take(source: BinaryIO, head: _Head, unpacked: Unpacked, declared: dict[str, Stored]) -> None:
    """Reads one file, whatever its checksum says of it; `declared` has it as the zip file tells."""
    name, findings = head.name, unpacked.findings
    if not is_file_name(name):
        findings.append(Finding(repr(name[:80]), "this is no name for a file of a bundle"))
    elif name in unpacked.files:
        findings.append(Finding(name, "the zip file holds this name twice"))
    elif not head.is_stored:
        unpacked.unread.add(name)
        findings.append(Finding(name, "the file is compressed or encrypted in the zip file"))
    else:
        file = _read(source, head)
        declared[name] = replace(file, crc=head.crc)
        if (file.crc, file.size) != (head.crc, head.packed):
            file = replace(file, damaged=True)
            findings.append(Finding(name, _damage(file, head), DAMAGED))
        unpacked.files[name] = file


def _damage(file: Stored, head: _Head) -> str:
    if file.size != head.packed:
        return f"the file is damaged: the zip file says that it has {head.packed} bytes, and {file.size} are there"
    return (
        f"the file is damaged: its bytes have the CRC-32 {file.crc:08x}, and the zip file was written with {head.crc:08x}; they "
        "were changed afterwards, in storage, on the way or by somebody"
    )


def _read(source: BinaryIO, head: _Head) -> Stored:
    chunks = _chunks(source, head.at, head.packed)
    if not head.name.startswith(SPECTRA):
        return Stored.of(b"".join(chunks))
    measuring = Measure()
    for chunk in chunks:
        measuring.take(chunk)
    return measuring.stored()


def _first_difference(source: BinaryIO, size: int, declared: dict[str, Stored]) -> str | None:
    """In words, the first place where a byte that is not a file's own is not the one that names, sizes and CRCs demand."""
    heads, tail = frame(declared)
    at = 0
    for name, head in heads:
        if _read_at(source, at, len(head)) != head:
            return f"the header before {name}"
        at += len(head) + declared[name].size
    if _read_at(source, at, len(tail) + 1) == tail:
        return None
    for name in sorted(declared):
        length = CENTRAL.size + len(name)
        if _read_at(source, at, length) != tail[:length]:
            return f"what the directory at its end says of {name}"
        at, tail = at + length, tail[length:]
    return "its last bytes, the end of the directory"
