"""What an item's standing allows: its state, and the refusals that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from shared.errors import Conflict

IN_CUSTODY, BLOCKED, ON_HOLD, DEPLETED = "in_custody", "blocked", "on_hold", "depleted"
RETURNED, DISPOSED = "returned", "disposed"
STATES = (IN_CUSTODY, BLOCKED, ON_HOLD, DEPLETED, RETURNED, DISPOSED)

PERSON, PLACE = "person", "place"


@dataclass(frozen=True)
class Holder:
    """Who or what has an item: a person by login, a place by its id; `name` as it is written for people."""

    kind: str
    id: str
    name: str

    def told(self) -> dict[str, str]:
        """As events tell it."""
        return {"kind": self.kind, "id": self.id, "name": self.name}


class Standing(Protocol):
    """The facts that decide."""

    number: str
    holder_kind: str
    holder: str
    holder_name: str
    blocked: bool
    open_holds: int
    ending: str | None
    remaining_mg: Decimal | None
    uncertainty_mg: Decimal | None
    aliquots: int
    seal_number: str | None
    seal_condition: str | None


def state_of(item: Standing) -> str:
    """The one word for an item's standing; the strongest fact wins."""
    if item.ending is not None:
        return item.ending
    if item.open_holds:
        return ON_HOLD
    if item.blocked:
        return BLOCKED
    return DEPLETED if item.remaining_mg == 0 else IN_CUSTODY


def standing_of(item: Standing) -> dict[str, Any]:
    """How an item stands, as its newest event tells it: a table that says otherwise was changed by somebody (E19).

    Masses in mg are texts, since the books are exact and numbers of JSON are not.
    """
    return {
        "state": state_of(item),
        "holder_kind": item.holder_kind,
        "holder": item.holder,
        "holder_name": item.holder_name,
        "blocked": item.blocked,
        "open_holds": item.open_holds,
        "ending": item.ending,
        "remaining_mg": _exact(item.remaining_mg),
        "uncertainty_mg": _exact(item.uncertainty_mg),
        "aliquots": item.aliquots,
        "seal_number": item.seal_number,
        "seal_condition": item.seal_condition,
    }


def _exact(mass: Decimal | None) -> str | None:
    return None if mass is None else f"{mass:f}"


def require_not_ended(item: Standing) -> None:
    """Passes while the item is in the laboratory; raises Conflict `ended` afterwards."""
    if item.ending is not None:
        raise Conflict(f"{item.number} was {item.ending}; nothing more happens to it.", code="ended")


def require_holder(item: Standing, login: str) -> None:
    """Passes where this person has the item in hand; raises Conflict `not_holder` that says who or what has it."""
    if item.holder_kind != PERSON or item.holder != login:
        raise Conflict(f"{item.number} is with {item.holder_name}, not with {login}.", code="not_holder")


def require_in_place(item: Standing) -> None:
    """Passes where the item lies in a place; raises Conflict `not_in_place` that says who has it."""
    if item.holder_kind != PLACE:
        raise Conflict(f"{item.number} is in no place: it is with {item.holder_name}.", code="not_in_place")


def require_no_part_on_hold(item: Standing, held: Sequence[str]) -> None:
    """Passes where nothing that came from the item (`held`, numbers) is on hold; raises Conflict `part_on_hold`.

    The dispute is about the substance, and a second opinion would be had from what the part came from.
    """
    if held:
        raise Conflict(
            f"{', '.join(held)} came from {item.number} and is on hold; while it is, {item.number} stays.",
            code="part_on_hold",
        )


def require_not_blocked(item: Standing) -> None:
    """Passes where no discrepancy is open on the item or on what it came from (E5); raises Conflict `blocked`."""
    if item.blocked:
        raise Conflict(f"{item.number} waits for a reviewer: a discrepancy is open.", code="blocked")


def require_not_on_hold(item: Standing) -> None:
    """Passes where no hold is open; raises Conflict `on_hold`."""
    if item.open_holds:
        raise Conflict(f"{item.number} is on hold; it must be kept as it is.", code="on_hold")
