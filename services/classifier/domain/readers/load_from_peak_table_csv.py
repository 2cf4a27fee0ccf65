"""Read a table of peaks from a text of columns: any usual delimiter, either decimal mark, headings by template or custom."""

import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.peak_table_template import (
    Columns,
    PeakTableTemplate,
    WrongTable,
    find_columns,
    table_of_rows,
)
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number

FORMAT = "CSV"
MAX_COLUMNS = 500
HEADING_WITHIN = 60
_DELIMITERS = ("\t", ";", ",", "|")
_LOOK_AHEAD = 200
_GROUPS_OF_THREE = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")

Rows = Iterator[tuple[int, list[str]]]


def load_from_peak_table_csv(path: Path, template: PeakTableTemplate | None = None) -> PeakTable:
    """Read the peaks; raises ReaderError and nothing else."""
    try:
        delimiter = template.delimiter if template and template.delimiter else _delimiter(path, template)
        rows = _rows(path, delimiter)
        columns = _heading(rows, template)
        if columns is None:
            raise ReaderError(_no_heading(template))
        mark = template.decimal_mark if template else None
        early = list(itertools.islice(rows, _LOOK_AHEAD))
        mark = mark or _mark(early, columns, delimiter)
        return table_of_rows(
            FORMAT,
            columns,
            ((line, row, [number(cell, mark) for cell in row]) for line, row in itertools.chain(early, rows)),
        )
    except (WrongTable, csv.Error) as error:
        raise ReaderError(str(error)) from error


def _rows(path: Path, delimiter: str) -> Rows:
    reader = csv.reader(lines_of(path), delimiter=delimiter)
    for row in reader:
        if len(row) > MAX_COLUMNS:
            raise ReaderError(f"row {reader.line_num} has {len(row)} columns; at most {MAX_COLUMNS} are read")
        yield reader.line_num, row


def _heading(rows: Rows, template: PeakTableTemplate | None) -> Columns | None:
    for line, row in rows:
        if (columns := find_columns(row, template)) is not None:
            return columns
        if line >= HEADING_WITHIN:
            break
    return None


def _delimiter(path: Path, template: PeakTableTemplate | None) -> str:
    """The first delimiter by which one of the first rows holds the headings."""
    for delimiter in _DELIMITERS:
        try:
            if _heading(_rows(path, delimiter), template) is not None:
                return delimiter
        except csv.Error:
            continue
    raise ReaderError(_no_heading(template))


def _no_heading(template: PeakTableTemplate | None) -> str:
    named = f"{template.time!r} and {template.area!r}" if template else "a retention time and an area"
    return f"none of the first {HEADING_WITHIN} rows has columns for {named}"


def _mark(rows: list[tuple[int, list[str]]], columns: Columns, delimiter: str) -> str:
    wanted = [at for meaning, at in columns.places.items() if meaning in ("time", "area", "height", "width")]
    cells = [row[at] for _, row in rows for at in wanted if at < len(row)]
    mark = decimal_mark(cells)
    if (
        mark == ","
        and delimiter != ";"
        and all(_GROUPS_OF_THREE.fullmatch(cell.strip()) for cell in cells if "," in cell)
    ):
        raise ReaderError(
            "the commas in the numbers may part decimals or thousands; a template has to say which"
        )
    return mark
