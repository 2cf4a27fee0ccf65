"""Tiles and entry bundles of the log (C2SP tlog-tiles): the form in which anybody may mirror and check it."""

from collections.abc import Sequence

from shared.crypto.merkle import LogStore, MissingHash, Place
from siglab_clients.tlog.tiles import (
    MAX_ENTRY_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    parse_tile_path,
    tile_path,
    tile_width,
)

__all__ = [
    "MAX_ENTRY_BYTES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "entry_bundle",
    "parse_tile_path",
    "tile",
    "tile_path",
    "tile_width",
]


def tile(store: LogStore, level: int, number: int, width: int) -> bytes:
    """The tile `number` of tile level `level`: `width` (1 to 256) hashes of 32 bytes, one after another."""
    if not 1 <= width <= TILE_WIDTH or level < 0 or number < 0:
        raise ValueError(f"there is no tile {level}/{number} of width {width}")
    places: list[Place] = [(level * TILE_HEIGHT, number * TILE_WIDTH + i) for i in range(width)]
    known = store.get_hashes(places)
    if len(known) < width:
        raise MissingHash(f"hashes of the tile {level}/{number} are missing from the ledger's store")
    return b"".join(known[place] for place in places)


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after another, each behind its length as a big-endian 16-bit number."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise ValueError(f"an entry is longer than {MAX_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
