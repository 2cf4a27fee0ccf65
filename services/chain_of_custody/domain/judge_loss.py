"""Which losses somebody else must look at (E15): a loss is one person's word, and it explains whatever mass it names."""

from collections.abc import Sequence
from decimal import Decimal

from services.chain_of_custody.domain.check_mass_balance import FLOOR_MG, ZERO, Quantity
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import Books

#: Of what there would be without them, so much may be lost on one person's word.
SHARE = Decimal("0.1")


def judge_loss(
    books: Books, taken: Quantity, *, on_hold: bool, offered_to: Sequence[str], waiting: bool
) -> str | None:
    """Why a loss of `taken` opens a discrepancy, as words that follow "were lost"; None where it does not.

    `books` are those before it. On hold the item was to be kept as it is; offered, another was to find it as it was. Otherwise
    all losses since a reviewer last looked count together, since small ones add up. `waiting`: a reviewer is asked already, and
    only what is large by itself asks again.
    """
    if on_hold:
        return " while it was on hold"
    if offered_to:
        return f" while it was offered to {', '.join(offered_to)}"
    before = books.lost_unseen
    alone = MeasuredSum()
    alone.add("", taken)
    together = alone.copy()
    together.add_sum(before)
    told = (alone if waiting else together).quantity()
    most = _most(books)
    if told.mass <= most:
        return None
    since = "" if waiting or not before.mass else f" (with the losses before, {_plain(told.mass)} mg)"
    return f"{since}, more than the {_plain(most)} mg that one person's word explains"


def find_large_loss(books: Books) -> str | None:
    """That the losses since a reviewer last looked are more than one person's word explains, in words, or None."""
    told = books.lost_unseen.quantity()
    most = _most(books)
    if told.mass <= most:
        return None
    return f"{_plain(told.mass)} mg are told as lost; one person's word explains {_plain(most)} mg"


def _most(books: Books) -> Decimal:
    """The most that may be lost on one person's word: a tenth of what there would be without the losses, or a balance's floor."""
    there = (books.remaining.mass if books.remaining is not None else ZERO) + books.lost_unseen.mass
    return max(SHARE * there, FLOOR_MG)


def _plain(mass: Decimal) -> str:
    return f"{mass.normalize():f}"
