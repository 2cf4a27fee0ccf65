"""Read JCAMP-DX: spectra in all ordinate forms, NTUPLES, compound files, and runs of mass spectra with a retention time each."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.jcamp_blocks import Block, Table, normalise, read_blocks
from services.classifier.domain.readers.jcamp_tables import Groups, Ordinates
from services.classifier.domain.readers.scan_builder import ScanBuilder
from services.classifier.domain.run import Floats, RawRun
from services.classifier.domain.spectrum import Spectrum, SpectrumSet

FORMAT = "JCAMP-DX"
MAX_SPECTRA = 20_000
_TECHNIQUES = {
    "INFRARED": "IR",
    "RAMAN": "Raman",
    "NMR": "NMR",
    "MASS": "MS",
    "UV": "UV-Vis",
    "CHROMATOGRAM": "chromatography",
}
_TIMES = {"SECONDS": 1.0, "S": 1.0, "SEC": 1.0, "MINUTES": 60.0, "MIN": 60.0, "MILLISECONDS": 1e-3, "": 1.0}
_UNITS = {
    "1/CM": "1/cm",
    "M/Z": "m/z",
    "HZ": "Hz",
    "PPM": "ppm",
    "MICROMETERS": "µm",
    "NANOMETERS": "nm",
    "SECONDS": "s",
}


def load_from_jcamp(path: Path) -> SpectrumSet | RawRun:
    """Read every spectrum of the file; pages of mass spectra at several times are a run.

    The check values that the file carries (number of points, FIRSTY, LASTX against DELTAX, the abscissa of each line, the check
    value behind differences) must hold. Raises ReaderError and nothing else.
    """
    spectra: list[Spectrum] = []
    for block in read_blocks(path):
        pages = [_time(table.own, block) for table in block.tables]
        if len(pages) > 1 and all(page is not None for page in pages):
            if spectra:
                raise ReaderError(
                    "the file holds both single spectra and a run; only one of the two can be read"
                )
            return _run(block, [page for page in pages if page is not None], path)
        told = _metadata(block)
        for table in block.tables:
            if len(spectra) >= MAX_SPECTRA:
                raise ReaderError(f"the file holds more than {MAX_SPECTRA} spectra")
            spectra.append(_spectrum(block, table, told))
    if not spectra:
        raise ReaderError("the file holds no data table")
    return SpectrumSet(FORMAT, tuple(spectra))


@dataclass(frozen=True, slots=True)
class _Variable:
    """What the labels say of one column."""

    unit: str
    factor: float
    first: float | None
    last: float | None
    step: float | None = None


def _variable(block: Block, table: Table, symbol: str) -> _Variable:
    """Of NTUPLES by the column's symbol, otherwise by FIRSTX, XUNITS and the like; the table's own labels come first."""
    if "NTUPLES" in block.labels or "SYMBOL" in block.labels:
        symbols = [each.strip().upper() for each in block.labels.get("SYMBOL", "").split(",")]
        if symbol not in symbols:
            raise ReaderError(
                f"the table at line {table.line} has the column {symbol!r}, which SYMBOL does not name"
            )
        place = symbols.index(symbol)
        told = {
            name: (block.labels.get(name, "").split(",") + [""] * (place + 1))[place].strip()
            for name in ("UNITS", "FACTOR", "FIRST", "LAST")
        }
        factor = _number(told["FACTOR"], "FACTOR")
        return _Variable(
            told["UNITS"],
            1.0 if factor is None else factor,
            *(_number(told[n], n) for n in ("FIRST", "LAST")),
        )
    keys = {"FACTOR": f"{symbol}FACTOR"} | {name: name + symbol for name in ("FIRST", "LAST", "DELTA")}
    values = {name: _number(table.own.get(key, block.labels.get(key, "")), key) for name, key in keys.items()}
    unit = table.own.get(f"{symbol}UNITS", block.labels.get(f"{symbol}UNITS", ""))
    factor = values["FACTOR"]
    return _Variable(
        unit, 1.0 if factor is None else factor, values["FIRST"], values["LAST"], values["DELTA"]
    )


def _number(text: str, name: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.split()[0])
    except ValueError:
        raise ReaderError(f"{name} is no number: {text[:40]!r}") from None
    if not math.isfinite(value) or abs(value) > 1e30:
        raise ReaderError(f"{name} is no number: {text[:40]!r}")
    return value


def _points(block: Block, table: Table) -> tuple[Floats, Floats, _Variable, _Variable]:
    across, up = _variable(block, table, table.abscissa), _variable(block, table, table.ordinate)
    x, y = _values(table.content, across, up, table)
    declared = table.own.get("NPOINTS", "" if "NTUPLES" in block.labels else block.labels.get("NPOINTS", ""))
    count = _number(declared, "NPOINTS")
    if count is not None and count != len(x):
        raise ReaderError(
            f"the table at line {table.line} has {len(x)} points, but NPOINTS is {declared[:20]}"
        )
    if not (np.abs(x) <= 1e30).all() or (np.abs(y) > 1e30).any():
        raise ReaderError(f"the table at line {table.line} holds a number that is too large")
    is_first = next(t for t in block.tables if t.ordinate == table.ordinate) is table
    if up.first and len(y) and is_first and isinstance(table.content, Ordinates):
        allowed = max(abs(up.factor), 1e-2 * abs(up.first))
        if abs(y[0] - up.first) > allowed:
            raise ReaderError(
                f"the table at line {table.line} begins with {y[0]:g}, but FIRST{table.ordinate} is {up.first:g}"
            )
    return x, y, across, up


def _values(
    content: Ordinates | Groups, across: _Variable, up: _Variable, table: Table
) -> tuple[Floats, Floats]:
    if isinstance(content, Groups):
        x, y = content.columns()
        x *= across.factor
        y *= up.factor
        return x, y
    y = np.frombuffer(content.values)
    y *= up.factor
    count = len(y)
    written = np.frombuffer(content.abscissas) * across.factor
    places = np.frombuffer(content.places, np.int64)
    if not count:
        return y, y.copy()
    first = across.first if across.first is not None else float(written[0])
    if across.last is not None and count > 1:
        step = (across.last - first) / (count - 1)
    elif across.step is not None or count == 1:
        step = across.step or 0.0
    else:
        step = float(np.polyfit(places, written, 1)[0]) if len(set(places.tolist())) > 1 else 0.0
    if step == 0.0 and count > 1:
        raise ReaderError(
            f"the table at line {table.line} has no abscissa: LASTX and DELTAX are missing or say 0"
        )
    grains = np.frombuffer(content.grains) * abs(across.factor)
    _check_lines(first, step, written, grains, places, table)
    x = np.arange(count, dtype=np.float64)
    x *= step
    x += first
    return x, y


def _check_lines(
    first: float, step: float, written: Floats, grains: Floats, places: NDArray[np.int64], table: Table
) -> None:
    """The abscissa at which a line begins must be that of its place, within two steps and its rounding."""
    if (written == written[0]).all():
        # Some writers put the same number, 0 as a rule, in front of every line.
        return
    off = np.abs(first + step * places - written)
    wrong = np.flatnonzero(off > 2 * abs(step) + grains)
    if len(wrong):
        place = int(wrong[0])
        raise ReaderError(
            f"row {place + 1} of the table at line {table.line} begins at {written[place]:g}, "
            f"but its place is {first + step * float(places[place]):g}: a row is missing or damaged"
        )


def _spectrum(block: Block, table: Table, metadata: Mapping[str, str]) -> Spectrum:
    x, y, across, up = _points(block, table)
    kind = block.labels.get("DATATYPE", "") or block.labels.get("NTUPLES", "")
    technique = next(
        (short for name, short in _TECHNIQUES.items() if name in kind.upper()), kind[:60] or "spectrum"
    )
    title = block.labels.get("TITLE", "")[:200]
    if len(block.tables) > 1:
        page = table.own.get("PAGE", "")[:60]
        title = (
            f"{title} ({', '.join(each for each in (page, table.ordinate if page else table.label) if each)})"
        )
    is_mass = technique == "MS"
    return Spectrum(
        title, x, y, _unit(across.unit) or ("m/z" if is_mass else ""), _unit(up.unit) or ("counts" if is_mass else "arbitrary"),
        technique, isinstance(table.content, Groups), metadata,
    )  # fmt: skip


def _unit(text: str) -> str:
    text = text.strip()[:60]
    return _UNITS.get(text.upper(), text)


def _metadata(block: Block) -> Mapping[str, str]:
    found = ((block.names[label], text) for label, text in block.labels.items() if text.strip())
    return dict(_first(((name[:100], text[:300]) for name, text in found), 100))


def _first(pairs: Iterator[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    return [pair for pair, _ in zip(pairs, range(count), strict=False)]


def _time(own: Mapping[str, str], block: Block) -> float | None:
    """The time of a page of mass spectra, in seconds; None where the page has none."""
    found = re.match(r"\s*T\s*=\s*(\S+)", own.get("PAGE", ""), re.IGNORECASE)
    text = found[1] if found else own.get("RETENTIONTIME", own.get(".RETENTIONTIME", ""))
    value = _number(text, "the time of a page")
    if value is None:
        return None
    symbols = [each.strip().upper() for each in block.labels.get("SYMBOL", "").split(",")]
    units = [normalise(each) for each in block.labels.get("UNITS", "").split(",")]
    unit = units[symbols.index("T")] if "T" in symbols and symbols.index("T") < len(units) else ""
    if unit not in _TIMES:
        raise ReaderError(f"the pages' times have a unit that is not known: {unit[:40]!r}")
    return value * _TIMES[unit]


def _run(block: Block, times: list[float], path: Path) -> RawRun:
    builder = ScanBuilder(path.stat().st_size)
    units: tuple[str, str] = ("", "")
    for table, time_s in zip(block.tables, times, strict=True):
        x, y, across, up = _points(block, table)
        units = _unit(across.unit), _unit(up.unit)
        builder.add(time_s, x, y, _number(table.own.get("TIC", table.own.get(".TIC", "")), "TIC"))
    if units[0] not in ("", "m/z"):
        raise ReaderError(f"the file is a run of spectra over {units[0]}; only runs of mass spectra are read")
    for page in ("SCANNUMBER", "PAGE", "RETENTIONTIME", "TIC", "NPOINTS"):
        block.labels.pop(page, None)
    return builder.run(FORMAT, "MS", units[1] or "counts", _metadata(block))
