"""The bundle's events: each is proved to be in the log, and all to be one item's unbroken sequence.

`events.jsonl` has one line an event, canonical JSON (RFC 8785) of {index, entry, salt, event, hashes}: the
leaf's place in the log, the log entry, the salt of its commitment, the event itself, and the inclusion
proof to the size of the checkpoint in the bundle; bytes are base64.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.commitments import commitment_entry, event_digest
from siglab_clients.tlog.encoding import canonical_json, decode_base64, encode_base64, parse_canonical_json
from siglab_clients.tlog.errors import EncodingError, EvidenceError
from siglab_clients.tlog.hashing import leaf_hash
from siglab_clients.tlog.proofs import verify_inclusion
from siglab_clients.verify.findings import Finding

EVENTS = "events.jsonl"

#: More hashes than any proof has in a log of fewer than 2**63 entries.
MAX_PROOF = 64

_FIELDS = {"index", "entry", "salt", "event", "hashes"}


@dataclass(frozen=True)
class ProvedEvent:
    """An event with all that proves it: its place, its log entry, the salt and the inclusion proof."""

    index: int
    entry: bytes
    salt: bytes
    event: Mapping[str, Any]
    hashes: tuple[bytes, ...]

    def line(self) -> bytes:
        """The line of `events.jsonl`, its newline included."""
        row = {
            "index": self.index,
            "entry": encode_base64(self.entry),
            "salt": encode_base64(self.salt),
            "event": dict(self.event),
            "hashes": [encode_base64(value) for value in self.hashes],
        }
        return canonical_json(row) + b"\n"


def parse_line(line: bytes) -> ProvedEvent:
    """The event in one line (without its newline); EncodingError when the line is not of the form above."""
    row = parse_canonical_json(line)
    if not isinstance(row, dict) or set(row) != _FIELDS:
        raise EncodingError(f"the line does not have exactly the fields {', '.join(sorted(_FIELDS))}")
    texts = [row["entry"], row["salt"]]
    if not isinstance(row["hashes"], list) or len(row["hashes"]) > MAX_PROOF:
        raise EncodingError("hashes is not a list of a proof's length")
    if not all(isinstance(text, str) for text in texts + row["hashes"]):
        raise EncodingError("entry, salt or hashes are not base64 texts")
    if type(row["index"]) is not int or row["index"] < 0 or not isinstance(row["event"], dict):
        raise EncodingError("index is not a place in the log, or event is not an object")
    return ProvedEvent(
        row["index"],
        decode_base64(row["entry"]),
        decode_base64(row["salt"]),
        row["event"],
        tuple(decode_base64(text) for text in row["hashes"]),
    )


def check_events(raw: bytes, item_id: str | None, checkpoint: Checkpoint | None) -> tuple[int, list[Finding]]:
    """(number of events, findings). Without a trusted checkpoint inclusion stays unproved, which is a
    finding elsewhere.
    """
    if not raw.endswith(b"\n"):
        return 0, [Finding(EVENTS, "the file is empty or its last line is cut off")]
    findings: list[Finding] = []
    before: ProvedEvent | None = None
    lines = raw[:-1].split(b"\n")
    for number, line in enumerate(lines, 1):
        where = f"{EVENTS} line {number}"
        try:
            event = parse_line(line)
        except EvidenceError as error:
            findings.append(Finding(where, str(error)))
            before = None
            continue
        where += f" (event {event.index})"
        wrong = _check_proof(event, checkpoint) + _check_order(event, before, item_id, number == 1)
        findings += [Finding(where, message) for message in wrong]
        before = event
    return len(lines), findings


def _check_proof(event: ProvedEvent, checkpoint: Checkpoint | None) -> list[str]:
    wrong = []
    try:
        if commitment_entry(event.event, event.salt) != event.entry:
            wrong.append("the event is not the one that the log entry commits to")
    except EvidenceError as error:
        wrong.append(str(error))
    if checkpoint is not None:
        try:
            leaf = leaf_hash(event.entry)
            verify_inclusion(event.index, checkpoint.size, leaf, event.hashes, checkpoint.root)
        except EvidenceError as error:
            wrong.append(str(error))
    return wrong


def _check_order(
    event: ProvedEvent, before: ProvedEvent | None, item_id: str | None, first: bool
) -> list[str]:
    """What does not fit to the event before; after a line that cannot be read there is nothing to compare
    with.
    """
    wrong = []
    if item_id is not None and event.event.get("item_id") != item_id:
        wrong.append("the event belongs to another item")
    if first and event.event.get("previous") is not None:
        wrong.append("the item has an earlier event that the bundle does not hold")
    if before is None:
        return wrong
    if event.index <= before.index:
        wrong.append(f"the event stands in the log before the one above it (event {before.index})")
    if "previous" in event.event and event.event["previous"] != event_digest(before.event):
        wrong.append(f"the event does not follow upon the one above it (event {before.index})")
    here, above = event.event.get("sequence"), before.event.get("sequence")
    if isinstance(here, int) and isinstance(above, int) and here != above + 1:
        wrong.append(f"between this event and the one above it (event {before.index}) others are missing")
    return wrong
