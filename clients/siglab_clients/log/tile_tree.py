"""The Merkle tree of a log as its tiles give it: roots, inclusion and consistency proofs (RFC 6962 section 2.1)."""

from collections import OrderedDict

from siglab_clients.log.sources import Source
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.hashing import HASH_SIZE, root_of_subtrees
from siglab_clients.tlog.spans import Place, Span, consistency_spans, inclusion_spans, subtrees
from siglab_clients.tlog.tiles import (
    MAX_BUNDLE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileError,
    climb,
    hashes_in,
    leaves_in,
    tile_path,
    tile_width,
)

#: Tiles kept in memory (8 KiB each): a proof touches one a level, a session of many proofs the same few again.
_KEPT = 256


class BadTile(EvidenceError):
    """A tile that the signed size demands is missing or malformed; `path` names it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class TileTree:
    """The tree over the first `size` entries; nothing here is trusted before a proof leads to a signed root."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self.size = size
        self._tiles: OrderedDict[Place, list[bytes]] = OrderedDict()

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries (default: all)."""
        return self._hash((0, self.size if size is None else size))

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The proof that entry `index` is in the tree."""
        return [self._hash(span) for span in inclusion_spans(index, self.size)]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """The proof that the tree only adds to that of `old_size`."""
        return [self._hash(span) for span in consistency_spans(old_size, self.size)]

    def leaf(self, index: int) -> bytes:
        """The leaf hash of entry `index`."""
        return self._at((0, index))

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile as wide as it is in the tree; raises BadTile, Unreachable."""
        place = (level, number)
        if place in self._tiles:
            self._tiles.move_to_end(place)
            return self._tiles[place]
        found = fetch_tile(self._source, level, number, self.size)
        self._tiles[place] = found
        if len(self._tiles) > _KEPT:
            self._tiles.popitem(last=False)
        return found

    def _hash(self, span: Span) -> bytes:
        return root_of_subtrees([self._at(place) for place in subtrees(span)])

    def _at(self, place: Place) -> bytes:
        """The hash of a complete subtree: the tile whose levels it lies between, hashed up to it."""
        level, index = place
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, within = divmod(index << height, TILE_WIDTH)
        hashes = self.tile(tile_level, number)[within : within + (1 << height)]
        return climb(hashes, height)


def fetch_tile(source: Source, level: int, number: int, size: int) -> list[bytes]:
    """The hashes of one tile in a log of `size` entries; where the partial tile is gone, the full one's first."""
    width = tile_width(level, number, size)
    path = f"tile/{level}/{tile_path(number, width)}"
    raw, full = _fetch(source, f"tile/{level}/", number, width, TILE_WIDTH * HASH_SIZE)
    if raw is None:
        raise BadTile(path, "the log does not serve it, though its checkpoint demands it")
    try:
        return hashes_in(raw, TILE_WIDTH if full else width)[:width]
    except TileError as error:
        raise BadTile(path, str(error)) from error


def fetch_leaves(source: Source, number: int, size: int) -> list[bytes]:
    """The leaf hashes of the entries in bundle `number` of a log of `size` entries."""
    width = tile_width(0, number, size)
    path = f"tile/entries/{tile_path(number, width)}"
    raw, full = _fetch(source, "tile/entries/", number, width, MAX_BUNDLE_BYTES)
    if raw is None:
        raise BadTile(path, "the log does not serve it, though its checkpoint demands it")
    try:
        return leaves_in(raw, TILE_WIDTH if full else width)[:width]
    except TileError as error:
        raise BadTile(path, str(error)) from error


def _fetch(source: Source, folder: str, number: int, width: int, limit: int) -> tuple[bytes | None, bool]:
    """(bytes or None, whether they are those of the full tile)."""
    raw = source.get(folder + tile_path(number, width), limit)
    if raw is None and width < TILE_WIDTH:
        return source.get(folder + tile_path(number), limit), True
    return raw, width == TILE_WIDTH
