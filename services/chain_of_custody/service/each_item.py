"""Acts upon several items at once: all or none, and one answer names every item that stands in the way."""

from collections.abc import Callable, Sequence

from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as repository
from shared.actor import Actor
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError, FieldError, NotFound

#: Says by a DomainError why an item cannot take part.
Check = Callable[[Item], None]


def lock_each(actor: Actor, uow: UnitOfWork, item_ids: Sequence[str], *, listed: bool) -> list[Item]:
    """These items in the order asked for, each once, their rows locked; raises NotFound that names all that are not there.

    `listed` says that the body lists the items as `item_ids`, so that a refusal can point at them.
    """
    found = {row.id: row for row in repository.lock_known(uow.session, actor, item_ids)}
    missing: list[FieldError] = [
        {"pointer": f"/item_ids/{place}", "message": f"There is no item {item_id!r}."}
        for place, item_id in enumerate(item_ids)
        if item_id not in found
    ]
    if missing:
        raise NotFound(_sentence(missing), errors=missing if listed else ())
    return [found[item_id] for item_id in dict.fromkeys(item_ids)]


def check_each(item_ids: Sequence[str], rows: Sequence[Item], *checks: Check, listed: bool) -> None:
    """Runs the checks on every item; raises the first refusal with a field error for each item that was refused."""
    by_id = {row.id: row for row in rows}
    first: DomainError | None = None
    wrong: list[FieldError] = []
    for place, item_id in enumerate(item_ids):
        refusal = _refusal(by_id[item_id], checks)
        if refusal is not None:
            first = first or refusal
            wrong.append({"pointer": f"/item_ids/{place}", "message": refusal.detail})
    if first is not None:
        raise type(first)(_sentence(wrong), code=first.code, errors=wrong if listed else first.errors)


def _refusal(row: Item, checks: Sequence[Check]) -> DomainError | None:
    for check in checks:
        try:
            check(row)
        except DomainError as error:
            return error
    return None


def _sentence(wrong: Sequence[FieldError]) -> str:
    """The first three of the refusals, each once; none of the items was touched."""
    said = list(dict.fromkeys(error["message"] for error in wrong))
    words = " ".join(said[:3])
    return words if len(said) <= 3 else f"{words} And {len(said) - 3} more; see errors."
