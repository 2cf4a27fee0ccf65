"""What of an item's record is not what was recorded, found when it is asked for; and that nothing damaged leaves unmarked.

The self-check finds the same over all of custody, once an hour; what is shown or handed out in between is checked here.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.chain_of_custody.domain.check_files import TOLD, check_files
from services.chain_of_custody.domain.check_item import Damage, History, Kept, check_history, check_item
from services.chain_of_custody.models import Event, Item, LogEntry
from services.chain_of_custody.models_spectra import QUARANTINED, Spectrum
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.describe_items import damage_of_event, describe_item
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.schemas import format_time
from siglab_clients.verify.lineage import parents_of

Parts = Sequence[tuple[Event, LogEntry | None]]

#: So many things are named in a refusal.
_MOST_NAMED = 5


def proved_histories(uow: UnitOfWork, item_id: str) -> dict[str, Parts]:
    """The item's events and those of all that it was divided from or put together of, each with its leaf."""
    found: dict[str, Parts] = {}
    wanted = [item_id]
    while wanted:
        ancestor = wanted.pop()
        if ancestor not in found:
            found[ancestor] = repository.proved_parts(uow.session, ancestor)
            wanted += _parents(found[ancestor])
    return found


def _parents(parts: Parts) -> list[str]:
    for event, _ in parts[:1]:
        try:
            first = json.loads(event.record)
        except ValueError:
            return []  # A first record that is none is told as damage of the item.
        return [parent for parent, _ in parents_of(first)] if isinstance(first, dict) else []
    return []


def find_damage(row: Item, histories: Mapping[str, Parts]) -> list[Damage]:
    """What is wrong with an item's own records and row; `histories` are those that `proved_histories` finds for it.

    All must have been read at one moment, or an act in between would look like damage.
    """
    kept = {name: _kept(parts) for name, parts in histories.items()}
    return _find(row, kept)


def find_lineage_damage(rows: Sequence[Item], histories: Mapping[str, Parts]) -> list[Damage]:
    """The same of all the items of a lineage, as far as it follows from their own `histories`."""
    kept = {row.id: _kept(histories.get(row.id, ())) for row in rows}
    return [damage for row in rows for damage in _find(row, kept)]


def find_file_damage(row: Item, spectra: Sequence[Spectrum], parts: Parts) -> list[Damage]:
    """What is wrong with the rows of an item's files, where its records are sound."""
    if any(kept.damage is not None for kept in _kept(parts)):
        return []
    times = ("acquired_at", "retain_until")
    files = {
        each.id: {
            **{name: getattr(each, name) for name in (*TOLD, "object_key", "version_id", "sha256")},
            **{name: format_time(getattr(each, name)) for name in times},
            "quarantined": each.state == QUARANTINED,
        }
        for each in spectra
    }
    return check_files(describe_item(row), files, [json.loads(event.record) for event, _ in parts])


def refuse_damaged(number: str, damage: Sequence[Damage], what: str) -> None:
    """Raises Conflict `ledger_damaged` where something is wrong: `what` is not given as though it were whole."""
    if not damage:
        return
    named = " ".join(f"{found.number}, {found}" for found in damage[:_MOST_NAMED])
    more = f" And {len(damage) - _MOST_NAMED} more." if len(damage) > _MOST_NAMED else ""
    raise Conflict(
        f"The record of {number} is damaged, and {what} is not given as though it were whole. {named}{more} With ?damaged=true "
        "it is given marked as damaged; it proves nothing. Tell whoever runs the system: what the self-check finds is at "
        "/ledger/verification.",
        code="ledger_damaged",
    )


def _find(row: Item, kept: Mapping[str, History]) -> list[Damage]:
    told: dict[str, Any] = describe_item(row)
    told["created_at"] = format_time(told["created_at"])
    return [*check_history(told, kept.get(row.id, ()), row.last_digest), *check_item(told, kept)]


def _kept(parts: Parts) -> History:
    return [
        Kept(event.sequence, event.digest, event.record, damage_of_event(event, entry))
        for event, entry in parts
    ]
