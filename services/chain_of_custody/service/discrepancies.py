"""Discrepancies as custody sees them: what stops work on an item and on all that came from it (E5).

Those of a receipt are intake's; those in masses are found here, block at once in the transaction of the weighing, and are told to
intake, where a reviewer resolves them. An item is blocked as long as one is open on it or on anything that it came from.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.replay_books import WEIGHT
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_quantities import Discrepancy
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import lineage as repository
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.schemas import format_time
from shared.identifiers import new_id

INTAKE = "intake"
DISCREPANCIES = "/internal/discrepancies"
#: How ids of discrepancies of whole lineages begin; their resolution explains the differences of every item of it.
_LINEAGE = "lineage:"
#: The code of a seal that was not as it should be, here and at intake.
SEAL = "seal"
#: The code here of whatever a receipt found; intake knows which it was.
RECEIPT = "receipt"


def open_weight_discrepancy(
    uow: UnitOfWork, item: Item, detail: str, finder: Actor, *, now: datetime
) -> None:
    """Stops work on a locked item and all that came from it, and tells intake."""
    _open(uow, new_id(), item, WEIGHT, detail, finder, now)


def open_seal_discrepancy(uow: UnitOfWork, item: Item, detail: str, finder: Actor, *, now: datetime) -> None:
    """Stops work on a locked item whose seal was not as the receipt told, and on all that came from it, and tells intake."""
    _open(uow, new_id(), item, SEAL, detail, finder, now)


def open_lineage_discrepancy(
    uow: UnitOfWork, root: Item, detail: str, finder: Actor, *, now: datetime
) -> None:
    """Stops work on a whole lineage whose balance does not close, with one discrepancy on its root (E15)."""
    _open(uow, _LINEAGE + new_id(), root, WEIGHT, detail, finder, now)


def is_lineage_open(uow: UnitOfWork, root_id: str) -> bool:
    """Whether a reviewer is asked already about the balance of a lineage."""
    return repository.has_open_discrepancy(uow.session, root_id, _LINEAGE)


def _open(
    uow: UnitOfWork, name: str, item: Item, code: str, detail: str, finder: Actor, now: datetime
) -> None:
    row = _add(uow, name, item, code, detail, now)
    stop_branch(uow, row, item, Author.of(finder), now=now)
    told = {
        "discrepancy_id": row.id,
        "item_id": item.id,
        "item_number": item.number,
        # A composite is its own exhibit, which intake never received.
        "exhibit_id": None if item.exhibit_id == item.id else item.exhibit_id,
        "submission_id": item.submission_id,
        "code": code,
        "detail": detail,
        "opened_at": format_time(now),
        "opened_by": finder.login,
        "opened_by_name": finder.name,
    }
    uow.emit(INTAKE, DISCREPANCIES, told, item.submission_id)


def open_receipt_discrepancy(uow: UnitOfWork, item: Item, *, now: datetime) -> None:
    """Remembers that a receipt's discrepancies stop work on a new item."""
    _add(uow, receipt_id(item.exhibit_id), item, RECEIPT, "open since the receipt", now)


def open_told(uow: UnitOfWork, told: dict[str, Any], author: Author, *, now: datetime) -> None:
    """Takes a discrepancy over that was told at intake; raises NotFound for an exhibit that custody does not have."""
    root = items_repository.roots_by_exhibit(uow.session, [told["exhibit_id"]]).get(told["exhibit_id"])
    if root is None:
        raise NotFound("Custody has not heard of this exhibit.")
    repository.lock_descendants(uow.session, root.id)
    if repository.known_discrepancies(uow.session, [told["discrepancy_id"]]):
        return
    row = _add(uow, told["discrepancy_id"], root, told["code"], told["detail"], now)
    stop_branch(uow, row, root, author, now=now)


def receipt_id(exhibit_id: str) -> str:
    """The name here of all that a receipt found on one exhibit."""
    return f"receipt:{exhibit_id}"


def stop_branch(uow: UnitOfWork, row: Discrepancy, item: Item, author: Author, *, now: datetime) -> None:
    """Blocks an item and its descendants, each with an event of its own; what has left the laboratory stays as it was."""
    for below in repository.lock_descendants(uow.session, item.id):
        if below.ending is not None:
            continue
        below.blocked = True
        record_event(
            uow, below, "discrepancy_opened", author=author, now=now, purpose=row.detail, details=_named(row, item)
        )  # fmt: skip


def resolve(uow: UnitOfWork, told: dict[str, Any], author: Author, *, now: datetime) -> None:
    """Takes a reviewer's resolution over from intake; told twice, nothing happens again.

    The message names the discrepancy that was resolved and those of the exhibit that intake still holds open. What custody found
    itself ends by its name; what the receipt found ends once none of intake's own is left.
    """
    ids = [told["discrepancy_id"]] if told["discrepancy_id"] else []
    still = set(told["still_open"])
    if told["exhibit_id"] is not None and still <= repository.known_discrepancies(uow.session, list(still)):
        ids.append(receipt_id(told["exhibit_id"]))
    found = repository.open_discrepancies(uow.session, ids)
    if not found:
        _require_known(uow, told)
        return
    for row in sorted(found.values(), key=lambda row: row.item_id):
        _end(uow, row, told, author, now)


def _end(uow: UnitOfWork, row: Discrepancy, told: dict[str, Any], author: Author, now: datetime) -> None:
    branch = repository.lock_descendants(uow.session, row.item_id)
    if row.id not in repository.open_discrepancies(uow.session, [row.id]):
        return
    row.resolved_at = told["resolved_at"]
    uow.session.flush()
    item = next(below for below in branch if below.id == row.item_id)
    stopped = repository.stopped(uow.session, [below.id for below in branch])
    explained = _explained(uow, row, item, branch)
    for below in branch:
        gone = below.ending is not None
        if (gone or not below.blocked) and below.id not in explained:
            continue
        below.blocked = below.blocked if gone else below.id in stopped
        of_lineage = {"of_lineage": True} if below.id in explained else {}
        record_event(
            uow,
            below,
            "discrepancy_resolved",
            author=author,
            now=now,
            occurred_at=told["resolved_at"],
            purpose=told["resolution"],
            details={**_named(row, item), "blocked": below.blocked, **of_lineage},
        )


def _explained(uow: UnitOfWork, row: Discrepancy, item: Item, branch: Sequence[Item]) -> set[str]:
    """The items whose differences the resolution of a lineage's discrepancy explains, those that have gone too; not those on
    which one of their own is still open."""
    if not row.id.startswith(_LINEAGE):
        return set()
    ids = {below.id for below in branch if below.root_id == item.root_id}
    return ids - repository.open_weights(uow.session, sorted(ids))


def _require_known(uow: UnitOfWork, told: dict[str, Any]) -> None:
    exhibit = told["exhibit_id"]
    if exhibit is not None and not items_repository.roots_by_exhibit(uow.session, [exhibit]):
        raise NotFound("Custody has not heard of this exhibit.")


def _add(
    uow: UnitOfWork, discrepancy_id: str, item: Item, code: str, detail: str, now: datetime
) -> Discrepancy:
    row = Discrepancy(
        id=discrepancy_id, item_id=item.id, code=code, detail=detail, opened_at=now, resolved_at=None
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _named(row: Discrepancy, item: Item) -> dict[str, Any]:
    return {
        "discrepancy_id": row.id,
        "code": row.code,
        "found_on": item.id,
        "found_on_number": item.number,
    }
