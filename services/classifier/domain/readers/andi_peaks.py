"""The peaks that chromatography software wrote into an ANDI file beside the signal (ASTM E1947, category C2)."""

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.netcdf_classic import NetcdfFile
from services.classifier.domain.run import Floats

MAX_PEAKS = 50_000
_TIME = "peak_retention_time"
_AMOUNTS = ("peak_amount", "peak_start_time", "peak_end_time", "baseline_start_value", "baseline_stop_value")


def andi_peaks(content: NetcdfFile, format_name: str) -> PeakTable | None:
    """The table, None where the file has none; what the software did not measure is NaN. Raises ReaderError."""
    variable = content.variables.get(_TIME)
    if variable is None or variable.shape in ((0,), ()):
        return None
    if len(variable.shape) != 1 or variable.shape[0] > MAX_PEAKS:
        raise ReaderError(f"the file declares its peaks as {variable.shape}; at most {MAX_PEAKS} are read")
    peaks = variable.shape[0]
    names = [""] * peaks
    if (
        (named := content.variables.get("peak_name"))
        and named.dtype.kind == "S"
        and named.shape[:1] == (peaks,)
    ):
        width = named.shape[1] if len(named.shape) == 2 else 1
        raw = content.array("peak_name").tobytes()
        rows = (raw[at * width : (at + 1) * width] for at in range(peaks))
        names = [row.split(b"\0")[0].decode("latin-1").strip() for row in rows]
    amounts = {name: column for name in _AMOUNTS if (column := _column(content, name, peaks)) is not None}
    nothing = np.full(peaks, np.nan)
    time, area, height, breadth = (
        column if (column := _column(content, name, peaks)) is not None else nothing
        for name in (_TIME, "peak_area", "peak_height", "peak_width")
    )
    breadth = np.where(breadth > 0, breadth, np.nan)
    unit = str(content.attributes.get("peak_amount_unit") or "").strip()
    return PeakTable(
        format_name, "chromatography", tuple(names), time, area, height, breadth, (), amounts,
        {"peak_amount": unit} if unit else {},
    )  # fmt: skip


def _column(content: NetcdfFile, name: str, peaks: int) -> Floats | None:
    """A variable of one number a peak; the marks for what was not measured (-9999, and -1 of what cannot be negative) are NaN."""
    variable = content.variables.get(name)
    if variable is None or variable.shape != (peaks,) or variable.dtype.kind not in "if":
        return None
    with np.errstate(invalid="ignore"):
        values = content.array(name).astype(np.float64)
    values[~(np.abs(values) < 1e30) | (values == -9999.0) | (values == -1.0)] = np.nan
    return values if np.isfinite(values).any() else None
