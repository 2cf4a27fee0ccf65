"""Acts that were told late: each holds, and a court must be told that its date is somebody's word and not the log's."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from siglab_clients.verify.events import History

#: Clocks and queues differ by seconds; what was entered sooner after it happened was not told late.
LATE = timedelta(seconds=60)


def out_of_order_notes(own: History) -> tuple[str, ...]:
    """A sentence for each proved act that was entered late, with the act before which it is dated, and each corrected date."""
    notes: list[str] = []
    latest: tuple[datetime, Mapping[str, Any]] | None = None
    for proved, _ in own.proved:
        event = proved.event
        happened, entered = _moment(event, "occurred_at"), _moment(event, "recorded_at")
        if happened is None or entered is None:
            continue
        if entered - happened > LATE:
            dated = f"act {event.get('sequence')} ({event.get('type')}) is dated {event['occurred_at']}"
            if latest is not None and happened < latest[0]:
                dated += f", before {_named(latest[1])} of {latest[1]['occurred_at']}"
            notes.append(f"{dated}; it was entered at {event['recorded_at']}")
        notes += _corrected(event)
        if latest is None or happened > latest[0]:
            latest = happened, event
    return tuple(notes)


def _corrected(event: Mapping[str, Any]) -> list[str]:
    details = event.get("details")
    if event.get("type") != "corrected" or not isinstance(details, dict):
        return []
    right, was, act = (details.get(name) for name in ("corrected", "was", "corrects"))
    if not (isinstance(right, dict) and isinstance(was, dict) and isinstance(act, dict)):
        return []
    if "occurred_at" not in right:
        return []
    return [
        f"act {event.get('sequence')} says that {_named(act)} happened at {right['occurred_at']}, "
        f"where it was written {was.get('occurred_at')}"
    ]


def _named(act: Mapping[str, Any]) -> str:
    return f"act {act.get('sequence')} ({act.get('type')})"


def _moment(event: Mapping[str, Any], name: str) -> datetime | None:
    """A time of an act; None where it says none that can be read."""
    try:
        found = datetime.fromisoformat(event[name])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
