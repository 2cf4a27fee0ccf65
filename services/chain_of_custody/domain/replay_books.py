"""The books of items recomputed from their events alone (E15): the evidence, not the columns beside it.

The events are the insert-only, logged records; `items.remaining_mg` is only their sum, kept for lists. Whoever changes the column
is found by replaying, and every check of a weighing begins from the replayed books.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, in_quadrature, quantity
from services.chain_of_custody.domain.corrected_masses import CORRECTED, with_corrections
from services.chain_of_custody.domain.measured_sum import MeasuredSum

#: Types of events that move the books; all others tell nothing of masses.
BOOKED = (
    "weighed", "aliquot_taken", "aliquot_made", "portion_taken", "composite_made", "consumed", "lost",
    "discrepancy_resolved", "sealed", "returned", "disposed", CORRECTED,
)  # fmt: skip
NET, GROSS, PACKAGE = "net", "gross", "package"
#: The code of a discrepancy in masses, here and at intake.
WEIGHT = "weight"


@dataclass
class Books:
    """The books of one item: received = remaining + aliquots + composites + consumed + lost + differences, exactly.

    `received` is the first net weighing, or what was put in (then `put_in` as well); None before. A difference is positive
    where substance is missing.
    `unexplained` are the differences since a reviewer last resolved one: small ones add up, so that what each weighing would
    pass is still found when it happens again and again; `lost_unseen` are the losses that were told since then. `weights` are the
    last gross and package weights, as long as nothing was taken and no seal changed since (`opened`: something ever did).
    """

    remaining: Quantity | None = None
    received: MeasuredSum | None = None
    aliquots: MeasuredSum = field(default_factory=MeasuredSum)
    composites: MeasuredSum = field(default_factory=MeasuredSum)
    consumed: MeasuredSum = field(default_factory=MeasuredSum)
    lost: MeasuredSum = field(default_factory=MeasuredSum)
    lost_unseen: MeasuredSum = field(default_factory=MeasuredSum)
    differences: MeasuredSum = field(default_factory=MeasuredSum)
    unexplained: MeasuredSum = field(default_factory=MeasuredSum)
    left: MeasuredSum = field(default_factory=MeasuredSum)
    weights: dict[str, Quantity] = field(default_factory=dict)
    opened: bool = False
    ending: str | None = None
    put_in: Quantity | None = None

    def copy(self) -> "Books":
        """The same books, which go their own way from now on."""
        return Books(
            self.remaining,
            None if self.received is None else self.received.copy(),
            self.aliquots.copy(),
            self.composites.copy(),
            self.consumed.copy(),
            self.lost.copy(),
            self.lost_unseen.copy(),
            self.differences.copy(),
            self.unexplained.copy(),
            self.left.copy(),
            self.weights.copy(),
            self.opened,
            self.ending,
            self.put_in,
        )

    def apply(self, record: Mapping[str, Any]) -> None:
        """Takes one event, the next of the item, into the books; events that are not BOOKED change nothing.

        A correction of a mass changes nothing here: it counts in its act's place, so books are replayed for it.
        """
        details = record["details"]
        match record["type"]:
            case "weighed":
                self._weighed(record["id"], details)
            case "aliquot_made":
                self._receive([(f"into:{record['item_id']}", _read(details))])
                self.put_in = self.remaining
            case "composite_made":
                parts = [
                    (_portion(record["item_id"], part["item_id"]), _read(part)) for part in details["parts"]
                ]
                self._receive(parts)
                self.put_in = self.remaining
            case "aliquot_taken":
                self._take(self.aliquots, f"into:{details['aliquot_id']}", _read(details))
            case "portion_taken":
                key = _portion(details["composite_id"], record["item_id"])
                self._take(self.composites, key, _read(details))
            case "consumed":
                self._take(self.consumed, record["id"], _read(details))
            case "lost":
                self._take(self.lost, record["id"], _read(details))
                self.lost_unseen.add(record["id"], _read(details))
            case "discrepancy_resolved" if _is_own(record):
                self.unexplained.clear()
                self.lost_unseen.clear()
            case "sealed":
                self._open()
            case "returned" | "disposed" as ending:
                self.ending = ending

    def first_mass(self) -> Quantity | None:
        """What was received: the first net weighing, or what was put in; None before."""
        return None if self.received is None else self.received.quantity()

    def reweighed(self, found: Quantity) -> MeasuredSum:
        """The unexplained difference as it would be after a net weighing that finds this."""
        would = MeasuredSum()
        would.add_sum(self.unexplained)
        would.add_sum(self.left)
        would.add("", found, -1)
        return would

    def _weighed(self, key: str, details: Mapping[str, Any]) -> None:
        kind = details.get("kind", NET)
        if kind != NET:
            self.weights[kind] = read_weight(details)
            return
        found = _read(details)
        if self.received is None:
            self._receive([(key, found)])
            return
        for differences in (self.differences, self.unexplained):
            differences.add_sum(self.left)
            differences.add(key, found, -1)
        self.left.clear()
        self.left.add(key, found)
        self.remaining = found

    def _open(self) -> None:
        self.opened = True
        self.weights.clear()

    def _receive(self, measured: Iterable[tuple[str, Quantity]]) -> None:
        self.received = MeasuredSum()
        remaining = None
        for key, part in measured:
            self.received.add(key, part)
            self.left.add(key, part)
            remaining = part if remaining is None else _sum(remaining, part)
        self.remaining = remaining

    def _take(self, flow: MeasuredSum, key: str, taken: Quantity) -> None:
        flow.add(key, taken)
        self.left.add(key, taken, -1)
        self._open()
        # A history that was tampered with may take from what was never weighed; the check of the books tells of it.
        before = self.remaining or Quantity(taken.mass - taken.mass, taken.mass - taken.mass)
        self.remaining = Quantity(
            before.mass - taken.mass, in_quadrature(before.uncertainty, taken.uncertainty)
        )


def replay(records: Iterable[Mapping[str, Any]]) -> Books:
    """The books of one item from its events in order, masses as their corrections say."""
    books = Books()
    for record in with_corrections(list(records)):
        books.apply(record)
    return books


def _is_own(record: Mapping[str, Any]) -> bool:
    """Whether a resolution is of a mass of this very item or of its whole lineage; those of ancestors stand in it too."""
    details = record["details"]
    if details.get("code") != WEIGHT:
        return False
    return details.get("found_on") == record["item_id"] or details.get("of_lineage") is True


def read_weight(details: Mapping[str, Any]) -> Quantity:
    """The weight of a weighing of the sealed package or of the gross mass, in mg."""
    return quantity(details["mass_mg"], details["uncertainty_mg"])


def found_net(record: Mapping[str, Any]) -> Quantity | None:
    """What a net weighing found; None for any other act."""
    if record["type"] != "weighed" or record["details"].get("kind", NET) != NET:
        return None
    return _read(record["details"])


def _read(details: Mapping[str, Any]) -> Quantity:
    return quantity(details["net_mass_mg"], details["uncertainty_mg"])


def _portion(composite_id: str, part_id: str) -> str:
    return f"into:{composite_id}:{part_id}"


def _sum(first: Quantity, second: Quantity) -> Quantity:
    return Quantity(first.mass + second.mass, in_quadrature(first.uncertainty, second.uncertainty))
