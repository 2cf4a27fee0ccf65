"""Histories as corrections of masses say they were (E11, E15): the right value stands in the place of the wrong one.

A mistyped mass stays readable in the act that told it; the books count with what the newest correction of that act says. So books
are replayed from the beginning, as if the act had been written rightly, and nothing else of it changes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

CORRECTED = "corrected"
_NET = ("net_mass_mg", "uncertainty_mg")
_WHOLE = ("mass_g", "uncertainty_mg")
_TOLD = {"weighed", "consumed", "lost", "aliquot_taken", "aliquot_made", "portion_taken"}
#: Every name of a field that tells a measured mass or its uncertainty.
MEASURED = frozenset((*_NET, *_WHOLE))


def mass_fields(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of an act that tell a mass which can be put right: its measured mass and the uncertainty (k = 2) of it."""
    if record["type"] not in _TOLD:
        return ()
    return _NET if record["details"].get("kind", "net") == "net" else _WHOLE


def corrects_mass(record: Mapping[str, Any]) -> bool:
    """Whether an act puts a mass of an earlier one right, so that books must be replayed from the beginning."""
    return record["type"] == CORRECTED and bool(_right(record)) and _target(record) is not None


def with_corrections(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The acts of one item in their order, each with the masses that its corrections say; the newest word counts."""
    right: dict[str, dict[str | None, dict[str, Any]]] = {}
    for record in records:
        if corrects_mass(record):
            of_act = right.setdefault(str(_target(record)), {})
            of_act.setdefault(record["details"].get("part_id"), {}).update(_right(record))
    if not right:
        return list(records)
    return [_corrected(record, right.get(record["id"], {})) for record in records]


def _corrected(record: Mapping[str, Any], right: Mapping[str | None, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The act with its right masses: its own under None, those of a composite's portions under the items that gave them."""
    if record["type"] == "composite_made" and right:
        parts = [{**part, **right.get(part["item_id"], {})} for part in record["details"]["parts"]]
        return {**record, "details": {**record["details"], "parts": parts}}
    return _put_right(record, right[None]) if None in right else record


def _put_right(record: Mapping[str, Any], right: Mapping[str, Any]) -> Mapping[str, Any]:
    told = {name: value for name, value in right.items() if name in mass_fields(record)}
    if "mass_g" in told:
        told["mass_mg"] = Decimal(str(told["mass_g"])) * 1000
    return {**record, "details": {**record["details"], **told}}


def _right(record: Mapping[str, Any]) -> dict[str, Any]:
    said = record["details"].get("corrected")
    return {name: said[name] for name in MEASURED if name in said} if isinstance(said, Mapping) else {}


def _target(record: Mapping[str, Any]) -> Any:
    corrects = record["details"].get("corrects")
    return corrects.get("event_id") if isinstance(corrects, Mapping) else None
