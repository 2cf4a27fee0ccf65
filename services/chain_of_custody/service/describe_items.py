"""Items, events and hand-overs as they are answered: plain objects, never rows."""

import json
from collections.abc import Sequence
from typing import Any

from services.chain_of_custody.domain.check_correction import correctable_fields
from services.chain_of_custody.domain.check_record import damage_of
from services.chain_of_custody.domain.corrected_masses import CORRECTED
from services.chain_of_custody.domain.say_event import backdated_by, exceptional, facts_of, title_of
from services.chain_of_custody.domain.standing import PLACE
from services.chain_of_custody.models import Event, Item, LogEntry
from shared.http.schemas import format_time

_COLUMNS = (
    "id", "number", "parent_id", "root_id", "exhibit_id", "office", "submission_id", "submission_number", "receipt_number",
    "line", "kind", "programme", "description", "physical_form", "seal_number", "seal_condition", "seizure_id", "state",
    "blocked", "created_at",
)  # fmt: skip


def describe_item(row: Item) -> dict[str, Any]:
    """An item; `remaining` is None before its first weighing."""
    told = {name: getattr(row, name) for name in _COLUMNS}
    at_place = row.holder_kind == PLACE
    told["gross_mass_g"] = None if row.gross_mass_mg is None else float(row.gross_mass_mg / 1000)
    # A person is named by login, which is unique; a place by its name, its id stands beside.
    told["holder"] = {"kind": row.holder_kind, "name": row.holder_name if at_place else row.holder}
    told["holder_name"] = row.holder_name
    told["place_id"] = row.holder if at_place else None
    told["on_hold"] = row.open_holds > 0
    told["events"] = row.events
    told["remaining"] = None
    if row.remaining_mg is not None and row.uncertainty_mg is not None:
        told["remaining"] = {
            "net_mass_mg": float(row.remaining_mg),
            "uncertainty_mg": float(row.uncertainty_mg),
        }
    return told


def describe_event(
    row: Event, entry: LogEntry | None, *, out_of_order: bool = False, corrected_by: Sequence[str] = ()
) -> dict[str, Any]:
    """An event with its place in the log, and what it says in words; the record itself is what is proved.

    `intact` and `damage` are found now: whether the record is the one that was recorded, and what is wrong with it otherwise.
    `out_of_order`: it happened before another act of the item that was recorded earlier; `corrected_by`: its corrections.
    """
    index = None if entry is None else entry.index
    damage = damage_of_event(row, entry)
    try:
        told = _in_words(json.loads(row.record), row)
    except (ValueError, TypeError, KeyError, AttributeError):
        # What somebody wrote over it is no record of an act: what can be said of it stands in the columns beside.
        damage = damage or "This record was changed after it was recorded: it is no record of an act."
        told = _in_words(_stand_in(row), row)
    return {
        **told,
        "index": index,
        "digest": row.digest,
        "intact": damage is None,
        "damage": damage,
        "out_of_order": out_of_order,
        "corrected_by": list(corrected_by),
    }


def damage_of_event(row: Event, entry: LogEntry | None) -> str | None:
    """What is wrong with an event's record, computed anew; None where nothing is."""
    columns = {
        "id": row.id,
        "item_id": row.item_id,
        "sequence": row.sequence,
        "type": row.type,
        "digest": row.digest,
    }
    logged, index = (None, None) if entry is None else (bytes(entry.entry), entry.index)
    return damage_of(row.record, bytes(row.salt), logged, index, columns)


def _in_words(record: dict[str, Any], row: Event) -> dict[str, Any]:
    corrects = record["details"].get("corrects")
    return {
        **{name: record.get(name, absent) for name, absent in _stand_in(row).items()},
        **record,
        "title": title_of(record["type"]),
        "facts": [fact._asdict() for fact in facts_of(record["details"])],
        "backdated": backdated_by(record["occurred_at"], record["recorded_at"]),
        "delay_seconds": (row.recorded_at - row.occurred_at).total_seconds(),
        "exceptional": exceptional(record["type"], record["details"]),
        "correctable": correctable_fields(record),
        "corrects": corrects["event_id"] if record["type"] == CORRECTED and corrects else None,
    }


def _stand_in(row: Event) -> dict[str, Any]:
    """A record that cannot be read, as far as the columns beside it tell of it."""
    return {
        "v": 1,
        "id": row.id,
        "item_id": row.item_id,
        "item_number": "",
        "sequence": row.sequence,
        "previous": None,
        "type": row.type,
        "actor": "",
        "actor_name": "unknown",
        "actor_role": "unknown",
        "occurred_at": format_time(row.occurred_at),
        "recorded_at": format_time(row.recorded_at),
        "purpose": "",
        "details": {},
        "standing": {},
        "signatures": [],
    }
