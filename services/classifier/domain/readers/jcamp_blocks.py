"""JCAMP-DX as labelled data records: blocks, each with its labels and its data tables. What they mean is `load_from_jcamp`'s."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.jcamp_tables import Groups, Ordinates
from services.classifier.domain.readers.scan_builder import budget_points

TABLES = {"XYDATA", "XYPOINTS", "PEAKTABLE", "PEAKASSIGNMENTS", "DATATABLE", "RADATA"}
MAX_LINE = 2**17
#: The byte order mark of UTF-8, which some editors put in front.
_MARK = "ï»¿"
MAX_TEXT = 4000
MAX_LABELS = 2000
MAX_TABLES = 50_000
_LABEL = re.compile(r"##([^=]{0,200})=(.*)", re.DOTALL)
_RUNNING = re.compile(r"\(\s*(\w{1,4})\s*\+\+\s*\(\s*(\w{1,4})\s*\.\.\s*\2\s*\)")
_GROUPS = re.compile(r"\(\s*([A-Z])\s*,?\s*([A-Z])\s*,?\s*([A-Z, ]{0,9}?)\s*(\.\.[^)]*)?\)", re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """A data table, the names of its two columns, and the labels that stood between it and the table before (its page's own)."""

    label: str
    abscissa: str
    ordinate: str
    content: Ordinates | Groups
    own: Mapping[str, str]
    line: int


@dataclass(slots=True)
class Block:
    """From ##TITLE to ##END or the next ##TITLE: labels (capitals without blanks, - / _) with their text, and tables."""

    labels: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    _own: dict[str, str] = field(default_factory=dict)

    def put(self, label: str, name: str, text: str) -> None:
        """Take a label; one that comes again behind a table belongs to the next table alone."""
        if len(self.labels) >= MAX_LABELS and label not in self.labels:
            raise ReaderError(f"a block has more than {MAX_LABELS} labels")
        self._own[label] = text
        self.labels[label] = text
        self.names.setdefault(label, name)

    def more(self, label: str, text: str) -> None:
        """Add a line to a label's text."""
        if len(self.labels[label]) < MAX_TEXT:
            self.labels[label] = self._own[label] = f"{self.labels[label]}\n{text}"[:MAX_TEXT]

    def open_table(self, label: str, form: str, budget: int, line: int) -> Table:
        """Begin a table; raises ReaderError for a form that is none of JCAMP-DX."""
        abscissa, ordinate, content = _content(form, budget, line)
        table = Table(label, abscissa, ordinate, content, self._own, line)
        self._own = {}
        self.tables.append(table)
        return table


def read_blocks(path: Path) -> Iterator[Block]:
    """Every block that has a table, in the order in which they end; raises ReaderError for what is no JCAMP-DX."""
    try:
        budget = budget_points(path.stat().st_size)
        file = path.open(encoding="latin-1", newline=None)
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error
    tables, used, block, label = 0, 0, Block(), ""
    table: Table | None = None
    last: Table | None = None
    with file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), ""), 1):
            if table is not None and "#" not in line and "$" not in line and len(line) < MAX_LINE:
                table.content.feed(line, number)
                continue
            if len(line) == MAX_LINE:
                raise ReaderError(f"line {number} is longer than {MAX_LINE} characters")
            text = (line.removeprefix(_MARK) if number == 1 else line).partition("$$")[0].rstrip()
            found = _LABEL.match(text.lstrip()) if text.lstrip().startswith("##") else None
            if found is None:
                if table is not None:
                    table.content.feed(text, number)
                elif label:
                    block.more(label, text)
                elif text.strip():
                    raise ReaderError(f"line {number} stands before the first label: {text[:40]!r}")
                continue
            name, value, table = found[1].strip(), found[2].strip(), None
            label = normalise(name)
            if label in ("TITLE", "END"):
                if block.tables:
                    yield block
                block = Block()
            if label in TABLES:
                tables += 1
                if tables > MAX_TABLES:
                    raise ReaderError(f"the file has more than {MAX_TABLES} data tables")
                # What one table has taken is not there for the next.
                used += len(last.content.values) if last else 0
                table = last = block.open_table(label, value, max(0, budget - used), number)
            else:
                block.put(label, name, value[:MAX_TEXT])
    if block.tables:
        yield block


def normalise(name: str) -> str:
    """A label as JCAMP-DX compares it."""
    return re.sub(r"[\s\-/_]", "", name).upper()


def _content(form: str, budget: int, line: int) -> tuple[str, str, Ordinates | Groups]:
    if running := _RUNNING.match(form):
        return running[1].upper(), running[2].upper(), Ordinates(budget)
    if groups := _GROUPS.match(form):
        width = 2 + len(re.sub(r"\W", "", groups[3])) if groups[4] else 0
        return groups[1].upper(), groups[2].upper(), Groups(budget, width)
    raise ReaderError(f"line {line} begins a table of a form that is not known: {form[:40]!r}")
