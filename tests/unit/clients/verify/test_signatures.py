"""A signature is over the digest of the record; another record shows it to be none (E16)."""

import hashlib
import re
from typing import Any

import pytest

from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import (
    TRUSTED,
    check_bundle,
    contents,
    item_events,
    logged,
    said,
    signed,
)


def signed_event() -> dict[str, Any]:
    """The record of a signed act as custody makes it."""
    (record,) = item_events(1)
    digest = hashlib.sha256(canonical_json(record)).hexdigest()
    signature = {"login": "ana", "name": "Ana Ruiz", "meaning": "I accept.", "record_sha256": digest}
    return {**record, "signatures": [signature]}


def bundle_of(event: dict[str, Any]) -> bytes:
    log, events = logged([event])
    return pack(signed(contents(events, log.checkpoint())))


@pytest.mark.rule("E16")
def test_a_signature_over_the_record_holds() -> None:
    assert check_bundle(bundle_of(signed_event()), TRUSTED).ok


CHANGES = {
    "the mass": lambda event: event["mass"].update(net_mass_mg=13.5),
    "the time": lambda event: event.update(occurred_at="2026-11-23T08:00:00Z"),
    "a field more": lambda event: event.update(remark="x"),
    "the digest": lambda event: event["signatures"][0].update(record_sha256="0" * 64),
    "no digest": lambda event: event["signatures"][0].pop("record_sha256"),
    "taken from another record": lambda event: event["signatures"].append({"name": "Ana Ruiz", "record_sha256": "1" * 64}),
}  # fmt: skip


@pytest.mark.rule("E16")
@pytest.mark.parametrize("name", CHANGES)
def test_a_record_changed_before_it_was_logged_shows_the_signature_to_be_none(name: str) -> None:
    """Whoever holds the log's key can log and prove it; the signature tells."""
    event = signed_event()
    CHANGES[name](event)
    assert re.search(
        r"line 1 \(event 1\): the signed record was changed: the signature of Ana Ruiz is over another one",
        said(bundle_of(event)),
    )


@pytest.mark.parametrize("rows", ["x", [1], {"a": 1}, None])
def test_signatures_of_another_form_are_refused(rows: object) -> None:
    assert "not a list of signatures" in said(bundle_of({**item_events(1)[0], "signatures": rows}))
