"""Which acts change what an item is."""

from typing import Any

import pytest

from services.chain_of_custody.domain.changes import CHANGING, changes_item

_ACT = {"event_id": "e", "type": "weighed"}


@pytest.mark.parametrize(
    ("kind", "details", "changes"),
    [
        ("weighed", {"kind": "net"}, True),
        ("weighed", {}, True),
        ("weighed", {"kind": "gross"}, False),
        ("weighed", {"kind": "package"}, False),
        ("lost", {}, True),
        ("consumed", {}, True),
        ("aliquot_taken", {}, True),
        ("portion_taken", {}, True),
        ("sealed", {}, True),
        ("corrected", {"corrects": _ACT, "corrected": {"net_mass_mg": 1.0}}, True),
        ("corrected", {"corrects": _ACT, "corrected": {"seal_condition": "broken"}}, True),
        ("corrected", {"corrects": _ACT, "corrected": {"purpose": "x"}}, False),
    ],
)
def test_what_changes_an_item(kind: str, details: dict[str, Any], changes: bool) -> None:
    assert kind in CHANGING
    assert changes_item({"type": kind, "details": details}) is changes
