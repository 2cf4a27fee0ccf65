"""Arrival: the courier delivers and somebody takes the closed parcel; opening it and making the receipt comes later.

Taking a parcel from the courier is a hand-over to the laboratory, of which the courier's person signs on paper; so the custodian
signs here (E16). Nobody else could say later that it came, when, and with which seal.
"""

from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake import repository_limits as limits
from services.intake.models_limits import Arrival
from services.intake.service.submissions import READERS
from shared.actor import Actor, Role, require, signed
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

MEANING = "I have taken this closed parcel from who brought it, with its seal as I say."
_SIGNED = (
    "id", "submission_id", "received_by", "received_by_name", "delivered_by", "seal_condition", "remarks",
)  # fmt: skip


def record_arrival(
    actor: Actor, uow: UnitOfWork, submission_id: str, body: dict[str, Any], *, now: datetime
) -> Arrival:
    """A custodian records and signs who brought a parcel and how it looked; each parcel of a submission may come by itself."""
    require(actor, Role.CUSTODIAN)
    signature = signed(actor)
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
    arrival.signature = {
        "login": signature.login,
        "name": signature.name,
        "role": signature.role.value,
        "method": signature.method,
        "at": format_time(signature.at),
        "meaning": MEANING,
        "record_sha256": signed_digest(arrival),
    }
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


def signed_digest(row: Arrival) -> str:
    """SHA-256 of what the custodian signed: a record changed later no longer has it (E16)."""
    record = {name: getattr(row, name) for name in _SIGNED}
    times = {name: format_time(getattr(row, name)) for name in ("arrived_at", "recorded_at")}
    return canonical_digest({**record, **times})
