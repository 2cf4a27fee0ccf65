"""Read ANDI-chrom files (ASTM E1947/E1948: netCDF classic with the variables of the chromatography template)."""

from pathlib import Path

import numpy as np

from services.classifier.domain.readers.andi_peaks import andi_peaks
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.netcdf_classic import NetcdfFile, open_netcdf
from services.classifier.domain.run import RawRun

FORMAT = "ANDI-chrom"


def load_from_andi_chrom(path: Path) -> RawRun:
    """Read the detector signal against time in seconds, and the peaks beside it; raises ReaderError and nothing else."""
    handle, content = open_netcdf(path)
    with handle:
        raw = content.array("ordinate_values")
        if raw.ndim != 1 or raw.dtype.kind not in "if" or not len(raw):
            raise ReaderError("the variable 'ordinate_values' is no list of numbers")
        with np.errstate(invalid="ignore"):
            signal = raw.astype(np.float64)
        if not np.isfinite(signal).all():
            raise ReaderError("the detector signal holds something that is no number")
        step = _scalar(content, "actual_sampling_interval")
        delay = _scalar(content, "actual_delay_time") if "actual_delay_time" in content.variables else 0.0
        reported = andi_peaks(content, FORMAT)
    if not step > 0 or not np.isfinite(delay) or step * len(signal) > 1e9:
        raise ReaderError(f"a sampling interval of {step:g} s and a delay of {delay:g} s give no time axis")
    times = (delay + step * np.arange(len(signal))).astype(np.float64)
    if (np.diff(times) <= 0).any():
        raise ReaderError(
            f"a sampling interval of {step:g} s cannot be told apart after a delay of {delay:g} s"
        )
    unit = str(content.attributes.get("detector_unit") or "detector units")
    metadata = {name: str(value)[:500] for name, value in content.attributes.items() if str(value).strip()}
    none = np.zeros(0)
    starts = np.zeros(len(signal) + 1, np.int64)
    return RawRun(FORMAT, "chromatography", times, signal, starts, none, none, unit, metadata, reported)


def _scalar(content: NetcdfFile, name: str) -> float:
    values = content.array(name)
    if values.size != 1 or values.dtype.kind not in "if" or not np.isfinite(values).all():
        raise ReaderError(f"the variable {name!r} is no single number")
    return float(values.ravel()[0])
