"""What custody asks for its check of time limits: calendars, shipments without receipt, open discrepancies."""

from datetime import datetime
from typing import Any

from services.intake import repository_limits as limits
from services.intake.domain.weekdays import WEEKDAYS
from services.intake.models import Discrepancy, Submission
from services.intake.service.calendars import LABORATORY
from shared.actor import Actor, require_service
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import paginate
from shared.http.schemas import format_time

_CUSTODY = "service-chain_of_custody"


def tell_calendars(actor: Actor, uow: UnitOfWork) -> dict[str, Any]:
    """Every calendar that was set, weekdays as numbers from Monday, 0."""
    require_service(actor, _CUSTODY)
    rows = [
        {
            "code": row.code,
            "time_zone": row.time_zone,
            "weekend": [WEEKDAYS.index(day) for day in row.weekend],
            "holidays": [day["date"] for day in row.holidays],
        }
        for row in limits.calendars(uow.session)
    ]
    return {"items": rows, "next": None}


def tell_shipments(actor: Actor, uow: UnitOfWork, *, limit: int, cursor: int | None) -> dict[str, Any]:
    """Each shipment with the limit that it runs against: to be confirmed once it is here, to arrive until then."""
    require_service(actor, _CUSTODY)
    page = paginate(uow.session, limits.shipments(), Submission.seq, limit=limit, cursor=cursor)
    ids = [row.id for row in page["items"]]
    here = limits.unconfirmed_arrivals(uow.session, ids)
    return {**page, "items": [_shipment(row, here) for row in page["items"]]}


def _shipment(row: Submission, here: dict[str, datetime]) -> dict[str, Any]:
    arrived = row.id in here
    since = here.get(row.id, row.dispatched_at)
    assert since is not None, "only what was dispatched is on its way"
    return {
        "kind": "receipt_unconfirmed" if arrived else "not_arrived",
        "subject_id": row.id,
        "submission_id": row.id,
        "number": row.number,
        "office": row.office,
        "since": format_time(since),
        "calendar": LABORATORY if arrived else row.office,
        "detail": f"{row.courier}, {row.tracking_number}",
    }


def tell_discrepancies(actor: Actor, uow: UnitOfWork, *, limit: int, cursor: int | None) -> dict[str, Any]:
    """Discrepancies that wait for a reviewer."""
    require_service(actor, _CUSTODY)
    page = paginate(uow.session, limits.open_discrepancies(), Discrepancy.seq, limit=limit, cursor=cursor)
    rows: list[Discrepancy] = page["items"]
    exhibits, numbers = limits.labels_of_discrepancies(uow.session, rows)
    told = []
    for row in rows:
        exhibit = exhibits.get(row.exhibit_id or "")
        told.append(
            {
                "kind": "discrepancy_open",
                "subject_id": row.id,
                "submission_id": row.submission_id,
                "item_id": row.item_id or (exhibit and exhibit.item_id),
                "number": row.item_number or (exhibit.number if exhibit else numbers[row.submission_id]),
                "office": row.office,
                "since": format_time(row.opened_at),
                "detail": row.code if row.line is None else f"{row.code}, line {row.line}",
            }
        )
    return {**page, "items": told}
