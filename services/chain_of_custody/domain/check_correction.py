"""What of a recorded act may be corrected (E11): what was written wrongly, never who has the item nor how much of it there is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.errors import FieldError, Invalid

#: Type of the event of a correction.
CORRECTED = "corrected"
LONGEST_TEXT = 1000

_MASSES = ("remaining", "expected", "beyond_uncertainty", "gross_mass_g")
_HOLDERS = ("from", "from_name", "to", "to_name", "giver", "receiver", "holder", "place", "place_id")
_STANDING = ("open_holds",)

_OF_MASS = (
    "A mass is not corrected in writing: weigh the item again, and the books go on from what is found; "
    "this act stays as it was."
)
_OF_HOLDER = "A correction does not change who has the item: hand it over, store it or take it out; this act stays as it was."
_OF_STANDING = (
    "A correction does not change how the item stands: place or release a hold; this act stays as it was."
)
_OF_IDENTITY = "This names or proves something; it is not a thing that was written wrongly."


def check_correction(
    record: Mapping[str, Any], corrected: Mapping[str, Any], earlier: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what was said, what is right), by field, for the record of a correction.

    Fields are `occurred_at`, `purpose`, and the details of the act by name; of a correction, what it said was right. `earlier` is
    what corrections of this act have said before, the newest word on each field: a correction that was wrong itself is put right
    by another, even back to what the act said at first. Raises Invalid that names every field that cannot be corrected so.
    """
    there = {**correctable(record), **(earlier or {})}
    wrong: dict[str, Any] = {}
    right: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in corrected.items():
        message = _refusal(record, there, name, value)
        if message is not None:
            pointer = "/corrected/" + name.replace("~", "~0").replace("/", "~1")
            errors.append({"pointer": pointer, "message": message})
            continue
        wrong[name], right[name] = there[name], value
    if errors:
        raise Invalid(" ".join(f"{e['pointer']}: {e['message']}" for e in errors[:3]), errors=errors)
    return wrong, right


def correctable(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says that may have been written wrongly, by the name of the field."""
    details = record["details"]
    said = details["corrected"] if record["type"] == CORRECTED else details
    return {**said, "occurred_at": record["occurred_at"], "purpose": record["purpose"]}


def _refusal(record: Mapping[str, Any], there: Mapping[str, Any], name: str, value: Any) -> str | None:
    """Why this field cannot be corrected so, or None."""
    standing = _of_standing(name)
    if standing is not None:
        return standing
    if name not in there:
        return f"The act has no such field; it has: {', '.join(sorted(there))}."
    before = there[name]
    if isinstance(before, list | dict) or isinstance(value, list | dict):
        return "Only a text, a number or a yes or no is corrected so."
    if name == "occurred_at":
        return _wrong_time(record, before, value)
    if value == before and type(value) is type(before):
        return "The act says so already."
    if name == "purpose" and not (isinstance(value, str) and value.strip()):
        return "An act has a purpose (E10)."
    if value is not None and before is not None and _kind(value) != _kind(before):
        return f"It was a {_kind(before)}; a {_kind(value)} does not stand for it."
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"At most {LONGEST_TEXT} characters."
    return None


def _of_standing(name: str) -> str | None:
    if name in _MASSES or name.endswith(("_mg", "_g")):
        return _OF_MASS
    if name in _HOLDERS:
        return _OF_HOLDER
    if name in _STANDING:
        return _OF_STANDING
    names = name.endswith(("_id", "_ids", "sha256", "_number")) and name != "seal_number"
    if names or name in ("object", "corrects"):
        return _OF_IDENTITY
    return None


def _wrong_time(record: Mapping[str, Any], before: str, value: Any) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or not moment.year >= 1970:
            raise ValueError(value)
        late = moment > datetime.fromisoformat(record["recorded_at"])
        same = moment == datetime.fromisoformat(before)
    except (TypeError, ValueError, OverflowError):
        return "Not a time: write it as 2026-11-24T08:30:00Z."
    if late:
        return f"The act was recorded at {record['recorded_at']}; it did not happen after that."
    return "The act says so already." if same else None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes or no"
    return "text" if isinstance(value, str) else "number"
