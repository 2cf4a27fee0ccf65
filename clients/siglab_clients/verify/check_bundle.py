"""Checks a whole bundle: container, manifest, checkpoint, item, events, lineage, spectra and time stamps; everything that
is wrong is said at once.
"""

import io
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.cosignatures import WitnessKey, open_cosignature
from siglab_clients.tlog.encoding import parse_canonical_json
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.container import CONTAINER, Stored
from siglab_clients.verify.events import EVENTS, History, check_events
from siglab_clients.verify.exceptional import exceptional_notes
from siglab_clients.verify.findings import Finding, Verdict
from siglab_clients.verify.item import contradictions, told_item
from siglab_clients.verify.lineage import check_lineage
from siglab_clients.verify.manifest import MANIFEST, Manifest, compare, open_manifest
from siglab_clients.verify.out_of_order import out_of_order_notes
from siglab_clients.verify.spectra import check_spectra
from siglab_clients.verify.timestamps import FOLDER as TIMESTAMPS
from siglab_clients.verify.timestamps import check_timestamps
from siglab_clients.verify.unpack import unpack

if TYPE_CHECKING:
    from cryptography import x509

CHECKPOINT = "checkpoint"
ITEM = "item.json"


def check_bundle(
    source: bytes | BinaryIO,
    key: VerifierKey,
    *,
    witnesses: Sequence[WitnessKey] = (),
    roots: "Sequence[x509.Certificate] | None" = None,
) -> Verdict:
    """The verdict on a bundle, where nobody but the owner of `key` is trusted.

    Each of `witnesses` must have cosigned the checkpoint; with `roots` a time stamp by an authority under one of them must
    be there and hold.
    """
    try:
        unpacked = unpack(io.BytesIO(source) if isinstance(source, bytes) else source)
    except EvidenceError as error:
        return Verdict((Finding(CONTAINER, str(error), "container"),), None, 0, None, key=key)
    return check_files(
        unpacked.files,
        key,
        witnesses=witnesses,
        roots=roots,
        before=unpacked.findings,
        unread=unpacked.unread,
    )


def check_files(
    files: Mapping[str, Stored],
    key: VerifierKey,
    *,
    witnesses: Sequence[WitnessKey] = (),
    roots: "Sequence[x509.Certificate] | None" = None,
    before: Sequence[Finding] = (),
    unread: Collection[str] = (),
) -> Verdict:
    """The verdict on the files of a bundle; `before` is what was found wrong with their container.

    Of files that are `unread` or damaged this was said: nothing more is concluded from them, nor that they are missing.
    """
    findings = [*before, *_missing(files, unread)]
    manifest = _manifest(files, key, findings, unread)
    checkpoint = _checkpoint(files, key, findings)
    cosigned = _cosigned(files, witnesses, findings)
    item_id = _item_id(files, manifest, findings)
    if EVENTS in files:
        own = check_events(files[EVENTS], item_id, checkpoint)
        findings += own.findings
    else:
        own = History(EVENTS)
    ancestors, wrong, notes = check_lineage(files, own, item_id, checkpoint)
    wrong += _contradictions(files, item_id, own, ancestors)
    spectra, more, told = check_spectra(files, own)
    note = files[CHECKPOINT].data if checkpoint is not None else None
    if any(name.startswith(TIMESTAMPS) for name in unread):
        roots = None  # There are some, and of those it was said that they cannot be read.
    stamped, late, untold = check_timestamps(files, note, key, roots)
    return Verdict(
        (*findings, *wrong, *more, *late),
        item_id,
        own.count,
        checkpoint,
        cosigned,
        stamped,
        {name: history.count for name, history in ancestors.items()},
        spectra,
        (*notes, *exceptional_notes(own), *out_of_order_notes(own), *told, *untold),
        key,
    )


def _data(files: Mapping[str, Stored], name: str) -> bytes:
    return files[name].data or b""


def _is_sound(files: Mapping[str, Stored], name: str) -> bool:
    return name in files and not files[name].damaged


def _missing(files: Mapping[str, Stored], unread: Collection[str]) -> list[Finding]:
    return [
        Finding(name, "the file is missing", "missing")
        for name in (MANIFEST, CHECKPOINT, ITEM, EVENTS)
        if name not in files and name not in unread
    ]


def _manifest(
    files: Mapping[str, Stored], key: VerifierKey, findings: list[Finding], unread: Collection[str]
) -> Manifest | None:
    if not _is_sound(files, MANIFEST):
        return None
    try:
        manifest = open_manifest(_data(files, MANIFEST), key)
    except EvidenceError as error:
        findings.append(Finding(MANIFEST, str(error), "manifest"))
        return None
    findings += [
        finding
        for finding in compare(manifest, files)
        if finding.where not in unread and finding not in findings
    ]
    return manifest


def _checkpoint(files: Mapping[str, Stored], key: VerifierKey, findings: list[Finding]) -> Checkpoint | None:
    if not _is_sound(files, CHECKPOINT):
        return None
    try:
        return open_checkpoint(_data(files, CHECKPOINT), key)
    except EvidenceError as error:
        findings.append(Finding(CHECKPOINT, str(error), "checkpoint"))
        return None


def _cosigned(
    files: Mapping[str, Stored], witnesses: Sequence[WitnessKey], findings: list[Finding]
) -> dict[str, int]:
    cosigned: dict[str, int] = {}
    for witness in witnesses if _is_sound(files, CHECKPOINT) else ():
        try:
            cosigned[witness.name] = open_cosignature(_data(files, CHECKPOINT), witness)
        except EvidenceError as error:
            findings.append(Finding(CHECKPOINT, str(error), "witness"))
    return cosigned


def _item_id(files: Mapping[str, Stored], manifest: Manifest | None, findings: list[Finding]) -> str | None:
    """The item that the manifest names, or else that of `item.json`; both must agree."""
    if not _is_sound(files, ITEM):
        return manifest.item_id if manifest else None
    try:
        item: Any = parse_canonical_json(_data(files, ITEM))
    except EvidenceError as error:
        findings.append(Finding(ITEM, str(error), "item"))
        return manifest.item_id if manifest else None
    said = item.get("id") if isinstance(item, dict) else None
    if not isinstance(said, str):
        findings.append(Finding(ITEM, "the file does not say which item it describes", "item"))
    elif manifest and said != manifest.item_id:
        findings.append(Finding(ITEM, "the file describes another item than the manifest names", "item"))
    if manifest:
        return manifest.item_id
    return said if isinstance(said, str) else None


def _contradictions(
    files: Mapping[str, Stored], item_id: str | None, own: History, ancestors: Mapping[str, History]
) -> list[Finding]:
    """What `item.json` says otherwise than the events, once these are proved."""
    if not _is_sound(files, ITEM) or item_id is None or not own.is_whole:
        return []
    try:
        item: Any = parse_canonical_json(_data(files, ITEM))
    except EvidenceError:
        return []  # Said where the item is read first.
    histories = {
        name: history.records() for name, history in {**ancestors, item_id: own}.items() if history.is_whole
    }
    return [
        Finding(
            ITEM,
            f"the field {name} says {_shown(said)}, but by the item's events it is {_shown(right)}",
            "item",
        )
        for name, said, right in contradictions(
            item if isinstance(item, dict) else {}, told_item(item_id, histories)
        )
    ]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:120]
