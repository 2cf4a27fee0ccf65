"""Tiles and entry bundles of the log (C2SP tlog-tiles): the form in which anybody may mirror and check it."""

import re
from collections.abc import Sequence

from shared.crypto.merkle import LogStore, MissingHash, Place

#: Hashes in a full tile, and the binary levels that one tile level spans.
TILE_WIDTH = 256
TILE_HEIGHT = 8

#: The longest entry that a bundle's 16-bit length can announce.
MAX_ENTRY_BYTES = 0xFFFF

_TILE_PATH = re.compile(r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")


def tile(store: LogStore, level: int, number: int, width: int) -> bytes:
    """The tile `number` of tile level `level`: `width` (1 to 256) hashes of 32 bytes, one after another."""
    if not 1 <= width <= TILE_WIDTH or level < 0 or number < 0:
        raise ValueError(f"there is no tile {level}/{number} of width {width}")
    places: list[Place] = [(level * TILE_HEIGHT, number * TILE_WIDTH + i) for i in range(width)]
    known = store.get_hashes(places)
    if len(known) < width:
        raise MissingHash(f"hashes of the tile {level}/{number} are missing from the ledger's store")
    return b"".join(known[place] for place in places)


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes (0 to 256) the tile has in a log of `size` entries."""
    full = size >> (level * TILE_HEIGHT)
    return max(0, min(TILE_WIDTH, full - number * TILE_WIDTH))


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after another, each behind its length as a big-endian 16-bit number."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise ValueError(f"an entry is longer than {MAX_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def tile_path(number: int, width: int = TILE_WIDTH) -> str:
    """The end of a tile's path: `x001/x234/067`, with `.p/<width>` for a partial tile."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def parse_tile_path(path: str) -> tuple[int, int] | None:
    """(number, width) of the end of a tile's path, or None where it is not the one way to write it."""
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        return None
    number = int(match["number"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    return (number, width) if tile_path(number, width) == path else None
