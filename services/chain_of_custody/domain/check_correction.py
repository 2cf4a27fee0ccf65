"""What of a recorded act may be corrected (E11): what was written wrongly, never who has the item.

A mass that the act itself measured may be corrected too; the service then replays the books with it. What follows from masses
(what was expected, what remained) is not corrected: it follows.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import HEAVIEST_MG
from services.chain_of_custody.domain.corrected_masses import CORRECTED, MEASURED, mass_fields
from shared.errors import FieldError, Invalid

LONGEST_TEXT = 1000

_MASSES = ("remaining", "expected", "beyond_uncertainty", "gross_mass_g")
_HOLDERS = ("from", "from_name", "to", "to_name", "giver", "receiver", "holder", "place", "place_id")
_STANDING = ("open_holds", "blocked")
#: Whose exhibit it is, and who signed: other people's words, or those of a second signature.
_IDENTITY = (
    "object", "corrects", "number", "office", "kind", "programme", "witness", "witness_name", "authorised_by", "requested_by",
    "unweighed",
)  # fmt: skip

#: What each use case works out of what it was told.
_FOLLOWS = (
    "calibration", "calibration_due", "out_of_calibration", "unexplained", "sealed_by_signed", "witness_signed", "giver_signed",
    "of_lineage", "code", "found_on", "size", "problem", "store", "item_left", "retain_until",
)  # fmt: skip
SEAL_CONDITIONS = ("intact", "broken", "absent")

_OF_FOLLOWING = (
    "This follows from what the act says elsewhere, or was found by the system: correct what it follows from."
)
_OF_MASS = "This is no mass that the act measured: it follows from others, or stands in an act of its own. Correct that one."
_OF_EARLIER = (
    "A mass is put right at the act that told it, not at its correction: correct that act once more."
)
_OF_PORTION = (
    "The mass of a portion stands in the composite too: correct the act by which the portion was taken from its item, "
    "and the composite is corrected with it."
)
_OF_HOLDER = "A correction does not change who has the item: hand it over, store it or take it out; this act stays as it was."
_OF_STANDING = (
    "A correction does not change how the item stands: place or release a hold; this act stays as it was."
)
_OF_SEVERAL = "Several people have signed for this time; one of them does not change it. The time of recording stands beside it."
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
    said = details.get("corrected", {}) if record["type"] == CORRECTED else details
    return {**said, "occurred_at": record["occurred_at"], "purpose": record["purpose"]}


def correctable_fields(record: Mapping[str, Any]) -> list[str]:
    """The names of what `check_correction` takes for this record, time and purpose first; of masses those that it measured."""
    there, masses = correctable(record), mass_fields(record)
    fields = [
        name
        for name, value in there.items()
        if not (name == "occurred_at" and _of_several(record))
        and (name in masses or (_of_standing(record, name) is None and not isinstance(value, list | dict)))
    ]
    return sorted(fields, key=lambda name: (name != "occurred_at", name != "purpose"))


def _refusal(record: Mapping[str, Any], there: Mapping[str, Any], name: str, value: Any) -> str | None:
    """Why this field cannot be corrected so, or None."""
    if name in mass_fields(record):
        return _wrong_mass(record, name, there.get(name), value)
    standing = _of_standing(record, name)
    if standing is not None:
        return standing
    if name not in there:
        return f"The act has no such field; it has: {', '.join(sorted(there))}."
    before = there[name]
    if isinstance(before, list | dict) or isinstance(value, list | dict):
        return "Only a text, a number or a yes or no is corrected so."
    if name == "occurred_at" and _of_several(record):
        return _OF_SEVERAL
    if name == "occurred_at":
        return _wrong_time(record, before, value)
    if value == before and type(value) is type(before):
        return "The act says so already."
    if name == "seal_condition" and value not in SEAL_CONDITIONS:
        return f"A seal is one of: {', '.join(SEAL_CONDITIONS)}."
    if name == "purpose" and not (isinstance(value, str) and value.strip()):
        return "An act has a purpose (E10)."
    if value is not None and before is not None and _kind(value) != _kind(before):
        return f"It was a {_kind(before)}; a {_kind(value)} does not stand for it."
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"At most {LONGEST_TEXT} characters."
    return None


def _wrong_mass(record: Mapping[str, Any], name: str, before: Any, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "Tell a number."
    if value == before:
        return "The act says so already."
    most = HEAVIEST_MG / 1000 if name == "mass_g" else HEAVIEST_MG
    if not 0 <= value <= most:
        return f"Tell a number from 0 to {most:.0f}."
    nothing_found = record["type"] == "weighed" and name == "net_mass_mg"
    if value < 1e-9 and not nothing_found:
        return (
            "A measured mass is uncertain: tell more than 0."
            if "uncertainty" in name
            else "Tell more than 0."
        )
    return None


def _of_standing(record: Mapping[str, Any], name: str) -> str | None:
    if name in MEASURED and record["type"] == CORRECTED:
        return _OF_EARLIER
    if name in MEASURED and record["type"] == "composite_made":
        return _OF_PORTION
    if name in _MASSES or name.endswith(("_mg", "_g")):
        return _OF_MASS
    if name in _FOLLOWS:
        return _OF_FOLLOWING
    if name in _HOLDERS:
        return _OF_HOLDER
    if name in _STANDING:
        return _OF_STANDING
    names = name.endswith(("_id", "_ids", "sha256", "_number")) and name != "seal_number"
    if names or name in _IDENTITY:
        return _OF_IDENTITY
    return None


def _of_several(record: Mapping[str, Any]) -> bool:
    return len(record.get("signatures", ())) > 1


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
