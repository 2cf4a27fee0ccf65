"""Read mzXML (Institute for Systems Biology, schemas 2.0 to 3.2); our own for the reasons that `load_from_mzml` gives."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.scan_builder import ScanBuilder, decode_numbers
from services.classifier.domain.readers.xml_stream import stream_xml
from services.classifier.domain.run import RawRun

FORMAT = "mzXML"
_DURATION = re.compile(
    r"P(?:T(?:(\d{1,9}(?:\.\d+)?)H)?(?:(\d{1,9}(?:\.\d+)?)M)?(?:(\d{1,12}(?:\.\d*)?(?:[eE][-+]?\d{1,3})?)S)?)"
)
_NAMED = ("msManufacturer", "msModel", "msIonisation", "msMassAnalyzer", "msDetector")


def load_from_mzxml(path: Path) -> RawRun:
    """Read times, total ion current and spectra of the lowest MS level; higher levels are counted in the metadata.

    Raises ReaderError and nothing else.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    listener = _Mzxml(size)
    stream_xml(path, listener)
    return listener.run()


class _Scan:
    """One scan element, open until its own `peaks` or end tag is met."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.number = attributes.get("num", "")[:20]
        self.level = _whole(attributes.get("msLevel", "1"), "msLevel", self.number)
        self.count = _whole(attributes.get("peaksCount", "0"), "peaksCount", self.number)
        self.time = attributes.get("retentionTime", "")[:60]
        self.total = attributes.get("totIonCurrent", "")
        self.is_told = False


class _Mzxml:
    def __init__(self, size: int) -> None:
        self._builder = ScanBuilder(size)
        self._open: list[_Scan] = []
        self._peaks: Mapping[str, str] | None = None
        self._level = 0
        self._skipped = 0
        self._metadata: dict[str, str] = {}

    def wants_text(self, name: str) -> bool:
        return name == "peaks" and bool(self._open)

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "scan":
            # The spectra of higher levels stand inside the scan that they come from, behind its peaks.
            self._open.append(_Scan(attributes))
            if "polarity" not in self._metadata and (polarity := attributes.get("polarity")):
                self._metadata["polarity"] = polarity[:10]
        elif name == "peaks":
            self._peaks = dict(attributes)
        elif name in _NAMED and "value" in attributes:
            self._metadata.setdefault(name, attributes["value"][:200])
        elif name == "parentFile":
            self._metadata.setdefault("source_file", attributes.get("fileName", "")[:200])

    def end(self, name: str, text: str) -> None:
        if name == "peaks" and self._open and self._peaks is not None:
            self._tell(self._open[-1], text, self._peaks)
            self._peaks = None
        elif name == "scan" and self._open:
            scan = self._open.pop()
            if not scan.is_told and scan.count == 0:
                self._tell(scan, "", {})
            elif not scan.is_told:
                raise ReaderError(f"scan {scan.number} declares {scan.count} points, but has none")

    def _tell(self, scan: _Scan, text: str, attributes: Mapping[str, str]) -> None:
        if scan.is_told:
            raise ReaderError(f"scan {scan.number} has its points twice")
        scan.is_told = True
        if self._builder.scans and scan.level > self._level:
            self._skipped += 1
            return
        if scan.level < self._level:
            self._skipped += self._builder.scans
            self._builder.clear()
        self._level = scan.level
        mz, intensity = self._points(scan, text, attributes)
        try:
            total = float(scan.total) if scan.total else None
        except ValueError:
            total = None
        self._builder.add(_seconds(scan), mz, intensity, total)

    def _points(
        self, scan: _Scan, text: str, attributes: Mapping[str, str]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        none: NDArray[Any] = np.zeros(0)
        if not scan.count:
            # Writers put one point of zeros where there is none.
            return none, none
        place = f"the points of scan {scan.number}"
        if scan.count > self._builder.budget:
            raise ReaderError(f"{place} are declared as {scan.count}, far more than the file can hold")
        order = attributes.get("contentType") or attributes.get("pairOrder") or "m/z-int"
        packing = attributes.get("compressionType") or "none"
        precision = attributes.get("precision") or "32"
        if order != "m/z-int" or packing not in ("none", "zlib") or precision not in ("32", "64"):
            raise ReaderError(f"{place} are laid out as {order[:20]}, {packing[:20]}, {precision[:20]} bits")
        if attributes.get("byteOrder", "network") != "network":
            raise ReaderError(f"{place} have the byte order {attributes['byteOrder'][:20]!r}, not network")
        dtype = ">f4" if precision == "32" else ">f8"
        values = decode_numbers(text, dtype, 2 * scan.count, packed=packing == "zlib", place=place)
        return values[0::2], values[1::2]

    def run(self) -> RawRun:
        if self._skipped:
            self._metadata["spectra_of_higher_levels"] = str(self._skipped)
        technique = "MS" if self._level <= 1 else f"MS{self._level}"
        return self._builder.run(FORMAT, technique, "counts", self._metadata)


def _seconds(scan: _Scan) -> float:
    """An XML duration as seconds; a plain number is taken as seconds too."""
    found = _DURATION.fullmatch(scan.time)
    if found and any(found.groups()):
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds
    try:
        return float(scan.time)
    except ValueError:
        raise ReaderError(
            f"scan {scan.number} has no retention time that can be read: {scan.time!r}"
        ) from None


def _whole(text: str, what: str, number: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise ReaderError(f"{what} of scan {number} is no whole number: {text[:40]!r}")
    return int(text)
