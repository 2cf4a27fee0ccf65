"""The files that mutations begin with: a generated one of every layout, and the real ones where they are on this machine.

A format that has a reader and no seed here fails the test, so that no reader goes without.
"""

import io
import math
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook

from services.classifier.domain.synthetic.write_agilent_ch import VERSIONS, agilent_ch_bytes
from services.classifier.domain.synthetic.write_netcdf import netcdf_bytes
from services.classifier.domain.synthetic.write_reports import (
    WrittenPeak,
    chemstation_report_bytes,
    chromeleon_bytes,
    result_xml_bytes,
    shimadzu_bytes,
)
from tests.fuzz.mutate import pack
from tests.unit.classifier.domain.builders import REAL_FORMATS, andi_bytes
from tests.unit.classifier.domain.readers.write_agilent_ms import agilent_ms_bytes
from tests.unit.classifier.domain.readers.write_isodat import IsodatFile
from tests.unit.classifier.domain.readers.write_jcamp import FORMS, MASS_RUN, NTUPLES, jcamp_text
from tests.unit.classifier.domain.readers.write_mzml import mzml_bytes, mzxml_bytes
from tests.unit.classifier.domain.readers.write_nu import nu_text


@dataclass(frozen=True)
class Seed:
    """A file that its reader reads."""

    name: str
    content: bytes


_COUNTS = [round(1000 * math.exp(-(((place - 60) / 8) ** 2))) + place % 3 for place in range(120)]
_MINUTES = [place / 60 for place in range(120)]
_PEAKS = [
    WrittenPeak(1.0 + place / 4, 100.0 + place, 20.0 + place, 0.05, f"compound {place}")
    for place in range(12)
]
_SIGNALS = {"FID1 A": _PEAKS, "FID2 B": _PEAKS[:3]}
_CSV = "Compound;RT (min);Area;Height\n" + "".join(
    f"{p.name};{p.time:.3f};{p.area:.2f};{p.height:.1f}\n" for p in _PEAKS
)
_MSP = """Name: first
Formula: C2H6
Comment: runs over
 two lines
Num Peaks: 3
28 100; 29 50.5;
30 7 "C2H6 note: 5"

NAME: second
NUM PEAKS: 2
( 27   20) ( 28 1000)

"""

_ISODAT = (
    "Row\tIdentifier 1\tAnalysis\tPeak Nr.\tRt\tStart\tEnd\tAmpl 44\tArea All\td 13C/12C [per mil] vs. VPDB\n"
    + "".join(f"{n}\tHER-{n}\t29{n:02}\t1\t38.0\t35.1\t60.1\t722.1\t14.1\t-{n}.372\n" for n in range(1, 30))
)


def _folder(**more: bytes) -> bytes:
    own = {"A.D/" + name.replace("_", "."): content for name, content in more.items()}
    return pack({"A.D/FID1A.ch": agilent_ch_bytes(181, _COUNTS), **own})


def _workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (line.split(";") for line in _CSV.splitlines()):
        sheet.append([float(cell) if cell[0].isdigit() else cell for cell in row])
    target = io.BytesIO()
    book.save(target)
    # The library writes the time into its properties; the seed is the same every time.
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return pack(
        {
            name: re.sub(rb"20\d\d-\d\d-\d\dT[\d:]+Z", b"2026-01-01T00:00:00Z", part)
            for name, part in parts.items()
        }
    )


def _andi_chrom() -> bytes:
    values: list[tuple[str, list[str], NDArray[Any], dict[str, str | float]]] = [
        ("ordinate_values", ["point_number"], np.array(_COUNTS, "f4"), {}),
        ("actual_sampling_interval", ["one"], np.array([0.5], "f4"), {}),
        ("actual_delay_time", ["one"], np.array([1.0], "f4"), {}),
    ]
    return netcdf_bytes({"point_number": len(_COUNTS), "one": 1}, {"detector_unit": "mV"}, values)


