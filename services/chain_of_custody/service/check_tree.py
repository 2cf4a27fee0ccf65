"""Recomputes the log from its events up: commitments, tree hashes and signed heads, in memory that does not grow with it."""

from services.chain_of_custody.domain.check_leaves import GrowingTree, check_event
from services.chain_of_custody.domain.findings import Findings
from services.chain_of_custody.repository import ledger as repository
from shared.crypto.ledger import leaf_hash
from shared.crypto.merkle import Place
from shared.db.unit_of_work import UnitOfWork
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey

_BATCH = 1024


def check_tree(uow: UnitOfWork, size: int, key: VerifierKey, findings: Findings) -> None:
    """Reads every leaf below `size` with its event, and every head, side by side."""
    store = repository.DatabaseLogStore(uow.session)
    tree, heads = GrowingTree(), _Heads(uow, key, findings)
    heads.meet(tree)
    for part in repository.leaves_with_events(uow.session, size, _BATCH):
        computed: dict[Place, bytes] = {}
        for leaf in part:
            if leaf.place != tree.size:
                findings.add(f"the entries from {tree.size} to {leaf.place - 1} are missing")
                return
            _check_leaf(leaf, findings)
            computed.update(tree.add(leaf_hash(bytes(leaf.entry))))
            heads.meet(tree)
        stored = store.get_hashes(list(computed))
        for place, value in computed.items():
            if stored.get(place) != value:
                findings.add(f"the stored hash of level {place[0]}, number {place[1]} is wrong")
    if tree.size != size:
        findings.add(f"the log's head tells of {size} entries, {tree.size} are there")


class _Heads:
    """The signed heads in order, each checked when the tree has grown to its size."""

    def __init__(self, uow: UnitOfWork, key: VerifierKey, findings: Findings) -> None:
        self._rows = repository.heads_in_order(uow.session, _BATCH)
        self._key = key
        self._findings = findings
        self._next = next(self._rows, None)
        self._before: int | None = None

    def meet(self, tree: GrowingTree) -> None:
        """Checks the head of the tree's present size, where there is one."""
        head = self._next
        if head is None or head.size != tree.size:
            return
        if head.grew_from is not None and head.grew_from != self._before:
            self._findings.add(
                f"the checkpoint of {head.size} entries grew from one of {head.grew_from}, which is missing"
            )
        self._check(tree, head)
        self._before, self._next = head.size, next(self._rows, None)

    def _check(self, tree: GrowingTree, head: repository.Head) -> None:
        try:
            opened = open_checkpoint(head.note.encode(), self._key)
        except EvidenceError as error:
            self._findings.add(f"the checkpoint of {tree.size} entries: {error}")
            return
        root = tree.root()
        if (opened.size, opened.root, bytes(head.root)) != (tree.size, root, root):
            self._findings.add(f"the checkpoint of {tree.size} entries does not fit the entries")


def _check_leaf(leaf: repository.Leaf, findings: Findings) -> None:
    if leaf.record is None or leaf.salt is None:
        findings.add(f"event {leaf.event_id}, entry {leaf.place} of the log, is missing")
        return
    wrong = check_event(leaf.record, bytes(leaf.salt), bytes(leaf.entry), leaf._asdict())
    if wrong is not None:
        findings.add(f"event {leaf.event_id}, entry {leaf.place} of the log: {wrong}")
