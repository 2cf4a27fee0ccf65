"""Offices and the totals that make shares of their seizures meaningful."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from services.intake import repository
from services.intake.models import Office, OfficeTotal
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import FieldError, Invalid, NotFound
from shared.http.lists import paginate

READERS = (*LABORATORY, Role.OFFICE, Role.AUDITOR, Role.ANALYST, Role.ADMIN, Role.INSTRUMENT)


def list_offices(actor: Actor, uow: UnitOfWork, *, limit: int, cursor: int | None) -> dict[str, Any]:
    """All offices: code, name, country; an office sees itself."""
    require(actor, *READERS)
    return paginate(uow.session, repository.offices(actor), Office.seq, limit=limit, cursor=cursor)


def post_office(actor: Actor, uow: UnitOfWork, body: dict[str, str]) -> Office:
    """Adds an office, or gives an existing one its new name and country."""
    require(actor, Role.ADMIN)
    statement = insert(Office).values(**body)
    changed = {"name": statement.excluded.name, "country": statement.excluded.country}
    uow.session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changed))
    return repository.office(uow.session, body["code"])


def get_totals(actor: Actor, uow: UnitOfWork, code: str, start: date, end: date) -> dict[str, int]:
    """How many seizures the office made in the period, by programme; empty where it told nothing."""
    require(actor, Role.OFFICE, *LABORATORY, Role.ANALYST, Role.AUDITOR)
    _require_own(actor, code)
    repository.office(uow.session, code)
    found = repository.office_totals(uow.session, code, start, end)
    return dict(found.totals) if found is not None else {}


def put_totals(
    actor: Actor, uow: UnitOfWork, code: str, start: date, end: date, totals: dict[str, int], *, now: datetime
) -> dict[str, int]:
    """Stores what the office tells of a period; told again, the newer numbers hold."""
    require(actor, Role.OFFICE)
    _require_own(actor, code)
    if start > end:
        message = "The period ends before it begins."
        raise Invalid(message, errors=[FieldError(pointer="/to", message=message)])
    values = {
        "office": code,
        "period_from": start,
        "period_to": end,
        "totals": totals,
        "told_by": actor.login,
        "told_at": now,
    }
    statement = insert(OfficeTotal).values(**values)
    changed = {name: statement.excluded[name] for name in ("totals", "told_by", "told_at")}
    keys = ["office", "period_from", "period_to"]
    uow.session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
    return totals


def _require_own(actor: Actor, code: str) -> None:
    if actor.role is Role.OFFICE and actor.office != code:
        raise NotFound(f"There is no office {code!r}.")
