"""The mass balance of a whole lineage (E15): an exhibit and all that was divided off it, from their events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, most_gained, most_missing
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import Books, replay
from shared.errors import Conflict
from shared.numbers import uncertainty_text

#: How an item's stay ends; what it held then is no longer here.
ENDINGS = ("returned", "disposed")
_FLOWS = ("aliquots", "composites", "consumed", "lost", "differences")


@dataclass(frozen=True)
class Balanced:
    """The balance of one item or of a lineage; `received` and `remaining` are None where nothing was weighed yet.

    `tolerance` is what may be missing: the uncertainty (k = 2) of what nobody has explained, within its bound.
    """

    received: Quantity | None
    remaining: Quantity | None
    flows: Mapping[str, Quantity]
    unexplained: Quantity

    @property
    def tolerance(self) -> Decimal:
        """How much may be missing."""
        return most_missing(self.unexplained.uncertainty, self.received)

    @property
    def closes(self) -> bool:
        """Whether the unexplained difference is none, within its uncertainty and its bound."""
        return -self.unexplained.uncertainty <= self.unexplained.mass <= self.tolerance


def balance_item(books: Books) -> Balanced:
    """The balance of one item."""
    return Balanced(
        None if books.received is None else books.received.quantity(),
        books.remaining,
        {name: getattr(books, name).quantity() for name in _FLOWS},
        books.unexplained.quantity(),
    )


def balance_lineage(root: Books, others: Sequence[Books]) -> Balanced:
    """The balance of an exhibit over all its aliquots.

    received = remaining + returned + disposed + composites + consumed + lost + differences, exactly. What went into aliquots is
    not a flow of the whole: it remains, or left, further down. That a parent lost and its child found the same mass cancels.
    """
    every = (root, *others)
    flows = {name: _total(getattr(books, name) for books in every).quantity() for name in _FLOWS[1:]}
    for ending in ENDINGS:
        flows[ending] = _total(books.left for books in every if books.ending == ending).quantity()
    here = _total(books.left for books in every if books.ending is None)
    return Balanced(
        None if root.received is None else root.received.quantity(),
        None if root.received is None else here.quantity(),
        flows,
        _total(books.unexplained for books in every).quantity(),
    )


def unexplained_over(unexplained: Iterable[tuple[MeasuredSum, Quantity | None]]) -> Quantity:
    """What nobody has explained over a lineage, of those items that close by themselves; positive where substance is missing.

    Of each item what is unexplained of it, and the first net mass, which bounds what it may miss.
    Small differences that each item passes add up here, and what one lost and another found cancels. An item that does not close
    by itself has a discrepancy of its own, which is not asked about twice.
    """
    return _total(each for each, received in unexplained if _within(each.quantity(), received)).quantity()


def refuse_lineage_gain(
    number: str, unexplained: Quantity, received: Quantity | None, found: Decimal
) -> None:
    """Raises Conflict `mass_balance` where more was found over the lineage than was put in, beyond the uncertainty of all.

    `received` is the first net mass of the root, `found` the uncertainty of the weighing that is judged.
    """
    tolerance = most_gained(unexplained.uncertainty, received, found)
    if -unexplained.mass > tolerance:
        raise Conflict(
            f"Over the whole lineage of {number}, {(-unexplained.mass).normalize():f} mg more would be there than was put in, "
            f"beyond the uncertainty of all weighings ({uncertainty_text(tolerance)} mg).",
            code="mass_balance",
        )


def find_lineage_loss(number: str, unexplained: Quantity, received: Quantity | None) -> str | None:
    """What is missing over the lineage of `number` beyond its uncertainty or the root's bound, in words, or None."""
    tolerance = most_missing(unexplained.uncertainty, received)
    if unexplained.mass <= tolerance:
        return None
    return (
        f"over the whole lineage of {number}, {unexplained.mass.normalize():f} mg are unexplained; "
        f"{uncertainty_text(tolerance)} mg would pass"
    )


def _within(found: Quantity, received: Quantity | None) -> bool:
    return -found.uncertainty <= found.mass <= most_missing(found.uncertainty, received)


def books_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Books]:
    """The books of every item among the events, which come in order for one item."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        found.setdefault(record["item_id"], []).append(record)
    return {item_id: replay(own) for item_id, own in found.items()}


def _total(sums: Iterable[MeasuredSum]) -> MeasuredSum:
    total = MeasuredSum()
    for part in sums:
        total.add_sum(part)
    return total