GENERATED: dict[str, Callable[[], list[bytes]]] = {
    "ANDI-MS": lambda: [andi_bytes(), andi_bytes(total=False)],
    "ANDI-chrom": lambda: [_andi_chrom()],
    "Agilent-ch": lambda: [agilent_ch_bytes(version, _COUNTS) for version in VERSIONS],
    "Agilent-D": lambda: [
        _folder(),
        _folder(
            Result_xml=result_xml_bytes(_SIGNALS, sample="SYNTHETIC"), DAD1A_ch=agilent_ch_bytes(130, _COUNTS)
        ),
        _folder(Report_TXT=chemstation_report_bytes(_SIGNALS)),
        _folder(DATA_MS=agilent_ms_bytes()),
    ],
    "ChemStation-report": lambda: [
        chemstation_report_bytes(_SIGNALS),
        chemstation_report_bytes(_SIGNALS, encoding="cp1252"),
    ],
    "OpenLab-result": lambda: [result_xml_bytes(_SIGNALS), result_xml_bytes(_SIGNALS, encoding="utf-8")],
    "Chromeleon": lambda: [
        chromeleon_bytes(_MINUTES, _COUNTS),
        chromeleon_bytes(_MINUTES, _COUNTS, mark=",", encoding="cp1252"),
        chromeleon_bytes(_MINUTES, _COUNTS, encoding="utf-16"),
    ],
    "Shimadzu": lambda: [
        shimadzu_bytes(_MINUTES, _COUNTS, _PEAKS),
        shimadzu_bytes(_MINUTES, _COUNTS, _PEAKS, parts=";", mark=","),
    ],
    "GCalignR": lambda: [
        b"C3\tC2\tM2\ntime\tarea\n" + b"4.5\t100.5\t4.6\t7\t4.7\t1\n" * 20 + b"NA\tNA\t5.5\t8\tNA\tNA\n"
    ],
    "CSV": lambda: [
        _CSV.encode(),
        _CSV.replace(".", ",").encode("cp1252"),
        _CSV.replace(";", "\t").encode("utf-16"),
    ],
    "XLSX": lambda: [_workbook()],
    "Agilent-MS": lambda: [agilent_ms_bytes()],
    "MSP": lambda: [_MSP.encode() * 10],
    "Isodat": lambda: [IsodatFile().content(), IsodatFile().old_content()],
    "Isodat-CSV": lambda: [_ISODAT.encode(), _ISODAT.replace(".", ",").encode("utf-16")],
    "Nu": lambda: [nu_text(blocks=3, cycles=2).encode()],
    "mzML": lambda: [mzml_bytes(), mzml_bytes(packed=True)],
    "mzXML": lambda: [mzxml_bytes(), mzxml_bytes(packed=True)],
    "JCAMP-DX": lambda: [
        MASS_RUN.encode(),
        NTUPLES.encode(),
        *(jcamp_text(_COUNTS, form).encode() for form in FORMS),
    ],
}
REAL: dict[str, tuple[str, ...]] = {
    "ANDI-MS": ("andi_cdf/HP_MS.CDF",),
    "ANDI-chrom": ("andi_cdf/VARIAN1.CDF",),
    "Agilent-ch": ("chemstation_fid/*.ch", "openlab/*.ch", "openlab/*/*.ch"),
    "ChemStation-report": ("peaktables/RUTIN2.D/Report.TXT",),
    "OpenLab-result": ("openlab/chemstation_181.D/Result.xml",),
    "Chromeleon": ("chromeleon/*.txt",),
    "Shimadzu": ("peaktables/shimadzu_ladder.txt",),
    "GCalignR": ("peaktables/GCalignR_peak_data.txt",),
    "mzML": ("mzml/*.mzML",),
    "MSP": ("msp/*",),
    "Agilent-MS": ("agilent_D/*/DATA.MS",),
    "Isodat": ("isodat/*.dxf", "isodat/*.cf", "isodat/*.did"),
    "Nu": ("isodat/*nu*.txt",),
    "JCAMP-DX": ("jcamp/*",),
}
REAL_FOLDERS = {"Agilent-D": ("agilent_D/*.D", "openlab/*.D")}


def seeds_of(format_name: str) -> list[Seed]:
    """The seeds of a format, generated ones first; raises KeyError for a format that has none of its own here."""
    generated = GENERATED[format_name]() if format_name not in REAL else GENERATED.get(format_name, list)()
    found = [Seed(f"generated {place}", content) for place, content in enumerate(generated)]
    paths = (path for pattern in REAL.get(format_name, ()) for path in sorted(REAL_FORMATS.glob(pattern)))
    found += [Seed(path.name, path.read_bytes()) for path in paths]
    folders = (
        path for pattern in REAL_FOLDERS.get(format_name, ()) for path in sorted(REAL_FORMATS.glob(pattern))
    )
    return found + [Seed(path.name, _packed(path)) for path in folders]


def _packed(folder: Path) -> bytes:
    return pack({f"{folder.name}/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())})
