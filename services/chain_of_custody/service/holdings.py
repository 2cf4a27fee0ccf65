"""What is out of storage, with whom, since when."""

from typing import Any

from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import holdings as repository
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.lists import paginate

READERS = (*LABORATORY, Role.AUDITOR)
_COLUMNS = ("number", "office", "programme", "description", "state", "holder", "holder_name")


def list_holdings(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Items in people's hands, in the order in which the laboratory got them."""
    require(actor, *READERS)
    page = paginate(
        uow.session,
        repository.in_hands(actor, query.get("holder")),
        Item.seq,
        limit=query["limit"],
        cursor=query["cursor"],
    )
    since = repository.held_since(uow.session, [row.id for row in page["items"]])
    told = [
        {
            "item_id": row.id,
            "since": since.get(row.id, row.created_at),
            **{name: getattr(row, name) for name in _COLUMNS},
        }
        for row in page["items"]
    ]
    return {**page, "items": told}
