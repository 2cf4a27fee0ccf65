"""Read the list of peaks that GCalignR takes: samples side by side, each with the same few columns.

The first row names the samples, the second the columns of every sample (a time, an area), the others hold the numbers, NA where a
sample has fewer peaks than others. Source: the package's vignette, "GCalignR: input format".
"""

import array
from pathlib import Path

import numpy as np

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.peak_table_template import WrongTable, find_columns
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number

FORMAT = "GCalignR"
MAX_PEAKS = 200_000
MAX_SAMPLES = 2000


def load_from_gcalignr(path: Path) -> PeakTable:
    """Read the peaks of all samples, sample by sample; raises ReaderError and nothing else."""
    lines = lines_of(path)
    samples, names = (next(lines, "").split("\t") for _ in range(2))
    samples = [name.strip()[:200] for name in samples]
    try:
        columns = find_columns(names, None)
    except WrongTable as error:
        raise ReaderError(str(error)) from error
    if columns is None or not 0 < len(samples) <= MAX_SAMPLES or len(names) > 20:
        raise ReaderError("the first two rows are no names of samples and of a time and an area")
    width = len(names)
    times = [array.array("d") for _ in samples]
    areas = [array.array("d") for _ in samples]
    mark, peaks = "", 0
    for line, text in enumerate(lines, start=3):
        if not text.strip():
            continue
        cells = text.split("\t")
        if len(cells) != width * len(samples):
            raise ReaderError(
                f"row {line} has {len(cells)} cells, not {width} for each of {len(samples)} samples"
            )
        mark = mark or decimal_mark(cells)
        for at in range(len(samples)):
            time, area = (
                cells[at * width + columns.places["time"]].strip(),
                cells[at * width + columns.places["area"]].strip(),
            )
            if _missing(time) and _missing(area):
                continue
            numbers = number(time, mark), number(area, mark)
            if numbers[0] is None or numbers[1] is None:
                raise ReaderError(
                    f"row {line} holds {time[:20]!r} and {area[:20]!r} for {samples[at][:40]!r}, which are no peak"
                )
            times[at].append(numbers[0])
            areas[at].append(numbers[1])
            peaks += 1
            if peaks > MAX_PEAKS:
                raise ReaderError(f"the file holds more than {MAX_PEAKS} peaks")
    if not peaks:
        raise ReaderError("the file holds no peak")
    metadata = {"samples": str(len(samples))}
    if columns.assumed:
        metadata["remark"] = "the table names no unit of time; minutes were assumed"
    signals = tuple(name for name, own in zip(samples, times, strict=True) for _ in own)
    return PeakTable(
        FORMAT,
        "chromatography",
        ("",) * peaks,
        np.concatenate([np.array(each) for each in times]) * columns.seconds,
        np.concatenate([np.array(each) for each in areas]),
        signals=signals,
        units=columns.units,
        metadata=metadata,
    )


def _missing(cell: str) -> bool:
    return cell in ("", "NA", "0")
