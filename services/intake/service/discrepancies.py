"""Discrepancies: opened by a receipt, resolved by a reviewer's signature; only then work goes on (E5)."""

from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake.models import Discrepancy
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.http.schemas import format_time

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


def list_discrepancies(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Discrepancies, the newest first."""
    require(actor, *READERS)
    select = repository.discrepancies(actor, query)
    return paginate(
        uow.session, select, Discrepancy.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )


def resolve_discrepancy(
    actor: Actor, uow: UnitOfWork, discrepancy_id: str, resolution: str, *, now: datetime
) -> Discrepancy:
    """Resolves one; with the exhibit's last open one custody lets work go on."""
    require(actor, Role.REVIEWER)
    signature = signed(actor)
    row = repository.discrepancy(uow.session, actor, discrepancy_id)
    if row.exhibit_id is not None:
        repository.lock_exhibit(uow.session, row.exhibit_id)
    if row.state != "open":
        raise Conflict("This discrepancy was resolved already.", code="already_resolved")
    row.state, row.resolution, row.resolved_at = "resolved", resolution, now
    row.resolved_by, row.resolved_by_name, row.signed_by_method = actor.login, actor.name, signature.method
    uow.session.flush()
    if row.exhibit_id is not None and not repository.blocked_ids(uow.session, [row.exhibit_id]):
        told: dict[str, Any] = {
            "exhibit_id": row.exhibit_id,
            "resolution": resolution,
            "resolved_by": actor.login,
            "resolved_by_name": actor.name,
            "resolved_at": format_time(now),
        }
        uow.emit("chain_of_custody", "/internal/items/unblock", told, row.submission_id)
    return row
