"""Items, events and hand-overs as they are answered: plain objects, never rows."""

import json
from collections.abc import Sequence
from typing import Any

from services.chain_of_custody.domain.corrected_masses import CORRECTED
from services.chain_of_custody.domain.say_event import backdated_by, exceptional, facts_of, title_of
from services.chain_of_custody.domain.standing import PLACE
from services.chain_of_custody.models import Event, Item

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
    row: Event, index: int | None, *, out_of_order: bool = False, corrected_by: Sequence[str] = ()
) -> dict[str, Any]:
    """An event with its place in the log, and what it says in words; the record itself is what is proved.

    `out_of_order`: it happened before another act of the item that was recorded earlier; `corrected_by`: its corrections.
    """
    record = json.loads(row.record)
    corrects = record["details"].get("corrects")
    return {
        **record,
        "index": index,
        "digest": row.digest,
        "title": title_of(record["type"]),
        "facts": [fact._asdict() for fact in facts_of(record["details"])],
        "backdated": backdated_by(record["occurred_at"], record["recorded_at"]),
        "delay_seconds": (row.recorded_at - row.occurred_at).total_seconds(),
        "out_of_order": out_of_order,
        "exceptional": exceptional(record["type"]),
        "corrects": corrects["event_id"] if record["type"] == CORRECTED and corrects else None,
        "corrected_by": list(corrected_by),
    }
