"""An item's events as a page shows them: by kind, the newest first, with their corrections."""

from typing import Any

Event = dict[str, Any]

#: Details that a timeline leaves to the event's own page, beside ids: what the entry or the page says already.
_SAID = frozenset(
    {
        "aliquot_number", "blocked", "corrects", "declared_sha256", "description", "giver", "holder", "line", "number", "object",
        "office", "parent_event_sha256", "parent_number", "parts", "physical_form", "programme", "receipt_number", "receiver",
        "submission_number",
    }
)  # fmt: skip
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
            "taken_over",
            "hold",
            "dispos",
            "discrepancy",
            "seal",
            "corrected",
        ),
    ),
    "mass": (
        "Mass",
        ("received", "weigh", "aliquot", "consum", "lost", "portion", "composite", "disposed", "corrected"),
    ),
    "runs": ("Runs", ("spectrum", "measure", "integrated", "object")),
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


def visible_facts(event: Event) -> list[dict[str, str]]:
    """The details that a timeline shows of an event."""
    hidden = _SAID | ({"kind"} if event["type"] == "received" else set())
    return [
        fact for fact in event["facts"] if fact["name"] not in hidden and not fact["name"].endswith("_id")
    ]


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


def _named_by(corrects: Any) -> str:
    if isinstance(corrects, dict):
        corrects = corrects.get("event_id") or corrects.get("id") or corrects.get("sequence")
    return "" if corrects is None else str(corrects)
