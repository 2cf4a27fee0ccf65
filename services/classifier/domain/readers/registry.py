"""Which format a file has, judged by its content first and its name last, and which reader reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.classifier.domain.dual_inlet import DualInlet
from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_agilent_ch import load_from_agilent_ch
from services.classifier.domain.readers.load_from_agilent_d import load_from_agilent_d
from services.classifier.domain.readers.load_from_agilent_ms import load_from_agilent_ms
from services.classifier.domain.readers.load_from_andi import load_from_andi
from services.classifier.domain.readers.load_from_andi_chrom import load_from_andi_chrom
from services.classifier.domain.readers.load_from_chemstation_report import load_from_chemstation_report
from services.classifier.domain.readers.load_from_chromeleon import load_from_chromeleon
from services.classifier.domain.readers.load_from_gcalignr import load_from_gcalignr
from services.classifier.domain.readers.load_from_isodat import load_from_isodat
from services.classifier.domain.readers.load_from_isodat_csv import DELTA, OWN, load_from_isodat_csv
from services.classifier.domain.readers.load_from_jcamp import load_from_jcamp
from services.classifier.domain.readers.load_from_msp import load_from_msp
from services.classifier.domain.readers.load_from_mzml import load_from_mzml
from services.classifier.domain.readers.load_from_mzxml import load_from_mzxml
from services.classifier.domain.readers.load_from_nu import FIRST_LINE, load_from_nu
from services.classifier.domain.readers.load_from_openlab_result import load_from_openlab_result
from services.classifier.domain.readers.load_from_peak_table_csv import load_from_peak_table_csv
from services.classifier.domain.readers.load_from_peak_table_xlsx import load_from_peak_table_xlsx
from services.classifier.domain.readers.load_from_shimadzu import load_from_shimadzu
from services.classifier.domain.readers.text_file import head_text
from services.classifier.domain.run import RawRun
from services.classifier.domain.spectrum import SpectrumSet

UNKNOWN_FORMAT = "unknown"
FORMATS = (
    "ANDI-MS",
    "ANDI-chrom",
    "mzML",
    "mzXML",
    "JCAMP-DX",
    "Agilent-ch",
    "Agilent-MS",
    "Agilent-D",
    "Isodat",
    "Isodat-CSV",
    "Nu",
    "ChemStation-report",
    "OpenLab-result",
    "Chromeleon",
    "Shimadzu",
    "MSP",
    "Thermo-RAW",
    "LabSolutions",
    "XLSX",
    "GCalignR",
    "CSV",
    UNKNOWN_FORMAT,
)
HEAD_BYTES = 65_536
Content = RawRun | PeakTable | SpectrumSet | DualInlet
READERS: dict[str, Callable[[Path], Content]] = {
    "ANDI-MS": load_from_andi,
    "ANDI-chrom": load_from_andi_chrom,
    "Agilent-ch": load_from_agilent_ch,
    "Agilent-MS": load_from_agilent_ms,
    "Isodat": load_from_isodat,
    "Isodat-CSV": load_from_isodat_csv,
    "Nu": load_from_nu,
    "JCAMP-DX": load_from_jcamp,
    "MSP": load_from_msp,
    "mzML": load_from_mzml,
    "mzXML": load_from_mzxml,
    "ChemStation-report": load_from_chemstation_report,
    "OpenLab-result": load_from_openlab_result,
    "Chromeleon": load_from_chromeleon,
    "Shimadzu": load_from_shimadzu,
    "Agilent-D": load_from_agilent_d,
    "GCalignR": load_from_gcalignr,
    "CSV": load_from_peak_table_csv,
    "XLSX": load_from_peak_table_xlsx,
}
#: Formats of one manufacturer's own programs, and how such a file is made readable.
_TO_CONVERT = {
    "Thermo-RAW": (
        "the file is a Thermo RAW file, which only the manufacturer's programs read; convert it to mzML "
        "(ProteoWizard: msconvert --mzML --zlib; or ThermoRawFileParser -f 1) and upload the mzML beside it"
    ),
    "LabSolutions": (
        "the file is one of Shimadzu LabSolutions' own (.gcd, .lcd), which only its programs read; export it as text "
        "(File Conversion: Convert to ASCII) and upload the text beside it"
    ),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a file: its format, why it could not be read (None where it could), and a summary for people."""

    format: str
    reason: str | None
    summary: dict[str, Any] = field(default_factory=dict)


def recognise(head: bytes, filename: str) -> str:
    """The format, one of FORMATS, from the first bytes (HEAD_BYTES are enough) and the file's name."""
    name = filename.lower()
    text = head_text(head[:8192])
    if head[:3] == b"CDF":
        if b"scan_acquisition_time" in head or b"ms_template_revision" in head:
            return "ANDI-MS"
        return "ANDI-chrom" if b"ordinate_values" in head else UNKNOWN_FORMAT
    if "<mzML" in text or "<indexedmzML" in text:
        return "mzML"
    if "<mzXML" in text or "<msRun" in text:
        return "mzXML"
    if re.match(r"(?:ï»¿)?\s*##TITLE\s*=", text, re.IGNORECASE):
        return "JCAMP-DX"
    if (
        head[:4] in (b"\x0281\x00", b"\x0230\x00", b"\x03130", b"\x03179", b"\x03181")
        or head[:3] == b"\x018\x00"
    ):
        return "Agilent-ch"
    if head[:4] == b"\x012\x00\x00":
        return "Agilent-MS"
    if head[:18] == b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n\x00":
        return "Thermo-RAW"
    if head[:4] == b"\xd0\xcf\x11\xe0" and (
        "LSS Raw Data".encode("utf-16-le") in head or name.endswith((".gcd", ".lcd"))
    ):
        return "LabSolutions"
    if head[:4] == b"PK\x03\x04":
        return _by_members(head, name)
    if head[:2] == b"\xff\xff" and b"CFileHeader" in head[:64]:
        return "Isodat"
    return _by_text(head, text, name)


