"""Which earlier event a correction corrects (E11): custody's acts name the event, measurements name the measurement."""

from collections.abc import Mapping, Sequence
from typing import Any


def find_corrected(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Correcting event -> corrected event, both by id, of one item's records in their order.

    What a correction names must stand before it; a name that nothing bears is left out, and the event still says it in words.
    """
    named: dict[str, str] = {}
    found: dict[str, str] = {}
    for event in events:
        target = named.get(_named_by(event["details"].get("corrects")))
        if target is not None:
            found[event["id"]] = target
        named[event["id"]] = event["id"]
        named[str(event["sequence"])] = event["id"]
        measurement = event["details"].get("measurement_id")
        if measurement:
            named[str(measurement)] = event["id"]
    return found


def _named_by(corrects: Any) -> str:
    if isinstance(corrects, Mapping):
        corrects = corrects.get("event_id") or corrects.get("id") or corrects.get("sequence")
    return "" if corrects is None else str(corrects)
