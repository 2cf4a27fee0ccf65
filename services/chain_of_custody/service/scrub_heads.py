"""The scrub's walk over the copies of the log's heads in the locked store (E20, E24).

Of each copy the bytes, the lock and the versions under its key are compared with the record of it, as those of a spectrum; and of
every version the signature, and that the present log goes on from it. The hourly self-check compares heads too, of very many a
share; here it is all of them, with their locks, and what is found stays on record until it is closed.
"""

import hashlib
from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.object_standing import (
    MISSING,
    OFF_LOG,
    SIGNATURE,
    UNREADABLE,
    Problem,
)
from services.chain_of_custody.domain.pace import Pace
from services.chain_of_custody.models_ledger import LogCopy
from services.chain_of_custody.models_store import FIRST, ScrubRound
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as ledger_repository
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.check_copy import check_copy, require_answer
from services.chain_of_custody.service.copies import Copy
from services.chain_of_custody.service.copy_heads import MOST_BYTES, copy_key
from services.chain_of_custody.service.judge_heads import judge_head
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.store import store_of
from shared.crypto import merkle
from shared.errors import DomainError
from shared.runtime import Runtime
from shared.storage import ObjectStore
from shared.storage.errors import ObjectNotFound, StoreUnavailable
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey

log = structlog.get_logger(__name__)


def any_head(session: Session) -> bool:
    """Whether a head was ever copied."""
    return attestations.newest_copy(session) is not None


def scrub_heads(runtime: Runtime, going: ScrubRound, pace: Pace, *, until: Callable[[], bool]) -> bool:
    """Goes on with the copies where the round stopped; whether all are done. Ends early where the store is away."""
    key, done = load_verifier_key(runtime.settings.keys_dir), going.heads_done
    while True:
        try:
            checked = scrub_head(runtime, done + 1, key, pace)
        except DomainError as error:
            log.warning("scrub_put_off", id=copy_key(done + 1), code=error.code, error=error.detail)
            return False
        if checked is None:
            return True
        size, wrong = checked
        with runtime.unit_of_work() as uow:
            repository.advance_heads(
                uow.session, going.seq, done, size=size, wrong=wrong, now=runtime.clock()
            )
            uow.commit()
        done += 1
        if until():
            return False


def scrub_head(runtime: Runtime, number: int, key: VerifierKey, pace: Pace) -> tuple[int, int] | None:
    """Checks one copy and notes what was found: (bytes read, differences); None beyond the last, recorded or not."""
    store, name = store_of(runtime), copy_key(number)
    with runtime.unit_of_work() as uow:
        last, row = attestations.newest_copy(uow.session), attestations.copy(uow.session, number)
        head = None if row is None else attestations.head_of_size(uow.session, row.size)
    versions = store.versions(name)
    if row is None and not versions and (last is None or number > last.number):
        return None
    size = 0
    problems: list[Problem] = []
    if row is not None and head is not None:
        size, problems = _compare_with_record(store, row, head.note.encode(), pace)
    elif row is not None:
        problems.append(
            Problem(OFF_LOG, f"The database has no head of {row.size} entries, which was copied.")
        )
    elif not versions:
        # A kill between store and database leaves a copy without a record, but no number is ever left out.
        problems.append(Problem(MISSING, "There is no such copy, though there are later ones."))
    for version_id in versions:
        problems += _read_head(runtime, store, name, version_id, key)
    found = list({problem.kind: problem for problem in problems}.values())
    judge_head(runtime, name, row, versions, found)
    return size, len(found)


def _compare_with_record(
    store: ObjectStore, row: LogCopy, note: bytes, pace: Pace
) -> tuple[int, list[Problem]]:
    found = check_copy(
        Copy(FIRST, store, row.key, row.version_id, (row.version_id,), legal_hold=False),
        size=len(note),
        sha256=hashlib.sha256(note).hexdigest(),
        # Of old copies it is not recorded how long they are locked: that they are is asked of them.
        retain_until=row.retain_until or row.copied_at,
        legal_hold=False,
        spend=pace.spend,
    )
    return found.size, list(found.problems)


def _read_head(
    runtime: Runtime, store: ObjectStore, name: str, version_id: str, key: VerifierKey
) -> list[Problem]:
    """Whether a version is signed, and of the present log."""
    try:
        raw = b"".join(store.read(name, version_id, 0, MOST_BYTES))
        head = open_checkpoint(raw, key)
    except EvidenceError as error:
        return [Problem(SIGNATURE, f"Version {version_id} is no head signed with the log's key: {error}.")]
    except ObjectNotFound:
        return [Problem(MISSING, f"Version {version_id} is gone from the store.")]
    except StoreUnavailable as error:
        require_answer(store, error)
        return [Problem(UNREADABLE, error.detail)]
    # Read after the copy, which is made of a head that was committed before.
    with runtime.unit_of_work() as uow:
        present = ledger_repository.newest_checkpoint(uow.session)
        size = 0 if present is None else present.size
        if size < head.size:
            return [
                Problem(OFF_LOG, f"It tells of {head.size} entries, the log has {size}: the log was cut.")
            ]
        try:
            root = merkle.root(ledger_repository.DatabaseLogStore(uow.session), head.size)
        except merkle.MissingHash as error:
            return [Problem(OFF_LOG, f"The log's first {head.size} entries cannot be computed: {error}.")]
    if root != head.root:
        words = f"The log's first {head.size} entries have another root now: the log was rewritten or forked."
        return [Problem(OFF_LOG, words)]
    return []