def _by_members(head: bytes, name: str) -> str:
    """By the names of the first members, which stand in front of their contents."""
    if b"xl/" in head or b"[Content_Types].xml" in head or name.endswith(".xlsx"):
        return "XLSX"
    is_folder = re.search(rb"\.d[/\\]", head, re.IGNORECASE) or re.search(
        rb"\w\.ch|DATA\.MS", head, re.IGNORECASE
    )
    return "Agilent-D" if is_folder else UNKNOWN_FORMAT


def _is_isodat_csv(head: bytes) -> bool:
    """Whether a heading has a delta value beside a column that only Isodat has."""
    lines = head[:8192].decode("utf-8", "replace").splitlines()[:60]
    return any(DELTA.search(line) and OWN.search(line) and re.search(r"[,;\t]", line) for line in lines)


def _is_gcalignr(text: str) -> bool:
    samples, _, rest = text.partition("\n")
    names = [name.strip().lower() for name in rest.partition("\n")[0].split("\t")]
    one_each = (
        "\t" in samples and 2 <= len(names) <= 20 and all(re.fullmatch(r"[a-z_. ]+", name) for name in names)
    )
    return one_each and "area" in names and bool({"time", "rt"} & set(names))


def _by_text(head: bytes, text: str, name: str) -> str:
    if "<ChemStationResult" in text:
        return "OpenLab-result"
    if re.search(r"^-{3,8}\|-{3,8}\|-{2,}", text, re.MULTILINE) or re.match(
        r"\ufeff?Data File .*\.D\s+Sample Name", text
    ):
        return "ChemStation-report"
    if (
        re.match(r"(\ufeff|ï»¿)?File ?path\t", text, re.IGNORECASE)
        or "Chromatogram Data Information:" in text
    ):
        return "Chromeleon"
    if re.match(r"\s*\[Header\]\s*Application Name", text):
        return "Shimadzu"
    if re.match(r"(?:ï»¿)?\s*name\s*:", text, re.IGNORECASE) and (
        name.endswith((".msp", ".msl")) or re.search(rb"(?im)^\s*num\s*peaks\s*:", head)
    ):
        return "MSP"
    if FIRST_LINE.match(text):
        return "Nu"
    if _is_isodat_csv(head):
        return "Isodat-CSV"
    if _is_gcalignr(text):
        return "GCalignR"
    if name.endswith((".csv", ".txt", ".tsv")) and b"\x00" not in head and re.search(r"[,;\t|]", text):
        return "CSV"
    return UNKNOWN_FORMAT


def read(path: Path, filename: str | None = None) -> RawRun:
    """Read a raw run; raises ReaderError with the reason, also for a format that has no reader or no run, and nothing else."""
    content = load(path, filename)
    if not isinstance(content, RawRun):
        kind = "a peak table" if isinstance(content, PeakTable) else "no run"
        raise ReaderError(f"the file is {kind} ({content.format}); it holds no chromatogram")
    return content


def load(path: Path, filename: str | None = None) -> Content:
    """Read a run, a peak table or spectra, whichever the file holds; raises ReaderError with the reason, and nothing else."""
    return _read_as(recognise(_head(path), filename or path.name), path)


def describe(path: Path, filename: str) -> Reading:
    """Read a file as far as it goes and say what it holds; never raises for what the file contains."""
    return examine(path, filename)[0]


def examine(path: Path, filename: str) -> tuple[Reading, Content | None]:
    """What `describe` says, and the content itself where it could be read; never raises for what the file contains."""
    found = UNKNOWN_FORMAT
    try:
        found = recognise(_head(path), filename)
        content = _read_as(found, path)
    except ReaderError as error:
        return Reading(found, str(error)), None
    return Reading(found, None, summary_of(content)), content


def summary_of(content: Content) -> dict[str, Any]:
    if not isinstance(content, RawRun):
        return content.summary()
    summary: dict[str, Any] = {
        "scans": content.scans,
        "from_s": float(content.times_s[0]),
        "to_s": float(content.times_s[-1]),
        "points": len(content.mz),
        "unit": content.unit,
        "technique": content.technique,
    }
    if content.reported is not None:
        summary["reported_peaks"] = content.reported.peaks
    if "remark" in content.metadata:
        summary["remark"] = content.metadata["remark"]
    if content.has_spectra:
        summary |= {"mz_from": float(content.mz.min()), "mz_to": float(content.mz.max())}
    return summary


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(HEAD_BYTES)
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error


def _read_as(format_name: str, path: Path) -> Content:
    reader = READERS.get(format_name)
    if format_name == UNKNOWN_FORMAT:
        raise ReaderError("no reader knows this file by its beginning or its name")
    if format_name in _TO_CONVERT:
        raise ReaderError(_TO_CONVERT[format_name])
    if reader is None:
        raise ReaderError(f"the file is {format_name}, which this version recognises but does not read")
    try:
        return reader(path)
    except (OSError, MemoryError, OverflowError, ArithmeticError) as error:
        raise ReaderError(f"the file could not be read: {type(error).__name__}: {error}") from error
