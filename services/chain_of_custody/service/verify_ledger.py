"""The full check of the ledger against itself: every event, commitment, hash, head and history; at start and every hour.

It reads one snapshot of the database, so that it can run while others write. What it finds is kept, and told at
/ledger/verification.
"""

import time

import structlog
from sqlalchemy import text

from services.chain_of_custody.domain.findings import MOST_FINDINGS, Findings
from services.chain_of_custody.repository import agreement
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.check_attestations import check_attestations
from services.chain_of_custody.service.check_books import wrong_books
from services.chain_of_custody.service.check_copied_heads import check_copied_heads
from services.chain_of_custody.service.check_outcomes import keep_outcome
from services.chain_of_custody.service.check_tree import check_tree
from services.chain_of_custody.service.copy_heads import copy_head
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.store import store_of
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.jobs.app import Jobs
from shared.runtime import Runtime
from siglab_clients.tlog.notes import VerifierKey

log = structlog.get_logger(__name__)

TASK = "verify_ledger"
_HOURLY = "17 * * * *"
_QUEUE = "ledger"
#: A store that does not answer, as while it starts, is waited for so long; a check without the copies is no check.
_STORE_TRIES, _STORE_PAUSE_SECONDS = 10, 3.0


def register_verification(jobs: Jobs) -> None:
    """The check as a job, and by the clock."""
    runtime = jobs.runtime
    jobs.task(TASK, queue=_QUEUE, attempts=3)(lambda: verify_ledger(runtime))
    jobs.periodic(f"{TASK}_hourly", _HOURLY, queue=_QUEUE)(lambda: verify_ledger(runtime))


def verify_soon(runtime: Runtime) -> None:
    """Queues a check; called when the process starts."""
    with runtime.unit_of_work() as uow:
        uow.defer(TASK, queue=_QUEUE, lock=TASK)
        uow.commit()


def verify_ledger(runtime: Runtime) -> None:
    """Checks everything and keeps the outcome; then copies the head, where the log has grown since the last copy."""
    began, ticks = runtime.clock(), time.monotonic()
    key = load_verifier_key(runtime.settings.keys_dir)
    findings = Findings()
    with runtime.unit_of_work() as uow:
        uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        size = check_database(uow, key, findings)
        check_attestations(uow, runtime.settings, findings)
    told = findings.told() + _check_copies(runtime, key)
    with runtime.unit_of_work() as uow:
        keep_outcome(uow, runtime.settings.keys_dir, at=began, size=size, findings=told)
        uow.commit()
    seconds = round(time.monotonic() - ticks, 1)
    if told:
        log.error("ledger_damaged", size=size, findings=told, seconds=seconds)
    else:
        log.info("ledger_verified", size=size, seconds=seconds)
    copy_head(runtime)


def find_wrongs(uow: UnitOfWork, key: VerifierKey) -> tuple[int, list[str]]:
    """(size of the log, what is wrong with the database), in the transaction of `uow`."""
    findings = Findings()
    size = check_database(uow, key, findings)
    return size, findings.told()


def check_database(uow: UnitOfWork, key: VerifierKey, findings: Findings) -> int:
    """Checks the database against itself in the transaction of `uow`; returns the size of the log."""
    session = uow.session
    head, earlier = repository.newest_checkpoint(session), repository.largest_verified(session)
    if head is None:
        if earlier:
            findings.add(f"the log has no checkpoint, though it had {earlier} entries")
        return 0
    if head.size < earlier:
        findings.add(f"the log shrank: it had {earlier} entries, now it has {head.size}")
    check_tree(uow, head.size, key, findings)
    for whose, sequence in repository.broken_chains(session, MOST_FINDINGS):
        findings.add(f"event {sequence} of {whose} does not follow upon the one before")
    for number in repository.cut_histories(session, MOST_FINDINGS):
        findings.add(f"the newest event of item {number} is missing")
    for event_id in repository.forgotten_events(session, MOST_FINDINGS):
        findings.add(f"event {event_id} is neither in the log nor on its way to it")
    for words in agreement.disagreements(session, MOST_FINDINGS):
        findings.add(words)
    for words in wrong_books(session, MOST_FINDINGS):
        findings.add(words)
    return head.size


def _check_copies(runtime: Runtime, key: VerifierKey) -> list[str]:
    """What is wrong with the copies; told beside the rest, whatever else was found."""
    turn = int(runtime.clock().timestamp()) // 3600
    left = _STORE_TRIES
    while True:
        findings, left = Findings(), left - 1
        try:
            with runtime.unit_of_work() as uow:
                check_copied_heads(uow, store_of(runtime), key, findings, turn=turn)
            return findings.told()
        except DomainError as error:
            if not left:
                return [f"the copies in the store could not be read: {error.detail}"]
            time.sleep(_STORE_PAUSE_SECONDS)
