"""What a custody report may say of its proof: what was checked while it was made, and against which head of the log."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chain_of_custody.domain.check_item import Damage
from services.chain_of_custody.models import Event, Item, LogCheckpoint, LogEntry
from services.chain_of_custody.repository import ledger as repository
from shared.crypto import merkle
from shared.crypto.ledger import leaf_hash
from shared.db.unit_of_work import UnitOfWork
from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.tlog.proofs import verify_inclusion


@dataclass(frozen=True)
class UnderHead:
    """The newest head of the log, and what a check of an item's entries against it gave."""

    head: LogCheckpoint | None
    #: Acts whose entries are proved to stand under the head, and acts that have no place under it yet.
    proved: int
    waiting: int
    damage: list[Damage]
    #: Whether the head's signature holds and there are proofs to it: otherwise nothing was checked against it.
    is_tried: bool = True


def check_under_head(
    uow: UnitOfWork, row: Item, parts: Sequence[tuple[Event, LogEntry | None]], key: VerifierKey
) -> UnderHead:
    """Checks the newest head's signature, and by its inclusion proof that each entry of the item's acts stands under it.

    That a record gives the commitment in its entry is checked with the record (`domain.check_record`).
    """
    head = repository.newest_checkpoint(uow.session)
    if head is None:
        return UnderHead(None, 0, len(parts), [])
    placed = [
        (event.sequence, entry) for event, entry in parts if entry is not None and entry.index < head.size
    ]
    waiting = len(parts) - len(placed)

    def wrong(message: str, sequence: int | None = None) -> Damage:
        return Damage(row.id, row.number, sequence, message)

    try:
        checkpoint = open_checkpoint(head.note.encode(), key)
        proofs = merkle.inclusion_proofs(
            repository.DatabaseLogStore(uow.session), [entry.index for _, entry in placed], checkpoint.size
        )
    except (EvidenceError, merkle.MissingHash, ValueError) as error:
        message = f"the log's newest head proves nothing: {error}."
        return UnderHead(head, 0, waiting, [wrong(message)], is_tried=False)
    damage = []
    for sequence, entry in placed:
        refused = _not_included(checkpoint, entry, proofs[entry.index])
        if refused is not None:
            message = f"it is not shown that the signed log holds its entry {entry.index}: {refused}."
            damage.append(wrong(message, sequence))
    return UnderHead(head, len(placed) - len(damage), waiting, damage)


def _not_included(checkpoint: Checkpoint, entry: LogEntry, proof: Sequence[bytes]) -> EvidenceError | None:
    try:
        verify_inclusion(
            entry.index, checkpoint.size, leaf_hash(bytes(entry.entry)), tuple(proof), checkpoint.root
        )
    except EvidenceError as error:
        return error
    return None
