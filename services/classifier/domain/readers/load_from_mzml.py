"""Read mzML (HUPO-PSI, version 1.1, with or without an index).

The reader is our own: pymzml and pyteomics unpack whatever a file claims to hold, and parse its XML without limits.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.scan_builder import ScanBuilder, decode_numbers
from services.classifier.domain.readers.xml_stream import stream_xml
from services.classifier.domain.run import RawRun

FORMAT = "mzML"
_TYPES = {"MS:1000521": "<f4", "MS:1000523": "<f8", "MS:1000519": "<i4", "MS:1000522": "<i8"}
_NONE, _ZLIB = "MS:1000576", "MS:1000574"
_COMPRESSION = "MS:1000572"
_MZ, _INTENSITY, _TIME = "MS:1000514", "MS:1000515", "MS:1000595"
_LEVEL, _TOTAL, _START = "MS:1000511", "MS:1000285", "MS:1000016"
_OTHER_PACKING = {
    "MS:1002312", "MS:1002313", "MS:1002314", "MS:1002746", "MS:1002747", "MS:1002748", "MS:1003088", "MS:1003089",
    "MS:1003090",
}  # fmt: skip
_LIGHT = {"MS:1000804", "MS:1000805", "MS:1000806"}
_SECONDS = {"UO:0000010": 1.0, "UO:0000031": 60.0, "UO:0000028": 1e-3, "UO:0000032": 3600.0}
_NAMED = {"MS:1000529": "instrument_serial_no", "MS:1000130": "polarity", "MS:1000129": "polarity"}
_NAMED |= {"MS:1000127": "spectrum_type", "MS:1000128": "spectrum_type"}
_MAX_GROUPS, _MAX_PARAMETERS = 2000, 100

Param = tuple[str, str, str, str]


def load_from_mzml(path: Path) -> RawRun:
    """Read times, total ion current and spectra of the lowest MS level; a file of chromatograms alone gives its total one.

    Spectra of higher levels are counted in the metadata. Raises ReaderError and nothing else.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    listener = _Mzml(size)
    stream_xml(path, listener)
    return listener.run()


