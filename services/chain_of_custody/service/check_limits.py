"""Looks at every time limit and keeps what is overdue (E26): one job, each minute and when the worker starts.

Intake is asked for the whole of what it has, and does not tell of changes: each look starts from what is true now, so that
nothing lost, doubled or late between the services can leave a wrong entry behind. All of one look is one transaction; another
look at the same time stands back.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog

from services.chain_of_custody.domain.time_limits import LABORATORY, Overdue, Waiting, find_overdue
from services.chain_of_custody.domain.working_days import Calendar
from services.chain_of_custody.intake import Intake
from services.chain_of_custody.models_limits import OverdueEntry
from services.chain_of_custody.repository import limits as repository
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.identifiers import new_id
from shared.jobs.app import Jobs
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

TASK = "check_limits"
_EVERY_MINUTE = "* * * * *"
#: What may change of an entry while it is open: the calendar by which it is due, and who has the thing in hand.
_CHANGING = ("number", "responsible", "responsible_name", "detail")


def register_limits(jobs: Jobs) -> None:
    """The check as a job, and by the clock."""
    runtime = jobs.runtime
    jobs.task(TASK, attempts=3)(lambda: check_soon_or_later(runtime))
    jobs.periodic(f"{TASK}_by_the_minute", _EVERY_MINUTE)(lambda: check_soon_or_later(runtime))


def check_at_start(runtime: Runtime) -> None:
    """Queues a check; called when the process starts."""
    with runtime.unit_of_work() as uow:
        uow.defer(TASK, lock=TASK)
        uow.commit()


def check_soon_or_later(runtime: Runtime) -> None:
    """One look; where intake does not answer everything stays as it is, and the next minute looks again."""
    try:
        check_limits(runtime)
    except DomainError as error:
        log.warning("limits_not_checked", code=error.code, error=error.detail)


def check_limits(runtime: Runtime) -> bool:
    """Opens and closes entries; False where another look is at it. Raises the DomainError of an intake that does not answer."""
    intake: Intake = runtime.extras["intake"]
    with runtime.unit_of_work() as uow:
        if not repository.lock_checks(uow.session):
            return False
        now = runtime.clock()
        calendars = intake.calendars()
        waiting = [*intake.waiting(), *_own(uow, now)]
        opened, closed = _keep(uow, find_overdue(waiting, calendars, now), now)
        repository.note_check(uow.session, now, calendars.get(LABORATORY, Calendar()))
        uow.commit()
    for entry in opened:
        log.warning(
            "overdue_opened", kind=entry["kind"], number=entry["number"], since=entry["since"].isoformat()
        )
    if closed:
        log.info("overdue_closed", count=closed)
    return True


def _own(uow: UnitOfWork, now: datetime) -> list[Waiting]:
    session = uow.session
    disposals, offers = repository.authorised_disposals(session), repository.open_offers(session)
    return [*repository.items_in_hands(session, now), *disposals, *offers]


def _keep(uow: UnitOfWork, found: Iterable[Overdue], now: datetime) -> tuple[list[dict[str, Any]], int]:
    """Brings the table to what was found; returns what was opened and how many were closed.

    A thing that came back and went out again between two looks has a new `since`: that is a new entry. So is one whose time was
    corrected meanwhile: the old entry stays as what was believed, and the new one tells both times.
    """
    there = {(row.kind, row.subject_id): row for row in repository.open_entries(uow.session)}
    opened, closed = [], 0
    for one in found:
        waiting = one.waiting
        row = there.pop((waiting.kind.value, waiting.subject_id), None)
        if row is not None and row.since == waiting.since:
            row.due_at = one.due_at
            for name in _CHANGING:
                setattr(row, name, getattr(waiting, name))
            continue
        if row is not None:
            row.closed_at, closed = now, closed + 1
        facts = {name: value for name, value in asdict(waiting).items() if name != "calendar"}
        opened.append({**facts, "kind": waiting.kind.value, "id": new_id(), "due_at": one.due_at})
    for row in there.values():
        row.closed_at, closed = now, closed + 1
    uow.session.flush()
    uow.session.add_all(OverdueEntry(**facts, opened_at=now, closed_at=None) for facts in opened)
    uow.session.flush()
    return opened, closed
