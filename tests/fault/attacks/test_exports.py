"""What leaves the laboratory about an item whose record was changed: refused, or marked on every page and in every node."""

import io
import json
import re
from pathlib import Path
from typing import Any, LiteralString

import pytest
from pypdf import PdfReader

from shared.crypto.canonical import canonical_json
from tests.calls import AUDITOR
from tests.fault.attacks.scene import Scene
from tests.integration.chain_of_custody.house import call
from tests.integration.chain_of_custody.test_case_export import validate

EXPORTS = ("custody.pdf", "case.jsonld")
MARK = "DAMAGED RECORD: not what was recorded. This report proves nothing."
#: Columns of the item that an export repeats, and what is said of the change.
ROWS: dict[str, tuple[LiteralString, str]] = {
    "remaining mass": (
        "UPDATE items SET remaining_mg = remaining_mg - 50 WHERE id = %s",
        "its row says remaining.net mass mg 425.0, its records say 475.0.",
    ),
    "holder": (
        "UPDATE items SET holder_name = 'Tom' WHERE id = %s",
        'its row says holder name "Tom", its records say "Tess".',
    ),
    "seal": (
        "UPDATE items SET seal_number = 'forged' WHERE id = %s",
        'its row says seal number "forged", its records say',
    ),
    "state": (
        "UPDATE items SET state = 'returned' WHERE id = %s",
        'its row says state "returned", its records say "in_custody".',
    ),
    "description": (
        "UPDATE items SET description = 'flour' WHERE id = %s",
        'its row says description "flour", its records say',
    ),
    "newest act": (
        "UPDATE items SET events = events - 1 WHERE id = %s",
        "its row ends with act",
    ),
}


def export(scene: Scene, what: str, query: str = "") -> Any:
    return call(scene.client, "GET", f"/items/{scene.item_id}/{what}{query}", actor=AUDITOR)


def refused(scene: Scene, words: str, *what: str) -> None:
    """Each export is refused in words that name the damage and the way on, and item and balance carry the mark."""
    for name in what:
        answer = export(scene, name)
        assert answer.status_code == 409, (name, answer.data[:200])
        assert answer.json["code"] == "ledger_damaged"
        detail = answer.json["detail"]
        assert words in detail and "?damaged=true" in detail and "/ledger/verification" in detail, detail


def pages(scene: Scene) -> list[str]:
    answer = export(scene, "custody.pdf", "?damaged=true")
    assert answer.status_code == 200, answer.data
    return [
        re.sub(r"\s+", " ", page.extract_text().replace("\u200b", ""))
        for page in PdfReader(io.BytesIO(answer.data)).pages
    ]


def graph(scene: Scene) -> dict[str, Any]:
    answer = export(scene, "case.jsonld", "?damaged=true")
    assert answer.status_code == 200, answer.data
    return dict(json.loads(answer.data))


def tagged(found: dict[str, Any]) -> list[str]:
    return sorted(
        node["@type"].partition(":")[2] for node in found["@graph"] if node.get("uco-core:tag") == ["DAMAGED"]
    )


def change_a_purpose(scene: Scene) -> int:
    """Another purpose in a record; returns the act's number."""
    with scene.attacker() as attacker:
        event_id, record = attacker.history(scene.item_id)[3]
        record["purpose"] = "something else"
        attacker.run("UPDATE events SET record = %s WHERE id = %s", canonical_json(record).decode(), event_id)
    return int(record["sequence"])


@pytest.mark.rule("E12", "E27", "E29")
def test_a_whole_record_is_given_without_a_mark(scene: Scene) -> None:
    """Who asks for damage where there is none has what everybody has."""
    assert not any(MARK in page for page in pages(scene)) and tagged(graph(scene)) == []
    for name in EXPORTS:
        assert export(scene, name).status_code == 200
    for path in ("", "/balance"):
        told = call(scene.client, "GET", f"/items/{scene.item_id}{path}", actor=AUDITOR).json
        assert told["damaged"] is False and told["damage"] == []


@pytest.mark.rule("E12", "E27", "E29")
def test_a_changed_record_is_given_only_to_whoever_asks_for_it_and_marked(
    scene: Scene, tmp_path: Path
) -> None:
    """On every page and at the act, in the graph at the item, its provenance and the act; the graph stays one that tools read."""
    number = change_a_purpose(scene)
    refused(scene, f"act {number}: This record was changed after it was", *EXPORTS)
    found = pages(scene)
    assert len(found) > 1 and all(MARK in page for page in found)
    text = " ".join(found)
    assert (
        text.count("This record was changed after it was") == 2
        and "The record of this item is damaged." in found[0]
    )
    assert "Not all of it held" in text
    assert tagged(graph(scene)) == ["InvestigativeAction", "Item", "ProvenanceRecord"]
    said = validate(graph(scene), tmp_path)
    assert said.returncode == 0, said.stdout[-3000:]
    for path in ("", "/balance"):
        told = call(scene.client, "GET", f"/items/{scene.item_id}{path}", actor=AUDITOR).json
        assert told["damaged"] is True and told["damage"][0]["sequence"] == number


