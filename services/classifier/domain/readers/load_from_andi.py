"""Read ANDI-MS files (ASTM E2077/E2078: netCDF classic with the variables of the mass-spectrometry template)."""

from pathlib import Path
from typing import Any

import numpy as np

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.netcdf_classic import NetcdfFile, open_netcdf
from services.classifier.domain.run import Floats, RawRun

FORMAT = "ANDI-MS"
NOT_MEASURED = -9999.0


def load_from_andi(path: Path) -> RawRun:
    """Read scan times, total ion current and the spectrum of every scan.

    A total ion current that the file does not hold is summed from the spectra. Raises ReaderError and nothing else.
    """
    handle, content = open_netcdf(path)
    with handle:
        return _run(content)


def _run(content: NetcdfFile) -> RawRun:
    times = _finite(content, "scan_acquisition_time")
    scans = len(times)
    if scans == 0:
        raise ReaderError("the file holds no scan")
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        raise ReaderError(f"the scan times do not rise at scan {int(falls[0]) + 2} of {scans}")
    first, count = _whole(content, "scan_index", scans), _whole(content, "point_count", scans)
    mz, intensity = _finite(content, "mass_values"), _finite(content, "intensity_values")
    if len(mz) != len(intensity):
        raise ReaderError(f"the file holds {len(mz)} masses, but {len(intensity)} intensities")
    if (first < 0).any() or (count < 0).any() or (first + count > len(mz)).any():
        raise ReaderError(f"a scan points outside of the {len(mz)} points that the file holds")
    if int(count.sum()) > len(mz):
        raise ReaderError(f"the scans claim {int(count.sum())} points, but the file holds {len(mz)}")
    starts = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    places = np.repeat(first - starts[:-1], count) + np.arange(starts[-1])
    mz, intensity = mz[places], intensity[places]
    total = _total(content, starts, intensity)
    kind, unit = str(content.attributes.get("test_ionization_mode", "")), _unit(content)
    return RawRun(
        FORMAT, "GC-MS" if kind else "MS", times, total, starts, mz, intensity, unit, _metadata(content)
    )


def _finite(content: NetcdfFile, name: str) -> Floats:
    """A variable of one dimension as numbers, with the scale and the offset that the template allows."""
    raw = content.array(name)
    if raw.dtype.kind not in "if" or raw.ndim != 1:
        raise ReaderError(f"the variable {name!r} is no list of numbers")
    with np.errstate(invalid="ignore", over="ignore"):
        values = raw.astype(np.float64)
    attributes = content.variables[name].attributes
    scale, offset = (_number(attributes.get(each)) for each in ("scale_factor", "add_offset"))
    if scale is not None and scale not in (0.0, 1.0):
        values = values * scale
    if offset:
        values = values + offset
    wrong = np.flatnonzero(~np.isfinite(values) | (np.abs(values) > 1e30))
    if len(wrong):
        raise ReaderError(
            f"the variable {name!r} holds something that is no number, at place {int(wrong[0])}"
        )
    return values


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _whole(content: NetcdfFile, name: str, scans: int) -> Any:
    raw = content.array(name)
    if raw.dtype.kind != "i" or raw.shape != (scans,):
        raise ReaderError(f"the variable {name!r} does not hold one whole number a scan")
    return raw.astype(np.int64)


def _total(content: NetcdfFile, starts: Any, intensity: Floats) -> Floats:
    scans = len(starts) - 1
    if "total_intensity" in content.variables:
        total = _finite(content, "total_intensity")
        if len(total) != scans:
            raise ReaderError(f"the total ion current has {len(total)} values for {scans} scans")
        if not (total == NOT_MEASURED).any():
            return total
    scan = np.repeat(np.arange(scans), np.diff(starts))
    return np.bincount(scan, weights=intensity, minlength=scans).astype(np.float64)


def _unit(content: NetcdfFile) -> str:
    named = content.variables.get("intensity_values")
    unit = named.attributes.get("units") if named else None
    return str(unit) if unit else "counts"


def _metadata(content: NetcdfFile) -> dict[str, str]:
    found = {name: str(value)[:500] for name, value in content.attributes.items() if str(value).strip()}
    for name in ("instrument_name", "instrument_mfr", "instrument_model", "instrument_serial_no"):
        if text := content.text(name):
            found[name] = text[:200]
    return found
