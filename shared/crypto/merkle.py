"""The log's Merkle tree over stored hashes: appending, roots and proofs (RFC 6962 section 2.1).

Hashes of complete subtrees never change, so each is stored once under its place (level, index): level 0 are
the leaf hashes, the hash at (level, i) covers the leaves i * 2**level up to (i + 1) * 2**level. Every
operation first says which places it needs, reads them at once, and touches O(log n) of them. There is no
I/O here: a LogStore brings the hashes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from siglab_clients.tlog.hashing import node_hash, root_of_subtrees
from siglab_clients.tlog.spans import Place, Span, consistency_spans, inclusion_spans, subtrees

__all__ = [
    "LogStore",
    "MemoryLogStore",
    "MissingHash",
    "Place",
    "append",
    "consistency_proof",
    "inclusion_proof",
    "inclusion_proofs",
    "root",
]


class LogStore(Protocol):
    """Where the hashes of complete subtrees are kept; a table (level, index, hash) is enough."""

    def get_hashes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at `places`, all of them; in one query where possible."""

    def put_hashes(self, hashes: Mapping[Place, bytes]) -> None:
        """Stores new hashes; a place is written once and never again."""


class MissingHash(Exception):
    """The store lacks a hash that a tree of this size must have: the ledger's tables are damaged."""


class MemoryLogStore:
    """Hashes in a dictionary: for whole-log self-checks and tests."""

    def __init__(self) -> None:
        self.hashes: dict[Place, bytes] = {}

    def get_hashes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at `places`, as far as they are known."""
        return {place: self.hashes[place] for place in places if place in self.hashes}

    def put_hashes(self, hashes: Mapping[Place, bytes]) -> None:
        """Keeps the hashes."""
        self.hashes.update(hashes)


def append(store: LogStore, size: int, leaves: Sequence[bytes]) -> int:
    """Adds leaf hashes to the tree of `size` and returns its new size; one read (the right edge), one
    write.
    """
    if not leaves:
        return size
    known = _read(store, subtrees((0, size)))
    new: dict[Place, bytes] = {}
    for index, leaf in enumerate(leaves, size):
        level, at, value = 0, index, leaf
        new[level, at] = value
        while at & 1:
            left = (level, at - 1)
            value = node_hash(new[left] if left in new else known[left], value)
            level, at = level + 1, at >> 1
            new[level, at] = value
    store.put_hashes(new)
    return size + len(leaves)


def root(store: LogStore, size: int) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _hashes_of(store, [(0, size)])[0]


def inclusion_proof(store: LogStore, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` (RFC 6962 section 2.1.1)."""
    return inclusion_proofs(store, [index], size)[index]


def inclusion_proofs(store: LogStore, indices: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """The inclusion proofs of many leaves, by index, with one read of the store."""
    spans = {index: inclusion_spans(index, size) for index in indices}
    return _proofs(store, spans)


def consistency_proof(store: LogStore, old_size: int, size: int) -> list[bytes]:
    """The proof that the tree of `size` only adds to that of `old_size` (RFC 6962 section 2.1.2).

    It is empty when `old_size` is 0 or `size`.
    """
    return _hashes_of(store, consistency_spans(old_size, size))


def _proofs(store: LogStore, spans: Mapping[int, list[Span]]) -> dict[int, list[bytes]]:
    flat = [span for row in spans.values() for span in row]
    found = dict(zip(flat, _hashes_of(store, flat), strict=True))
    return {index: [found[span] for span in row] for index, row in spans.items()}


def _hashes_of(store: LogStore, spans: Sequence[Span]) -> list[bytes]:
    parts = [subtrees(span) for span in spans]
    known = _read(store, [place for places in parts for place in places])
    return [root_of_subtrees([known[place] for place in places]) for places in parts]


def _read(store: LogStore, places: Iterable[Place]) -> Mapping[Place, bytes]:
    wanted = list(dict.fromkeys(places))
    known = store.get_hashes(wanted) if wanted else {}
    for place in wanted:
        if place not in known:
            raise MissingHash(
                f"the hash of level {place[0]}, number {place[1]} is missing from the ledger's store"
            )
    return known