@pytest.mark.rule("E12", "E27")
@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_says_otherwise_than_the_records(scene: Scene, row: str) -> None:
    """The records are whole, and what the report would say of the item is not what they say."""
    statement, words = ROWS[row]
    with scene.attacker() as attacker:
        attacker.run(statement, scene.item_id)
    refused(scene, words, *EXPORTS)
    assert all(MARK in page for page in pages(scene))
    assert "ProvenanceRecord" in tagged(graph(scene))
    for path in ("", "/balance"):
        told = call(scene.client, "GET", f"/items/{scene.item_id}{path}", actor=AUDITOR).json
        assert told["damaged"] is True and any(words in each["message"] for each in told["damage"])
    change_a_purpose(scene)
    # A damaged record elsewhere in the history does not hide it.
    refused(scene, words, *EXPORTS)


@pytest.mark.rule("E12", "E27")
@pytest.mark.parametrize("written", ["no record at all", '{"v":1}', "[]", '{"details":[],"type":7}'])
def test_a_record_overwritten_with_something_else(scene: Scene, written: str, tmp_path: Path) -> None:
    """What is no record any more keeps nobody from the rest: report, graph and balance are made, and marked."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[3]
        attacker.run("UPDATE events SET record = %s WHERE id = %s", written, event_id)
    refused(scene, "act 4: This record was changed", *EXPORTS)
    assert all(MARK in page for page in pages(scene))
    assert "InvestigativeAction" in tagged(graph(scene))
    told = call(scene.client, "GET", f"/items/{scene.item_id}/balance", actor=AUDITOR)
    assert told.status_code == 200 and told.json["damaged"] is True


@pytest.mark.rule("E12", "E27")
def test_a_record_taken_out(scene: Scene) -> None:
    """The acts that are left do not count without a gap."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[3]
        attacker.run("DELETE FROM events WHERE id = %s", event_id)
    refused(scene, "number 4 is missing", *EXPORTS)


@pytest.mark.rule("E22", "E27")
def test_a_files_digest_changed_beside_its_records(scene: Scene) -> None:
    """The report would print another digest than the one that was verified."""
    with scene.attacker() as attacker:
        attacker.run("UPDATE spectra SET sha256 = %s WHERE id = %s", "0" * 64, scene.spectra[0])
    refused(scene, f'says sha256 "{"0" * 64}", its records say', "custody.pdf")
    assert all(MARK in page for page in pages(scene))


@pytest.mark.rule("E19", "E27")
def test_a_log_that_does_not_lead_to_its_head(scene: Scene) -> None:
    """The report says of each act that it stands under the head, and so it is refused where that does not hold."""
    with scene.attacker() as attacker:
        attacker.run("UPDATE log_hashes SET hash = %s WHERE level = 0", bytes(32))
    refused(scene, "it is not shown that the signed log holds its entry", "custody.pdf")
    assert re.search(r"\b0 of \d+ acts: the entry", " ".join(pages(scene)))


@pytest.mark.rule("E19", "E27")
def test_a_head_that_is_not_the_logs(scene: Scene) -> None:
    """No act is said to stand under a head whose signature does not hold."""
    with scene.attacker() as attacker:
        attacker.run("UPDATE log_checkpoints SET note = replace(note, '— ', '— x')")
    refused(scene, "the log's newest head proves nothing: the note is not signed by the key", "custody.pdf")
    text = " ".join(pages(scene))
    assert "No act was checked against this head" in text and "leads by its inclusion proof" not in text


@pytest.mark.rule("E12", "E15")
def test_an_aliquots_changed_record_marks_the_balance_of_the_whole(scene: Scene) -> None:
    """The item's own record is whole; what is printed of its lineage is not."""
    with scene.attacker() as attacker:
        child = attacker.value("SELECT id FROM items WHERE parent_id = %s", scene.item_id)
        ((event_id, record),) = attacker.history(child)
        record["details"]["net_mass_mg"] = 1
        attacker.run("UPDATE events SET record = %s WHERE id = %s", canonical_json(record).decode(), event_id)
    item = call(scene.client, "GET", f"/items/{scene.item_id}", actor=AUDITOR).json
    balance = call(scene.client, "GET", f"/items/{scene.item_id}/balance", actor=AUDITOR).json
    assert item["damaged"] is False and balance["damaged"] is True
    assert {row["item_id"] for row in balance["damage"]} == {child}
    refused(scene, f"{balance['damage'][0]['number']}, act 1: This record was changed", "custody.pdf")
    assert export(scene, "case.jsonld").status_code == 200
