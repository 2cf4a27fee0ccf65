"""What a net weighing makes of an item's books (E15): a gain is refused, a loss is found by itself and with all before it."""

from dataclasses import dataclass
from decimal import Decimal

from services.chain_of_custody.domain.check_mass_balance import (
    Quantity,
    is_loss,
    most_missing,
    refuse_gain,
    weigh,
)
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import Books


@dataclass(frozen=True)
class Judged:
    """What remains from now on, the difference to the books, and what then is unexplained (None after a first weighing).

    `lost` says that somebody else must look; `tolerance` is what would have passed of what is unexplained.
    """

    remaining: Quantity
    difference: Decimal
    would: MeasuredSum | None
    unexplained: Quantity | None
    tolerance: Decimal
    lost: bool


def judge_net(books: Books, found: Quantity, most_mg: Decimal | None) -> Judged:
    """Judges a net weighing of an item with these books; raises Conflict `mass_balance` where more was found than can be there.

    `most_mg` is the most that can be net, see `compare_weights.most_net`.
    """
    before, received = books.remaining, books.first_mass()
    after, difference = weigh(before, found, most_mg, received)
    if received is None:
        return Judged(after, difference, None, None, Decimal(0), False)
    would = books.reweighed(found)
    unexplained = would.quantity()
    refuse_gain(unexplained, received, found.uncertainty)
    tolerance = most_missing(unexplained.uncertainty, received)
    lost = is_loss(before, found, received) or unexplained.mass > tolerance
    return Judged(after, difference, would, unexplained, tolerance, lost)
