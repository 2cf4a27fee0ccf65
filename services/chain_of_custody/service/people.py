"""Who may take evidence from the caller: a hand-over, a witness and the access to a place name somebody out of this list."""

from typing import Any

from services.chain_of_custody.repository import people as repository
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import mark

READERS = (*LABORATORY, Role.OFFICE, Role.AUDITOR, Role.ADMIN)
#: Who also sees the people of offices: custodians return items to them, auditors see everything.
_BEYOND = (Role.CUSTODIAN, Role.AUDITOR)


def list_people(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Open accounts by name, without the caller's own.

    An office sees its own people and nobody else (E30); the laboratory sees itself, and a custodian the offices as well, since
    a return goes to one of them. Closed accounts are never named: nothing can be given to them.
    """
    require(actor, *READERS)
    roles = {role.value for role in LABORATORY} | ({Role.OFFICE.value} if actor.role in _BEYOND else set())
    office = query.get("office")
    if actor.role is Role.OFFICE:
        roles = {Role.OFFICE.value}
        if office not in (None, actor.office):
            return {"items": [], "next": None}
        office = actor.office or ""
    if "role" in query:
        roles &= {query["role"]}
    skip, limit = query["cursor"] or 0, query["limit"]
    found = repository.people(
        uow.session,
        roles,
        office=office,
        but=actor.login,
        login=query.get("login"),
        skip=skip,
        limit=limit + 1,
    )
    return {"items": found[:limit], "next": mark(skip + limit) if len(found) > limit else None}
