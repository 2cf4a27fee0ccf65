"""Lines and numbers of text files that instruments' software exports: any of the usual encodings, either decimal mark."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from services.classifier.domain.readers.errors import ReaderError

MAX_FILE_BYTES = 256 * 2**20
MAX_LINE = 2**20
_CHUNK = 2**16
_LARGEST = 1e30
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?", re.ASCII),
}


def head_text(head: bytes) -> str:
    """The beginning of a file as text: UTF-16 where it has its mark, else one letter a byte."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.decode("latin-1")


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file without their ends, one at a time; raises ReaderError for a file or a line that is too long."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ReaderError(f"the file has {size} bytes; of a text file at most {MAX_FILE_BYTES} are read")
        with path.open(encoding=_encoding(path), errors="replace") as handle:
            while line := handle.readline(MAX_LINE):
                if len(line) == MAX_LINE:
                    raise ReaderError(f"the file has a line of more than {MAX_LINE} letters")
                yield line.rstrip("\r\n")
    except OSError as error:
        raise ReaderError(f"the file cannot be opened: {error.strerror}") from error


def _encoding(path: Path) -> str:
    """By its mark; without one UTF-8 where all of the file is valid UTF-8, else the code page of Western Windows."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        chunk = handle.read(_CHUNK)
        for mark, name in _MARKS:
            if chunk.startswith(mark):
                return name
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = handle.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def number(text: str, mark: str = ".") -> float | None:
    """The number that a cell holds, None where it holds none; `mark` is the decimal mark, the other one may group thousands.

    Words that Python takes for numbers (nan, inf, 1_000) are none here, nor is what no instrument measures (1e30 and more).
    """
    text = text.strip()
    if len(text) > 40:
        return None
    if ("," in text or mark == ",") and _GROUPED[mark].fullmatch(text):
        text = text.replace("." if mark == "," else ",", "")
    if mark == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    value = float(text) if _PLAIN.fullmatch(text) else None
    return value if value is not None and abs(value) < _LARGEST else None


def decimal_mark(cells: list[str]) -> str:
    """The decimal mark of a column of numbers, the point where nothing tells; raises ReaderError where they use both."""
    votes: set[str] = set()
    for cell in cells:
        text = cell.strip()
        if re.fullmatch(r"[+-]?\d*\.\d+([eE][+-]?\d+)?", text) or _mixed(text, "."):
            votes.add(".")
        elif re.fullmatch(r"[+-]?\d*,\d+([eE][+-]?\d+)?", text) or _mixed(text, ","):
            votes.add(",")
    if len(votes) == 2:
        raise ReaderError("numbers of the same column use both the point and the comma as their decimal mark")
    return votes.pop() if votes else "."


def _mixed(text: str, mark: str) -> bool:
    return "," in text and "." in text and _GROUPED[mark].fullmatch(text) is not None
