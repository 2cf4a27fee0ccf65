"""Read a table of peaks from a workbook (XLSX), by openpyxl in its reading mode and within limits that hold before it begins.

The library reads the strings and styles of a workbook as a whole; so what they unpack to is bounded here. A formula is the text
that it is: what a spreadsheet once computed from it is not a measured value, and the row is refused.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from services.classifier.domain.peak_table import PeakTable
from services.classifier.domain.peak_table_template import (
    MAX_PEAKS,
    PeakTableTemplate,
    WrongTable,
    find_columns,
    table_of_rows,
)
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import number
from services.classifier.domain.readers.xml_stream import stream_xml
from services.classifier.domain.readers.zip_archive import files_of, open_archive

FORMAT = "XLSX"
MAX_PARTS = 500
MAX_COLUMNS = 100
HEADING_WITHIN = 60
MAX_UNPACKED_BYTES = 24 * 2**20
# The library makes objects a hundred times as long as their text.
MAX_SHEET_ELEMENTS = 200_000
MAX_CELLS_OF_ROW = 1000
MAX_STRINGS = 50_000
MAX_ELEMENTS = 20_000


def load_from_peak_table_xlsx(path: Path, template: PeakTableTemplate | None = None) -> PeakTable:
    """Read the peaks of one sheet; raises ReaderError and nothing else."""
    _check(path)
    from openpyxl import load_workbook

    try:
        # By its handle: the library judges a path by its ending, which nobody vouches for.
        with path.open("rb") as handle, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(handle, read_only=True, data_only=False, keep_links=False)
            return _table(book, template)
    except ReaderError:
        raise
    except WrongTable as error:
        raise ReaderError(str(error)) from error
    except Exception as error:
        raise ReaderError(f"the workbook is damaged: {type(error).__name__}: {error}"[:300]) from error


class _Part:
    """A listener that counts what the library will make objects of, and stops where that is more than a table of peaks has."""

    def __init__(self, name: str) -> None:
        self._name, self._elements, self._cells, self._strings = name, 0, 0, 0
        self._most = MAX_SHEET_ELEMENTS if name.startswith("xl/worksheets/") else MAX_ELEMENTS
        if name.endswith("/sharedStrings.xml"):
            self._most = 4 * MAX_STRINGS

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if name == "row":
            self._cells = 0
        self._cells += name == "c"
        self._strings += name == "si"
        if self._elements > self._most or self._cells > MAX_CELLS_OF_ROW or self._strings > MAX_STRINGS:
            raise ReaderError(
                f"the part {self._name[:60]!r} of the workbook holds more than a table of peaks has; send its table as CSV"
            )

    def wants_text(self, name: str) -> bool:
        return False

    def end(self, name: str, text: str) -> None:
        return None


def _check(path: Path) -> None:
    with open_archive(path) as archive:
        files = files_of(archive)
        if "xl/workbook.xml" not in files:
            raise ReaderError("the archive is no workbook: it has no xl/workbook.xml")
        if len(files) > MAX_PARTS:
            raise ReaderError(f"the workbook has {len(files)} parts; at most {MAX_PARTS} are read")
        unpacked = sum(info.file_size for info in files.values())
        if unpacked > MAX_UNPACKED_BYTES:
            raise ReaderError(
                f"the workbook unpacks to {unpacked} bytes, more than {MAX_UNPACKED_BYTES}; send its table as CSV"
            )
        for name, info in files.items():
            if name.endswith((".xml", ".rels")):
                with archive.open(info) as part:
                    stream_xml(cast(BinaryIO, part), _Part(name))


def _table(book: Any, template: PeakTableTemplate | None) -> PeakTable:
    wanted = template.sheet if template else None
    if wanted is not None and wanted not in book.sheetnames:
        raise ReaderError(
            f"the workbook has no sheet {wanted[:60]!r}; it has {', '.join(book.sheetnames)[:200]}"
        )
    if not book.worksheets:
        raise ReaderError("the workbook has no sheet")
    sheet = book[wanted] if wanted is not None else book.worksheets[0]
    mark = template.decimal_mark if template and template.decimal_mark else "."
    # The sheet's own claim of its size is not trusted: it may say a million rows of sixteen thousand empty cells.
    sheet.reset_dimensions()
    rows = enumerate(
        sheet.iter_rows(max_row=MAX_PEAKS + HEADING_WITHIN, max_col=MAX_COLUMNS, values_only=True), start=1
    )
    columns = None
    for line, cells in rows:
        columns = find_columns(["" if cell is None else str(cell) for cell in cells], template)
        if columns is not None or line >= HEADING_WITHIN:
            break
    if columns is None:
        named = f"{template.time!r} and {template.area!r}" if template else "a retention time and an area"
        raise ReaderError(f"none of the first {HEADING_WITHIN} rows of the sheet has columns for {named}")
    return table_of_rows(
        FORMAT, columns, ((line, cells, [_number(cell, mark) for cell in cells]) for line, cells in rows)
    )


def _number(cell: object, mark: str) -> float | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return float(cell) if abs(cell) < 1e300 else None
    return number(cell, mark) if isinstance(cell, str) else None
