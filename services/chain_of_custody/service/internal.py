"""What other services tell custody (receipts, resolved discrepancies, records of results), and what they ask."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.discrepancies import open_told, resolve
from services.chain_of_custody.service.open_received import open_received
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role, require_service
from shared.db.unit_of_work import UnitOfWork

_FACTS = (
    "id", "number", "exhibit_id", "office", "programme", "kind", "state", "holder", "parent_id", "root_id", "description",
    "seizure_id", "submission_id", "blocked", "on_hold",
)  # fmt: skip


def open_items(
    actor: Actor, uow: UnitOfWork, receipt: dict[str, Any], *, now: datetime
) -> list[dict[str, str]]:
    """Opens an item for each exhibit of a receipt, in the hands of who received it; told twice, nothing happens again."""
    require_service(actor, "service-intake")
    given = receipt["items"]
    known = repository.roots_by_exhibit(uow.session, [facts["exhibit_id"] for facts in given])
    author = _author(uow, receipt["received_by"], receipt.get("received_by_name"), Role.CUSTODIAN)
    new = [facts for facts in given if facts["exhibit_id"] not in known]
    opened = {row.exhibit_id: row for row in open_received(uow, receipt, new, author, now=now)}
    found = [known.get(facts["exhibit_id"]) or opened[facts["exhibit_id"]] for facts in given]
    return [{"exhibit_id": row.exhibit_id, "item_id": row.id} for row in found]


def block_item(actor: Actor, uow: UnitOfWork, told: dict[str, Any], *, now: datetime) -> None:
    """Stops work after a discrepancy was found on an exhibit behind its receipt; told twice, nothing happens again."""
    require_service(actor, "service-intake")
    who = told["opened_by"]
    open_told(uow, told, Author(who["login"], who["name"], who["role"]), now=now)


def unblock_item(actor: Actor, uow: UnitOfWork, told: dict[str, Any], *, now: datetime) -> None:
    """Lets work go on after a discrepancy was resolved and none is left; told twice, nothing happens again."""
    require_service(actor, "service-intake")
    author = _author(uow, told["resolved_by"], told.get("resolved_by_name"), Role.REVIEWER)
    resolve(uow, told, author, now=now)


def add_record(actor: Actor, uow: UnitOfWork, told: dict[str, Any], *, now: datetime) -> dict[str, str]:
    """Adds an act that another service did upon an item (a measurement, a result, a report), with its digests."""
    require_service(actor, "service-classifier")
    row = repository.lock_item(uow.session, actor, told["item_id"])
    who = told["actor"]
    event = record_event(
        uow,
        row,
        told["type"],
        author=Author(who["login"], who["name"], who["role"]),
        now=now,
        occurred_at=told["occurred_at"],
        purpose=told["purpose"],
        details=told["payload"],
    )
    return {"event_id": event.id, "digest": event.digest}


def get_facts(
    actor: Actor, uow: UnitOfWork, *, ids: Sequence[str], exhibit_ids: Sequence[str], numbers: Sequence[str]
) -> list[dict[str, Any]]:
    """Facts of the items that exist, for another service."""
    require_service(actor, "service-classifier")
    rows = repository.by_ids(uow.session, ids, exhibit_ids, numbers)
    return [{name: told[name] for name in _FACTS} for told in map(describe_item, rows)]


def _author(uow: UnitOfWork, login: str, name: str | None, role: Role) -> Author:
    """Somebody named by another service; the role is the account's where it is known, else that which the act needs."""
    known = repository.person(uow.session, login)
    if known is None:
        return Author(login, name or login, role.value)
    return Author(login, name or known.name, known.role)
