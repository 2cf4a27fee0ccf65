"""Gives recorded events their places in the log (E19), in batches: nobody who writes waits for the log.

An act commits its event and a row in the queue `pending_events`. The sequencer takes a batch out of the queue, and in
one transaction assigns consecutive indices, stores entries and tree hashes, and signs the new head: a crash at any
moment leaves the log as it was and the batch in the queue. The queue is polled and not announced by NOTIFY, since
PostgreSQL makes all notifying commits wait for one another, which would be a global lock per write.
"""

import threading
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chain_of_custody.repository import append_log
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from services.chain_of_custody.service.verify_ledger import TASK
from shared.crypto import merkle
from shared.crypto.ledger import entry_of, leaf_hash, sign_checkpoint
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

BATCH = 1000
_POLL_SECONDS = 0.2
_AFTER_FAILURE_SECONDS = 2.0
_FIRST_CHECK_AFTER = timedelta(seconds=3)


def sequence_pending(
    uow: UnitOfWork, origin: str, key: Ed25519PrivateKey, *, now: datetime, batch: int = BATCH
) -> int:
    """Appends at most `batch` waiting events to the log; returns how many. The caller commits.

    Returns 0 where nothing waits or another process is at it. The first call signs the head of the empty log.
    """
    session = uow.session
    if not append_log.try_to_lead(session):
        return 0
    head = repository.newest_checkpoint(session)
    store = repository.DatabaseLogStore(session)
    if head is None:
        root = merkle.root(store, 0)
        note = sign_checkpoint(origin, 0, root, key)
        append_log.add_checkpoint(session, grew_from=None, size=0, root=root, note=note, made_at=now)
    size = 0 if head is None else head.size
    waiting = append_log.pending(session, batch)
    if not waiting:
        return 0
    entries = [(event, entry_of(event.record.encode(), event.salt)) for event in waiting]
    append_log.add_entries(session, size, entries)
    grown = merkle.append(store, size, [leaf_hash(entry) for _, entry in entries])
    root = merkle.root(store, grown)
    note = sign_checkpoint(origin, grown, root, key)
    append_log.add_checkpoint(session, grew_from=size, size=grown, root=root, note=note, made_at=now)
    if size == 0:
        uow.defer(TASK, queue="ledger", at=now + _FIRST_CHECK_AFTER)
    return len(entries)


class Sequencer:
    """A thread that empties the queue, a few times a second, for as long as the process lives.

    Making it raises OSError or ValueError where the log's key cannot be read.
    """

    def __init__(self, runtime: Runtime) -> None:
        keys_dir = runtime.settings.keys_dir
        self._runtime = runtime
        self._origin, self._key = load_origin(keys_dir), load_signing_key(keys_dir)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> "Sequencer":
        """Starts the thread and returns the sequencer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Asks the thread to end after the batch in hand, and waits for it."""
        self._stop.set()
        self._thread.join(timeout=15)

    def run_once(self, *, batch: int = BATCH) -> int:
        """One batch in a transaction of its own."""
        with self._runtime.unit_of_work() as uow:
            count = sequence_pending(uow, self._origin, self._key, now=self._runtime.clock(), batch=batch)
            uow.commit()
        return count

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                count = self.run_once()
            except Exception:
                log.exception("sequencing_failed")
                # Whatever failed, the queue keeps the events, and the log goes on when it can.
                self._stop.wait(_AFTER_FAILURE_SECONDS)
                continue
            if count:
                log.info("sequenced", events=count)
            if count < BATCH:
                self._stop.wait(_POLL_SECONDS)
