"""The record of an act: complete in itself, signatures bound to its digest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.chain_of_custody.domain.check_leaves import check_event
from services.chain_of_custody.domain.event_record import Author, Signed, build_record, signatures_hold
from shared.actor import Role, Signature
from shared.crypto.canonical import canonical_digest, canonical_json
from shared.crypto.ledger import commitment_entry, event_digest

SIGNATURE = Signature("custodian", "Clara", Role.CUSTODIAN, "password", datetime(2026, 11, 24, tzinfo=UTC))
SALT = b"s" * 32


def record(**over: Any) -> dict[str, Any]:
    """A signed record."""
    facts: dict[str, Any] = {
        "event_id": "e1",
        "item_id": "i1",
        "item_number": "S26-000001",
        "sequence": 2,
        "previous": "ab" * 32,
        "kind": "handed_over",
        "author": Author("custodian", "Clara", "custodian"),
        "occurred_at": "2026-11-24T08:00:00.000000Z",
        "recorded_at": "2026-11-24T09:00:00.000000Z",
        "purpose": "analysis",
        "details": {"to": "technician"},
        "standing": {"holder": "technician"},
        "signatures": [(Signed(SIGNATURE, "I have received this item."), "2026-11-24T09:00:00.000000Z")],
    }
    return build_record(**{**facts, **over})


@pytest.mark.rule("E9")
@pytest.mark.rule("E10")
@pytest.mark.rule("E13")
def test_a_record_tells_who_what_when_and_why() -> None:
    told = record()
    assert told["actor"] == "custodian" and told["actor_name"] == "Clara"
    assert told["occurred_at"] < told["recorded_at"] and told["purpose"] == "analysis"
    assert told["details"] == {"to": "technician"} and told["item_number"] == "S26-000001"


@pytest.mark.rule("E16")
def test_a_signature_names_meaning_time_and_digest() -> None:
    told = record()
    (signature,) = told["signatures"]
    body = {name: value for name, value in told.items() if name != "signatures"}
    assert signature["record_sha256"] == canonical_digest(body)
    assert (signature["name"], signature["meaning"], signature["at"][:10]) == (
        "Clara",
        "I have received this item.",
        "2026-11-24",
    )
    assert signatures_hold(told)


@pytest.mark.rule("E16")
@pytest.mark.parametrize(
    "field", ["actor", "occurred_at", "purpose", "item_id", "previous", "details", "standing"]
)
def test_a_changed_record_shows_an_invalid_signature(field: str) -> None:
    assert not signatures_hold({**record(), field: "something else"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"record": "[]"}, "no object"),
        ({"record": "{"}, "cannot be read"),
        ({"record": canonical_json(record(purpose="another")).decode()}, "commits to"),
        ({"digest": "00" * 32}, "digest"),
        ({"sequence": 3}, "sequence"),
        ({"item_id": "i2"}, "item_id"),
        ({"type": "stored"}, "type"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(change: dict[str, Any], said: str | None) -> None:
    told = record()
    columns = {
        "id": "e1",
        "item_id": "i1",
        "sequence": 2,
        "type": "handed_over",
        "digest": event_digest(told),
    }
    written = change.get("record", canonical_json(told).decode())
    found = check_event(written, SALT, commitment_entry(told, SALT), {**columns, **change})
    assert found is None if said is None else said in str(found)


def test_a_forged_signature_is_found_though_the_log_commits_to_it() -> None:
    told = record()
    told["signatures"][0]["record_sha256"] = "00" * 32
    columns = {
        "id": "e1",
        "item_id": "i1",
        "sequence": 2,
        "type": "handed_over",
        "digest": event_digest(told),
    }
    written = canonical_json(told).decode()
    assert "signature" in str(check_event(written, SALT, commitment_entry(told, SALT), columns))
