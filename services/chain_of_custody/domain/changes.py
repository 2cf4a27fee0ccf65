"""Which acts change what an item is: its substance, what is known of that, or its closing."""

from collections.abc import Mapping
from typing import Any

from services.chain_of_custody.domain.corrected_masses import CORRECTED, corrects_mass
from services.chain_of_custody.domain.replay_books import NET

_OF_SUBSTANCE = ("aliquot_taken", "portion_taken", "consumed", "lost", "sealed")
#: Types among which such acts are.
CHANGING = (*_OF_SUBSTANCE, "weighed", CORRECTED)


def changes_item(record: Mapping[str, Any]) -> bool:
    """Whether an act changed the item; weighing a package changes nothing, nor does a correction of words."""
    details = record["details"]
    if record["type"] == "weighed":
        return details.get("kind", NET) == NET
    if record["type"] == CORRECTED:
        return corrects_mass(record) or "seal_condition" in details.get("corrected", {})
    return record["type"] in _OF_SUBSTANCE
