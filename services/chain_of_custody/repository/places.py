"""Queries of places and of what lies in them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Item, Location
from services.chain_of_custody.models_acts import LocationChange
from shared.errors import NotFound

_UNIQUE_VIOLATION = "23505"


def location(session: Session, location_id: str) -> Location | None:
    """One place."""
    return session.get(Location, location_id)


def existing_location(session: Session, location_id: str) -> Location:
    """One place; raises NotFound."""
    row = location(session, location_id)
    if row is None:
        raise NotFound("There is no such place.")
    return row


def lock_locations(session: Session, location_ids: Iterable[str]) -> dict[str, Location]:
    """These places by id, their rows locked in the order of their ids, as they are now."""
    query = select(Location).where(Location.id.in_(set(location_ids))).order_by(Location.id)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(locked)}


def lock_tree(session: Session, location_id: str) -> list[Location]:
    """A place and all places inside it, locked; whoever adds one locks the place that it stands in, so none is missed."""
    known: set[str] = {location_id}
    while True:
        locked = lock_locations(session, known)
        tree = select(Location.id).where(Location.id == location_id).cte(recursive=True)
        tree = tree.union_all(select(Location.id).where(Location.parent_id == tree.c.id))
        found = set(session.scalars(select(tree.c.id)))
        if found <= known:
            return list(locked.values())
        known = found


def rename(session: Session, row: Location, name: str, path: str) -> bool:
    """Gives a place another name; False where one of that name stands beside it."""
    try:
        with session.begin_nested():
            row.name, row.path = name, path
            session.flush()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        return False
    return True


def around(session: Session, place: Location) -> list[Location]:
    """A place and all places around it, the outermost first."""
    found = [place]
    while found[0].parent_id is not None:
        found.insert(0, session.get_one(Location, found[0].parent_id))
    return found


def locations(query: dict[str, Any]) -> Select[Any]:
    """The places that fit the filters."""
    found = select(Location)
    for name in ("parent_id", "kind"):
        if query.get(name) is not None:
            found = found.where(getattr(Location, name) == query[name])
    return found


def children_kinds(session: Session, location_id: str) -> set[str]:
    """The kinds of the places directly in a place."""
    return set(session.scalars(select(Location.kind).where(Location.parent_id == location_id)))


def numbers_inside(session: Session, location_id: str) -> Sequence[str]:
    """The numbers of the items that lie directly in a place."""
    inside = select(Item.number).where(Item.holder_kind == "place", Item.holder == location_id)
    return session.scalars(inside.order_by(Item.number)).all()


def add_location(session: Session, row: Location) -> bool:
    """Stores a new place; False where one of its name stands there already, also where somebody else was faster."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        return False
    return True


def changes(location_id: str) -> Select[Any]:
    """The changes of a place."""
    return select(LocationChange).where(LocationChange.location_id == location_id)
