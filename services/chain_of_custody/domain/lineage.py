"""The tree of an item and of all that was divided off it, with the books of each (E7, E15).

An item's books begin with its first net weighing, an aliquot's with what was taken for it; they close where that is aliquots +
used up + lost + differences found at later weighings + what remains, to the last digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
_TAKEN = {"aliquot_taken": "aliquots", "consumed": "consumed", "lost": "lost", "portion_taken": "aliquots"}


@dataclass
class Books:
    """What was there, where it went and what is left, in mg; `start` is None where nobody has weighed."""

    start: Decimal | None = None
    start_uncertainty: Decimal = ZERO
    aliquots: Decimal = ZERO
    consumed: Decimal = ZERO
    lost: Decimal = ZERO
    difference: Decimal = ZERO

    @property
    def left(self) -> Decimal | None:
        """What remains by the books."""
        if self.start is None:
            return None
        return self.start - self.aliquots - self.consumed - self.lost - self.difference


def keep_books(events: Sequence[Mapping[str, Any]]) -> Books:
    """The books of one item from its events' records, in their order."""
    books = Books()
    for event in events:
        details = event["details"]
        mass = details.get("net_mass_mg")
        if mass is None:
            continue
        if event["type"] in _TAKEN:
            column = _TAKEN[event["type"]]
            setattr(books, column, getattr(books, column) + _exact(mass))
        elif event["type"] in ("weighed", "aliquot_made", "composite_made") and books.start is None:
            books.start, books.start_uncertainty = _exact(mass), _exact(details.get("uncertainty_mg") or 0)
        elif event["type"] == "weighed":
            books.difference += _exact(details.get("difference_mg") or 0)
    return books


def in_order(family: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """(depth, item) of a tree, each parent directly before its children, children in the order of their making."""
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    known = {row["id"] for row in family}
    for row in sorted(family, key=lambda row: (len(row["number"]), row["number"])):
        children.setdefault(row["parent_id"] if row["parent_id"] in known else None, []).append(row)
    found: list[tuple[int, Mapping[str, Any]]] = []
    waiting = [(0, row) for row in reversed(children.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        found.append((depth, row))
        waiting += [(depth + 1, child) for child in reversed(children.get(row["id"], []))]
    return found


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))
