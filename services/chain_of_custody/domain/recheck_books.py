"""What a correction of a mass may make of an item's books (E15): the corrected history must be one that could have happened."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import most_gained, most_missing
from services.chain_of_custody.domain.compare_weights import most_net
from services.chain_of_custody.domain.corrected_masses import with_corrections
from services.chain_of_custody.domain.replay_books import Books, found_net
from shared.errors import Conflict
from shared.numbers import uncertainty_text


def recheck(number: str, records: Sequence[Mapping[str, Any]], gross_mg: Decimal | None) -> Books:
    """The books of item `number` by its corrected history.

    Raises Conflict `mass_balance` that names the first act which could not have happened in it: more taken than there was, or
    more found than could be there.
    """
    books = Books()
    for record in with_corrections(records):
        found = found_net(record)
        bound = most_net(books, gross_mg)
        where = f"With this correction, act {record['sequence']} of {number} could not have happened:"
        if found is not None and bound is not None and found.mass > bound:
            raise Conflict(
                f"{where} {_plain(found.mass)} mg net, where at most {_plain(bound)} mg can be.",
                code="mass_balance",
            )
        before = books.remaining
        books.apply(record)
        if books.remaining is not None and books.remaining.mass < 0:
            there = "nothing was weighed" if before is None else f"{_plain(before.mass)} mg remained"
            raise Conflict(f"{where} it took more than there was ({there}).", code="mass_balance")
        more = books.unexplained.quantity()
        tolerance = more.uncertainty
        if found is not None:
            tolerance = most_gained(more.uncertainty, books.first_mass(), found.uncertainty)
        if found is not None and -more.mass > tolerance:
            raise Conflict(
                f"{where} {_plain(-more.mass)} mg more would have been found than was put in, "
                f"beyond the uncertainty of all ({uncertainty_text(tolerance)} mg).",
                code="mass_balance",
            )
    return books


def find_difference(before: Books, after: Books) -> str | None:
    """Why a reviewer must look at a corrected history, in words, or None.

    A loss beyond uncertainty, as at a weighing; and one that a resolution seems to explain although nobody saw it then: what a
    reviewer explained was the difference of the books of that day.
    """
    open_now, whole, was = (
        after.unexplained.quantity(),
        after.differences.quantity(),
        before.differences.quantity(),
    )
    received = after.first_mass()
    passing = most_missing(whole.uncertainty, received)
    if open_now.mass > most_missing(open_now.uncertainty, received):
        missing, passing = open_now, most_missing(open_now.uncertainty, received)
    elif whole.mass > passing and whole.mass - max(was.mass, Decimal(0)) > passing:
        missing = whole
    else:
        return None
    return f"by the corrected mass {_plain(missing.mass)} mg are unexplained; {uncertainty_text(passing)} mg would pass"


def _plain(mass: Decimal) -> str:
    return f"{mass.normalize():f}"
