"""Compares the heads that lie in the locked store with those of the database (E20)."""

from collections.abc import Iterator

from services.chain_of_custody.domain.choose_copied_heads import choose_copied_heads
from services.chain_of_custody.domain.findings import Findings
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.check_copy import require_answer
from services.chain_of_custody.service.copy_heads import MOST_BYTES, copy_key
from shared.db.unit_of_work import UnitOfWork
from shared.storage import ObjectStore
from shared.storage.errors import ObjectNotFound, StoreUnavailable
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey


def check_copied_heads(
    uow: UnitOfWork, store: ObjectStore, key: VerifierKey, findings: Findings, *, turn: int
) -> None:
    """Reads copies back; where there are very many, all recent ones and of the others those whose `turn` it is.

    Not in the snapshot of the other checks: a head is committed before it is copied, so that what is read from the
    database after the store always knows it. Raises StoreUnavailable.
    """
    last = attestations.newest_copy(uow.session)
    known = 0 if last is None else last.number
    for number in _numbers(store, known, turn):
        versions = store.versions(copy_key(number))
        if not versions:
            findings.add(f"the copy {copy_key(number)} is missing from the store")
        row = attestations.copy(uow.session, number)
        if row is not None and versions and row.version_id not in versions:
            findings.add(f"the version of {copy_key(number)} that was written is missing from the store")
        for version in versions:
            try:
                raw = b"".join(store.read(copy_key(number), version, 0, MOST_BYTES))
            except ObjectNotFound:
                findings.add(f"a version of {copy_key(number)} is missing from the store")
            except StoreUnavailable as error:
                # One copy that cannot be read must not hide what is wrong with the others.
                require_answer(store, error)
                findings.add(f"the copy {copy_key(number)} in the store cannot be read: {error.detail}")
            else:
                _compare(uow, copy_key(number), raw, key, findings)


def _numbers(store: ObjectStore, known: int, turn: int) -> Iterator[int]:
    """The copies to look at: those that the database tells of, and any that the store has beyond them."""
    yield from choose_copied_heads(known, turn)
    number = known + 1
    while store.versions(copy_key(number)):
        yield number
        number += 1


def _compare(uow: UnitOfWork, name: str, raw: bytes, key: VerifierKey, findings: Findings) -> None:
    try:
        copied = open_checkpoint(raw, key)
    except EvidenceError as error:
        findings.add(f"the copy {name} in the store: {error}")
        return
    head = attestations.head_of_size(uow.session, copied.size)
    if head is not None:
        if bytes(head.root) != copied.root:
            findings.add(
                f"the copy {name} in the store and the database tell of two different heads of {copied.size} entries: "
                "the log was rewritten or forked"
            )
        return
    newest = repository.newest_checkpoint(uow.session)
    size = 0 if newest is None else newest.size
    if size < copied.size:
        findings.add(
            f"the copy {name} in the store tells of {copied.size} entries, the log in the database has {size}: it was cut"
        )
    else:
        findings.add(
            f"the copy {name} in the store is of a head of {copied.size} entries that the database does not know: "
            "the log was rewritten"
        )
