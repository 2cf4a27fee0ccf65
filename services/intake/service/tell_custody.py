"""What intake tells chain_of_custody, through the outbox, and what it does with the answer."""

from collections.abc import Sequence
from typing import Any

from services.intake.models import Discrepancy, Exhibit, Line, Receipt, Submission
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time

CUSTODY = "chain_of_custody"
ITEMS = "/internal/items"
BLOCK = "/internal/items/block"
UNBLOCK = "/internal/items/unblock"
#: Exhibits in one message: a receipt of thousands stays below the bus's largest body and the relay's deadline.
_BATCH = 500


def tell_of_exhibits(
    uow: UnitOfWork, row: Submission, receipt: Receipt, exhibits: Sequence[Exhibit], blocked: set[str]
) -> None:
    """Opens the chain of custody of a receipt's exhibits; `blocked` are ids of those with an open discrepancy."""
    lines = {item.line: item for item in row.items}
    for start in range(0, len(exhibits), _BATCH):
        items = [
            _opened(row, exhibit, lines.get(exhibit.line or 0), exhibit.id in blocked)
            for exhibit in exhibits[start : start + _BATCH]
        ]
        told: dict[str, Any] = {
            "receipt_number": receipt.number,
            "received_by": receipt.received_by,
            "received_by_name": receipt.received_by_name,
            "received_at": format_time(receipt.received_at),
            "items": items,
        }
        uow.emit(CUSTODY, ITEMS, told, row.id)


def tell_of_blocking(uow: UnitOfWork, row: Discrepancy, role: str) -> None:
    """Stops work on an exhibit and all that came from it, after a discrepancy was found behind its receipt."""
    told: dict[str, Any] = {
        "exhibit_id": row.exhibit_id,
        "discrepancy_id": row.id,
        "code": row.code,
        "detail": row.detail,
        "opened_at": format_time(row.opened_at),
        "opened_by": {"login": row.opened_by, "name": row.opened_by_name, "role": role},
    }
    uow.emit(CUSTODY, BLOCK, told, row.submission_id)


def tell_of_unblocking(uow: UnitOfWork, row: Discrepancy, still_open: Sequence[str]) -> None:
    """Lets work go on after a discrepancy was resolved; custody compares it and `still_open` with what it found itself."""
    assert row.resolved_at is not None
    told: dict[str, Any] = {
        "exhibit_id": row.exhibit_id,
        "discrepancy_id": row.id,
        "still_open": list(still_open),
        "resolution": row.resolution,
        "resolved_by": row.resolved_by,
        "resolved_by_name": row.resolved_by_name,
        "resolved_at": format_time(row.resolved_at),
    }
    uow.emit(CUSTODY, UNBLOCK, told, row.submission_id)


def keep_item_ids(uow: UnitOfWork, body: dict[str, Any], answer: dict[str, Any]) -> None:
    """Remembers which item custody opened for each exhibit."""
    del body
    for pair in answer["items"]:
        exhibit = uow.session.get_one(Exhibit, pair["exhibit_id"])
        exhibit.item_id = pair["item_id"]


def _opened(row: Submission, exhibit: Exhibit, line: Line | None, blocked: bool) -> dict[str, Any]:
    seizure = (line.seizure or {}) if line is not None else {}
    return {
        "exhibit_id": exhibit.id,
        "number": exhibit.number,
        "office": exhibit.office,
        "submission_id": row.id,
        "submission_number": row.number,
        "line": exhibit.line,
        "kind": exhibit.kind,
        "programme": exhibit.programme,
        "description": exhibit.description,
        "physical_form": exhibit.physical_form,
        "gross_mass_g": float(exhibit.gross_mass_g),
        "seal_number": exhibit.seal_number,
        "seal_condition": exhibit.seal_condition,
        "seizure_id": seizure.get("id"),
        "blocked": blocked,
    }
