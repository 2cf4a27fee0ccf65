"""What leaves the laboratory about one item: its evidence bundle (E21) and its history as linked data (E29).

Each is made from one snapshot of the database, so that item, events and head of the log belong together.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from services.chain_of_custody.domain.case_graph import build_case_graph
from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.repository import spectra as spectra_repository
from services.chain_of_custody.repository import store as store_repository
from services.chain_of_custody.repository.exports import one_snapshot
from services.chain_of_custody.service.copies import copies_of
from services.chain_of_custody.service.describe_items import describe_event, describe_item
from services.chain_of_custody.service.item_damage import Parts, find_damage, proved_histories, refuse_damaged
from services.chain_of_custody.service.items import READERS
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from services.chain_of_custody.service.spectra import READERS as SPECTRA_READERS
from shared.actor import Actor, require
from shared.config import Settings, Witness
from shared.crypto import bundle_stream, merkle
from shared.crypto.bundle import BundleRefused, ProvedEvent, write_bundle
from shared.crypto.bundle_stream import KeptSpectrum
from shared.crypto.canonical import canonical_json
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Unavailable
from shared.http.schemas import format_time
from shared.storage import ObjectStore
from siglab_clients.verify.container import MAX_BUNDLE_BYTES, MAX_FILES, MAX_KEPT_BYTES
from siglab_clients.verify.spectra import LIST

log = structlog.get_logger(__name__)

#: The bytes of spectra go to whoever may have the bundle and may read spectra: not to offices, which have the digests.
READERS_OF_ALL = tuple(role for role in READERS if role in SPECTRA_READERS)
#: What a bundle can hold beside its other files.
MOST_SPECTRA = MAX_FILES // 2
MOST_SPECTRA_BYTES = MAX_BUNDLE_BYTES - 2 * MAX_KEPT_BYTES


@dataclass(frozen=True)
class _Parts:
    """What a bundle is written from: arguments of `shared.crypto.bundle.make_bundle`."""

    item: dict[str, Any]
    events: list[ProvedEvent]
    given: dict[str, Any]


def make_bundle(actor: Actor, uow: UnitOfWork, item_id: str, settings: Settings) -> bytes:
    """The bytes of bundle.zip; raises Unavailable for the moments until the log has taken the newest event."""
    require(actor, *READERS)
    parts = _parts(actor, uow, item_id, settings)
    with _told(item_id):
        return write_bundle(parts.item, parts.events, **parts.given)


def stream_bundle(
    actor: Actor, uow: UnitOfWork, stores: Mapping[str, ObjectStore], item_id: str, settings: Settings
) -> Iterator[bytes]:
    """The bytes of bundle.zip with those of the verified spectra, for whoever may read both; errors as of `make_bundle`.

    Raises Conflict where they are more than a bundle can hold. Of a spectrum that no store can give the bundle says so,
    and does not verify.
    """
    require(actor, *READERS_OF_ALL)
    parts = _parts(actor, uow, item_id, settings)
    listed = _spectra(parts.events)
    size = sum(row["size"] for row in listed)
    if size > MOST_SPECTRA_BYTES or len(listed) > MOST_SPECTRA:
        raise Conflict(
            f"The item has {len(listed)} spectra of together {size} bytes; a bundle holds {MOST_SPECTRA} of "
            f"{MOST_SPECTRA_BYTES} bytes. Take the bundle without them and fetch each from /spectra/{{id}}/content: "
            "its digest is in the bundle's spectra.json.",
            code="bundle_too_large",
        )
    kept = {row["id"]: _kept(uow, stores, row) for row in listed}
    with _told(item_id):
        return bundle_stream.stream_bundle(parts.item, parts.events, spectra=kept, **parts.given)


def _kept(uow: UnitOfWork, stores: Mapping[str, ObjectStore], row: dict[str, Any]) -> KeptSpectrum:
    found = spectra_repository.known_spectrum(uow.session, row["id"])
    copies = [] if found is None else copies_of(found, store_repository.copies(uow.session, found.id), stores)
    readers = [partial(copy.store.read, copy.key, copy.version_id) for copy in copies]
    return KeptSpectrum(row["filename"], row["sha256"], readers)


def _parts(actor: Actor, uow: UnitOfWork, item_id: str, settings: Settings) -> _Parts:
    one_snapshot(uow.session)
    item = _item(actor, uow, item_id)
    histories = proved_histories(uow, item_id)
    entries = [entry for parts in histories.values() for _, entry in parts]
    last = max((entry.index for entry in entries if entry is not None), default=-1)
    head = _attested_head(uow, last, settings.witnesses)
    if head is None or None in entries:
        raise Unavailable(
            "The newest event of this item is on its way into the log; ask again.", retry_after=1
        )
    proved = _proved(uow, histories, head.size)
    events = proved.pop(item_id)
    given = {
        "checkpoint": head.note
        + "".join(row.line for row in attestations.cosignatures(uow.session, head.size)),
        "origin": load_origin(settings.keys_dir),
        "key": load_signing_key(settings.keys_dir),
        "lineage": proved,
        "files": {**_timestamps(uow, head.size), LIST: canonical_json(_spectra(events))},
    }
    return _Parts(item, events, given)


@contextmanager
def _told(item_id: str) -> Iterator[None]:
    """A bundle that would not verify is refused in words, and an alarm in the log."""
    try:
        yield
    except BundleRefused as refused:
        log.error("bundle_refused", item_id=item_id, findings=[str(finding) for finding in refused.findings])
        raise Conflict(
            f"The records of this item do not verify, and leave the laboratory only when they do: {refused}.",
            code="ledger_damaged",
        ) from refused


def _proved(uow: UnitOfWork, histories: Mapping[str, Parts], size: int) -> dict[str, list[ProvedEvent]]:
    """The histories with the proofs that lead to the head of this size; all have their leaves."""
    leaves = [entry.index for parts in histories.values() for _, entry in parts if entry is not None]
    proofs = merkle.inclusion_proofs(repository.DatabaseLogStore(uow.session), leaves, size)
    return {
        ancestor: [
            ProvedEvent(
                entry.index,
                bytes(entry.entry),
                bytes(event.salt),
                json.loads(event.record),
                tuple(proofs[entry.index]),
            )
            for event, entry in parts
            if entry is not None
        ]
        for ancestor, parts in histories.items()
    }


def _spectra(events: list[ProvedEvent]) -> list[dict[str, Any]]:
    """The item's verified spectra, each with the entry of the event that verified it."""
    names = {
        row.event["details"]["spectrum_id"]: row.event["details"]["filename"]
        for row in events
        if row.event["type"] == "spectrum_stored"
    }
    found = {
        row.event["details"]["spectrum_id"]: (row.index, row.event["details"])
        for row in events
        if row.event["type"] == "spectrum_verified"
    }
    return [
        {
            "id": spectrum,
            "filename": names.get(spectrum, ""),
            "size": details["size"],
            "sha256": details["sha256"],
            "index": index,
        }
        for spectrum, (index, details) in found.items()
    ]


