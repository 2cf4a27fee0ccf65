"""A bounded way through an XML file: expat in pieces, without document type, entities or unbounded tags.

A library for mzML would unpack what the file claims; here the file comes from a stranger. No entity can be declared (a document
type is refused), a tag has at most MAX_TAG_BYTES, elements nest at most MAX_DEPTH deep, and text is kept only where it is wanted.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol
from xml.parsers import expat

from services.classifier.domain.readers.errors import ReaderError

MAX_TAG_BYTES = 4 * 2**20
MAX_DEPTH = 100
_PIECE = 2**20


class Listener(Protocol):
    """What `stream_xml` tells of: names come without prefix or namespace."""

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str, text: str) -> None:
        """An element ended; `text` is its own text where `wants_text` said so, otherwise empty."""

    def wants_text(self, name: str) -> bool:
        """Whether the text of elements of this name is kept."""


def stream_xml(source: Path | BinaryIO, listener: Listener) -> None:
    """Go through the file once; raises ReaderError where it is no XML, is cut off, or does what no such file does."""
    if not isinstance(source, Path):
        return _stream(source, listener)
    with source.open("rb") as file:
        return _stream(file, listener)


def _stream(file: BinaryIO, listener: Listener) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _PIECE
    handler = _Handler(listener, parser)
    fed, is_whole = 0, False
    try:
        while piece := file.read(_PIECE):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - max(parser.CurrentByteIndex, 0) > MAX_TAG_BYTES:
                raise ReaderError(f"the XML has a tag of more than {MAX_TAG_BYTES} bytes")
        is_whole = True
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if is_whole and handler.depth:
            raise ReaderError(f"the file is truncated: its XML ends after {fed} bytes") from error
        text = expat.errors.messages.get(error.code, "error")
        raise ReaderError(
            f"the XML is damaged at line {error.lineno}, column {error.offset}: {text}"
        ) from error
    except (LookupError, UnicodeError) as error:
        raise ReaderError(f"the XML's encoding cannot be read: {error}") from error


class _Handler:
    def __init__(self, listener: Listener, parser: expat.XMLParserType) -> None:
        self._listener, self._parser = listener, parser
        self.depth = 0
        self._text: list[str] = []
        self._keeps = False
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ReaderError(f"the XML nests elements more than {MAX_DEPTH} deep")
        name = name.rpartition(":")[2]
        self._listener.begin(name, attributes)
        self._text.clear()
        self._keep(self._listener.wants_text(name))

    def _end(self, name: str) -> None:
        self.depth -= 1
        text = "".join(self._text)
        self._text.clear()
        self._keep(False)
        self._listener.end(name.rpartition(":")[2], text)

    def _keep(self, keeps: bool) -> None:
        """Text that nobody wants is not even handed over, which halves the time."""
        if keeps is not self._keeps:
            self._parser.CharacterDataHandler = self._text.append if keeps else None
            self._keeps = keeps

    def _refuse(self, *_: object) -> None:
        raise ReaderError("the XML declares a document type, which no file of this format does")
