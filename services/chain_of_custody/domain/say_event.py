"""An event in words: its title, and every detail with its unit, so that API, pages, paper and linked data say the same.

Details are what each use case recorded; names that are not known here are said by their own words, units by their ending (`_mg`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.chain_of_custody.domain.calibration import calibration_warning
from shared.numbers import number_text, uncertainty_text

_TITLES = {
    "aliquot_made": "Made as an aliquot",
    "composite_made": "Made as a composite",
    "consumed": "Used up",
    "corrected": "Record corrected",
    "disposed": "Destroyed",
    "disposal_authorised": "Destruction authorised",
    "disposal_requested": "Destruction asked for",
    "disposal_withdrawn": "Destruction withdrawn",
    "discrepancy_opened": "Discrepancy opened",
    "discrepancy_resolved": "Discrepancy resolved",
    "handover_accepted": "Hand-over accepted",
    "handover_declined": "Hand-over declined",
    "handover_offered": "Hand-over offered",
    "handover_withdrawn": "Hand-over withdrawn",
    "hold_placed": "Put on hold",
    "hold_placed_above": "Put on hold with what it came from",
    "hold_released": "Hold released",
    "hold_released_above": "Hold released with what it came from",
    "lost": "Lost",
    "portion_taken": "Portion taken for a composite",
    "sealed": "Sealed anew",
    "object_lock_lost": "Lock of a stored file was lost",
    "object_repaired": "Stored file repaired from its second copy",
    "object_version_unknown": "Unknown version beside a stored file",
    "retrieved": "Taken out of its place",
    "returned": "Returned to the office",
    "stored": "Put into a place",
    "taken_over": "Taken over from somebody who could not sign",
    "weighed": "Weighed",
}
_LABELS = {
    "balance": "Balance",
    "beyond_uncertainty": "Beyond the uncertainty of both",
    "declared_sha256": "SHA-256 at the source",
    "corrected": "Right is",
    "corrects": "Corrects",
    "difference_mg": "Missing against the books",
    "expected": "Expected by the books",
    "from": "From",
    "giver_did_not_sign": "Why the giver did not sign",
    "giver_signed": "Signed by the giver",
    "gross_mass_g": "Gross mass",
    "holder": "Now with",
    "item_left": "The item was, when the file came,",
    "kind": "Kind",
    "object": "Stored object",
    "office": "Office",
    "parent_event_sha256": "SHA-256 of the parent's event",
    "qc": "Quality control",
    "problem": "Problem",
    "remaining": "Remaining",
    "replaces": "In the place of version",
    "sha256": "SHA-256",
    "size": "Size",
    "store": "Where",
    "to": "To",
    "unweighed": "Why no net mass is known",
    "uncertainty_mg": "Uncertainty (k = 2)",
    "was": "Wrong was",
}
_UNITS = {"_mg": "mg", "_g": "g", "_s": "s", "_percent": "%", "_bytes": "bytes"}
_MASS = ("net_mass_mg", "gross_mass_mg", "package_mass_mg", "mass_mg")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
#: Clocks and queues between services differ by seconds; more than this is told as recorded later.
LATE_SECONDS = 60


class Fact(NamedTuple):
    """One detail: its name in the record, and as people read it."""

    name: str
    label: str
    text: str


def title_of(kind: str) -> str:
    """What happened, in a few words."""
    return _TITLES.get(kind) or kind.replace("_", " ").capitalize()


def exceptional(kind: str, details: Mapping[str, Any]) -> str | None:
    """What is not as it should be about an act, so that nobody takes it for an ordinary one; None where nothing is."""
    if kind == "taken_over":
        return "Exceptional: the giver did not sign"
    if kind == "spectrum_stored" and details.get("item_left"):
        return f"Late: the item was {details['item_left']} before the file came"
    return calibration_warning(details)


def facts_of(details: Mapping[str, Any]) -> list[Fact]:
    """Every detail that has a value: first the mass with its uncertainty, last ids and digests."""
    mass = next((name for name in _MASS if name in details), None)
    joined = mass is not None and details.get("uncertainty_mg") is not None
    facts = []
    for name, value in details.items():
        if value is None or value == [] or value == {} or (joined and name == "uncertainty_mg"):
            continue
        if name.endswith("_name") and name.removesuffix("_name") in details:
            continue
        if joined and name == mass:
            text = _quantity(value, details["uncertainty_mg"])
        elif f"{name}_name" in details:
            text = f"{details[f'{name}_name']} ({value})"
        else:
            text = _text(name, value)
        facts.append(Fact(name, label_of(name), text))
    return sorted(facts, key=lambda fact: (fact.name != mass, fact.name.endswith(("_id", "sha256"))))


def label_of(name: str) -> str:
    """A detail's name as people read it, without its unit."""
    if name in _LABELS:
        return _LABELS[name]
    plain = next((name.removesuffix(end) for end in _UNITS if name.endswith(end)), name)
    words = plain.replace("_", " ").replace("sha256", "SHA-256").replace("handover", "hand-over")
    return words[:1].upper() + words[1:]


def backdated_by(occurred_at: str, recorded_at: str) -> str | None:
    """By how much an act was recorded after it happened, where it was later than clocks explain (E9)."""
    seconds = (datetime.fromisoformat(recorded_at) - datetime.fromisoformat(occurred_at)).total_seconds()
    if seconds <= LATE_SECONDS:
        return None
    minutes = round(seconds / 60)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} d" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part)


def moment_text(written: str) -> str:
    """A time of a record as it is printed, to the second."""
    return written[:19].replace("T", " ") + " UTC"


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        unit = (
            "bytes"
            if name == "size"
            else next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
        )
        return f"{uncertainty_text(value) if 'uncertainty' in name else number_text(value)} {unit}".strip()
    if isinstance(value, str):
        return moment_text(value) if _MOMENT.fullmatch(value) else value
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence):
        return ("; " if any(isinstance(part, Mapping) for part in value) else ", ").join(
            _text(name, part) for part in value
        )
    return "none"


def _object(value: Mapping[str, Any]) -> str:
    if {"kind", "name"} <= set(value) <= {"kind", "name", "id"}:
        return f"{value['name']} ({value['kind']})"
    if set(value) == {"net_mass_mg", "uncertainty_mg"}:
        return _quantity(value["net_mass_mg"], value["uncertainty_mg"])
    if set(value) == {"key", "version_id"}:
        return f"{value['key']}, version {value['version_id']}"
    return ", ".join(f"{fact.label} {fact.text}" for fact in facts_of(value))


def _quantity(mass: float, uncertainty: float) -> str:
    return f"{number_text(mass)} mg ± {uncertainty_text(uncertainty)} mg (k = 2)"
