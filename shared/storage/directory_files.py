"""How the directory store writes things down: names of parts, JSON beside them, and reading over parts."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.storage.errors import ObjectDamaged, from_os_error
from shared.storage.interface import CHUNK_SIZE, Part


@contextmanager
def os_errors() -> Iterator[None]:
    """Turns errors of the file system into the store's refusals; a full disk is named as such."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error) from error


def to_json(value: dict[str, Any]) -> bytes:
    """One JSON text a file, readable with the eye when everything else is gone."""
    return json.dumps(value, indent=1, sort_keys=True).encode()


def load_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, None where there is no such file."""
    with os_errors():
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        value: dict[str, Any] = json.loads(raw)
    except ValueError as error:
        raise ObjectDamaged(f"The object store's file {path.name} is damaged.") from error
    return value


def to_text(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 text."""
    return None if moment is None else moment.isoformat()


def part_name(part: Part) -> str:
    """The file of a part; other bytes under the same number are another file, so nothing is ever
    overwritten.
    """
    return f"{part.number:05d}-{part.etag}"


def read_parts(folder: Path, parts: Sequence[tuple[str, int]], start: int, end: int) -> Iterator[bytes]:
    """Bytes [start, end) of the parts (name, size) of one object, a chunk at a time; a part cut short is an
    error.
    """
    offset = 0
    for name, size in parts:
        first, last = max(start, offset), min(end, offset + size)
        if first < last:
            yield from _read_file(folder / name, first - offset, last - first)
        offset += size


def _read_file(path: Path, start: int, length: int) -> Iterator[bytes]:
    try:
        handle = path.open("rb")
    except FileNotFoundError as error:
        raise ObjectDamaged(f"A part of a stored object is missing: {path.name}.") from error
    except OSError as error:
        raise from_os_error(error) from error
    with handle:
        handle.seek(start)
        while length:
            try:
                chunk = handle.read(min(CHUNK_SIZE, length))
            except OSError as error:
                raise ObjectDamaged(f"A stored object cannot be read: {error.strerror}.") from error
            if not chunk:
                raise ObjectDamaged("A stored object is shorter than it was when it was stored.")
            length -= len(chunk)
            yield chunk
