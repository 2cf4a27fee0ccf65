"""Where an item came from: the histories of the items that it was divided from or put together of.

`lineage/<item id>.jsonl` has the form of `events.jsonl` and is checked as that is. The first event of an aliquot names the
event of its parent by which it was taken, a composite those of its parts; by their digests the histories hang together.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.verify.container import Stored
from siglab_clients.verify.events import History, check_events
from siglab_clients.verify.findings import Finding

FOLDER = "lineage/"
_NAME = re.compile(r"lineage/([A-Za-z0-9][A-Za-z0-9._-]{0,99})\.jsonl")

LINEAGE = "lineage"


def lineage_file(item_id: str) -> str:
    """The name of an ancestor's file."""
    return f"{FOLDER}{item_id}.jsonl"


def parents_of(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(id, digest of the parent's event) for each item that the first event of an item says it came from."""
    details = event.get("details")
    if not isinstance(details, dict):
        return
    parts = details.get("parts")
    rows = parts if isinstance(parts, list) else []
    for row in [{**details, "item_id": details.get("parent_id")}, *rows]:
        if isinstance(row, dict):
            parent, digest = row.get("item_id"), row.get("parent_event_sha256")
            if isinstance(parent, str) and isinstance(digest, str):
                yield parent, digest


def check_lineage(
    files: Mapping[str, Stored], own: History, item_id: str | None, checkpoint: Checkpoint | None
) -> tuple[dict[str, History], list[Finding], list[str]]:
    """(histories by ancestor, findings, notes) of the ancestors' files in a bundle."""
    findings: list[Finding] = []
    histories: dict[str, History] = {}
    for name in sorted(files):
        if not name.startswith(FOLDER):
            continue
        match = _NAME.fullmatch(name)
        if match is None:
            findings.append(Finding(name, "this is no file of an ancestor's history", LINEAGE))
            continue
        histories[match[1]] = check_events(files[name], match[1], checkpoint, name)
        findings += histories[match[1]].findings
    notes = _check_links(histories, own, item_id, findings)
    return histories, findings, notes


def _check_links(
    histories: Mapping[str, History], own: History, item_id: str | None, findings: list[Finding]
) -> list[str]:
    """Follows the links from the item upwards; what is not reached does not belong into the bundle."""
    notes: list[str] = []
    reached: set[str] = set()
    waiting = [own]
    is_whole = own.is_whole
    while waiting:
        history = waiting.pop()
        if not history.is_whole:
            is_whole = False  # What its first event says is not known.
            continue
        for parent, digest in parents_of(history.records()[0]):
            if parent not in histories:
                notes.append(f"the history of {parent}, from which the item came, is not in the bundle")
                continue
            known = histories[parent]
            if known.is_whole and digest not in {found for _, found in known.proved}:
                message = f"{history.file} says that its item was taken by an event of this item which is not in its history"
                findings.append(Finding(known.file, message, LINEAGE))
            if parent not in reached:
                reached.add(parent)
                waiting.append(known)
    if is_whole:
        findings += [
            Finding(histories[name].file, "the item did not come from this one", LINEAGE)
            for name in sorted(histories.keys() - reached)
        ]
    return notes
