"""One item's history in a bundle: each event is proved to be in the log, and all to be an unbroken sequence.

`events.jsonl` (and each `lineage/<item id>.jsonl`) has one line an event, canonical JSON (RFC 8785) of {index, entry, salt,
event, hashes}: the leaf's place in the log, the log entry, the salt of its commitment, the event itself, and the inclusion
proof to the size of the checkpoint in the bundle; bytes are base64.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.commitments import commitment_entry, event_digest
from siglab_clients.tlog.encoding import canonical_json, decode_base64, encode_base64, parse_canonical_json
from siglab_clients.tlog.errors import EncodingError, EvidenceError
from siglab_clients.tlog.hashing import leaf_hash
from siglab_clients.tlog.proofs import verify_inclusion
from siglab_clients.verify.container import Stored
from siglab_clients.verify.findings import EventRef, Finding

EVENTS = "events.jsonl"

#: More hashes than any proof has in a log of fewer than 2**63 entries.
MAX_PROOF = 64

#: What kind of finding, for programs.
LINE, COMMITMENT, INCLUSION, SIGNATURE, ORDER, FOREIGN = (
    "line", "commitment", "inclusion", "signature", "order", "foreign_event",
)  # fmt: skip

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


@dataclass
class History:
    """What a check of one history gave: the events that hold, in order, each with its digest, and what does not."""

    file: str
    count: int = 0
    proved: list[tuple[ProvedEvent, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    damaged: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all of it is proved, so that something follows from it."""
        return not self.damaged and not self.findings and 0 < self.count == len(self.proved)

    def records(self) -> list[Mapping[str, Any]]:
        """The records that are proved, in order."""
        return [proved.event for proved, _ in self.proved]


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


def check_events(
    stored: Stored, item_id: str | None, checkpoint: Checkpoint | None, file: str = EVENTS
) -> History:
    """The history in a file. Without a trusted checkpoint inclusion stays unproved, which is a finding elsewhere.

    Of a damaged file it is said which lines do not hold; that events are missing or in another order does not follow.
    """
    history = _check(stored.data or b"", item_id, checkpoint, file)
    if stored.damaged:
        history.damaged = True
        history.findings = [
            finding
            for finding in history.findings
            if finding.event is not None and finding.code in (LINE, COMMITMENT, INCLUSION, SIGNATURE)
        ]
    return history


def _check(raw: bytes, item_id: str | None, checkpoint: Checkpoint | None, file: str) -> History:
    history = History(file)
    if not raw.endswith(b"\n"):
        history.findings.append(Finding(file, "the file is empty or its last line is cut off", LINE))
        return history
    before: ProvedEvent | None = None
    lines = raw[:-1].split(b"\n")
    history.count = len(lines)
    for number, line in enumerate(lines, 1):
        where = f"{file} line {number}"
        try:
            event = parse_line(line)
        except EvidenceError as error:
            history.findings.append(Finding(where, str(error), LINE, EventRef(file, number)))
            before = None
            continue
        wrong = _check_proof(event, checkpoint)
        digest, unsigned = _check_signatures(event)
        wrong += unsigned + _check_order(event, before, item_id, number == 1)
        if wrong:
            where, about = f"{where} (event {event.index})", _about(event, file, number)
            history.findings += [Finding(where, message, code, about) for code, message in wrong]
        elif checkpoint is not None:
            history.proved.append((event, digest))
        before = event
    return history


Wrong = list[tuple[str, str]]


def _about(event: ProvedEvent, file: str, line: int) -> EventRef:
    said = event.event
    sequence = said.get("sequence")
    words = {
        name: said[name] if isinstance(said.get(name), str) else None for name in ("type", "recorded_at")
    }
    actor = said.get("actor_name", said.get("actor"))
    return EventRef(
        file,
        line,
        event.index,
        sequence if type(sequence) is int else None,
        words["type"],
        actor if isinstance(actor, str) else None,
        words["recorded_at"],
    )


def _check_proof(event: ProvedEvent, checkpoint: Checkpoint | None) -> Wrong:
    wrong: Wrong = []
    try:
        if commitment_entry(event.event, event.salt) != event.entry:
            message = "the event is not the one that the log entry commits to: what it says, its salt or the entry was changed"
            wrong.append((COMMITMENT, message))
    except EvidenceError as error:
        wrong.append((COMMITMENT, str(error)))
    if checkpoint is not None:
        try:
            leaf = leaf_hash(event.entry)
            verify_inclusion(event.index, checkpoint.size, leaf, event.hashes, checkpoint.root)
        except EvidenceError as error:
            wrong.append(
                (INCLUSION, f"{error}; it is not shown that the log holds this entry at place {event.index}")
            )
    return wrong


def _check_signatures(event: ProvedEvent) -> tuple[str, Wrong]:
    """(digest of the event, signatures that are not over this record).

    Who signs an act signs the digest of the whole record without its signatures; they are added afterwards.
    """
    digest = event_digest(event.event)
    signatures = event.event.get("signatures", [])
    if not isinstance(signatures, list) or not all(isinstance(row, dict) for row in signatures):
        return digest, [(SIGNATURE, "the signatures of the record are not a list of signatures")]
    if not signatures:
        return digest, []
    body = {name: value for name, value in event.event.items() if name != "signatures"}
    signed = hashlib.sha256(canonical_json(body)).hexdigest()
    wrong: Wrong = []
    for row in signatures:
        if row.get("record_sha256") != signed:
            name = str(row.get("name", "somebody"))[:60]
            wrong.append(
                (SIGNATURE, f"the signed record was changed: the signature of {name} is over another one")
            )
    return digest, wrong


def _check_order(event: ProvedEvent, before: ProvedEvent | None, item_id: str | None, first: bool) -> Wrong:
    """What does not fit to the event before; after a line that cannot be read there is nothing to compare
    with.
    """
    wrong: Wrong = []
    if item_id is not None and event.event.get("item_id") != item_id:
        wrong.append((FOREIGN, "the event belongs to another item"))
    if first and event.event.get("previous") is not None:
        wrong.append((ORDER, "the item has an earlier event that the bundle does not hold"))
    if before is None:
        return wrong
    above = f"the one above it (event {before.index})"
    if event.index <= before.index:
        wrong.append((ORDER, f"the event stands in the log before {above}"))
    if "previous" in event.event and event.event["previous"] != event_digest(before.event):
        wrong.append(
            (ORDER, f"the event does not follow upon {above}: an event was changed, left out or put between")
        )
    here, there = event.event.get("sequence"), before.event.get("sequence")
    if isinstance(here, int) and isinstance(there, int) and here != there + 1:
        wrong.append((ORDER, f"between this event and {above} others are missing"))
    return wrong
