"""An item's events as a page shows them: by kind, the newest first, with their corrections; and what is still open."""

from typing import Any

Event = dict[str, Any]

#: What a timeline may be narrowed to: word in the address -> (words, beginnings of the events' types).
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("Everything", ("",)),
    "custody": (
        "Custody",
        (
            "received",
            "hand",
            "stored",
            "retrieved",
            "returned",
            "hold",
            "dispos",
            "discrepancy",
            "seal",
            "reseal",
            "correct",
        ),
    ),
    "mass": (
        "Mass",
        (
            "received",
            "weigh",
            "aliquot",
            "consum",
            "lost",
            "loss",
            "portion",
            "composite",
            "disposed",
            "correct",
        ),
    ),
    "runs": ("Runs", ("spectrum", "measure")),
    "results": ("Results", ("result", "library", "report")),
}


def shown(events: list[Event], group: str, before: str, most: int) -> tuple[list[Event], int | None]:
    """(up to `most` events of a group below number `before`, the newest first; where the next page goes on)."""
    beginnings = GROUPS.get(group, GROUPS[""])[1]
    limit = int(before) if before.isdigit() else None
    fitting = [
        row
        for row in reversed(events)
        if row["type"].startswith(beginnings) and (limit is None or row["sequence"] < limit)
    ]
    page = fitting[:most]
    return page, page[-1]["sequence"] if len(fitting) > most else None


def corrections(events: list[Event]) -> dict[str, dict[str, list[Event]]]:
    """{"of": event id -> what it corrects, "by": event id -> its corrections}; measurements are named by their own ids."""
    named: dict[str, Event] = {}
    corrects: dict[str, list[Event]] = {}
    corrected_by: dict[str, list[Event]] = {}
    for row in events:
        target = named.get(_named_by(row["details"].get("corrects")))
        if target is not None:
            corrects[row["id"]] = [target]
            corrected_by.setdefault(target["id"], []).append(row)
        named[row["id"]] = named[str(row["sequence"])] = row
        if row["details"].get("measurement_id"):
            named[str(row["details"]["measurement_id"])] = row
    return {"of": corrects, "by": corrected_by}


def open_holds(events: list[Event]) -> list[dict[str, Any]]:
    """The holds that nobody has released, as {id, reason, by, at}."""
    found: dict[str, dict[str, Any]] = {}
    for row in events:
        hold = str(row["details"].get("hold_id"))
        if row["type"] == "hold_placed":
            found[hold] = {
                "id": hold,
                "reason": row["purpose"],
                "by": row["actor_name"],
                "at": row["occurred_at"],
            }
        elif row["type"] == "hold_released":
            found.pop(hold, None)
    return list(found.values())


def open_disposal(events: list[Event]) -> dict[str, Any] | None:
    """The destruction that is on its way, as {id, state, method, by, at}; None where there is none."""
    found = None
    for row in events:
        state = {"disposal_requested": "requested", "disposal_authorised": "authorised"}.get(row["type"])
        if state is not None:
            details = row["details"]
            found = {"id": details["disposal_id"], "method": details["method"], "state": state}
            found |= {"by": row["actor_name"], "at": row["occurred_at"]}
        elif row["type"] in ("disposed", "disposal_withdrawn", "disposal_refused"):
            found = None
    return found


def _named_by(corrects: Any) -> str:
    if isinstance(corrects, dict):
        corrects = corrects.get("event_id") or corrects.get("id") or corrects.get("sequence")
    return "" if corrects is None else str(corrects)
