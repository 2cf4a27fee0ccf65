"""Builds bundles: good ones, and ones whose author holds the key but lies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto import ledger, merkle
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import pack
from siglab_clients.verify.events import ProvedEvent
from siglab_clients.verify.manifest import describe

ORIGIN = "siglab.example/ledger"
ITEM_ID = "0190a1b2"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = ledger.verifier_key(ORIGIN, KEY)


@dataclass
class Log:
    """A log in which strangers' entries lie between the item's events."""

    entries: list[bytes] = field(default_factory=list)
    store: merkle.MemoryLogStore = field(default_factory=merkle.MemoryLogStore)

    def add(self, entry: bytes) -> int:
        """Appends an entry and returns its index."""
        index = merkle.append(self.store, len(self.entries), [ledger.leaf_hash(entry)]) - 1
        self.entries.append(entry)
        return index

    def checkpoint(self, key: Ed25519PrivateKey = KEY) -> str:
        """The signed head as it is now."""
        size = len(self.entries)
        return ledger.sign_checkpoint(ORIGIN, size, merkle.root(self.store, size), key)


def item_events(count: int, item_id: str = ITEM_ID) -> list[dict[str, Any]]:
    """Events of one item as custody records them, each bound to the one before."""
    events: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        events.append(
            {
                "item_id": item_id,
                "sequence": number,
                "type": "item.received" if number == 1 else "item.moved",
                "actor": "custodian",
                "occurred_at": f"2026-11-24T08:0{number % 10}:00Z",
                "previous": ledger.event_digest(events[-1]) if events else None,
                "mass": {"net_mass_mg": 12.5},
            }
        )
    return events


def logged(events: Sequence[Mapping[str, Any]]) -> tuple[Log, list[ProvedEvent]]:
    """The events in a log among others', with their proofs to its end."""
    log, placed = Log(), []
    for number, event in enumerate(events):
        log.add(b"a stranger's entry")
        salt = bytes([number]) * 32
        entry = ledger.commitment_entry(event, salt)
        placed.append(ProvedEvent(log.add(entry), entry, salt, event, ()))
    log.add(b"the last entry")
    return log, prove(log, placed)


def prove(log: Log, events: Sequence[ProvedEvent]) -> list[ProvedEvent]:
    """The events with proofs to the log's present end."""
    proofs = merkle.inclusion_proofs(log.store, [event.index for event in events], len(log.entries))
    return [replace(event, hashes=tuple(proofs[event.index])) for event in events]


def contents(
    events: Sequence[ProvedEvent], checkpoint: str, item: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """The files of a bundle but for its manifest."""
    return {
        "item.json": canonical_json(item or {"id": ITEM_ID, "number": "S26-000001"}),
        "events.jsonl": b"".join(event.line() for event in events),
        "checkpoint": checkpoint.encode(),
        "README.txt": b"read me\n",
    }


def signed(
    files: Mapping[str, bytes], item_id: str = ITEM_ID, key: Ed25519PrivateKey = KEY, origin: str = ORIGIN
) -> dict[str, bytes]:
    """The files with a manifest over them."""
    note = ledger.sign_note(describe(item_id, files).text(), origin, key)
    return {**files, "manifest": note.encode()}


def good_files(count: int = 4) -> dict[str, bytes]:
    """All files of a bundle that verifies."""
    log, events = logged(item_events(count))
    return signed(contents(events, log.checkpoint()))


def bundle(change: Callable[[dict[str, bytes]], None] | None = None) -> bytes:
    """A bundle that verifies, or what `change` made of its files afterwards."""
    files = good_files()
    if change:
        change(files)
    return pack(files)


def said(raw: bytes) -> str:
    """All findings of a bundle that must not verify, a line each."""
    verdict = check_bundle(raw, TRUSTED)
    assert not verdict.ok
    return "\n".join(str(finding) for finding in verdict.findings)
