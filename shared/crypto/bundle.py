"""Writes an item's evidence bundle; the reader, and the form, are in `siglab_clients.verify`.

A bundle is checked with the verifier's own code before it is handed out: what leaves the laboratory verifies.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto.ledger import sign_note, verifier_key
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.check_bundle import CHECKPOINT, ITEM, check_bundle
from siglab_clients.verify.container import pack
from siglab_clients.verify.events import EVENTS, ProvedEvent
from siglab_clients.verify.findings import Finding
from siglab_clients.verify.manifest import MANIFEST, describe

__all__ = ["BundleRefused", "ProvedEvent", "write_bundle"]

_READ_ME = b"""\
Evidence bundle of one item.

item.json      what the item is
events.jsonl   every event of the item: its place in the log, log entry, salt, the event, inclusion proof
checkpoint     the signed head of the log that the proofs lead to (C2SP tlog-checkpoint)
manifest       every file with its SHA-256, signed by the log's key

To check it without any network:  siglab-verify BUNDLE.zip --key KEY
where KEY holds the log's verifier key. Have the key from the laboratory, not from whoever gave you the
bundle.
"""


class BundleRefused(Exception):
    """The bundle would not verify: the ledger is damaged, or its parts do not belong together."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings[:5]))
        self.findings = tuple(findings)


def write_bundle(
    item: Mapping[str, Any],
    events: Sequence[ProvedEvent],
    *,
    checkpoint: str,
    origin: str,
    key: Ed25519PrivateKey,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """The bytes of `bundle.zip` for `item` (with its `id`), whose events carry that id as `item_id`.

    `checkpoint` is the signed note whose size the inclusion proofs of `events` lead to; `files` go in
    besides, by name. Raises BundleRefused where the verifier would refuse the bundle.
    """
    contents = {
        **files,
        "README.txt": _READ_ME,
        ITEM: canonical_json(dict(item)),
        EVENTS: b"".join(event.line() for event in events),
        CHECKPOINT: checkpoint.encode(),
    }
    contents[MANIFEST] = sign_note(describe(str(item["id"]), contents).text(), origin, key).encode()
    bundle = pack(contents)
    verdict = check_bundle(bundle, verifier_key(origin, key))
    if not verdict.ok:
        raise BundleRefused(verdict.findings)
    return bundle
