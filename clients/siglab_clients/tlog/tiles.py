"""Tiles and entry bundles (C2SP tlog-tiles): their paths, their widths and how they are read."""

import re

from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.hashing import HASH_SIZE, leaf_hash, node_hash

#: Hashes in a full tile, and the binary levels that one tile level spans.
TILE_WIDTH = 256
TILE_HEIGHT = 8

#: The longest entry that a bundle's 16-bit length can announce, and with it the longest bundle.
MAX_ENTRY_BYTES = 0xFFFF
MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)

_TILE_PATH = re.compile(r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")


class TileError(EvidenceError):
    """A tile or a bundle of entries does not have the form that it must have."""


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes (0 to 256) the tile has in a log of `size` entries."""
    full = size >> (level * TILE_HEIGHT)
    return max(0, min(TILE_WIDTH, full - number * TILE_WIDTH))


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


def hashes_in(tile: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of `width`; TileError where it has another length."""
    if len(tile) != width * HASH_SIZE:
        raise TileError(f"it has {len(tile)} bytes instead of {width * HASH_SIZE}")
    return [tile[i : i + HASH_SIZE] for i in range(0, len(tile), HASH_SIZE)]


def leaves_in(bundle: bytes, width: int) -> list[bytes]:
    """The leaf hashes of the `width` entries in a bundle, each behind its length as a big-endian 16-bit number.

    TileError where it does not hold exactly so many.
    """
    found: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        found.append(leaf_hash(bundle[start:at]))
    if at != end:
        raise TileError("its last entry is cut off")
    if len(found) != width:
        raise TileError(f"it holds {len(found)} entries instead of {width}")
    return found


def climb(hashes: list[bytes], height: int = TILE_HEIGHT) -> bytes:
    """The hash over a complete subtree, given the 2**height hashes at its foot."""
    for _ in range(height):
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    (top,) = hashes
    return top
