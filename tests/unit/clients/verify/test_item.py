"""`item.json` may say nothing else than the item's events (E21)."""

from typing import Any

import pytest

from shared.crypto import ledger
from siglab_clients.verify.container import pack
from siglab_clients.verify.item import contradictions, told_item
from tests.unit.clients.verify.bundles import ITEM_ID, TRUSTED, check_bundle, contents, logged, said, signed

FACTS = {
    "office": "BOG", "exhibit_id": "e1", "submission_id": "s1", "submission_number": "D26-000001", "receipt_number": "R26-000001",
    "kind": "seizure", "programme": "HSP", "description": "brown powder", "physical_form": "powder", "seizure_id": None,
    "line": 3,
}  # fmt: skip
STANDING = {
    "state": "in_custody", "holder_kind": "person", "holder": "technician", "holder_name": "Tess", "blocked": False,
    "open_holds": 0, "ending": None, "remaining_mg": "464.500000000", "uncertainty_mg": "0.49", "aliquots": 1,
    "seal_number": "S-1", "seal_condition": "intact",
}  # fmt: skip
ITEM = {
    "id": ITEM_ID, "number": "S26-000001", "parent_id": None, "root_id": ITEM_ID, **FACTS, "gross_mass_g": 5.25,
    "seal_number": "S-1", "seal_condition": "intact", "holder": {"kind": "person", "name": "technician"}, "holder_name": "Tess",
    "place_id": None, "state": "in_custody", "blocked": False, "on_hold": False, "events": 2,
    "remaining": {"net_mass_mg": 464.5, "uncertainty_mg": 0.49}, "created_at": "2026-11-24T08:00:00Z",
}  # fmt: skip
LIES: dict[str, tuple[Any, str]] = {
    "holder": (
        {"kind": "person", "name": "custodian"},
        'holder.name says "custodian", but by the item\'s events it is "technician"',
    ),
    "holder_name": ("Bob", 'holder_name says "Bob", but by the item\'s events it is "Tess"'),
    "seal_number": ("S-2", 'seal_number says "S-2", but by the item\'s events it is "S-1"'),
    "seal_condition": ("broken", 'seal_condition says "broken", but'),
    "state": ("returned", 'state says "returned", but by the item\'s events it is "in_custody"'),
    "number": ("S26-000002", 'number says "S26-000002", but by the item\'s events it is "S26-000001"'),
    "remaining": (
        {"net_mass_mg": 400, "uncertainty_mg": 0.49},
        "remaining.net_mass_mg says 400, but by the item's events it is 464.5",
    ),
    "gross_mass_g": (5.0, "gross_mass_g says 5, but by the item's events it is 5.25"),
    "on_hold": (True, "on_hold says true, but by the item's events it is false"),
    "blocked": (True, "blocked says true, but"),
    "place_id": ("vault", 'place_id says "vault", but by the item\'s events it is null'),
    "events": (3, "events says 3, but by the item's events it is 2"),
    "parent_id": ("another", 'parent_id says "another", but'),
    "root_id": ("another", 'root_id says "another", but'),
    "created_at": ("2026-11-24T09:00:00Z", 'created_at says "2026-11-24T09:00:00Z", but'),
    **{name: ("another", f'{name} says "another", but') for name in FACTS},
}


def record(number: int, kind: str, item_id: str = ITEM_ID, **over: Any) -> dict[str, Any]:
    """A record as custody writes it, as far as the item follows from it."""
    return {
        "item_id": item_id, "item_number": "S26-000001", "sequence": number, "type": kind, "actor": "custodian",
        "recorded_at": f"2026-11-24T08:0{number - 1}:00Z", "previous": None, "details": {}, "standing": {}, **over,
    }  # fmt: skip


def history() -> list[dict[str, Any]]:
    """Received, and weighed by the technician who has it."""
    first = record(
        1, "received", details={**FACTS, "gross_mass_g": 5.25}, standing={**STANDING, "holder": "custodian"}
    )
    return [first, record(2, "weighed", previous=ledger.event_digest(first), standing=STANDING)]


def bundle_saying(item: dict[str, Any]) -> bytes:
    log, events = logged(history())
    return pack(signed(contents(events, log.checkpoint(), item)))


@pytest.mark.rule("E21")
def test_an_item_that_is_as_its_events_left_it_is_accepted() -> None:
    assert check_bundle(bundle_saying(ITEM), TRUSTED).findings == ()


@pytest.mark.rule("E21")
@pytest.mark.parametrize("field", LIES)
def test_an_item_that_contradicts_its_events_is_refused_with_both(field: str) -> None:
    """The laboratory itself signs it, and still it is not so."""
    value, words = LIES[field]
    findings = said(bundle_saying({**ITEM, field: value})).splitlines()
    assert any(line.startswith(f"item.json: the field {words}") for line in findings), findings
    assert len(findings) == 1


def test_what_is_not_said_is_no_contradiction() -> None:
    assert check_bundle(bundle_saying({"id": ITEM_ID}), TRUSTED).ok
    assert contradictions({"holder": {"kind": "person"}}, told_item(ITEM_ID, {ITEM_ID: history()})) == []


def test_an_aliquot_has_the_facts_of_what_it_was_taken_of_and_a_composite_those_of_its_parts() -> None:
    parts = [{"item_id": name, "number": name.upper()} for name in ("a", "b")]
    histories = {
        "a": [record(1, "received", details=FACTS)],
        "b": [record(1, "received", details={**FACTS, "physical_form": "resin", "seizure_id": "z"})],
        "c": [record(1, "composite_made", item_number="D26-000001-C1", details={"parts": parts})],
        "d": [record(1, "aliquot_made", item_number="D26-000001-C1.1", details={"parent_id": "c"})],
    }
    told = told_item("d", histories)
    assert (told["parent_id"], told["root_id"], told["exhibit_id"], told["number"]) == (
        "c",
        "c",
        "c",
        "D26-000001-C1.1",
    )
    assert (told["description"], told["physical_form"]) == ("composite of A, B", "powder, resin")
    assert (told["office"], told["receipt_number"], told["seizure_id"]) == ("BOG", "R26-000001", None)
    del histories["b"]
    assert "office" not in told_item("d", histories) and told_item("none", histories) == {}


def test_a_lineage_that_goes_in_circles_or_deep_ends() -> None:
    deep = {str(n): [record(1, "aliquot_made", details={"parent_id": str(n + 1)})] for n in range(5000)}
    deep["5000"] = [record(1, "received", details=FACTS)]
    assert told_item("0", deep)["office"] == "BOG"
    deep["5000"] = [record(1, "aliquot_made", details={"parent_id": "0"})]
    assert told_item("0", deep)["parent_id"] == "1"


def test_what_a_hostile_event_says_is_no_stack_trace() -> None:
    for standing in (
        "x",
        {"remaining_mg": "NaN?", "uncertainty_mg": "1"},
        {"remaining_mg": "sNaN", "uncertainty_mg": []},
    ):
        assert (
            told_item(ITEM_ID, {ITEM_ID: [record(1, "received", details=7, standing=standing)]})["root_id"]
            == ITEM_ID
        )
