"""Composites: one new item of portions of several, all or nothing.

The parts are of one submission, one programme and one kind. A composite speaks for a population: one made of two submissions
would speak for neither case, and no court could tell whose substance was found in it. That also keeps offices apart (E30): all
parts are one office's, so is the composite, and nobody else sees it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, in_quadrature
from services.chain_of_custody.domain.standing import require_not_on_hold
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_quantities import CompositePart
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.lineage import next_of_series
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.make_item import make_composite
from services.chain_of_custody.service.measure import measure_taken
from services.chain_of_custody.service.stand_still import require_still
from services.chain_of_custody.service.substance import (
    HANDS,
    describe_remaining,
    numbers,
    record_act,
    require_workable,
    take_off,
)
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import FieldError, Invalid

_COMMON = ("submission_id", "programme", "kind")


def add_composite(actor: Actor, uow: UnitOfWork, act: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Takes a portion of each item, all in the actor's hands, and makes one item of them; answers the new item."""
    require(actor, *HANDS)
    measured = []
    for place, (item, part) in enumerate(checked_parts(actor, uow, act["parts"])):
        act_of_part = {**part, "occurred_at": act.get("occurred_at")}
        portion, told = measure_taken(uow, act_of_part, now, at=f"/parts/{place}")
        take_off(item, portion)
        measured.append((item, portion, told))
    return describe_item(_make(actor, uow, act, measured, now))


def checked_parts(
    actor: Actor, uow: UnitOfWork, parts: Sequence[Mapping[str, Any]]
) -> list[tuple[Item, Mapping[str, Any]]]:
    """(item, what is told of its portion), the items locked; raises where they cannot be parts of one composite."""
    _refuse_twice(parts)
    rows = {row.id: row for row in repository.lock_items(uow.session, actor, [p["item_id"] for p in parts])}
    items = [rows[part["item_id"]] for part in parts]
    for item in items:
        require_workable(item, actor)
        require_not_on_hold(item)
    require_still(uow, items)
    _refuse_mixed(items)
    return list(zip(items, parts, strict=True))


def total_of(portions: Sequence[Quantity]) -> Quantity:
    """All portions together; each was weighed by itself, so their uncertainties add in quadrature."""
    total = portions[0]
    for portion in portions[1:]:
        total = Quantity(total.mass + portion.mass, in_quadrature(total.uncertainty, portion.uncertainty))
    return total


def _make(
    actor: Actor,
    uow: UnitOfWork,
    act: Mapping[str, Any],
    measured: Sequence[tuple[Item, Quantity, dict[str, Any]]],
    now: datetime,
) -> Item:
    items = [item for item, _, _ in measured]
    place = next_of_series(uow.session, f"composite:{items[0].submission_id}")
    total = total_of([portion for _, portion, _ in measured])
    made = make_composite(items, f"{items[0].submission_number}-C{place}", total, now)
    uow.session.add(made)
    uow.session.flush()
    parents = []
    for item, portion, told in measured:
        uow.session.add(
            CompositePart(
                composite_id=made.id,
                part_id=item.id,
                net_mass_mg=portion.mass,
                uncertainty_mg=portion.uncertainty,
            )
        )
        whole = {"composite_id": made.id, "composite_number": made.number}
        details = {**told, "remaining": describe_remaining(item), **whole}
        event = record_act(uow, item, "portion_taken", actor, act, now, details)
        parents.append(
            {
                "item_id": item.id,
                "number": item.number,
                **numbers(portion),
                "parent_event_sha256": event.digest,
            }
        )
    record_act(uow, made, "composite_made", actor, act, now, {**numbers(total), "parts": parents})
    return made


def _refuse_twice(parts: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    errors: list[FieldError] = []
    for place, part in enumerate(parts):
        if part["item_id"] in seen:
            message = "This item gives a portion already; tell its whole mass once."
            errors.append({"pointer": f"/parts/{place}/item_id", "message": message})
        seen.add(part["item_id"])
    if errors:
        raise Invalid(errors[0]["message"], errors=errors)


def _refuse_mixed(items: Sequence[Item]) -> None:
    first = items[0]
    errors: list[FieldError] = []
    for place, item in enumerate(items):
        other = [name for name in _COMMON if getattr(item, name) != getattr(first, name)]
        if other:
            names = ", ".join(name.removesuffix("_id") for name in other)
            message = f"{item.number} is of another {names} than {first.number}: a composite speaks for one population."
            errors.append({"pointer": f"/parts/{place}/item_id", "message": message})
    if errors:
        raise Invalid(errors[0]["message"], errors=errors)
