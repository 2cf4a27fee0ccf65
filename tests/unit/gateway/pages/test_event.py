"""What the page of an act offers for correction, and to whom."""

from typing import Any

import pytest

from gateway.pages.event import as_before, correctable, said_by
from shared.actor import Actor, Role

WEIGHED: dict[str, Any] = {
    "type": "weighed",
    "actor": "technician",
    "occurred_at": "2026-11-23T08:00:00Z",
    "purpose": "net mass",
    "details": {"net_mass_mg": 500.0, "balance": "XPR205", "note": None, "remaining": {"net_mass_mg": 500.0}},
    "correctable": ["occurred_at", "purpose", "net_mass_mg", "balance", "note"],
}
CORRECTED: dict[str, Any] = {
    **WEIGHED,
    "type": "corrected",
    "details": {"was": {"runs": 3}, "corrected": {"runs": 4}},
    "correctable": ["occurred_at", "purpose", "runs"],
}


def offered(event: dict[str, Any], login: str, role: Role) -> list[str]:
    return [name for name, _ in correctable(event, Actor(login, login, role))]


def test_what_the_api_lists_is_offered_and_a_mass_to_somebody_else_than_who_told_it() -> None:
    plain = ["occurred_at", "purpose", "balance"]
    assert offered(WEIGHED, "technician", Role.TECHNICIAN) == plain
    assert offered(WEIGHED, "reviewer", Role.REVIEWER) == [*plain[:2], "net_mass_mg", "balance"]
    own = {**WEIGHED, "actor": "custodian"}
    assert offered(own, "custodian", Role.CUSTODIAN) == plain


@pytest.mark.parametrize(
    ("login", "role"), [("other", Role.TECHNICIAN), ("technician", Role.OFFICE), ("auditor", Role.AUDITOR)]
)
def test_nobody_else_is_offered_anything(login: str, role: Role) -> None:
    assert offered(WEIGHED, login, role) == []


def test_a_correction_is_corrected_in_what_it_said_is_right_and_a_number_stays_one() -> None:
    assert correctable(CORRECTED, Actor("reviewer", "R", Role.REVIEWER))[-1] == ("runs", "runs: 4")
    assert as_before(said_by(CORRECTED)["runs"], "5") == 5