class _Array:
    """One binaryDataArray: what its parameters say, and its values when it ended."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.kinds: set[str] = set()
        self.time_unit = 1.0
        self.unit = ""
        self.text = ""

    def values(self, place: str) -> NDArray[Any]:
        if self.kinds & _OTHER_PACKING:
            raise ReaderError(f"{place} is packed by MS-Numpress or the like; convert the run without it")
        types = [dtype for name, dtype in _TYPES.items() if name in self.kinds]
        if len(types) != 1:
            raise ReaderError(f"{place} does not say whether its numbers have 32 or 64 bits")
        return decode_numbers(self.text, types[0], self.length, packed=_ZLIB in self.kinds, place=place)


class _Mzml:
    """Listens to the file: parameters count for the array, spectrum or instrument that they stand in."""

    def __init__(self, size: int) -> None:
        self._builder = ScanBuilder(size)
        self._groups: dict[str, list[Param]] = {}
        self._group: list[Param] | None = None
        self._metadata: dict[str, str] = {}
        self._seen: dict[str, set[str]] = {}
        self._level = 0
        self._skipped = 0
        self._optical = 0
        self._unit = ""
        self._chromatogram: tuple[NDArray[Any], NDArray[Any], str, str] | None = None
        self._chromatograms = 0
        self._in = ""
        self._where: list[str] = []
        self._array: _Array | None = None
        self._reset("", 0)

    def _reset(self, kind: str, length: int, identifier: str = "") -> None:
        self._in, self._length, self._id = kind, length, identifier
        self._scan_level, self._scan_total, self._scan_start = 1, None, None
        self._scan_is_light = False
        self._arrays: list[_Array] = []

    _scan_total: float | None
    _scan_start: float | None

    def wants_text(self, name: str) -> bool:
        return name == "binary" and bool(self._in)

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._where.append(name)
        if name == "cvParam":
            self._parameter(_param(attributes))
        elif name == "referenceableParamGroup":
            if len(self._groups) >= _MAX_GROUPS:
                raise ReaderError(f"the file declares more than {_MAX_GROUPS} groups of parameters")
            self._group = self._groups.setdefault(attributes.get("id", ""), [])
        elif name == "referenceableParamGroupRef":
            for each in self._groups.get(attributes.get("ref", ""), []):
                self._apply(each)
        elif name in ("spectrum", "chromatogram"):
            length = _whole(attributes.get("defaultArrayLength"), f"the length of {name}")
            self._reset(name, length, attributes.get("id", "")[:200])
        elif name == "binaryDataArray" and self._in:
            own = attributes.get("arrayLength")
            length = self._length if own is None else _whole(own, "the length of an array")
            if length > self._builder.budget:
                raise ReaderError(f"an array declares {length} values, far more than the file can hold")
            self._array = _Array(length)
        elif name == "run" and (stamp := attributes.get("startTimeStamp")):
            self._metadata["start_time"] = stamp[:100]
        elif name == "software" and "software" not in self._metadata:
            self._metadata["software"] = f"{attributes.get('id', '')} {attributes.get('version', '')}"[:200]
        elif name == "sourceFile" and "source_file" not in self._metadata:
            self._metadata["source_file"] = attributes.get("name", "")[:200]

    def end(self, name: str, text: str) -> None:
        self._where.pop()
        if name == "binary" and self._array is not None:
            self._array.text = text
        elif name == "binaryDataArray" and self._array is not None:
            self._arrays.append(self._array)
            self._array = None
            if len(self._arrays) > 100:
                raise ReaderError(f"{self._in} {self._id!r} has more than 100 arrays")
        elif name == "referenceableParamGroup":
            self._group = None
        elif name == "spectrum" and self._in == name:
            self._spectrum()
            self._reset("", 0)
        elif name == "chromatogram" and self._in == name:
            self._keep_chromatogram()
            self._reset("", 0)

    def _parameter(self, each: Param) -> None:
        if self._group is not None:
            if len(self._group) >= _MAX_PARAMETERS:
                raise ReaderError(f"a group declares more than {_MAX_PARAMETERS} parameters")
            self._group.append(each)
        else:
            self._apply(each)

    def _apply(self, each: Param) -> None:
        accession, name, value, unit = each
        if self._array is not None:
            self._array.kinds.add(accession)
            if accession == _INTENSITY:
                self._array.unit = unit
            if accession == _TIME:
                self._array.time_unit = _seconds(unit)
        elif (
            self._in == "spectrum" and "precursorList" not in self._where and "productList" not in self._where
        ):
            if accession == _LEVEL:
                self._scan_level = _whole(value, "the MS level")
            elif accession == _TOTAL:
                self._scan_total = _number(value)
            elif accession == _START:
                told = _number(value)
                self._scan_start = None if told is None else told * _seconds(unit)
            elif accession in _LIGHT:
                self._scan_is_light = True
            elif accession in _NAMED:
                self._see(_NAMED[accession], name)
        elif not self._in and "componentList" in self._where and accession.startswith("MS:"):
            self._see(self._where[-2], name)
        elif not self._in and accession in _NAMED:
            self._see(_NAMED[accession], value)
        elif not self._in and "instrumentConfiguration" in self._where:
            self._see("instrument_model", name)

    def _see(self, field: str, value: str) -> None:
        seen = self._seen.setdefault(field, set())
        if len(seen) < 8:
            seen.add(value[:100])

    def _pair(self, first: str) -> tuple[_Array, _Array] | None:
        found = [next((a for a in self._arrays if kind in a.kinds), None) for kind in (first, _INTENSITY)]
        return (found[0], found[1]) if found[0] is not None and found[1] is not None else None

    def _spectrum(self) -> None:
        if self._scan_is_light:
            self._optical += 1
            return
        if self._builder.scans and self._scan_level > self._level:
            self._skipped += 1
            return
        if self._scan_level < self._level:
            self._skipped += self._builder.scans
            self._builder.clear()
        self._level = self._scan_level
        place = f"spectrum {self._id!r}"
        pair = self._pair(_MZ)
        if pair is None and (self._length or self._arrays):
            raise ReaderError(f"{place} has no pair of mass and intensity arrays")
        if self._scan_start is None:
            raise ReaderError(f"{place} has no scan start time")
        empty: NDArray[Any] = np.zeros(0)
        mz = pair[0].values(f"the masses of {place}") if pair else empty
        intensity = pair[1].values(f"the intensities of {place}") if pair else empty
        if pair and pair[1].unit:
            self._unit = pair[1].unit
        self._builder.add(self._scan_start, mz, intensity, self._scan_total)

    def _keep_chromatogram(self) -> None:
        self._chromatograms += 1
        pair = self._pair(_TIME)
        is_better = self._chromatogram is None or (self._id == "TIC" and self._chromatogram[3] != "TIC")
        if self._builder.scans or pair is None or not is_better:
            return
        place = f"chromatogram {self._id!r}"
        times = pair[0].values(f"the times of {place}").astype(np.float64) * pair[0].time_unit
        signal = pair[1].values(f"the signal of {place}").astype(np.float64)
        self._chromatogram = times, signal, pair[1].unit, self._id

    def run(self) -> RawRun:
        for field, seen in self._seen.items():
            self._metadata[field] = ", ".join(sorted(seen))
        if self._chromatograms:
            self._metadata["chromatograms"] = str(self._chromatograms)
        if self._optical:
            self._metadata["optical_spectra_not_read"] = str(self._optical)
        if self._builder.scans or self._chromatogram is None:
            if self._skipped:
                self._metadata["spectra_of_higher_levels"] = str(self._skipped)
            technique = "MS" if self._level <= 1 else f"MS{self._level}"
            return self._builder.run(FORMAT, technique, self._unit or "counts", self._metadata)
        times, signal, unit, identifier = self._chromatogram
        if not len(times) or not (np.diff(times) > 0).all() or not np.isfinite(times).all():
            raise ReaderError(f"the times of chromatogram {identifier!r} do not rise")
        if not (np.abs(signal) <= 1e30).all():
            raise ReaderError(f"the signal of chromatogram {identifier!r} holds something that is no number")
        self._metadata["chromatogram"] = identifier
        none = np.zeros(0)
        starts = np.zeros(len(times) + 1, np.int64)
        return RawRun(
            FORMAT, "chromatography", times, signal, starts, none, none, unit or "counts", self._metadata
        )


def _param(attributes: Mapping[str, str]) -> Param:
    unit = attributes.get("unitAccession", "")
    if attributes.get("accession") == _INTENSITY:
        unit = attributes.get("unitName", "")[:60]
    return (
        attributes.get("accession", "")[:40],
        attributes.get("name", "")[:200],
        attributes.get("value", "")[:200],
        unit,
    )


def _whole(text: str | None, what: str) -> int:
    if text is None or not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 12:
        raise ReaderError(f"{what} is no whole number: {(text or '')[:40]!r}")
    return int(text)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds(unit: str) -> float:
    if unit not in _SECONDS:
        raise ReaderError(f"a time is given without a unit that is known ({unit[:40]!r})")
    return _SECONDS[unit]
