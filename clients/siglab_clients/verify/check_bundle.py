"""Checks a whole bundle: container, manifest, checkpoint, item and events; everything that is wrong is said
at once.
"""

from typing import Any

from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.encoding import parse_canonical_json
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.container import CONTAINER, unpack
from siglab_clients.verify.events import EVENTS, check_events
from siglab_clients.verify.findings import Finding, Verdict
from siglab_clients.verify.manifest import MANIFEST, Manifest, compare, open_manifest

CHECKPOINT = "checkpoint"
ITEM = "item.json"


def check_bundle(raw: bytes, key: VerifierKey) -> Verdict:
    """The verdict on the bytes of a bundle, where nobody but the owner of `key` is trusted."""
    try:
        files, findings = unpack(raw)
    except EvidenceError as error:
        return Verdict((Finding(CONTAINER, str(error)),), None, 0, None)
    manifest = _manifest(files, key, findings)
    checkpoint = _checkpoint(files, key, findings)
    item_id = _item_id(files, manifest, findings)
    events = 0
    if EVENTS in files:
        events, wrong = check_events(files[EVENTS], item_id, checkpoint)
        findings += wrong
    else:
        _missing(EVENTS, findings)
    return Verdict(tuple(findings), item_id, events, checkpoint)


def _manifest(files: dict[str, bytes], key: VerifierKey, findings: list[Finding]) -> Manifest | None:
    if MANIFEST not in files:
        _missing(MANIFEST, findings)
        return None
    try:
        manifest = open_manifest(files[MANIFEST], key)
    except EvidenceError as error:
        findings.append(Finding(MANIFEST, str(error)))
        return None
    findings += compare(manifest, files)
    return manifest


def _checkpoint(files: dict[str, bytes], key: VerifierKey, findings: list[Finding]) -> Checkpoint | None:
    if CHECKPOINT not in files:
        _missing(CHECKPOINT, findings)
        return None
    try:
        return open_checkpoint(files[CHECKPOINT], key)
    except EvidenceError as error:
        findings.append(Finding(CHECKPOINT, str(error)))
        return None


def _item_id(files: dict[str, bytes], manifest: Manifest | None, findings: list[Finding]) -> str | None:
    """The item that the manifest names, or else that of `item.json`; both must agree."""
    if ITEM not in files:
        _missing(ITEM, findings)
        return manifest.item_id if manifest else None
    try:
        item: Any = parse_canonical_json(files[ITEM])
    except EvidenceError as error:
        findings.append(Finding(ITEM, str(error)))
        return manifest.item_id if manifest else None
    said = item.get("id") if isinstance(item, dict) else None
    if not isinstance(said, str):
        findings.append(Finding(ITEM, "the file does not say which item it describes"))
    elif manifest and said != manifest.item_id:
        findings.append(Finding(ITEM, "the file describes another item than the manifest names"))
    if manifest:
        return manifest.item_id
    return said if isinstance(said, str) else None


def _missing(name: str, findings: list[Finding]) -> None:
    finding = Finding(name, "the file is missing")
    if finding not in findings:
        findings.append(finding)
