"""Recomputes the log from its leaves up, leaf after leaf, in memory that grows with the tree's height only."""

import hashlib
from collections.abc import Mapping
from typing import Any

from services.chain_of_custody.domain.event_record import signatures_hold
from shared.crypto.canonical import parse_canonical_json
from shared.crypto.ledger import entry_of
from shared.crypto.merkle import Place
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.hashing import node_hash, root_of_subtrees


class GrowingTree:
    """A Merkle tree (RFC 6962) of which only the right edge is kept."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> dict[Place, bytes]:
        """Adds a leaf hash; returns the hashes of all subtrees that it completes, by their place."""
        level, at, value = 0, self.size, leaf
        done: dict[Place, bytes] = {(level, at): value}
        while self._edge and self._edge[-1][0] == level:
            value = node_hash(self._edge.pop()[1], value)
            level, at = level + 1, at >> 1
            done[level, at] = value
        self._edge.append((level, value))
        self.size += 1
        return done

    def root(self) -> bytes:
        """The root over what was added so far."""
        return root_of_subtrees([value for _, value in self._edge])


def check_event(record: str, salt: bytes, entry: bytes, columns: Mapping[str, Any]) -> str | None:
    """What is wrong with an event against its entry in the log and the columns beside its record; None where nothing is."""
    try:
        written = record.encode()
        event = parse_canonical_json(written)
        if not isinstance(event, dict):
            return "its record is no object"
        if entry_of(written, salt) != entry:
            return "its record is not the one that the log commits to"
        if hashlib.sha256(written).hexdigest() != columns["digest"]:
            return "its digest is not that of its record"
    except EvidenceError as error:
        return f"its record cannot be read: {error}"
    wrong = [
        name
        for name in ("id", "item_id", "subject", "sequence", "type")
        if event.get(name) != columns.get(name)
    ]
    if wrong:
        return f"its {wrong[0]} is not that of its record"
    return None if signatures_hold(event) else "a signature is not of this record"
