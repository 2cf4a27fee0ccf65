"""Exhibits: what was received, by number; never changed after receipt."""

from typing import Any

from services.intake import repository
from services.intake.models import Exhibit
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import paginate

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


def list_exhibits(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Exhibits that fit the filters, the newest first."""
    require(actor, *READERS)
    select = repository.exhibits(actor, query)
    page = paginate(
        uow.session, select, Exhibit.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )
    blocked = repository.blocked_ids(uow.session, [row.id for row in page["items"]])
    return {**page, "items": [describe(row, row.id in blocked) for row in page["items"]]}


def get_exhibit(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> dict[str, Any]:
    """One exhibit, with the known origin where it is an authentic."""
    require(actor, *READERS)
    row = repository.exhibit(uow.session, actor, exhibit_id)
    line = repository.line(uow.session, row.submission_id, row.line)
    told = describe(row, row.id in repository.blocked_ids(uow.session, [row.id]))
    return {**told, "authentic": None if line is None else line.authentic}


def describe(row: Exhibit, blocked: bool) -> dict[str, Any]:
    """An exhibit as it is answered; `state` is `blocked` while a discrepancy is open."""
    told = {name: getattr(row, name) for name in _COLUMNS}
    return {**told, "state": "blocked" if blocked else "received"}


_COLUMNS = (
    "id", "number", "line", "submission_id", "office", "kind", "programme", "item_id", "description", "physical_form",
    "gross_mass_g", "seal_number", "seal_condition", "case_number", "received_by", "received_at",
)  # fmt: skip
