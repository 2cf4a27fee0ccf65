"""Read Agilent `.ch` files: one detector signal of ChemStation or OpenLab, in the layouts 8, 30, 81, 130, 179 and 181.

The makers publish no specification; offsets and encodings are those that public readers agree on (rainbow-api's format notes,
chromConverter), held by tests against files of each layout. A layout differs in where the header keeps its words and in how
the signal is written: segments of first differences (8, 30, 130), a stream of second differences (81, 181), or plain numbers
(179). Big-endian throughout, but for the numbers of 179.
"""

import array
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.run import Floats, RawRun

FORMAT = "Agilent-ch"
MAX_FILE_BYTES = 64 * 2**20
# 200 points a second for almost three hours.
MAX_POINTS = 2_000_000
_TIMES, _COUNT, _DATA_SECTOR, _SECTOR = 0x11A, 0x116, 0x108, 512
_ABSOLUTE_FIRST, _ABSOLUTE_SECOND = -0x8000, 0x7FFF
_SEGMENT = 0x10
_GC_STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Places in the header: `width` is the bytes of a character; `fields` are strings with their length before them."""

    width: int
    scale: int
    intercept: int
    fields: dict[str, int]


_OLD = _Layout(1, 644, 636, {
    "file_type": 4, "sample": 24, "operator": 148, "date": 178, "detector": 208, "instrument": 218, "method": 228, "unit": 580,
    "signal": 596,
})  # fmt: skip
_NEW = _Layout(2, 4732, 4724, {
    "file_type": 347, "sample": 858, "operator": 1880, "date": 2391, "inlet": 2492, "instrument": 2533, "method": 2574,
    "software": 3089, "unit": 4172, "signal": 4213,
})  # fmt: skip
_LAYOUTS = {b"8": _OLD, b"30": _OLD, b"81": _OLD, b"130": _NEW, b"179": _NEW, b"181": _NEW}
_PLAIN_START = 6144


def load_from_agilent_ch(path: Path) -> RawRun:
    """Read the signal against time in seconds; raises ReaderError and nothing else."""
    try:
        # No more than the file has is asked for: the buffer is made before the first byte is read.
        with path.open("rb") as handle:
            content = handle.read(min(path.stat().st_size, MAX_FILE_BYTES) + 1)
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    return run_from_agilent_ch(content)


def run_from_agilent_ch(content: bytes) -> RawRun:
    """The run in the bytes of a `.ch` file; raises ReaderError and nothing else."""
    if len(content) > MAX_FILE_BYTES:
        raise ReaderError(f"the file has more than the {MAX_FILE_BYTES} bytes that a signal can need")
    version = content[1 : 1 + content[0]] if content else b""
    layout = _LAYOUTS.get(version)
    if layout is None:
        raise ReaderError(
            f"the file is of the layout {version[:8]!r}, which is none of 8, 30, 81, 130, 179, 181"
        )
    if len(content) < layout.scale + 8:
        raise ReaderError(f"the file ends inside its header, at byte {len(content)}")
    metadata = {"version": version.decode()}
    for name, place in layout.fields.items():
        if text := _text(content, place, layout.width):
            metadata[name] = text
    values = _signal(content, version, metadata.get("file_type", ""))
    scale, intercept = (struct.unpack_from(">d", content, at)[0] for at in (layout.scale, layout.intercept))
    if not (1e-30 < abs(scale) < 1e30 and abs(intercept) < 1e30):
        raise ReaderError(f"a scale of {scale:g} with an intercept of {intercept:g} gives no signal")
    values *= scale
    if intercept:
        values += intercept
    if not np.isfinite(values).all():
        raise ReaderError(f"the signal holds something that is no number, at point {_first_wrong(values)}")
    none, starts = np.zeros(0), np.zeros(len(values) + 1, np.int64)
    technique = {"GC": "GC", "LC": "LC"}.get(metadata.get("file_type", "")[:2], "chromatography")
    unit = metadata.get("unit", "detector units")
    return RawRun(
        FORMAT, technique, _times(content, version, len(values)), values, starts, none, none, unit, metadata
    )


def _signal(content: bytes, version: bytes, file_type: str) -> Floats:
    if version == b"179":
        return _plain(content, file_type)
    sector = struct.unpack_from(">i", content, _DATA_SECTOR)[0]
    start = (sector - 1) * _SECTOR
    if not _SECTOR <= start < len(content):
        raise ReaderError(f"the header says that the signal begins at byte {start} of {len(content)}")
    words = array.array("h", content[start : start + (len(content) - start) // 2 * 2])
    if sys.byteorder == "little":
        words.byteswap()
    found = _second_differences(words, version) if version in (b"81", b"181") else _first_differences(words)
    if len(found) < 2:
        raise ReaderError(f"the file holds {len(found)} points, which are no chromatogram")
    return np.frombuffer(found, np.int64).astype(np.float64)


def _first_differences(words: "array.array[int]") -> "array.array[int]":
    """Segments: 0x10 and the number of values, then each value as the difference to the one before, or -32768 and 32 bits."""
    found, value, at, end = array.array("q"), 0, 0, len(words)
    try:
        while words[at]:
            mark, count = words[at] >> 8, words[at] & 0xFF
            if mark != _SEGMENT or not count:
                raise ReaderError(
                    f"a segment of the signal begins with {words[at] & 0xFFFF:#06x}, at its word {at}"
                )
            if len(found) + count > MAX_POINTS:
                raise ReaderError(f"the file holds more than {MAX_POINTS} points")
            at += 1
            for _ in range(count):
                step = words[at]
                if step == _ABSOLUTE_FIRST:
                    value = (words[at + 1] << 16) + (words[at + 2] & 0xFFFF)
                    at += 3
                else:
                    value += step
                    at += 1
                found.append(value)
    except IndexError:
        raise ReaderError(f"the file is truncated: the signal has no end after {end} words") from None
    return found


def _second_differences(words: "array.array[int]", version: bytes) -> "array.array[int]":
    """A stream to the end of the file: the difference of the differences, or 32767 and 48 bits that begin anew."""
    found, value, slope, at, end = array.array("q"), 0, 0, 0, len(words)
    if version == b"181" and end and words[end - 1] == 0:
        # The stream ends with an empty word, as the segments of 130 do; with it as a value the points would be one too many.
        end -= 1
    while at < end:
        step = words[at]
        if step == _ABSOLUTE_SECOND:
            if at + 4 > end:
                raise ReaderError(f"the file is truncated inside a value, at word {at} of the signal")
            value = (words[at + 1] << 32) + ((words[at + 2] & 0xFFFF) << 16) + (words[at + 3] & 0xFFFF)
            slope = 0
            at += 4
        else:
            slope += step
            value += slope
            at += 1
        found.append(value)
        if len(found) > MAX_POINTS:
            raise ReaderError(f"the file holds more than {MAX_POINTS} points")
    return found


def _plain(content: bytes, file_type: str) -> Floats:
    """64-bit little-endian numbers to the end of the file; the header of a GC counts them."""
    size = len(content) - _PLAIN_START
    if size < 16 or size % 8:
        raise ReaderError(
            f"the file is truncated: {max(size, 0)} bytes of signal are no whole number of points"
        )
    if size // 8 > MAX_POINTS:
        raise ReaderError(f"the file holds more than {MAX_POINTS} points")
    declared = struct.unpack_from(">i", content, _COUNT)[0]
    if file_type.startswith("GC") and declared > size // 8:
        raise ReaderError(f"the file is truncated: it declares {declared} points and holds {size // 8}")
    values = np.frombuffer(content, "<f8", offset=_PLAIN_START).astype(np.float64)
    wrong = np.flatnonzero(~(np.abs(values) < 1e30))
    if len(wrong):
        raise ReaderError(f"the signal holds something that is no number, at point {int(wrong[0])}")
    return values


def _times(content: bytes, version: bytes, points: int) -> Floats:
    kind = ">2i" if version in (b"8", b"30", b"130") else ">2f"
    first, last = (value / 1000 for value in struct.unpack_from(kind, content, _TIMES))
    if not (-1e6 < first < last < 1e7):
        raise ReaderError(f"the header's times from {first:g} s to {last:g} s give no time axis")
    if version in (b"81", b"181"):
        # Nothing else would tell that such a stream was cut short: the rates that a GC offers are few.
        for intervals in (points - 1, points):
            step_ms = 1000 * (last - first) / intervals
            if round(step_ms) in _GC_STEPS_MS and abs(step_ms - round(step_ms)) < 1e-3:
                return first + round(step_ms) / 1000 * np.arange(points)
        raise ReaderError(
            f"the file is truncated or damaged: {points} points do not fill the {last - first:g} s of its header evenly"
        )
    return np.linspace(first, last, points)


def _text(content: bytes, place: int, width: int) -> str:
    size = content[place] * width if place < len(content) else 0
    raw = content[place + 1 : place + 1 + size]
    text = raw.decode("utf-16-le" if width == 2 else "latin-1", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _first_wrong(values: Floats) -> int:
    return int(np.flatnonzero(~np.isfinite(values))[0])
