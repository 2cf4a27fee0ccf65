"""After the storm: what the records say, against what was answered to the people who acted."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from siglab_clients.api import ApiClient
from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.hashing import leaf_hash, root_of_subtrees
from siglab_clients.tlog.notes import VerifierKey, parse_verifier_key
from tests.fault.storm.held import PLACE, Held

_TILE = 256


@dataclass
class Reckoning:
    """What was compared and what did not fit, in words."""

    events: int = 0
    items: int = 0
    spectra: int = 0
    log_size: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def ok(self) -> bool:
        """Whether nothing was lost, doubled or otherwise wrong."""
        return not (self.lost or self.doubled or self.wrong)


def reckon(auditor: ApiClient, items: Iterable[Held], heads: Iterable[bytes]) -> Reckoning:
    """Reads everything back; waits for what is on its way into the log. `heads` were kept during the storm."""
    found = Reckoning()
    for item in items:
        found.items += 1
        _compare_events(auditor, item, found)
        _compare_books(auditor, item, found)
        _compare_spectra(auditor, item, found)
    _check_log(auditor, heads, found)
    return found


def _compare_events(auditor: ApiClient, item: Held, found: Reckoning) -> None:
    path = f"/items/{item.id}/events"
    end = time.monotonic() + 120
    while True:
        events = auditor.all(path)
        if all(event["index"] is not None for event in events) or time.monotonic() > end:
            break
        time.sleep(0.2)
    found.events += len(events)
    if any(event["index"] is None for event in events):
        found.wrong.append(f"item {item.id}: an event has no place in the log")
    if [event["sequence"] for event in events] != list(range(1, len(events) + 1)):
        found.wrong.append(f"item {item.id}: its events are not numbered without gap")
    people = [(event["type"], event["purpose"]) for event in events if not _by_machine(event)]
    had, answered = Counter(people), Counter(item.acts)
    found.lost += [f"item {item.id}: {kind} ({mark})" for kind, mark in (answered - had).elements()]
    found.doubled += [f"item {item.id}: {kind} ({mark})" for kind, mark in (had - answered).elements()]
    if had == answered and people != item.acts:
        found.wrong.append(f"item {item.id}: its events are in another order than its acts were answered")


def _by_machine(event: Mapping[str, Any]) -> bool:
    return str(event["actor_role"]) == "service"


def _compare_books(auditor: ApiClient, item: Held, found: Reckoning) -> None:
    told = auditor.get(f"/items/{item.id}")
    holder = told["holder"]["kind"] if item.holder == PLACE else told["holder"]["name"]
    if holder != item.holder:
        found.wrong.append(
            f"item {item.id}: it is with {holder}, and was last answered to be with {item.holder}"
        )
    if told["on_hold"] is not bool(item.holds or item.covered):
        found.wrong.append(f"item {item.id}: on hold is {told['on_hold']}")
    remaining = told["remaining"] and Decimal(str(told["remaining"]["net_mass_mg"]))
    if remaining != item.remaining:
        found.wrong.append(f"item {item.id}: {remaining} mg remain, and should be {item.remaining} mg")
    if item.weighed is not None and item.remaining is not None:
        out = item.remaining + item.divided + item.consumed
        if out != item.weighed:
            found.wrong.append(f"item {item.id}: of {item.weighed} mg {out} mg are accounted for")


def _compare_spectra(auditor: ApiClient, item: Held, found: Reckoning) -> None:
    rows = auditor.all("/spectra", item_id=item.id)
    for spectrum, digest in item.spectra.items():
        row = auditor.wait(f"/spectra/{spectrum}", lambda row: row["state"] != "verifying", seconds=180)
        content = auditor.fetch(f"/spectra/{spectrum}/content")
        if row["state"] != "verified" or hashlib.sha256(content).hexdigest() != digest:
            found.wrong.append(f"spectrum {spectrum}: it is {row['state']}: {row['reason']}")
    found.spectra += len(rows)
    if {row["id"] for row in rows} != set(item.spectra):
        found.wrong.append(f"item {item.id}: it has {len(rows)} spectra, {len(item.spectra)} were answered")


def _check_log(auditor: ApiClient, heads: Iterable[bytes], found: Reckoning) -> None:
    """Recomputes the log from its entries; every head that was kept must be a head of it: it only grew."""
    key = parse_verifier_key(auditor.fetch("/ledger/key").decode())
    newest = open_checkpoint(auditor.fetch("/ledger/checkpoint"), key)
    found.log_size = newest.size
    leaves = [leaf_hash(entry) for entry in _entries(auditor, newest.size)]
    for head in [*_opened(heads, key), newest]:
        if root_of_leaves(leaves[: head.size]) != head.root:
            found.wrong.append(f"the log of {head.size} entries has another root than its signed head said")


def _opened(heads: Iterable[bytes], key: VerifierKey) -> list[Checkpoint]:
    return [open_checkpoint(head, key) for head in sorted(set(heads))]


def _entries(auditor: ApiClient, size: int) -> Iterable[bytes]:
    for number in range((size + _TILE - 1) // _TILE):
        width = min(_TILE, size - number * _TILE)
        place = f"{number % 1000:03d}"
        upper = number // 1000
        while upper:
            place, upper = f"x{upper % 1000:03d}/{place}", upper // 1000
        raw = auditor.fetch(f"/ledger/tile/entries/{place}" + (f".p/{width}" if width < _TILE else ""))
        while raw:
            length = int.from_bytes(raw[:2], "big")
            yield raw[2 : 2 + length]
            raw = raw[2 + length :]


def root_of_leaves(leaves: list[bytes]) -> bytes:
    """The root over leaf hashes (RFC 6962)."""
    from siglab_clients.tlog.hashing import node_hash

    edge: list[tuple[int, bytes]] = []
    for leaf in leaves:
        level, value = 0, leaf
        while edge and edge[-1][0] == level:
            value, level = node_hash(edge.pop()[1], value), level + 1
        edge.append((level, value))
    return root_of_subtrees([value for _, value in edge])
