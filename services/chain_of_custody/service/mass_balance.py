"""The mass balance of an item's whole lineage, recomputed from its events."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chain_of_custody.domain.balance_lineage import (
    Balanced,
    balance_item,
    balance_lineage,
    books_of,
)
from services.chain_of_custody.domain.check_mass_balance import Quantity, quantity
from services.chain_of_custody.domain.replay_books import GROSS, PACKAGE, Books
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import lineage as repository
from services.chain_of_custody.service.items import READERS
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.substance import describe_remaining, numbers
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork


def get_mass_balance(actor: Actor, uow: UnitOfWork, item_id: str) -> dict[str, Any]:
    """The balance of the lineage that an item stands in; a fixed number of queries however many aliquots there are."""
    require(actor, *READERS)
    asked = items_repository.item(uow.session, actor, item_id)
    items = repository.lineage_items(uow.session, asked.root_id)
    records = repository.lineage_records(uow.session, asked.root_id)
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
        "items": _tree(items, every, _with_fate(uow, _portions(records))),
    }


def _tell(balanced: Balanced) -> dict[str, Any]:
    return {
        "received": _numbers(balanced.received),
        "remaining": _numbers(balanced.remaining),
        **{name: numbers(flow) for name, flow in balanced.flows.items()},
        "unexplained": numbers(balanced.unexplained),
        "tolerance_mg": float(balanced.unexplained.uncertainty),
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
    made = [
        record for record in records if record["type"] == "composite_made" and record["item_id"] == root.id
    ]
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
