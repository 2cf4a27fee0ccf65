"""Writes an item's evidence bundle; the reader, and the form, are in `siglab_clients.verify`.

A bundle is checked with the verifier's own code before it is handed out: what leaves the laboratory verifies. Spectra are not
held in memory: they are measured first, and read again while the bundle is sent.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto.ledger import sign_note, verifier_key
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.check_bundle import CHECKPOINT, ITEM, check_files
from siglab_clients.verify.container import SPECTRA, Stored, frame, measure
from siglab_clients.verify.events import EVENTS, ProvedEvent
from siglab_clients.verify.findings import Finding
from siglab_clients.verify.lineage import lineage_file
from siglab_clients.verify.manifest import MANIFEST, describe_stored
from siglab_clients.verify.spectra import NOT_GIVEN

__all__ = ["BundleRefused", "ProvedEvent", "WholeBundle", "lead_in", "make_bundle", "write_bundle"]

_READ_ME_NAME = "README.txt"

#: Reads the bytes of one spectrum, from the beginning each time.
Reader = Callable[[], Iterable[bytes]]

_READ_ME = b"""\
Evidence bundle of one item.

item.json      what the item is
events.jsonl   every event of the item: its place in the log, log entry, salt, the event, inclusion proof
lineage/       the same of each item that it was divided from or put together of
checkpoint     the signed head of the log that the proofs lead to (C2SP tlog-checkpoint), cosigned where witnesses did
timestamps/    time stamps of an authority (RFC 3161) over the checkpoint, where there are
spectra.json   the item's spectra: digests, and which event verified each
spectra/       their bytes, where they were asked for
damaged.json   spectra whose bytes the laboratory could not give, and why; such a bundle does not verify
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


@dataclass(frozen=True)
class WholeBundle:
    """A bundle that verifies, ready to be sent: its `size` in bytes, and the bytes in `chunks()`."""

    size: int
    _heads: Sequence[tuple[str, bytes]]
    _tail: bytes
    _files: Mapping[str, Stored]
    _readers: Mapping[str, Reader]

    def chunks(self) -> Iterator[bytes]:
        """The bytes of `bundle.zip`; raises BundleRefused where a spectrum is no longer what it was when it was measured."""
        for name, head in self._heads:
            yield head
            data = self._files[name].data
            if data is not None:
                yield data
            else:
                yield from self._read(name)
        yield self._tail

    def _read(self, name: str) -> Iterator[bytes]:
        size, crc, file = 0, 0, self._files[name]
        for chunk in self._readers[name]():
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
            if size > file.size:
                break
            yield chunk
        if (size, crc) != (file.size, file.crc):
            raise BundleRefused([Finding(name, "the stored file changed while it was sent")])


def make_bundle(
    item: Mapping[str, Any],
    events: Sequence[ProvedEvent],
    *,
    checkpoint: str,
    origin: str,
    key: Ed25519PrivateKey,
    lineage: Mapping[str, Sequence[ProvedEvent]] = MappingProxyType({}),
    files: Mapping[str, bytes] = MappingProxyType({}),
    spectra: Mapping[str, Reader] = MappingProxyType({}),
    measured: Mapping[str, Stored] = MappingProxyType({}),
) -> WholeBundle:
    """The bundle of `item` (with its `id`), whose events carry that id as `item_id`.

    `checkpoint` is the signed note whose size the inclusion proofs of `events` lead to; `lineage` are the events of its
    ancestors by their ids, `files` go in besides, by name, `spectra` by id; those that are `measured` already are not read for
    it again. Raises BundleRefused where the verifier would refuse the bundle for anything but a spectrum of which the
    bundle itself says that it could not be given.
    """
    contents = {
        **files,
        **{lineage_file(name): _lines(rows) for name, rows in lineage.items()},
        _READ_ME_NAME: _READ_ME,
        ITEM: canonical_json(dict(item)),
        EVENTS: _lines(events),
        CHECKPOINT: checkpoint.encode(),
    }
    readers = {SPECTRA + name: read for name, read in spectra.items()}
    stored = {name: Stored.of(data) for name, data in contents.items()}
    for name, read in spectra.items():
        stored[SPECTRA + name] = measured[name] if name in measured else measure(read())
    manifest = describe_stored(str(item["id"]), stored)
    stored[MANIFEST] = Stored.of(sign_note(manifest.text(), origin, key).encode())
    verdict = check_files(stored, verifier_key(origin, key))
    refused = [finding for finding in verdict.findings if finding.code != NOT_GIVEN]
    if refused:
        raise BundleRefused(refused)
    heads, tail = frame(stored)
    size = sum(len(head) + stored[name].size for name, head in heads) + len(tail)
    return WholeBundle(size, heads, tail, stored, readers)


def write_bundle(item: Mapping[str, Any], events: Sequence[ProvedEvent], **given: Any) -> bytes:
    """The bytes of a small bundle; arguments and refusals as of `make_bundle`."""
    return b"".join(make_bundle(item, events, **given).chunks())


def lead_in() -> bytes:
    """The first bytes of every bundle, the same whatever follows: its first file, which is the one for people."""
    heads, _ = frame({_READ_ME_NAME: Stored.of(_READ_ME)})
    return heads[0][1] + _READ_ME


def _lines(events: Iterable[ProvedEvent]) -> bytes:
    return b"".join(event.line() for event in events)
