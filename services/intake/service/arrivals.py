"""Arrival: the courier delivers and somebody takes the closed parcel; opening it and making the receipt comes later."""

from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake import repository_limits as limits
from services.intake.models_limits import Arrival
from services.intake.service.submissions import READERS
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.identifiers import new_id


def record_arrival(
    actor: Actor, uow: UnitOfWork, submission_id: str, body: dict[str, Any], *, now: datetime
) -> Arrival:
    """A custodian records who brought a parcel and how it looked; each parcel of a submission may come by itself."""
    require(actor, Role.CUSTODIAN)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    if row.state == "draft":
        raise Conflict("This submission was not dispatched yet.", code="not_dispatched")
    arrival = Arrival(
        id=new_id(),
        submission_id=row.id,
        arrived_at=body.get("arrived_at") or now,
        recorded_at=now,
        received_by=actor.login,
        received_by_name=actor.name,
        **{name: body[name] for name in ("delivered_by", "seal_condition", "remarks")},
    )
    uow.session.add(arrival)
    uow.session.flush()
    return arrival


def list_arrivals(
    actor: Actor, uow: UnitOfWork, submission_id: str, *, limit: int, cursor: int | None
) -> dict[str, Any]:
    """The arrivals of a submission's parcels, as both ends see them."""
    require(actor, *READERS)
    row = repository.submission(uow.session, actor, submission_id)
    return paginate(uow.session, limits.arrivals(row.id), Arrival.seq, limit=limit, cursor=cursor)
