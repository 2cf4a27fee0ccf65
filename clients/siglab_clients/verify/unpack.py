"""Reads the zip file of a bundle, and says truly what is wrong with it: which file was damaged, or which part of the zip file.

What a file is called, where it lies and what its checksum is stands twice, in the header before it and in the directory at the
end. Where one of both is damaged the other is followed, so that a single wrong bit is told as that and not as a file that is
missing. Nothing is trusted for it: every byte that is not a file's own must in the end be the one that is written anew.
"""

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from siglab_clients.verify.container import (
    CENTRAL,
    CONTAINER,
    LOCAL,
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
from siglab_clients.verify.zip_heads import Head, chunks, directory, header, read_at

_MANIFEST = "manifest"
_IN_MANIFEST = re.compile(rb"^[0-9a-f]{64} [0-9]+ ([^ \n]+)$", re.MULTILINE)

DAMAGED = "damaged"
#: How often the whole file may be read to settle what was said of it.
_TRIES = 8


@dataclass
class Unpacked:
    """The files of a bundle that could be read, what is wrong with the zip file, and names of files that are there unread."""

    files: dict[str, Stored] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@dataclass
class _Budget:
    """How many bytes are read at most to settle what headers and directory say differently: a hostile file may name all twice."""

    left: int

    def spend(self, count: int) -> bool:
        """Whether so many may be read."""
        self.left -= count
        return self.left >= 0


def unpack(source: BinaryIO) -> Unpacked:
    """The files of a bundle; raises ContainerError where the zip file cannot be read at all."""
    size = source.seek(0, io.SEEK_END)
    listed, upto, shift = directory(source, size)
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


def _settled(source: BinaryIO, listed: Sequence[Head], shift: int, upto: int) -> list[Head]:
    """What holds of each file, of what the directory and its own header say: that which fits to the bytes.

    `shift` is how far the directory stands from where the end of the zip file says, and so may the files.
    """
    found: list[tuple[Head, list[str]]] = []
    before, budget = 0, _Budget(_TRIES * source.seek(0, io.SEEK_END))
    for entry in listed:
        places = dict.fromkeys((entry.at, entry.at + shift, before))
        heads = [head for at in places if (head := header(source, at)) is not None]
        own = next((head for head in heads if head.name == entry.name), heads[0] if heads else None)
        head = _fitting(source, entry, own or replace(entry, extra=0), upto, budget)
        found.append((head, [entry.name] if own is None else [entry.name, own.name]))
        before = head.at + head.packed
    known = _names_in_manifest(source, found)
    return [
        replace(head, name=next((name for name in names if name in known), names[0])) for head, names in found
    ]


def _fitting(source: BinaryIO, entry: Head, own: Head, upto: int, budget: "_Budget") -> Head:
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
            if start + size > upto or not budget.spend(size):
                continue
            crc = _checksum(source, start, size)
            if crc in (entry.crc, own.crc):
                return Head(entry.name, entry.named, start, 0, 0, crc, size, size, 0)
    return likely


def _checksum(source: BinaryIO, at: int, size: int) -> int:
    crc = 0
    for chunk in chunks(source, at, size):
        crc = zlib.crc32(chunk, crc)
    return crc


def _names_in_manifest(source: BinaryIO, found: Sequence[tuple[Head, list[str]]]) -> set[str]:
    """The names that the manifest tells, whose signature is not looked at here: it only decides between two spellings."""
    for head, names in found:
        if _MANIFEST in names and head.is_stored:
            raw = b"".join(chunks(source, head.at, min(head.packed, MAX_FILES * 256)))
            return {_MANIFEST, *(name.decode("ascii", "replace") for name in _IN_MANIFEST.findall(raw))}
    return {_MANIFEST}


def _require_bounds(found: Sequence[Head], size: int) -> None:
    stored = [head for head in found if head.is_stored]
    if sum(head.packed for head in stored) > size:
        raise ContainerError("the files in the zip file claim to be larger than the zip file itself")
    if sum(head.packed for head in stored if not head.name.startswith(SPECTRA)) > MAX_KEPT_BYTES:
        raise ContainerError(f"the files beside the spectra are larger than {MAX_KEPT_BYTES >> 20} MiB")


def _take(source: BinaryIO, head: Head, unpacked: Unpacked, declared: dict[str, Stored]) -> None:
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


def _damage(file: Stored, head: Head) -> str:
    if file.size != head.packed:
        return f"the file is damaged: the zip file says that it has {head.packed} bytes, and {file.size} are there"
    return (
        f"the file is damaged: its bytes have the CRC-32 {file.crc:08x}, and the zip file was written with {head.crc:08x}; they "
        "were changed afterwards, in storage, on the way or by somebody"
    )


def _read(source: BinaryIO, head: Head) -> Stored:
    pieces = chunks(source, head.at, head.packed)
    if not head.name.startswith(SPECTRA):
        return Stored.of(b"".join(pieces))
    measuring = Measure()
    for chunk in pieces:
        measuring.take(chunk)
    return measuring.stored()


def _first_difference(source: BinaryIO, size: int, declared: dict[str, Stored]) -> str | None:
    """In words, the first place where a byte that is not a file's own is not the one that names, sizes and CRCs demand."""
    heads, tail = frame(declared)
    at = 0
    for name, head in heads:
        if read_at(source, at, len(head)) != head:
            return f"the header before {name}"
        at += len(head) + declared[name].size
    if read_at(source, at, len(tail) + 1) == tail:
        return None
    for name in sorted(declared):
        length = CENTRAL.size + len(name)
        if read_at(source, at, length) != tail[:length]:
            return f"what the directory at its end says of {name}"
        at, tail = at + length, tail[length:]
    return "its last bytes, the end of the directory"
