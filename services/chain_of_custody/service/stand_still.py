"""What must stay as it is: an item that is offered, until it is accepted; one to be destroyed by authorisation, until it is.

Two people sign for one thing, one after the other. What the second signs for must be what the first had before them, so nothing
is taken, weighed anew or sealed anew in between. A loss happens whether it is allowed or not: while an item is offered it is
recorded, opens a discrepancy, and the offer can then only be withdrawn; an authorisation is withdrawn first.
"""

from collections.abc import Sequence
from typing import Any

from services.chain_of_custody.domain.changes import CHANGING, changes_item
from services.chain_of_custody.domain.say_event import title_of
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import handovers as repository
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict


def require_still(uow: UnitOfWork, items: Sequence[Item]) -> None:
    """Passes where these locked items may change: none is offered, the destruction of none is authorised; raises Conflict."""
    if repository.anything_waits(uow.session, [item.id for item in items]):
        require_not_offered(uow, items)
        require_not_condemned(uow, items)


def require_not_condemned(uow: UnitOfWork, items: Sequence[Item]) -> None:
    """Passes where the destruction of none of these locked items is authorised; raises Conflict `disposal_authorised`."""
    authorised = {
        row.item_id
        for row in repository.open_disposals(uow.session, [item.id for item in items])
        if row.state == "authorised"
    }
    for item in items:
        if item.id in authorised:
            raise Conflict(
                f"The destruction of {item.number} is authorised, of the item as it stands. "
                "A custodian or a reviewer withdraws the destruction first; it may be asked for anew afterwards.",
                code="disposal_authorised",
            )


def require_not_offered(uow: UnitOfWork, items: Sequence[Item]) -> None:
    """Passes where none of these locked items is offered to anybody; raises Conflict `offered` that says to whom."""
    for number, receiver in offered_to(uow, items):
        raise Conflict(
            f"{number} is offered to {receiver}, who must find it as it was offered; withdraw the offer first.",
            code="offered",
        )


def changed_since_offer(uow: UnitOfWork, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The first act that changed each of these offered, locked items since, by item; of those that stand as offered none."""
    found: dict[str, dict[str, Any]] = {}
    for record in repository.records_since_offer(uow.session, item_ids, CHANGING):
        if changes_item(record):
            found.setdefault(record["item_id"], record)
    return found


def require_as_offered(item: Item, giver: str, change: dict[str, Any] | None) -> None:
    """Passes where nothing changed an item since it was offered; raises Conflict `changed_since_offer` that names the act."""
    if change is not None:
        raise Conflict(
            f"{item.number} is not as it was offered: act {change['sequence']} ({title_of(change['type'])}) came after. "
            f"{giver} withdraws the offer and offers it as it is now.",
            code="changed_since_offer",
        )


def offered_to(uow: UnitOfWork, items: Sequence[Item]) -> list[tuple[str, str]]:
    """(number, receiver's login) of those of these locked items that are offered to somebody."""
    return repository.offers_of(uow.session, [item.id for item in items])
