"""What leaves the laboratory about one item: its evidence bundle (E21) and its history as linked data (E29).

Each is made from one snapshot of the database, so that item, events and head of the log belong together.
"""

import json
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import text

from services.chain_of_custody.domain.case_graph import build_case_graph
from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.describe_items import describe_event, describe_item
from services.chain_of_custody.service.items import READERS
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from shared.actor import Actor, require
from shared.crypto import merkle
from shared.crypto.bundle import BundleRefused, ProvedEvent, write_bundle
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Unavailable
from shared.http.schemas import format_time

log = structlog.get_logger(__name__)


def make_bundle(actor: Actor, uow: UnitOfWork, item_id: str, keys_dir: Path) -> bytes:
    """The bytes of bundle.zip; raises Unavailable for the moments until the log has taken the newest event."""
    require(actor, *READERS)
    _one_snapshot(uow)
    item = _item(actor, uow, item_id)
    parts = repository.proved_parts(uow.session, item_id)
    entries = [entry for _, entry in parts if entry is not None]
    head = _attested_head(uow, max((entry.index for entry in entries), default=-1))
    if head is None or len(entries) != len(parts):
        raise Unavailable(
            "The newest event of this item is on its way into the log; ask again.", retry_after=1
        )
    store = repository.DatabaseLogStore(uow.session)
    proofs = merkle.inclusion_proofs(store, [entry.index for entry in entries], head.size)
    events = [
        ProvedEvent(
            entry.index,
            bytes(entry.entry),
            bytes(event.salt),
            json.loads(event.record),
            tuple(proofs[entry.index]),
        )
        for (event, _), entry in zip(parts, entries, strict=True)
    ]
    try:
        return write_bundle(
            item,
            events,
            checkpoint=head.note
            + "".join(row.line for row in attestations.cosignatures(uow.session, head.size)),
            origin=load_origin(keys_dir),
            key=load_signing_key(keys_dir),
            files=_timestamps(uow, head.size),
        )
    except BundleRefused as refused:
        log.error("bundle_refused", item_id=item_id, findings=[str(finding) for finding in refused.findings])
        raise Unavailable(
            f"The records of this item do not verify, and leave the laboratory only when they do: {refused}.",
            code="ledger_damaged",
        ) from refused


def _attested_head(uow: UnitOfWork, index: int) -> LogCheckpoint | None:
    """The largest head that a witness has cosigned, where it covers the leaf `index`; else the newest."""
    size = attestations.newest_cosigned_size(uow.session)
    if size is not None and size > index:
        return attestations.head_of_size(uow.session, size)
    return repository.newest_checkpoint(uow.session)


def _timestamps(uow: UnitOfWork, size: int) -> dict[str, bytes]:
    """The authority's stamp over the head of this size, where the newest one is over it."""
    stamp = attestations.newest_timestamp(uow.session)
    return {"timestamps/1.tsr": stamp.token} if stamp is not None and stamp.size == size else {}


def make_case(actor: Actor, uow: UnitOfWork, item_id: str, keys_dir: Path) -> dict[str, Any]:
    """The item's history as CASE/UCO linked data (E29)."""
    require(actor, *READERS)
    _one_snapshot(uow)
    item = _item(actor, uow, item_id)
    parts = repository.proved_parts(uow.session, item_id)
    events = [describe_event(event, None if entry is None else entry.index) for event, entry in parts]
    return build_case_graph(item, events, origin=load_origin(keys_dir))


def _one_snapshot(uow: UnitOfWork) -> None:
    uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def _item(actor: Actor, uow: UnitOfWork, item_id: str) -> dict[str, Any]:
    told = describe_item(items_repository.item(uow.session, actor, item_id))
    return {**told, "created_at": format_time(told["created_at"])}
