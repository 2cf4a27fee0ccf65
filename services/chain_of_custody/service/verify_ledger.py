"""The full check of the ledger against itself: every event, commitment, hash, head and history; at start and every hour.

It reads one snapshot of the database, so that it can run while others write. What it finds is kept, and told at
/ledger/verification.
"""

import structlog
from sqlalchemy import text

from services.chain_of_custody.domain.check_leaves import GrowingTree, check_event, leaf_of
from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.repository import agreement
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.crypto.merkle import Place
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.app import Jobs
from shared.runtime import Runtime
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey

log = structlog.get_logger(__name__)

TASK = "verify_ledger"
_HOURLY = "17 * * * *"
_QUEUE = "ledger"
_BATCH = 1024
#: More findings than this are counted but not told one by one.
MOST_FINDINGS = 50


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
    """Checks everything and keeps the outcome."""
    began = runtime.clock()
    key = load_verifier_key(runtime.settings.keys_dir)
    with runtime.unit_of_work() as uow:
        uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        size, findings = find_wrongs(uow, key)
    with runtime.unit_of_work() as uow:
        repository.add_verification(uow.session, at=began, size=size, findings=findings)
        uow.commit()
    if findings:
        log.error("ledger_damaged", size=size, findings=findings)
    else:
        log.info("ledger_verified", size=size)


def find_wrongs(uow: UnitOfWork, key: VerifierKey) -> tuple[int, list[str]]:
    """(size of the log, what is wrong with it), in the transaction of `uow`."""
    session = uow.session
    heads = repository.checkpoints(session)
    if not heads:
        waiting = repository.largest_verified(session)
        return 0, [f"the log has no checkpoint, though it had {waiting} entries"] if waiting else []
    size = heads[-1].size
    findings = _Findings()
    earlier = repository.largest_verified(session)
    if size < earlier:
        findings.add(f"the log shrank: it had {earlier} entries, now it has {size}")
    _check_tree(uow, size, heads, key, findings)
    for item_id, sequence in repository.broken_chains(session, MOST_FINDINGS):
        findings.add(f"event {sequence} of item {item_id} does not follow upon the one before")
    for number in repository.cut_histories(session, MOST_FINDINGS):
        findings.add(f"the newest event of item {number} is missing")
    for event_id in repository.forgotten_events(session, MOST_FINDINGS):
        findings.add(f"event {event_id} is neither in the log nor on its way to it")
    for words in agreement.disagreements(session, MOST_FINDINGS):
        findings.add(words)
    return size, findings.told()


class _Findings:
    """The first findings in words, the rest as a number."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._more = 0

    def add(self, words: str) -> None:
        if len(self._words) < MOST_FINDINGS:
            self._words.append(words)
        else:
            self._more += 1

    def told(self) -> list[str]:
        return self._words + ([f"and {self._more} more"] if self._more else [])


def _check_tree(
    uow: UnitOfWork, size: int, heads: list[LogCheckpoint], key: VerifierKey, findings: _Findings
) -> None:
    store = repository.DatabaseLogStore(uow.session)
    by_size = {head.size: (head.note, bytes(head.root)) for head in heads}
    tree = GrowingTree()
    _check_head(tree, by_size.get(0), key, findings)
    for part in repository.leaves_with_events(uow.session, size, _BATCH):
        computed: dict[Place, bytes] = {}
        for leaf in part:
            if leaf.place != tree.size:
                findings.add(f"the entries from {tree.size} to {leaf.place - 1} are missing")
                return
            _check_leaf(leaf, findings)
            computed.update(tree.add(leaf_of(bytes(leaf.entry))))
            _check_head(tree, by_size.get(tree.size), key, findings)
        stored = store.get_hashes(list(computed))
        for place, value in computed.items():
            if stored.get(place) != value:
                findings.add(f"the stored hash of level {place[0]}, number {place[1]} is wrong")
    if tree.size != size:
        findings.add(f"the log's head tells of {size} entries, {tree.size} are there")


def _check_leaf(leaf: repository.Leaf, findings: _Findings) -> None:
    if leaf.record is None or leaf.salt is None:
        findings.add(f"event {leaf.event_id}, entry {leaf.place} of the log, is missing")
        return
    wrong = check_event(leaf.record, bytes(leaf.salt), bytes(leaf.entry), leaf._asdict())
    if wrong is not None:
        findings.add(f"event {leaf.event_id}, entry {leaf.place} of the log: {wrong}")


def _check_head(
    tree: GrowingTree, head: tuple[str, bytes] | None, key: VerifierKey, findings: _Findings
) -> None:
    if head is None:
        return
    note, root = head
    try:
        opened = open_checkpoint(note.encode(), key)
    except EvidenceError as error:
        findings.add(f"the checkpoint of {tree.size} entries: {error}")
        return
    if (opened.size, opened.root, root) != (tree.size, tree.root(), tree.root()):
        findings.add(f"the checkpoint of {tree.size} entries does not fit the entries")
