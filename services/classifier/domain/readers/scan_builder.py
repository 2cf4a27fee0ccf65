"""Gathers scans into a raw run, within a budget of memory that the file's own size sets."""

import base64
import binascii
import bisect
import itertools
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.run import Floats, RawRun

BASE_BYTES = 32 * 2**20
FILE_TIMES = 4
_LARGEST = 1e30
_PIECE = 2**18
_LEAST_ROOM = 2**14


def budget_points(file_bytes: int) -> int:
    """How many points of 16 bytes (mass and intensity) a file of this size may unpack to."""
    return (FILE_TIMES * file_bytes + BASE_BYTES) // 16


class ScanBuilder:
    """Scans in the order of the file; their points lie in two arrays that grow with them, up to the budget."""

    def __init__(self, file_bytes: int) -> None:
        self.budget = budget_points(file_bytes)
        self._mz: Floats = np.empty(0)
        self._intensity: Floats = np.empty(0)
        self._points = 0
        self._times: list[float] = []
        self._totals: list[float | None] = []
        self._starts = [0]

    @property
    def scans(self) -> int:
        """Number of scans so far."""
        return len(self._times)

    def clear(self) -> None:
        """Forget what came so far."""
        self._points = 0
        self._times, self._totals, self._starts = [], [], [0]

    def add(self, time_s: float, mz: NDArray[Any], intensity: NDArray[Any], total: float | None) -> None:
        """Add a scan; raises ReaderError where it is no scan, does not follow the one before, or breaks the budget."""
        name = f"scan {self.scans + 1}"
        if len(mz) != len(intensity):
            raise ReaderError(f"{name} has {len(mz)} masses, but {len(intensity)} intensities")
        if not 0 <= abs(time_s) < _LARGEST:
            raise ReaderError(f"{name} has a time that is no number")
        if self._times and time_s <= self._times[-1]:
            raise ReaderError(
                f"the scan times do not rise at {name}: {time_s:g} s after {self._times[-1]:g} s"
            )
        end = self._points + len(mz)
        if end > self.budget:
            raise ReaderError(
                f"its spectra unpack to more than {FILE_TIMES} times the size of the file, at {name}"
            )
        if end > len(self._mz):
            room = min(self.budget, max(end, len(self._mz) * 9 // 8, _LEAST_ROOM))
            # In place: a copy of a large array would take its memory twice.
            self._mz.resize(room, refcheck=False)
            self._intensity.resize(room, refcheck=False)
        self._mz[self._points : end] = mz
        self._intensity[self._points : end] = intensity
        self._points = end
        self._times.append(time_s)
        self._totals.append(total if total is not None and 0 <= abs(total) < _LARGEST else None)
        self._starts.append(end)

    def run(self, format_name: str, technique: str, unit: str, metadata: Mapping[str, str]) -> RawRun:
        """The run; a total ion current that not every scan tells is summed from the spectra. Raises ReaderError for no scan."""
        if not self._times:
            raise ReaderError("the file holds no scan")
        self._check("mass", self._mz)
        self._check("intensity", self._intensity)
        starts = np.array(self._starts, np.int64)
        mz, intensity = self._mz[: self._points], self._intensity[: self._points]
        told = [total for total in self._totals if total is not None]
        if len(told) == self.scans:
            total = np.array(told)
        else:
            total = np.array([intensity[low:high].sum() for low, high in itertools.pairwise(starts)])
        return RawRun(
            format_name, technique, np.array(self._times), total, starts, mz, intensity, unit, metadata
        )

    def _check(self, name: str, values: Floats) -> None:
        """Raises ReaderError where something is no number; a piece at a time, since a mask of all would take memory."""
        for at in range(0, self._points, _PIECE):
            # NaN compares as False, so that one comparison finds it too.
            wrong = np.flatnonzero(~(np.abs(values[at : min(at + _PIECE, self._points)]) <= _LARGEST))
            if len(wrong):
                place = at + int(wrong[0])
                scan = bisect.bisect_right(self._starts, place)
                raise ReaderError(
                    f"scan {scan} holds a {name} that is no number, at place {place - self._starts[scan - 1]}"
                )


def decode_numbers(text: str, dtype: str, count: int, *, packed: bool, place: str) -> NDArray[Any]:
    """Numbers from base64, unpacked by zlib where `packed`, which never gives more than `count` of them.

    Raises ReaderError where the text is no base64, is damaged, or holds another number of values.
    """
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ReaderError(f"{place} is no base64: {error}") from error
    size = count * np.dtype(dtype).itemsize
    if packed and (raw or count):
        unpacker = zlib.decompressobj()
        try:
            raw = unpacker.decompress(raw, size + 1)
        except zlib.error as error:
            raise ReaderError(f"{place} cannot be unpacked: {error}") from error
        if len(raw) > size:
            raise ReaderError(f"{place} unpacks to more than the {count} values that are declared")
        if not unpacker.eof:
            raise ReaderError(f"{place} is cut off inside its packed data")
    if len(raw) != size:
        raise ReaderError(f"{place} has {len(raw)} bytes where {count} values of {dtype[1:]} need {size}")
    return np.frombuffer(raw, dtype)
