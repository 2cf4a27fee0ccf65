"""Read an Agilent `.D` folder that was sent as a zip archive: its mass spectra or its detector signal, and its report.

A `.D` folder is one injection: `DATA.MS` where a mass spectrometer measured, a `.ch` file for every other detector, and often the
peak table that the software made (`Result.xml`, `Report.TXT`). The run is that of DATA.MS, else of the first flame ionization
detector, else of the first signal by name; what else there is stands in the metadata. A report of another run that lies in the
folder is said to be so and is not taken.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_agilent_ch import MAX_FILE_BYTES, load_from_agilent_ch
from services.classifier.domain.readers.load_from_agilent_ms import load_from_agilent_ms
from services.classifier.domain.readers.load_from_chemstation_report import load_from_chemstation_report
from services.classifier.domain.readers.load_from_openlab_result import load_from_openlab_result
from services.classifier.domain.readers.zip_archive import copy_member, files_of, open_archive
from services.classifier.domain.run import RawRun

FORMAT = "Agilent-D"
MAX_SPECTRA_BYTES = 2**30
MAX_REPORT_BYTES = 16 * 2**20
_SPECTRA: dict[str, Callable[[Path], RawRun]] = {"data.ms": load_from_agilent_ms}
_REPORTS: dict[str, Callable[[Path], PeakTable]] = {
    "result.xml": load_from_openlab_result,
    "report.txt": load_from_chemstation_report,
}
_SAMPLE_NAMES = ("sample", "Sample Name")


def load_from_agilent_d(path: Path) -> RawRun | PeakTable:
    """Read the injection, or its table of peaks where that alone is left; raises ReaderError and nothing else."""
    with open_archive(path) as archive, tempfile.TemporaryDirectory(prefix="siglab-d-") as folder:
        files = _one_folder(files_of(archive))
        if not any(each in _SPECTRA or each.endswith(".ch") for each in files):
            return _report_alone(archive, files, Path(folder))
        name, run = _run(archive, files, Path(folder))
        metadata = {**run.metadata, "signal_file": name}
        others = sorted(each for each in files if each.endswith(".ch") and each != name)
        if others:
            metadata["other_signals"] = "; ".join(others)[:500]
        reported, remark = _reported(archive, files, Path(folder), run)
        if remark:
            metadata["remark"] = remark
        return replace(run, format=FORMAT, metadata=metadata, reported=reported)


def _one_folder(files: dict[str, ZipInfo]) -> dict[str, ZipInfo]:
    """The files of the one `.D` folder, by their name in lower case; an archive of its contents alone counts as one."""
    folders = {found.group(1) for each in files if (found := re.match(r"((?:.*/)?[^/]+\.[dD])/", each))}
    if len(folders) > 1:
        names = ", ".join(sorted(folders)[:5])
        raise ReaderError(
            f"the archive holds {len(folders)} .D folders ({names}); send one injection an archive"
        )
    start = f"{folders.pop()}/" if folders else ""
    own = {each[len(start) :].lower(): info for each, info in files.items() if each.startswith(start)}
    return {name: info for name, info in own.items() if "/" not in name}


def _run(archive: ZipFile, files: dict[str, ZipInfo], folder: Path) -> tuple[str, RawRun]:
    for name, reader in _SPECTRA.items():
        if name in files:
            return name, reader(_unpacked(archive, files[name], folder, MAX_SPECTRA_BYTES))
    signals = sorted(
        (each for each in files if each.endswith(".ch")), key=lambda each: (not each.startswith("fid"), each)
    )
    return signals[0], load_from_agilent_ch(_unpacked(archive, files[signals[0]], folder, MAX_FILE_BYTES))


def _report_alone(archive: ZipFile, files: dict[str, ZipInfo], folder: Path) -> PeakTable:
    """The peaks of a folder that holds no signal any more; raises ReaderError where it holds no report either."""
    for name, reader in _REPORTS.items():
        if name in files:
            table = reader(_unpacked(archive, files[name], folder, MAX_REPORT_BYTES))
            return replace(table, format=FORMAT, metadata={**table.metadata, "report_file": name})
    held = ", ".join(sorted(files)[:8]) or "nothing"
    raise ReaderError(f"the .D folder has no signal that this version reads; it holds {held}")


def _unpacked(archive: ZipFile, info: ZipInfo, folder: Path, most: int) -> Path:
    path = folder / "member"
    with path.open("wb") as target:
        copy_member(archive, info, target, most)
    return path


def _reported(
    archive: ZipFile, files: dict[str, ZipInfo], folder: Path, run: RawRun
) -> tuple[PeakTable | None, str]:
    """The instrument's peaks of this run, and what is to be said where a report is there but is not taken."""
    for name, reader in _REPORTS.items():
        if name not in files:
            continue
        try:
            table = reader(_unpacked(archive, files[name], folder, MAX_REPORT_BYTES))
        except ReaderError as error:
            return None, f"the report {name} could not be read: {error}"[:500]
        reported = next((table.metadata[key] for key in _SAMPLE_NAMES if key in table.metadata), "")
        measured = run.metadata.get("sample", "")
        if reported and measured and reported != measured:
            return (
                None,
                f"the report {name} is of the sample {reported!r}, the signal of {measured!r}; it was not taken",
            )
        return table, ""
    return None, ""