def _attested_head(uow: UnitOfWork, index: int, witnesses: Collection[Witness]) -> LogCheckpoint | None:
    """The head over the leaf `index` that most of the configured witnesses have cosigned, or else the newest."""
    keys = {witness.key for witness in witnesses}
    size = attestations.best_attested_size(uow.session, index + 1, keys)
    if size is not None:
        return attestations.head_of_size(uow.session, size)
    return repository.newest_checkpoint(uow.session)


def _timestamps(uow: UnitOfWork, size: int) -> dict[str, bytes]:
    """The authorities' stamps over the head of this size."""
    stamps = attestations.timestamps_of(uow.session, size)
    return {f"timestamps/{number}.tsr": stamp.token for number, stamp in enumerate(stamps, 1)}


def make_case(
    actor: Actor, uow: UnitOfWork, item_id: str, keys_dir: Path, *, damaged: bool
) -> dict[str, Any]:
    """The item's history as CASE/UCO linked data (E29).

    Raises Conflict where its record is damaged, but for whoever asks for what is `damaged`: the graph then says so.
    """
    require(actor, *READERS)
    one_snapshot(uow.session)
    row = items_repository.item(uow.session, actor, item_id)
    histories = proved_histories(uow, item_id)
    damage = find_damage(row, histories)
    if not damaged:
        refuse_damaged(row.number, damage, "its history as linked data")
    events = [describe_event(event, entry) for event, entry in histories[item_id]]
    return build_case_graph(
        describe_item(row), events, origin=load_origin(keys_dir), damage=[str(found) for found in damage]
    )


def _item(actor: Actor, uow: UnitOfWork, item_id: str) -> dict[str, Any]:
    told = describe_item(items_repository.item(uow.session, actor, item_id))
    return {**told, "created_at": format_time(told["created_at"])}
