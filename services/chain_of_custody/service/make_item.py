"""New items that come from others: an aliquot of one, a composite of several."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity
from services.chain_of_custody.domain.standing import state_of
from services.chain_of_custody.models import Item
from shared.identifiers import new_id

_SHARED = (
    "office", "submission_id", "submission_number", "receipt_number", "kind", "programme", "physical_form", "seizure_id",
    "holder_kind", "holder", "holder_name",
)  # fmt: skip


def make_child(parent: Item, taken: Quantity, now: datetime) -> Item:
    """An aliquot: the next number under its parent's."""
    parent.aliquots += 1
    return _made(
        parent,
        taken,
        now,
        id=new_id(),
        number=f"{parent.number}.{parent.aliquots}",
        parent_id=parent.id,
        root_id=parent.root_id,
        exhibit_id=parent.exhibit_id,
        line=parent.line,
        description=parent.description,
    )


def make_composite(parts: Sequence[Item], number: str, total: Quantity, now: datetime) -> Item:
    """A composite: a root of its own, since it stands under no single item; no receipt made it, so it is its own exhibit."""
    found = new_id()
    seizures = {part.seizure_id for part in parts}
    item = _made(
        parts[0],
        total,
        now,
        id=found,
        number=number,
        parent_id=None,
        root_id=found,
        exhibit_id=found,
        line=None,
        description=f"composite of {_listed(part.number for part in parts)}",
    )
    item.receipt_number = _listed(part.receipt_number for part in parts)
    item.physical_form = _listed(part.physical_form for part in parts)
    item.seizure_id = seizures.pop() if len(seizures) == 1 else None
    return item


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def _made(of: Item, held: Quantity, now: datetime, **own: Any) -> Item:
    item = Item(
        gross_mass_mg=None,
        most_mg=held.mass + held.uncertainty,
        seal_number=None,
        seal_condition=None,
        blocked=False,
        open_holds=0,
        ending=None,
        remaining_mg=held.mass,
        uncertainty_mg=held.uncertainty or Decimal(0),
        aliquots=0,
        events=0,
        last_digest=None,
        created_at=now,
        **{name: getattr(of, name) for name in _SHARED},
        **own,
    )
    item.state = state_of(item)
    return item
