"""The tree of places: administrators add and change them, never remove them, and each change is kept (E31)."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.house_record import PLACE_CHANGED, subject_of
from services.chain_of_custody.domain.places import Access, fits_into, kind_below, require_open, require_room
from services.chain_of_custody.models import Location
from services.chain_of_custody.models_acts import LocationChange
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import places as repository
from services.chain_of_custody.service.record_house_event import record_house_event
from services.chain_of_custody.service.reshape_location import close_location, rename_location
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid
from shared.http.etags import require_match
from shared.http.lists import paginate
from shared.identifiers import new_id

READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)


def list_locations(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """The places, parents before their children."""
    require(actor, *READERS)
    select = repository.locations(query)
    return paginate(
        uow.session,
        select,
        Location.seq,
        limit=query["limit"],
        cursor=query["cursor"],
        dump=describe_location,
    )


def get_location(actor: Actor, uow: UnitOfWork, location_id: str) -> Location:
    """One place; raises NotFound."""
    require(actor, *READERS)
    return repository.existing_location(uow.session, location_id)


def list_changes(actor: Actor, uow: UnitOfWork, location_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """How a place came to be and changed, the oldest first."""
    require(actor, *READERS)
    row = repository.existing_location(uow.session, location_id)
    select = repository.changes(row.id)
    return paginate(uow.session, select, LocationChange.seq, limit=query["limit"], cursor=query["cursor"])


def add_location(actor: Actor, uow: UnitOfWork, given: dict[str, Any], *, now: datetime) -> Location:
    """An administrator adds a place; places are never removed, since items may have been there."""
    require(actor, Role.ADMIN)
    parent_id, name = given["parent_id"], given["name"]
    parent = None if parent_id is None else repository.lock_locations(uow.session, [parent_id]).get(parent_id)
    if parent_id is not None and parent is None:
        raise _wrong("/parent_id", "There is no such place.")
    if parent is not None:
        require_open(
            [Access(row.path, None, None, row.closed) for row in repository.around(uow.session, parent)]
        )
    kind = given["kind"] or kind_below(None if parent is None else parent.kind)
    if parent is not None and not fits_into(kind, parent.kind):
        raise _wrong("/kind", f"A {kind} does not stand in a {parent.kind}.")
    row = Location(
        id=new_id(),
        parent_id=parent_id,
        name=name,
        path=name if parent is None else f"{parent.path} / {name}",
        kind=kind,
        capacity=given["capacity"],
        stored=0,
        version=1,
        closed=False,
        **_access(uow, given["access"]),
    )
    if not repository.add_location(uow.session, row):
        raise Conflict(f"A place of the name {name} stands there already.", code="exists")
    _trace(uow, row, actor, now, given["reason"] or "added", before=None)
    return row


def change_location(
    actor: Actor, uow: UnitOfWork, location_id: str, given: dict[str, Any], *, now: datetime
) -> Location:
    """An administrator changes what a place is or is called, how much it holds, who may enter, or closes it.

    What lies in it stays where it is: a capacity below that, another name or the closing of a place with items is refused. First
    the items go, by the hands of those who may.
    """
    require(actor, Role.ADMIN)
    row = repository.lock_locations(uow.session, [location_id]).get(location_id)
    if row is None:
        row = repository.existing_location(uow.session, location_id)
    require_match(row.id, row.version)
    before = _facts(row)
    if "kind" in given:
        _change_kind(uow, row, given["kind"])
    if "capacity" in given:
        inside = repository.numbers_inside(uow.session, row.id)
        require_room(row.path, given["capacity"], inside, 0)
        row.capacity = given["capacity"]
    if "access" in given:
        for name, value in _access(uow, given["access"]).items():
            setattr(row, name, value)
    if given.get("name", row.name) != row.name:
        rename_location(uow, row, given["name"])
    if given.get("closed", row.closed) != row.closed:
        close_location(uow, row, given["closed"])
    if _facts(row) == before:
        raise _wrong(
            "",
            "This changes nothing: tell a name, kind, capacity or access that differs, or close or open it.",
        )
    row.version += 1
    _trace(uow, row, actor, now, given["reason"], before=before)
    return row


def describe_location(row: Location) -> dict[str, Any]:
    """A place as it is answered."""
    return {
        "id": row.id,
        "parent_id": row.parent_id,
        "inside": row.stored,
        "version": row.version,
        **_facts(row),
    }


def _change_kind(uow: UnitOfWork, row: Location, kind: str) -> None:
    parent = None if row.parent_id is None else repository.location(uow.session, row.parent_id)
    if parent is not None and not fits_into(kind, parent.kind):
        raise _wrong("/kind", f"A {kind} does not stand in a {parent.kind}.")
    for inner in sorted(repository.children_kinds(uow.session, row.id)):
        if not fits_into(inner, kind):
            raise _wrong("/kind", f"There is a {inner} in it, which does not stand in a {kind}.")
    row.kind = kind


def _access(uow: UnitOfWork, given: dict[str, Any] | None) -> dict[str, list[str] | None]:
    if given is None:
        return {"enter_roles": None, "enter_logins": None}
    wrong: list[FieldError] = []
    for place, login in enumerate(given["logins"]):
        person = items_repository.person(uow.session, login)
        if person is None or not person.active or person.role not in LABORATORY:
            message = "There is no active person of the laboratory of this name."
            wrong.append({"pointer": f"/access/logins/{place}", "message": message})
    if wrong:
        raise Invalid(wrong[0]["message"], errors=wrong)
    return {
        "enter_roles": sorted(set(given["roles"])),
        "enter_logins": sorted(set(given["logins"])),
    }


def _facts(row: Location) -> dict[str, Any]:
    access = None
    if row.enter_roles is not None or row.enter_logins is not None:
        access = {"roles": list(row.enter_roles or ()), "logins": list(row.enter_logins or ())}
    return {
        "name": row.name,
        "path": row.path,
        "kind": row.kind,
        "capacity": row.capacity,
        "access": access,
        "closed": row.closed,
    }


def _trace(
    uow: UnitOfWork, row: Location, actor: Actor, now: datetime, reason: str, *, before: dict[str, Any] | None
) -> None:
    change = LocationChange(
        location_id=row.id,
        version=row.version,
        at=now,
        actor=actor.login,
        actor_name=actor.name,
        actor_role=actor.role.value,
        reason=reason,
        before=before,
        after=_facts(row),
    )
    uow.session.add(change)
    record_house_event(
        uow,
        subject_of("place", row.id),
        PLACE_CHANGED,
        author=Author.of(actor),
        now=now,
        purpose=reason,
        details={
            "parent_id": row.parent_id,
            "version": row.version,
            "before": before,
            "after": change.after,
        },
    )
    uow.session.flush()


def _wrong(pointer: str, message: str) -> Invalid:
    return Invalid(message, errors=[{"pointer": pointer, "message": message}])
