"""Copies of the log's heads in the locked store (E20), so that whoever changes the database leaves a contradiction behind.

The n-th copy has the key `checkpoints/<n>`, locked as long as evidence is. Numbers and not sizes make the keys: the check walks
from 1 on until the store has nothing more, and so finds copies that no row of the database tells of any longer.
"""

from datetime import datetime

import structlog

from services.chain_of_custody.domain.retention import retain_until
from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.models_ledger import LogCopy
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.stamp_heads import stamp_head
from services.chain_of_custody.store import store_of
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.jobs.app import Jobs
from shared.runtime import Runtime
from shared.storage import ObjectStore

log = structlog.get_logger(__name__)

QUEUE = "ledger"
_EVERY_QUARTER_HOUR = "4-59/15 * * * *"
_STORE = "checkpoints"
#: A head is some 200 bytes, a few kilobytes with many cosignatures.
MOST_BYTES = 65536


def register_copies(jobs: Jobs) -> None:
    """The job, by the clock; each self-check copies as well."""
    runtime = jobs.runtime
    jobs.periodic("copy_head", _EVERY_QUARTER_HOUR, queue=QUEUE)(lambda: copy_head(runtime))


def copy_key(number: int) -> str:
    """The key of the `number`-th copy."""
    return f"checkpoints/{number:010d}"


def copy_head(runtime: Runtime) -> None:
    """Copies the newest head where the log has grown since the last copy, and has it time-stamped.

    What fails is noted for the page and the metrics; the log goes on, and the next time it is tried again.
    """
    now = runtime.clock()
    head = None
    try:
        with runtime.unit_of_work() as uow:
            head = _copy(uow, store_of(runtime), now, runtime.settings.retention_years)
            if head is not None:
                attestations.note_attempt(
                    uow.session, attestations.STORE, _STORE, tried_at=now, size=head.size, error=None
                )
                uow.commit()
    except DomainError as error:
        log.warning("head_not_copied", error=error.detail)
        with runtime.unit_of_work() as uow:
            attestations.note_attempt(
                uow.session, attestations.STORE, _STORE, tried_at=now, size=None, error=error.detail
            )
            uow.commit()
    if head is not None:
        log.info("head_copied", size=head.size)
        chosen = _to_stamp(runtime, head)
        stamp_head(runtime, chosen.size, chosen.note)


def _to_stamp(runtime: Runtime, copied: LogCheckpoint) -> LogCheckpoint:
    """The largest head that all witnesses cosigned, where it is later than the last stamp; so that one head has both."""
    keys = {witness.key for witness in runtime.settings.witnesses}
    with runtime.unit_of_work() as uow:
        size = attestations.fully_cosigned_size(uow.session, keys) if keys else None
        last = attestations.newest_timestamp(uow.session)
        if size is None or (last is not None and size <= last.size):
            return copied
        return attestations.head_of_size(uow.session, size) or copied


def _copy(uow: UnitOfWork, store: ObjectStore, now: datetime, years: int) -> LogCheckpoint | None:
    session = uow.session
    if not attestations.try_to_copy(session):
        return None
    head, last = repository.newest_checkpoint(session), attestations.newest_copy(session)
    if head is None or (last is not None and last.size >= head.size):
        return None
    number = 1 if last is None else last.number + 1
    # A place may be taken: by a copy whose row was not committed, or by one that the database has been made to forget. Neither
    # is written over, and the check tells of the second kind.
    while store.versions(copy_key(number)):
        number += 1
    key = copy_key(number)
    until = retain_until(now, years)
    stored = store.put(key, head.note.encode(), retain_until=until, content_type="text/plain")
    row = LogCopy(
        number=number,
        size=head.size,
        key=key,
        version_id=stored.version_id,
        copied_at=now,
        retain_until=until,
    )
    attestations.add_copy(session, row)
    return head
