"""What is out of storage, with whom, since when, and until when it may be."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.standing import DEPLETED
from services.chain_of_custody.domain.time_limits import Kind, days_over, due_at
from services.chain_of_custody.domain.working_days import Calendar, working_days_between
from services.chain_of_custody.repository import holdings as repository
from services.chain_of_custody.repository.limits import laboratory_calendar
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import mark

READERS = (*LABORATORY, Role.AUDITOR)
_COLUMNS = (
    "number", "office", "programme", "description", "state", "holder", "holder_name", "out_since", "out_written",
)  # fmt: skip


def list_holdings(actor: Actor, uow: UnitOfWork, query: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Items in people's hands, the longest out of storage first; days are those by which the time limits are counted."""
    require(actor, *READERS)
    limit = query["limit"]
    rows = uow.session.execute(
        repository.holdings(actor, query, behind=query["cursor"]).limit(limit + 1)
    ).all()
    page, more = rows[:limit], len(rows) > limit
    calendar = laboratory_calendar(uow.session)
    unable = repository.unable(uow.session, [row.holder for row in page])
    told = [_describe(row, unable.get(row.holder), calendar, now) for row in page]
    return {"items": told, "next": mark(int(page[-1].age)) if more else None}


def _describe(row: Any, unable: str | None, calendar: Calendar, now: datetime) -> dict[str, Any]:
    # What is used up is nowhere to be put back.
    due = None if row.state == DEPLETED else due_at(Kind.OUT_OF_STORAGE, row.out_since, calendar)
    return {
        "item_id": row.id,
        **{name: getattr(row, name) for name in _COLUMNS},
        "since": row.held_since,
        "since_written": row.held_written,
        "working_days_out": working_days_between(row.out_since, now, calendar),
        "due_at": due,
        "days_over": 0 if due is None else days_over(due, now),
        "holder_unable": unable,
    }
