"""The mass balance of an item's whole lineage, recomputed from its events."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.chain_of_custody.domain.balance_lineage import (
    Balanced,
    balance_item,
    balance_lineage,
    books_of,
)
from services.chain_of_custody.domain.check_item import Damage
from services.chain_of_custody.domain.check_mass_balance import Quantity, quantity
from services.chain_of_custody.domain.corrected_masses import with_corrections
from services.chain_of_custody.domain.replay_books import BOOKED, GROSS, PACKAGE, Books, replay
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import lineage as repository
from services.chain_of_custody.repository.exports import one_snapshot
from services.chain_of_custody.service.item_damage import Parts, find_lineage_damage
from services.chain_of_custody.service.items import READERS
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.substance import describe_remaining, numbers
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork


def get_mass_balance(actor: Actor, uow: UnitOfWork, item_id: str) -> dict[str, Any]:
    """The balance of the lineage that an item stands in; a fixed number of queries however many aliquots there are."""
    require(actor, *READERS)
    one_snapshot(uow.session)
    return lineage_balance(uow, items_repository.item(uow.session, actor, item_id))


def lineage_balance(uow: UnitOfWork, asked: Item) -> dict[str, Any]:
    """The same of an item that may be seen; what of its lineage is not what was recorded stands in `damage`.

    All of it must be read at one moment. From a damaged record follows what it says, unless no book can be made of it.
    """
    items = repository.lineage_items(uow.session, asked.root_id)
    parts = repository.lineage_parts(uow.session, asked.root_id)
    damage = find_lineage_damage(items, parts)
    records = _booked(parts, damage)
    books = books_of(records)
    every = {item.id: books.get(item.id, Books()) for item in items}
    root = next(item for item in items if item.id == asked.root_id)
    others = [every[item.id] for item in items if item is not root]
    return {
        "item_id": asked.id,
        "root_id": root.id,
        "root_number": root.number,
        "gross_mass_g": None if root.gross_mass_mg is None else float(root.gross_mass_mg / 1000),
        **_tell(balance_lineage(every[root.id], others)),
        "parts": _parts(records, root),
        "damaged": bool(damage),
        "damage": [found.told() for found in damage],
        "items": _tree(items, every, _with_fate(uow, _portions(records))),
    }


def _booked(parts: Mapping[str, Parts], damage: Sequence[Damage]) -> list[dict[str, Any]]:
    """The records that move books, in order for each item; a damaged one only where books can be made with it."""
    damaged = {(found.item_id, found.sequence) for found in damage}
    records: list[dict[str, Any]] = []
    for item_id, events in parts.items():
        own = [event for event, _ in events if event.type in BOOKED]
        sound = [event for event in own if (item_id, event.sequence) not in damaged]
        records += _read(own if len(sound) == len(own) or _can_be_booked(item_id, own) else sound)
    return records


def _can_be_booked(item_id: str, events: Sequence[Event]) -> bool:
    try:
        records = _read(events)
        replay(records)
        return all(
            (record["item_id"], record["type"]) == (item_id, event.type)
            for record, event in zip(records, events, strict=True)
        )
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return False


def _read(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [json.loads(event.record) for event in events]


def _tell(balanced: Balanced) -> dict[str, Any]:
    return {
        "received": _numbers(balanced.received),
        "remaining": _numbers(balanced.remaining),
        **{name: numbers(flow) for name, flow in balanced.flows.items()},
        "unexplained": numbers(balanced.unexplained),
        "tolerance_mg": float(balanced.tolerance),
        "closes": balanced.closes,
    }


def _tree(
    items: Sequence[Item], books: Mapping[str, Books], portions: Mapping[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The items depth first, children in the order of their birth; without recursion, since a lineage may be deep."""
    children: dict[str | None, list[Item]] = {}
    for item in reversed(items):
        children.setdefault(item.parent_id, []).append(item)
    waiting = [(root, 0) for root in children.get(None, [])]
    told = []
    while waiting:
        item, depth = waiting.pop()
        waiting += [(child, depth + 1) for child in children.get(item.id, [])]
        mine = books[item.id]
        told.append(
            {
                "id": item.id,
                "number": item.number,
                "parent_id": item.parent_id,
                "depth": depth,
                "state": item.state,
                **_tell(balance_item(mine)),
                "into_composites": portions.get(item.id, []),
                GROSS: _weight(mine.weights.get(GROSS)),
                PACKAGE: _weight(mine.weights.get(PACKAGE)),
            }
        )
    return told


def _portions(records: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record["type"] == "portion_taken":
            details = record["details"]
            told = {"id": details["composite_id"], "number": details["composite_number"], **_told(details)}
            found.setdefault(record["item_id"], []).append(told)
    return found


def _with_fate(uow: UnitOfWork, portions: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The portions with what became of their composites: how it stands, what is left, and which share of it came from here."""
    ids = sorted({each["id"] for told in portions.values() for each in told})
    made = {row.id: row for row in items_repository.by_ids(uow.session, ids, [], [])} if ids else {}
    for each in (each for told in portions.values() for each in told):
        row = made[each["id"]]
        put_in = known_books.of_lineage(uow.session, row.root_id)[row.id].put_in
        whole = None if put_in is None else float(put_in.mass)
        each["share"] = each["net_mass_mg"] / whole if whole else None
        each["state"], each["left"] = row.state, describe_remaining(row)
    return portions


def _parts(records: Sequence[Mapping[str, Any]], root: Item) -> list[dict[str, Any]]:
    own = with_corrections([record for record in records if record["item_id"] == root.id])
    made = [record for record in own if record["type"] == "composite_made"]
    return [
        {"id": part["item_id"], "number": part["number"], **_told(part)}
        for record in made
        for part in record["details"]["parts"]
    ]


def _told(details: Mapping[str, Any]) -> dict[str, float]:
    return numbers(quantity(details["net_mass_mg"], details["uncertainty_mg"]))


def _numbers(found: Quantity | None) -> dict[str, float] | None:
    return None if found is None else numbers(found)


def _weight(found: Quantity | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"mass_g": float(found.mass / 1000), "uncertainty_mg": float(found.uncertainty)}
