"""Strings of the Windows class archives that Isodat writes: ff fe ff, a length of one byte, UTF-16 letters."""

import re
from dataclasses import dataclass

from services.classifier.domain.readers.errors import ReaderError

MAX_STRINGS = 200_000
_STRING = re.compile(rb"\xff\xfe\xff([\x00-\xfe])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A string: where it begins, where it ends, and what it says."""

    begin: int
    end: int
    text: str


def encoded(text: str) -> bytes:
    """A string as the file holds it."""
    return b"\xff\xfe\xff" + bytes([len(text)]) + text.encode("utf-16-le")


def strings(content: bytes, begin: int, end: int) -> list[Found]:
    """The strings of a part of the file, in order; raises ReaderError for more than MAX_STRINGS."""
    found = []
    for each in _STRING.finditer(content, begin, end):
        close = each.end() + 2 * each[1][0]
        if close <= end:
            text = content[each.end() : close].decode("utf-16-le", "replace")
            found.append(Found(each.start(), close, text))
        if len(found) > MAX_STRINGS:
            raise ReaderError(f"the file holds more than {MAX_STRINGS} strings where a table is expected")
    return found
