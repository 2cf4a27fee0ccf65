"""The zip file of a bundle, in one fixed form.

Files are stored as they are (no compression: nothing can unfold into more than was read), in the order of
their names, with one fixed date. `pack` of what was read must give the very bytes again; thereby duplicate
names, comments, trailing data, hidden or overlapping entries and changed attributes are all refused.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping

from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.verify.findings import Finding

#: Bounds of a bundle; far above what an item gathers in its life, and far below what harms the reader.
MAX_BUNDLE_BYTES = 256 << 20
MAX_FILES = 4096

#: Where a finding concerns the zip file itself.
CONTAINER = "bundle"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION, _UNIX, _MODE = 20, 3 << 8, 0o100644 << 16
_DATE_1980_01_01 = 0x21


class ContainerError(EvidenceError):
    """The file is not a zip file that can be read at all."""


def is_file_name(name: str) -> bool:
    """Whether a file of a bundle may be called so: plain segments, no traversal, ASCII only."""
    return _NAME.fullmatch(name) is not None


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip file over `files`; the same files always give the same bytes."""
    body, index = io.BytesIO(), io.BytesIO()
    for name in sorted(files):
        raw, data, offset = name.encode("ascii"), files[name], body.tell()
        common = (0, 0, 0, _DATE_1980_01_01, zlib.crc32(data), len(data), len(data), len(raw), 0)
        body.write(_LOCAL.pack(b"PK\x03\x04", _VERSION, *common) + raw)
        body.write(data)
        rest = (0, 0, 0, _MODE, offset)
        index.write(_CENTRAL.pack(b"PK\x01\x02", _VERSION | _UNIX, _VERSION, *common, *rest) + raw)
    start, listed = body.tell(), index.getvalue()
    body.write(listed)
    body.write(_END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(listed), start, 0))
    return body.getvalue()


def unpack(raw: bytes) -> tuple[dict[str, bytes], list[Finding]]:
    """The files of a bundle and what is wrong with their container; ContainerError when there is nothing to
    read.
    """
    entries = _entries(raw)
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
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
                    files[name] = archive.read(entry)
                except _UNREADABLE as error:
                    findings.append(Finding(name, f"the file cannot be read out of the zip file: {error}"))
    if pack(files) != raw:
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


def _entries(raw: bytes) -> list[zipfile.ZipInfo]:
    """The zip file's directory, its size bounded before it is read."""
    if len(raw) > MAX_BUNDLE_BYTES:
        raise ContainerError(f"the file is larger than a bundle may be ({MAX_BUNDLE_BYTES >> 20} MiB)")
    if len(raw) < _END.size or raw[-_END.size :][:4] != b"PK\x05\x06":
        raise ContainerError("the file is not a bundle: it does not end as a zip file without comment does")
    *_, count, listed, _, _ = _END.unpack(raw[-_END.size :])
    if count > MAX_FILES or listed > MAX_FILES * 512:
        raise ContainerError(f"the file holds more than {MAX_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
    except _UNREADABLE as error:
        raise ContainerError(f"the file is not a zip file that can be read: {error}") from error
    if sum(entry.file_size for entry in entries if entry.compress_type == zipfile.ZIP_STORED) > len(raw):
        raise ContainerError("the files in the zip file claim to be larger than the zip file itself")
    return entries
