"""Read isotope files of Thermo Isodat (.dxf, .cf, .did): the voltages of each mass, and the peak table inside.

The layout is not published. What is read here is what stands in the files under its own name and length: blocks of rows of a time
and one voltage a mass, and the cells of the peak table. What does not fit exactly is refused.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.classifier.domain.dual_inlet import DualInlet
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.isodat_dual_inlet import MARK, dual_inlet_of_isodat
from services.classifier.domain.readers.isodat_peaks import Peaks, find_peaks_of_isodat, table_of
from services.classifier.domain.readers.isodat_strings import encoded, strings
from services.classifier.domain.readers.scan_builder import budget_points
from services.classifier.domain.run import Floats, RawRun

FORMAT = "Isodat"
MAX_FILE_BYTES = 256 * 2**20
_NO_NAME = re.escape(encoded(""))
#: An empty name twice, three counts, a class, a version, and the length of the rows that follow; behind
#: them that length again, the number of masses, and the gas.
_BLOCK = re.compile(_NO_NAME + _NO_NAME + rb"\0{4}\x01\0{3}\x01\0{3}..\x01\0{3}(....)", re.DOTALL)
_AFTER = re.compile(
    rb"(....)\0{4}" + _NO_NAME + rb"\x02\0{3}\x01\0{3}(.)\0{3}\x01\0{3}.\0{3}\xff\xfe\xff(.)", re.DOTALL
)
_OLD_BLOCK = re.compile(rb"CBinary\x02\0{3}" + _NO_NAME + rb"\x02\0{3}(....)", re.DOTALL)
_OLD_NAME = re.compile(r"Trace Data (\S{1,20})")


def load_from_isodat(path: Path) -> RawRun | DualInlet:
    """Read a continuous-flow run: every row is a scan of its gas's masses, in mV; `total` is the first mass of each.

    `reported` is Isodat's own peak table. A dual-inlet file gives its change-overs. Raises ReaderError and nothing else.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ReaderError(
                f"the file has {size} bytes; of an Isodat file at most {MAX_FILE_BYTES} are read"
            )
        content = path.read_bytes()
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    if b"CFileHeader" not in content[:64]:
        raise ReaderError("the file does not begin as an Isodat file does")
    if MARK in content:
        return dual_inlet_of_isodat(content, FORMAT, _sequence_line(content))
    peaks = find_peaks_of_isodat(content)
    traces = list(_traces(content, peaks)) or list(_old_traces(content))
    if not traces:
        raise ReaderError("the file has no block of measured voltages where Isodat keeps them")
    return _run(traces, peaks, _sequence_line(content), budget_points(size))


@dataclass(frozen=True, slots=True)
class _Trace:
    """Rows of one gas: times (rows,) in s and voltages (rows, masses) in mV."""

    gas: str
    masses: list[str]
    times: Floats
    voltages: Floats


def _traces(content: bytes, peaks: Peaks) -> Iterator[_Trace]:
    begin = content.find(encoded("OrigDataBlock"))
    while begin >= 0 and (block := _BLOCK.search(content, begin)) is not None:
        (size,) = struct.unpack("<I", block[1])
        after = _AFTER.match(content, block.end() + size)
        begin = block.end()
        if after is None or after[1] != block[1]:
            if size and block.end() + size > len(content):
                raise ReaderError(
                    f"the file is truncated: rows are declared up to byte {block.end() + size} of {len(content)}"
                )
            continue
        length = after[3][0]
        gas = content[after.end() : after.end() + 2 * length].decode("utf-16-le", "replace")
        masses = peaks.masses.get(gas, [])
        if len(masses) != after[2][0]:
            raise ReaderError(
                f"the file does not name the {after[2][0]} masses that were measured of {gas[:20]!r}"
            )
        yield _rows(content, block.end(), size, gas, masses)
        begin = after.end()


def _old_traces(content: bytes) -> Iterator[_Trace]:
    """The layout of older versions (.cf): one block, the names of its masses behind it."""
    begin = content.find(b"CRawDataScanStorage")
    block = _OLD_BLOCK.search(content, begin) if begin >= 0 else None
    if block is None:
        return
    (size,) = struct.unpack("<I", block[1])
    end = block.end() + size
    if end > len(content):
        raise ReaderError(f"the file is truncated: rows are declared up to byte {end} of {len(content)}")
    names = [each.text for each in strings(content, begin, block.end())]
    gas = next((found[1] for name in names if (found := _OLD_NAME.fullmatch(name))), "")
    masses = []
    for each in strings(content, end, min(end + 4000, len(content))):
        if found := re.fullmatch(r"Mass ([0-9]{1,3})", each.text):
            masses.append(found[1])
        elif masses:
            break
    if not masses:
        raise ReaderError("the file does not name the masses that were measured")
    yield _rows(content, block.end(), size, gas, masses)


def _rows(content: bytes, at: int, size: int, gas: str, masses: list[str]) -> _Trace:
    row = np.dtype([("time", "<f4"), ("volts", "<f8", (len(masses),))])
    if not size or size % row.itemsize:
        raise ReaderError(f"the rows of {gas[:20]!r} have {size} bytes, which are no rows of {row.itemsize}")
    table = np.frombuffer(content, row, size // row.itemsize, at)
    with np.errstate(invalid="ignore"):
        times, volts = table["time"].astype(np.float64), table["volts"].astype(np.float64)
    if not (np.abs(times) < 1e7).all() or not (np.abs(volts) < 1e9).all():
        raise ReaderError(f"the rows of {gas[:20]!r} hold something that is no time or no voltage")
    return _Trace(gas, masses, times, volts)


def _run(traces: list[_Trace], peaks: Peaks, metadata: dict[str, str], budget: int) -> RawRun:
    traces = sorted(traces, key=lambda trace: float(trace.times[0]))
    times = np.concatenate([trace.times for trace in traces])
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        raise ReaderError(f"the times do not rise at row {int(falls[0]) + 2} of {len(times)}")
    widths = np.concatenate([np.full(len(trace.times), len(trace.masses)) for trace in traces])
    if int(widths.sum()) > budget:
        raise ReaderError("the file holds more rows than its size allows")
    starts = np.concatenate(([0], np.cumsum(widths))).astype(np.int64)
    mz = np.concatenate([np.tile(np.array(trace.masses, np.float64), len(trace.times)) for trace in traces])
    intensity = np.concatenate([trace.voltages.ravel() for trace in traces])
    metadata["gas"] = ", ".join(dict.fromkeys(trace.gas for trace in traces))
    metadata["trace"] = ", ".join(f"m/z {trace.masses[0]}" for trace in traces)
    return RawRun(
        FORMAT,
        "IRMS",
        times,
        intensity[starts[:-1]],
        starts,
        mz,
        intensity,
        "mV",
        metadata,
        table_of(peaks, FORMAT),
    )


def _sequence_line(content: bytes) -> dict[str, str]:
    """What the operator wrote for the run: a value and then its name, pair by pair."""
    begin = content.find(encoded("Sequence Line Information"))
    if begin < 0:
        return {}
    told = [each.text for each in strings(content, begin, min(begin + 8000, len(content)))][1:]
    found = {}
    for value, name in zip(told[0::2], told[1::2], strict=False):
        if "Visualisation Informations" in (value, name):
            break
        if value.strip():
            found[name[:60]] = value.strip()[:300]
    return found
