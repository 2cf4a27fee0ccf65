"""Reading the log: head, tiles and entries for everybody; proofs of one's own items' events; what the last check found."""

from pathlib import Path
from typing import Any

from services.chain_of_custody.models import LogCheckpoint, LogEntry
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.check_outcomes import last_outcome
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.actor import LABORATORY, Actor, Role, require
from shared.crypto import merkle, tiles
from shared.crypto.ledger import leaf_hash
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound, Unavailable
from siglab_clients.tlog.encoding import encode_base64

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)
#: Tile levels of a log of fewer than 2**63 entries.
_HIGHEST_LEVEL = 7


def get_checkpoint(actor: Actor, uow: UnitOfWork) -> str:
    """The signed head of the log with the cosignatures that it has already; open to everybody."""
    return repository.note_of(uow.session, _head(uow))


def get_witnessed_checkpoint(actor: Actor, uow: UnitOfWork) -> str:
    """The largest head that a witness has cosigned, with its cosignatures; open to everybody."""
    head = repository.newest_cosigned(uow.session)
    if head is None:
        raise NotFound("No witness has cosigned a head of this log yet.")
    return repository.note_of(uow.session, head)


def get_key(actor: Actor, keys_dir: Path) -> str:
    """The verifier key as one line; open to everybody."""
    return f"{load_verifier_key(keys_dir)}\n"


def get_tile(actor: Actor, uow: UnitOfWork, level: int, path: str) -> bytes:
    """A tile of hashes by its C2SP path; open to everybody."""
    number, width = _tile(uow, level, path)
    return tiles.tile(repository.DatabaseLogStore(uow.session), level, number, width)


def get_entries(actor: Actor, uow: UnitOfWork, path: str) -> bytes:
    """A bundle of entries by its C2SP path: commitments, which name nobody; open to everybody."""
    number, width = _tile(uow, 0, path)
    return tiles.entry_bundle(repository.entries(uow.session, number * tiles.TILE_WIDTH, width))


def get_proof(actor: Actor, uow: UnitOfWork, index: int) -> dict[str, Any]:
    """The proof that one event is in the log of the newest checkpoint."""
    require(actor, *READERS)
    head = _head(uow)
    if index >= head.size:
        raise NotFound("There is no such event in the log.")
    return _proof(uow, head, repository.entry_visible_to(uow.session, actor, index))


def get_release_proof(actor: Actor, uow: UnitOfWork, result_id: str) -> dict[str, Any]:
    """The proof that a result's release is in the log; open to everybody who has the result's id from its report.

    It tells the entry, which names nobody, and nothing of the result or the item.
    """
    head = _head(uow)
    row = repository.release_entry(uow.session, result_id)
    if row.index >= head.size:
        raise NotFound("The release waits for its place in the log; ask again in a few seconds.")
    return _proof(uow, head, row)


def _proof(uow: UnitOfWork, head: LogCheckpoint, row: LogEntry) -> dict[str, Any]:
    hashes = merkle.inclusion_proof(repository.DatabaseLogStore(uow.session), row.index, head.size)
    return {
        "index": row.index,
        "size": head.size,
        "leaf_hash": encode_base64(leaf_hash(bytes(row.entry))),
        "hashes": [encode_base64(value) for value in hashes],
        "checkpoint": head.note,
    }


def get_verification(actor: Actor, uow: UnitOfWork, keys_dir: Path) -> dict[str, Any]:
    """What the last full check found."""
    require(actor, *LABORATORY, Role.AUDITOR, Role.ADMIN)
    row = last_outcome(uow, keys_dir)
    if row is None:
        raise Unavailable("The first check of the ledger has not ended yet.", retry_after=5)
    return {"at": row.at, "size": row.size, "ok": row.ok, "findings": list(row.findings)}


def _head(uow: UnitOfWork) -> LogCheckpoint:
    head = repository.newest_checkpoint(uow.session)
    if head is None:
        raise Unavailable("The log has no checkpoint yet; its sequencer has not started.", retry_after=2)
    return head


def _tile(uow: UnitOfWork, level: int, path: str) -> tuple[int, int]:
    place = tiles.parse_tile_path(path)
    if place is not None and 0 <= level <= _HIGHEST_LEVEL:
        number, width = place
        if width <= tiles.tile_width(level, number, _head(uow).size):
            return number, width
    raise NotFound("There is no such tile in a log of this size.")
