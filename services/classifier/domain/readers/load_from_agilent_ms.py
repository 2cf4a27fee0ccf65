"""Read Agilent ChemStation and MSD mass-spectral files (DATA.MS of a .D folder, .ms).

The layout is known from what open readers say of it and from files: a head whose words count from 1, then one record a scan, all
big-endian: length in words, time in ms, 6 bytes, number of pairs, base peak, the pairs, 6 bytes, total ion current. A mass is
stored in twentieths, an intensity as 14 bits times 8 to the power of the upper 2.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.scan_builder import ScanBuilder
from services.classifier.domain.run import RawRun

FORMAT = "Agilent-MS"
KINDS = (b"GC / MS DATA FILE", b"MSD Spectral File")
_HEAD_BYTES = 0x200
_TEXTS = {
    "sample": 0x18,
    "description": 0x56,
    "operator": 0x94,
    "date": 0xB2,
    "instrument": 0xD0,
    "inlet": 0xDA,
    "method": 0xE4,
}
_INDEX, _DATA, _SCANS = 0x104, 0x10A, 0x116
_BEFORE, _AFTER = 18, 10


def load_from_agilent_ms(path: Path) -> RawRun:
    """Read scan times, total ion current and spectra (masses to 0.05); raises ReaderError and nothing else."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    with file:
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or head[:4] != b"\x012\x00\x00" or not head[5:].startswith(KINDS):
            raise ReaderError("the file does not begin as an Agilent mass-spectral file does")
        (scans,) = struct.unpack_from(">I", head, _SCANS)
        size = os.fstat(file.fileno()).st_size
        start = 2 * struct.unpack_from(">H", head, _DATA)[0] - 2
        if not 0x110 <= start < size:
            raise ReaderError(f"the data are said to begin at byte {start} of {size}")
        if scans * (_BEFORE + _AFTER) > size - start:
            raise ReaderError(f"the file is truncated: it declares {scans} scans, but has {size} bytes")
        builder = ScanBuilder(size)
        file.seek(start)
        for _ in range(scans):
            _scan(file, builder)
        end, index = file.tell(), 2 * struct.unpack_from(">I", head, _INDEX)[0] - 2
        is_gc = head[5:].startswith(KINDS[0])
        if is_gc and end != index:
            raise ReaderError(f"the scans end at byte {end}, but the head says that they end at {index}")
    return builder.run(FORMAT, "GC-MS" if is_gc else "MS", "counts", _metadata(head))


def _scan(file: BinaryIO, builder: ScanBuilder) -> None:
    name = f"scan {builder.scans + 1}"
    head = file.read(_BEFORE)
    if len(head) < _BEFORE:
        raise ReaderError(f"the file is truncated: it ends at {name}")
    words, time_ms = struct.unpack_from(">HI", head)
    (pairs,) = struct.unpack_from(">H", head, 12)
    if 2 * words != _BEFORE + 4 * pairs + _AFTER:
        raise ReaderError(f"{name} has {2 * words} bytes, which do not fit its {pairs} pairs")
    body = file.read(4 * pairs + _AFTER)
    if len(body) < 4 * pairs + _AFTER:
        raise ReaderError(f"the file is truncated: it ends inside {name}")
    values = np.frombuffer(body, ">u2", 2 * pairs).reshape(pairs, 2)
    coded = values[:, 1].astype(np.int64)
    intensity = (coded & 0x3FFF) << (3 * (coded >> 14))
    (total,) = struct.unpack_from(">I", body, 4 * pairs + _AFTER - 4)
    builder.add(time_ms / 1000, values[::-1, 0] / 20, intensity[::-1], float(total))


def _metadata(head: bytes) -> dict[str, str]:
    found = {}
    for name, place in _TEXTS.items():
        text = head[place + 1 : place + 1 + head[place]].decode("latin-1").strip("\x00 ")
        if text and text.isprintable():
            found[name] = text
    return found
