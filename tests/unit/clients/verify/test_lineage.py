"""Histories of ancestors in a bundle: checked as the item's own, and hanging together by digests (E21)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from shared.crypto import ledger
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.container import pack
from siglab_clients.verify.events import ProvedEvent
from tests.unit.clients.verify.bundles import (
    ITEM_ID,
    TRUSTED,
    Log,
    check_bundle,
    contents,
    item_events,
    prove,
    said,
    signed,
)

PARENT, OTHER = "0190par1", "0190par2"


def divided(composite: bool = False) -> tuple[Log, dict[str, list[ProvedEvent]]]:
    """Two items, and one that came from both, or from the first alone."""
    events: dict[str, list[dict[str, Any]]] = {name: item_events(3, name) for name in (PARENT, OTHER)}
    digests = {name: ledger.event_digest(rows[-1]) for name, rows in events.items()}
    if composite:
        details: dict[str, Any] = {
            "parts": [{"item_id": name, "parent_event_sha256": digest} for name, digest in digests.items()]
        }
    else:
        details = {"parent_id": PARENT, "parent_event_sha256": digests[PARENT]}
    first = {**item_events(1)[0], "details": details}
    second = {**item_events(2)[1], "previous": ledger.event_digest(first)}
    events[ITEM_ID] = [first, second]
    log = Log()
    placed: dict[str, list[ProvedEvent]] = {}
    for name, rows in events.items():
        for event in rows:
            entry = ledger.commitment_entry(event, bytes(32))
            placed.setdefault(name, []).append(ProvedEvent(log.add(entry), entry, bytes(32), event, ()))
    return log, {name: prove(log, rows) for name, rows in placed.items()}


def bundle_of(log: Log, histories: dict[str, list[ProvedEvent]]) -> bytes:
    files = contents(histories[ITEM_ID], log.checkpoint())
    for name, rows in histories.items():
        if name != ITEM_ID:
            files[f"lineage/{name}.jsonl"] = b"".join(row.line() for row in rows)
    return pack(signed(files))


@pytest.mark.rule("E21")
def test_an_aliquot_is_proved_with_the_item_that_it_came_from() -> None:
    log, histories = divided()
    del histories[OTHER]
    verdict = check_bundle(bundle_of(log, histories), TRUSTED)
    assert (verdict.findings, verdict.lineage, verdict.notes) == ((), {PARENT: 3}, ())


@pytest.mark.rule("E21")
def test_a_composite_is_proved_with_all_of_its_parts() -> None:
    log, histories = divided(composite=True)
    verdict = check_bundle(bundle_of(log, histories), TRUSTED)
    assert (verdict.findings, verdict.lineage) == ((), {PARENT: 3, OTHER: 3})


def test_a_parent_that_is_left_out_is_noted() -> None:
    log, histories = divided()
    verdict = check_bundle(bundle_of(log, {ITEM_ID: histories[ITEM_ID]}), TRUSTED)
    assert verdict.ok
    assert verdict.notes == (f"the history of {PARENT}, from which the item came, is not in the bundle",)


def test_an_item_that_is_no_ancestor_does_not_belong() -> None:
    assert f"lineage/{OTHER}.jsonl: the item did not come from this one" in said(bundle_of(*divided()))


@pytest.mark.rule("E21")
def test_an_ancestors_event_is_checked_as_the_items_own() -> None:
    log, histories = divided()
    del histories[OTHER]
    changed = {**histories[PARENT][1].event, "actor": "nobody"}
    histories[PARENT][1] = replace(histories[PARENT][1], event=changed)
    raw = bundle_of(log, histories)
    assert re.search(rf"lineage/{PARENT}\.jsonl line 2 \(event 1\): the event is not the one", said(raw))
    first = check_bundle(raw, TRUSTED).first_event
    assert first is not None and (first.file, first.line) == (f"lineage/{PARENT}.jsonl", 2)


@pytest.mark.rule("E21")
def test_a_history_cut_before_the_taking_is_found() -> None:
    log, histories = divided()
    del histories[OTHER], histories[PARENT][-1]
    assert "taken by an event of this item which is not in its history" in said(bundle_of(log, histories))


def test_a_file_of_another_name_is_refused() -> None:
    log, histories = divided()
    files = contents(histories[ITEM_ID], log.checkpoint())
    files["lineage/x.json"] = canonical_json([])
    assert "no file of an ancestor's history" in said(pack(signed(files)))
