"""Who may take evidence from the caller: a hand-over, a witness and the access to a place name somebody out of this list."""

from typing import Any

from services.chain_of_custody.domain.house_record import subject_of
from services.chain_of_custody.repository import house
from services.chain_of_custody.repository import people as repository
from services.chain_of_custody.service.describe_items import describe_event
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.lists import mark

READERS = (*LABORATORY, Role.OFFICE, Role.AUDITOR, Role.ADMIN)
#: Who also sees the people of offices: custodians return items to them, auditors see everything.
_BEYOND = (Role.CUSTODIAN, Role.AUDITOR)
#: Who may ask what became of an account: whoever answers for evidence, for accounts, or for both.
READERS_OF_ACTS = (Role.CUSTODIAN, Role.REVIEWER, Role.AUDITOR, Role.ADMIN)


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


def list_acts(actor: Actor, uow: UnitOfWork, login: str, query: dict[str, Any]) -> dict[str, Any]:
    """How an account was opened, changed and closed, in order, closed accounts too; raises NotFound where there was never one."""
    require(actor, *READERS_OF_ACTS)
    after, limit = query["cursor"] or 0, query["limit"]
    found = house.acts_upon(uow.session, subject_of("account", login), after, limit + 1)
    if not found and not after:
        raise NotFound(f"There was never an account {login!r}.")
    page = [describe_event(event, entry) for event, entry in found[:limit]]
    return {"items": page, "next": mark(page[-1]["sequence"]) if len(found) > limit else None}
