"""Writers of small mzML and mzXML files, so that the readers are tested where no instrument's file is."""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

Scan = tuple[float, Sequence[float], Sequence[float]]
SCANS: list[Scan] = [
    (60.0, [57.0, 71.5], [10.0, 20.0]),
    (75.0, [], []),
    (90.0, [57.25, 71.0, 85.0], [1.0, 2.0, 3.0]),
]
_TYPES = {"<f4": ("MS:1000521", "32-bit float"), "<f8": ("MS:1000523", "64-bit float")}


def _cv(accession: str, name: str, value: object = "", unit: str = "") -> str:
    units = f' unitCvRef="UO" unitAccession="{unit}" unitName="minute"' if unit.startswith("UO") else ""
    units = f' unitCvRef="MS" unitAccession="MS:1000131" unitName="{unit}"' if unit and not units else units
    return f'<cvParam cvRef="MS" accession="{accession}" name="{name}" value="{value}"{units}/>'


def binary_array(values: Sequence[float], kind: str, *, dtype: str = "<f8", packed: bool = False) -> str:
    """One binaryDataArray; `kind` is the cvParam that says what the numbers are."""
    raw = np.asarray(values, dtype).tobytes()
    text = base64.b64encode(zlib.compress(raw) if packed else raw).decode()
    packing = _cv("MS:1000574", "zlib compression") if packed else _cv("MS:1000576", "no compression")
    return (
        f'<binaryDataArray encodedLength="{len(text)}">{_cv(*_TYPES[dtype])}{packing}{kind}'
        f"<binary>{text}</binary></binaryDataArray>"
    )


MASSES = _cv("MS:1000514", "m/z array")
INTENSITIES = _cv("MS:1000515", "intensity array", "", "number of counts")
TIMES = _cv("MS:1000595", "time array", "", "UO:0000031")


def mzml_bytes(
    scans: Sequence[Scan] = SCANS,
    *,
    levels: Sequence[int] | None = None,
    totals: bool = True,
    body: str = "",
    **how: Any,
) -> bytes:
    """An mzML file; `levels` are MS levels by scan, `body` replaces the spectra, `how` goes to the arrays."""
    told = []
    for place, (time_s, mz, intensity) in enumerate(scans):
        level = levels[place] if levels else 1
        total = _cv("MS:1000285", "total ion current", sum(intensity) + 0.5) if totals else ""
        start = _cv("MS:1000016", "scan start time", time_s / 60, "UO:0000031")
        told.append(
            f'<spectrum index="{place}" id="scan={place + 1}" defaultArrayLength="{len(mz)}">'
            f"{_cv('MS:1000511', 'ms level', level)}{_cv('MS:1000130', 'positive scan')}{total}"
            f"<scanList count='1'><scan>{start}</scan></scanList><binaryDataArrayList count='2'>"
            f"{binary_array(mz, MASSES, **how)}{binary_array(intensity, INTENSITIES, **how)}"
            f"</binaryDataArrayList></spectrum>"
        )
    body = body or f'<spectrumList count="{len(told)}">{"".join(told)}</spectrumList>'
    return (
        '<?xml version="1.0" encoding="utf-8"?><mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">'
        f'<softwareList><software id="SYNTHETIC" version="1"/></softwareList><run id="r">{body}</run></mzML>'
    ).encode()


def chromatogram(times_min: Sequence[float], signal: Sequence[float], identifier: str = "TIC") -> str:
    """A chromatogramList of one, for `body`."""
    return (
        f'<chromatogramList count="1"><chromatogram index="0" id="{identifier}" defaultArrayLength="{len(signal)}">'
        f"<binaryDataArrayList>{binary_array(times_min, TIMES)}{binary_array(signal, INTENSITIES)}"
        "</binaryDataArrayList></chromatogram></chromatogramList>"
    )


def mzxml_bytes(scans: Sequence[Scan] = SCANS, *, dtype: str = ">f4", packed: bool = False) -> bytes:
    """An mzXML file; behind the first scan's points a scan of MS level 2 stands inside it."""
    told = []
    for place, (time_s, mz, intensity) in enumerate(scans):
        points = np.column_stack([mz, intensity]).astype(dtype).tobytes()
        how = f'precision="{8 * np.dtype(dtype).itemsize}" byteOrder="network" contentType="m/z-int"'
        how += f' compressionType="{"zlib" if packed else "none"}"'
        text = base64.b64encode(zlib.compress(points) if packed else points).decode()
        inner = '<scan num="9" msLevel="2" peaksCount="0" retentionTime="PT60.2S"/>' if place == 0 else ""
        told.append(
            f'<scan num="{place + 1}" msLevel="1" peaksCount="{len(mz)}" retentionTime="PT{time_s}S">'
            f"<peaks {how}>{text}</peaks>{inner}</scan>"
        )
    return (
        '<?xml version="1.0"?><mzXML xmlns="http://sashimi.sourceforge.net/schema_revision/mzXML_3.2">'
        f'<msRun scanCount="{len(told)}"><parentFile fileName="SYNTHETIC.raw"/>{"".join(told)}</msRun></mzXML>'
    ).encode()
