"""The balance of the whole lineage after a weighing or a correction of one of its items (E15).

Each item may close by itself while the whole does not: twenty aliquots that each lost a little lost much together. More over the
lineage than was put in is refused; what is missing beyond the propagated uncertainty opens one discrepancy on the root. Only acts
that find a difference can open a gap: what is taken leaves one item's books and enters another's, or is told as used up or lost.
"""

from datetime import datetime
from decimal import Decimal

from services.chain_of_custody.domain.balance_lineage import (
    find_lineage_loss,
    refuse_lineage_gain,
    unexplained_over,
)
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.service.discrepancies import is_lineage_open, open_lineage_discrepancy
from services.chain_of_custody.service.known_books import known_books
from shared.actor import Actor
from shared.db.unit_of_work import UnitOfWork


def judge_weighing(uow: UnitOfWork, item: Item, root: Item, would: MeasuredSum, found: Decimal) -> str | None:
    """What is missing over the lineage in words, or None, once `would` is what is unexplained of `item`; the root is locked.

    `found` is the uncertainty of the weighing.

    Raises Conflict `mass_balance` where more would be there over the lineage than was put in. An item without aliquots that
    stands under none is its own lineage, and nothing is asked of the database.
    """
    if item.parent_id is None and not item.aliquots:
        return None
    books = known_books.of_lineage(uow.session, root.id)
    first = {item_id: of.first_mass() for item_id, of in books.items()}
    others = [(of.unexplained, first[item_id]) for item_id, of in books.items() if item_id != item.id]
    unexplained = unexplained_over([(would, first[item.id]), *others])
    refuse_lineage_gain(root.number, unexplained, first[root.id], found)
    return find_lineage_loss(root.number, unexplained, first[root.id])


def check_corrected(uow: UnitOfWork, root_id: str, actor: Actor, *, now: datetime) -> None:
    """Judges a locked lineage after a correction of a mass, whose discrepancy, where one is found, is opened once."""
    books = known_books.of_lineage(uow.session, root_id)
    if len(books) < 2:
        return
    (root,) = items_repository.by_ids(uow.session, [root_id], [], [])
    unexplained = unexplained_over((of.unexplained, of.first_mass()) for of in books.values())
    received = books[root_id].first_mass()
    refuse_lineage_gain(root.number, unexplained, received, unexplained.uncertainty)
    missing = find_lineage_loss(root.number, unexplained, received)
    if missing is not None and not is_lineage_open(uow, root_id):
        open_lineage_discrepancy(uow, root, missing, actor, now=now)
