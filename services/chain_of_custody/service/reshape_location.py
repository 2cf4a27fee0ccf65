"""A place gets another name, or closes: only while nothing lies in it or in a place inside it.

The newest record of each item names the place that it lies in, and the self-check holds the two together: a place that was
renamed over the items in it would no longer be the one of which their records speak.
"""

from services.chain_of_custody.domain.places import require_empty
from services.chain_of_custody.models import Location
from services.chain_of_custody.repository import places as repository
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict


def rename_location(uow: UnitOfWork, row: Location, name: str) -> None:
    """Gives a place another name, and all places inside it the path that follows; raises Conflict `not_empty` or `exists`."""
    inside = _lock_empty(uow, row)
    before = row.path
    path = before.removesuffix(row.name) + name
    if not repository.rename(uow.session, row, name, path):
        raise Conflict(f"A place of the name {name} stands there already.", code="exists")
    for inner in inside:
        if inner.id != row.id:
            inner.path = path + inner.path.removeprefix(before)


def close_location(uow: UnitOfWork, row: Location, closed: bool) -> None:
    """Closes a place for good or until it is opened again; raises Conflict `not_empty`."""
    if closed:
        _lock_empty(uow, row)
    row.closed = closed


def _lock_empty(uow: UnitOfWork, row: Location) -> list[Location]:
    inside = repository.lock_tree(uow.session, row.id)
    require_empty([(place.path, place.stored) for place in inside])
    return inside
