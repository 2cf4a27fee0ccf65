"""What an item's events say of the item: `item.json` may say nothing else.

The first event tells what the item is (an aliquot's facts are its parent's, a composite's those of its parts), the newest one
how it stands, in its `standing`. What no event tells, as in records of earlier forms, is not compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import isclose
from typing import Any

Record = Mapping[str, Any]
Told = dict[str, Any]

RECEIVED, ALIQUOT, COMPOSITE = "received", "aliquot_made", "composite_made"

#: Facts that a receipt's event tells under the same name, and that what comes of the item has of it.
_RECEIVED = (
    "office", "exhibit_id", "submission_id", "submission_number", "receipt_number", "kind", "programme", "description",
    "physical_form", "seizure_id", "line",
)  # fmt: skip
#: What all parts of a composite have alike, and what is listed of them.
_ALIKE = ("office", "submission_id", "submission_number", "kind", "programme")
_LISTED = ("receipt_number", "physical_form")


def told_item(item_id: str, histories: Mapping[str, Sequence[Record]]) -> Told:
    """Fields of `item.json` as the events tell them; a field inside another one is named `holder.name`.

    `histories` has the records of the item and, as far as they are there, of all that it came from, by their items.
    """
    facts: dict[str, Told] = {}
    for own in _parents_first(item_id, histories):
        facts[own] = _facts(own, histories[own][0], facts)
    if item_id not in facts:
        return {}
    return {**facts[item_id], "events": len(histories[item_id]), **_standing(histories[item_id][-1])}


def contradictions(item: Record, told: Told) -> list[tuple[str, Any, Any]]:
    """(field, what `item` says, what the events say) wherever the two differ; what `item` does not say is none."""
    wrong = []
    for field, right in told.items():
        said: Any = item
        for name in field.split("."):
            said = said.get(name, _ABSENT) if isinstance(said, dict) else said
        if said is not _ABSENT and not _same(said, right):
            wrong.append((field, said, right))
    return wrong


class _Absent:
    pass


_ABSENT = _Absent()


def _same(said: Any, right: Any) -> bool:
    numbers = (int, float)
    if type(said) in numbers and type(right) in numbers:
        return isclose(said, right, rel_tol=1e-9)
    return type(said) is type(right) and bool(said == right)


def _parents_first(item_id: str, histories: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """The item behind all that it came from; without recursion, since a lineage may be deep."""
    waiting, seen = [(item_id, False)], set()
    while waiting:
        own, is_ready = waiting.pop()
        if is_ready:
            yield own
        elif own not in seen and histories.get(own):
            seen.add(own)
            waiting.append((own, True))
            waiting += [(parent, False) for parent in _parents(histories[own][0])]


def _parents(first: Record) -> list[str]:
    details = _details(first)
    found = [details.get("parent_id"), *(part.get("item_id") for part in _parts(details))]
    return [parent for parent in found if isinstance(parent, str)]


def _details(record: Record) -> Record:
    details = record.get("details")
    return details if isinstance(details, dict) else {}


def _parts(details: Record) -> list[Record]:
    parts = details.get("parts")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _facts(item_id: str, first: Record, known: Mapping[str, Told]) -> Told:
    """What the item is, by its first event and the facts of what it came from."""
    kind, details = first.get("type"), _details(first)
    said = {"number": first.get("item_number"), "created_at": first.get("recorded_at")}
    told: Told = {name: value for name, value in said.items() if isinstance(value, str)}
    if kind == RECEIVED:
        told |= {"parent_id": None, "root_id": item_id}
        told |= {name: details[name] for name in (*_RECEIVED, "gross_mass_g") if name in details}
    elif kind == ALIQUOT:
        parent = known.get(str(details.get("parent_id")), {})
        told |= {"parent_id": details.get("parent_id"), "gross_mass_g": None}
        told |= {name: parent[name] for name in (*_RECEIVED, "root_id") if name in parent}
    elif kind == COMPOSITE:
        told |= {
            "parent_id": None,
            "root_id": item_id,
            "exhibit_id": item_id,
            "line": None,
            "gross_mass_g": None,
        }
        told |= _composed(_parts(details), known)
    return told


def _composed(parts: Sequence[Record], known: Mapping[str, Told]) -> Told:
    """What a composite has of its parts, where the histories of all are known."""
    numbers = [part.get("number") for part in parts]
    told: Told = {}
    if all(isinstance(number, str) for number in numbers):
        told["description"] = f"composite of {_list(numbers)}"
    facts = [known.get(str(part.get("item_id")), {}) for part in parts]
    for name in (*_ALIKE, *_LISTED, "seizure_id"):
        values = [each[name] for each in facts if name in each]
        if len(values) != len(parts) or not values:
            continue
        alike = all(value == values[0] for value in values)
        if name in _LISTED:
            told[name] = _list(values)
        elif alike or name == "seizure_id":
            told[name] = values[0] if alike else None
    return told


def _list(words: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(str(word) for word in words))


def _standing(newest: Record) -> Told:
    """How the item stands, as its newest event left it."""
    standing = newest.get("standing")
    if not isinstance(standing, dict) or not standing:
        return {}
    at_place = standing.get("holder_kind") == "place"
    told: Told = {name: standing[name] for name in ("state", "holder_name", "blocked") if name in standing}
    if {"holder_kind", "holder", "holder_name"} <= set(standing):
        told["holder.kind"] = standing["holder_kind"]
        told["holder.name"] = standing["holder_name" if at_place else "holder"]
        told["place_id"] = standing["holder"] if at_place else None
    if type(standing.get("open_holds")) is int:
        told["on_hold"] = standing["open_holds"] > 0
    if "seal_number" in standing:
        told |= {name: standing.get(name) for name in ("seal_number", "seal_condition")}
    return told | _remaining(standing)


def _remaining(standing: Record) -> Told:
    if not {"remaining_mg", "uncertainty_mg"} <= set(standing):
        return {}
    if standing["remaining_mg"] is None or standing["uncertainty_mg"] is None:
        return {"remaining": None}
    try:
        masses = [float(Decimal(str(standing[name]))) for name in ("remaining_mg", "uncertainty_mg")]
    except (InvalidOperation, ValueError, OverflowError):
        return {}
    return {"remaining.net_mass_mg": masses[0], "remaining.uncertainty_mg": masses[1]}
