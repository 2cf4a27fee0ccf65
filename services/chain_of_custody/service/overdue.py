"""Reading what is overdue."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.time_limits import LIMITS, Kind, days_over
from services.chain_of_custody.models_limits import OverdueEntry
from services.chain_of_custody.repository import limits as repository
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import paginate

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)
_COLUMNS = (
    "id", "kind", "subject_id", "number", "office", "item_id", "submission_id", "responsible", "responsible_name", "detail",
    "since", "since_written", "due_at", "opened_at", "closed_at",
)  # fmt: skip


def list_overdue(actor: Actor, uow: UnitOfWork, query: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """What is or was beyond its limit, first what was noticed first; an office sees its own shipments."""
    require(actor, *READERS)
    return paginate(
        uow.session,
        repository.overdue(actor, query),
        OverdueEntry.seq,
        limit=query["limit"],
        cursor=query["cursor"],
        dump=lambda row: _describe(row, now),
    )


def count_overdue(actor: Actor, uow: UnitOfWork, query: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """How many of each kind, all kinds named, and when that was last looked at."""
    require(actor, *READERS)
    found = {
        kind: (count, due)
        for kind, count, due in repository.counts(uow.session, repository.overdue(actor, query))
    }
    kinds = []
    for kind in Kind:
        count, due = found.get(kind.value, (0, None))
        limit = {"amount": LIMITS[kind].amount, "unit": LIMITS[kind].unit.value}
        worst = days_over(due, now) if due is not None else 0
        kinds.append({"kind": kind.value, "limit": limit, "count": count, "most_days_over": worst})
    return {
        "total": sum(kind["count"] for kind in kinds),
        "kinds": kinds,
        "checked_at": repository.last_check(uow.session),
    }


def _describe(row: OverdueEntry, now: datetime) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _COLUMNS}
    return {**told, "days_over": days_over(row.due_at, row.closed_at or now)}
