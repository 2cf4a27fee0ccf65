"""Reads a whole log, entry by entry: every tile must be what its entries make it, and all lead to the signed roots.

Hashing goes on while the next files are on their way. What is kept in memory is one hash for 256 entries at the most,
whatever the log's size.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from siglab_clients.log.findings import ENTRY, TILE
from siglab_clients.log.sources import Source
from siglab_clients.log.tile_tree import BadTile, fetch_leaves, fetch_tile
from siglab_clients.tlog.hashing import node_hash, root_of_subtrees
from siglab_clients.tlog.spans import subtrees
from siglab_clients.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, climb, tile_path, tile_width
from siglab_clients.verify.findings import Finding

#: Files that are asked for at once, and bundles that are asked for ahead.
_READERS = 4
_AHEAD = 32
#: A broken log is told apart from a whole one by its first findings.
_MOST_FINDINGS = 10

#: Told now and then how many entries were read.
Progress = Callable[[int], None]


class TooMany(Exception):
    """Enough was found to stop."""


class EntriesCheck:
    """One pass over the entries of a log of `size`; `roots` then holds the root that they make at each size asked for."""

    def __init__(
        self, source: Source, size: int, at: set[int], progress: Progress = lambda read: None
    ) -> None:
        self._source, self._size, self._progress = source, size, progress
        self._at = at
        self.roots: dict[int, bytes] = {}
        self.findings: list[Finding] = []
        self.read = 0
        #: Complete subtrees from the left, larger before smaller, as (level, hash).
        self._edge: list[tuple[int, bytes]] = []
        #: By tile level from 1 on: hashes of full tiles below that wait for their own tile to fill, and full tiles before.
        self._rows: list[list[bytes]] = []
        self._full: list[int] = []

    def run(self) -> None:
        """Reads everything; raises Unreachable. Stops early when enough is found to be wrong."""
        self._take_roots([])
        try:
            for number, pair in enumerate(self._pairs()):
                self._take(number, *pair)
                self._progress(self.read)
            self._compare_rest()
        except BadTile as error:
            self._find(TILE, error.path, str(error))
        except TooMany:
            pass

    def _pairs(self) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """For each bundle: the leaf hashes of its entries, and those that the tile beside it claims."""
        total = -(-self._size // TILE_WIDTH)
        waiting: deque[tuple[Future[list[bytes]], Future[list[bytes]]]] = deque()
        with ThreadPoolExecutor(_READERS) as pool:
            try:
                for number in range(total):
                    entries = pool.submit(fetch_leaves, self._source, number, self._size)
                    waiting.append((entries, pool.submit(fetch_tile, self._source, 0, number, self._size)))
                    if len(waiting) > _AHEAD:
                        yield _results(waiting.popleft())
                while waiting:
                    yield _results(waiting.popleft())
            finally:
                pool.shutdown(cancel_futures=True)

    def _take(self, number: int, leaves: list[bytes], tile: list[bytes]) -> None:
        start = number * TILE_WIDTH
        if leaves != tile:
            place = _first_difference(leaves, tile)
            width = tile_width(0, number, self._size)
            self._find(
                ENTRY,
                f"entry {start + place}",
                f"entry {start + place} in tile/entries/{tile_path(number, width)} is not the one that hash {place} of "
                f"tile/0/{tile_path(number, width)} stands for: one of the two was rewritten",
            )
        self._take_roots(leaves)
        self.read = start + len(leaves)
        if len(leaves) == TILE_WIDTH:
            top = climb(leaves)
            self._add(TILE_HEIGHT, top)
            self._row(1, top)

    def _take_roots(self, leaves: list[bytes]) -> None:
        """Notes the roots at sizes that end within the next `leaves`."""
        start = self.read
        for size in sorted(self._at):
            if start < size <= start + len(leaves) or size == start == 0:
                edge = [value for _, value in self._edge]
                rest = leaves[: size - start]
                tops = [
                    climb(rest[i << level : (i + 1) << level], level) for level, i in subtrees((0, len(rest)))
                ]
                self.roots[size] = root_of_subtrees(edge + tops)

    def _add(self, level: int, value: bytes) -> None:
        while self._edge and self._edge[-1][0] == level:
            value = node_hash(self._edge.pop()[1], value)
            level += 1
        self._edge.append((level, value))

    def _row(self, level: int, value: bytes) -> None:
        """Adds a full tile's hash to the tile above; a tile that is then full is compared and goes up itself."""
        if len(self._rows) < level:
            self._rows.append([])
            self._full.append(0)
        row = self._rows[level - 1]
        row.append(value)
        if len(row) == TILE_WIDTH:
            self._compare(level)
            self._rows[level - 1] = []
            self._full[level - 1] += 1
            self._row(level + 1, climb(row))

    def _compare_rest(self) -> None:
        for level, row in enumerate(self._rows, 1):
            if row:
                self._compare(level)

    def _compare(self, level: int) -> None:
        row, number = self._rows[level - 1], self._full[level - 1]
        tile = fetch_tile(self._source, level, number, self._size)
        if tile != row:
            place = _first_difference(row, tile)
            first = (number * TILE_WIDTH + place) << TILE_HEIGHT * level
            last = first + (1 << TILE_HEIGHT * level) - 1
            path = f"tile/{level}/{tile_path(number, len(row))}"
            self._find(
                TILE,
                path,
                f"hash {place} of {path} is not that of the entries {first} to {last}, which it stands for: "
                "the tile was rewritten",
            )

    def _find(self, code: str, where: str, message: str) -> None:
        self.findings.append(Finding(where, message, code))
        if len(self.findings) >= _MOST_FINDINGS:
            raise TooMany


def _first_difference(left: list[bytes], right: list[bytes]) -> int:
    return next(i for i, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1])


def _results(pair: tuple[Future[list[bytes]], Future[list[bytes]]]) -> tuple[list[bytes], list[bytes]]:
    return pair[0].result(), pair[1].result()
