"""Somebody with the owner's rights changes the rows that tell where things are and how much is left, and no event."""

from typing import LiteralString

import pytest

from services.chain_of_custody.models import Item
from tests.calls import AUDITOR
from tests.fault.attacks.scene import Scene
from tests.integration.chain_of_custody.house import call

#: Columns of an item that its newest event tells, with another value each, and the word of the finding.
STANDING: dict[str, tuple[LiteralString, str]] = {
    "remaining_mg": (
        "UPDATE items SET remaining_mg = remaining_mg - 50 WHERE id = %s",
        "remaining mass (mg)",
    ),
    "uncertainty_mg": ("UPDATE items SET uncertainty_mg = 60 WHERE id = %s", "uncertainty (mg)"),
    "holder": ("UPDATE items SET holder = 'technician2' WHERE id = %s", "holder person technician2"),
    "holder_kind": ("UPDATE items SET holder_kind = 'place' WHERE id = %s", "holder place technician"),
    "holder_name": ("UPDATE items SET holder_name = 'Tom' WHERE id = %s", "holder's name Tom"),
    "blocked": ("UPDATE items SET blocked = true WHERE id = %s", "open discrepancy true"),
    "open_holds": ("UPDATE items SET open_holds = 1 WHERE id = %s", "open holds 1"),
    "ending": ("UPDATE items SET ending = 'disposed' WHERE id = %s", "ending disposed"),
    "state": ("UPDATE items SET state = 'disposed' WHERE id = %s", "state disposed"),
    "aliquots": ("UPDATE items SET aliquots = 0 WHERE id = %s", "aliquots 0"),
    "seal_number": ("UPDATE items SET seal_number = 'forged' WHERE id = %s", "seal forged"),
    "seal_condition": (
        "UPDATE items SET seal_condition = 'broken' WHERE id = %s",
        "seal's condition broken",
    ),
}
#: Columns that its first event tells.
FACTS: dict[str, LiteralString] = {
    "number": "UPDATE items SET number = 'S26-999999' WHERE id = %s",
    "office": "UPDATE items SET office = 'BKK' WHERE id = %s",
    "exhibit_id": "UPDATE items SET exhibit_id = 'another' WHERE id = %s",
    "submission_id": "UPDATE items SET submission_id = 'another' WHERE id = %s",
    "description": "UPDATE items SET description = 'flour' WHERE id = %s",
    "gross_mass_mg": "UPDATE items SET gross_mass_mg = 1 WHERE id = %s",
    "programme": "UPDATE items SET programme = 'WINE' WHERE id = %s",
}


@pytest.mark.rule("E8", "E12", "E15")
@pytest.mark.parametrize("column", STANDING)
def test_an_items_standing_changed_without_an_act(scene: Scene, column: str) -> None:
    """Mass, holder or state changed in an item's row are not what its newest event says."""
    statement, words = STANDING[column]
    with scene.attacker() as attacker:
        attacker.run(statement, scene.item_id)
    finding, *more = scene.self_check()
    assert f"its row says {words}" in finding
    # A mass follows from the acts as well: the books, replayed, find it a second time.
    assert len(more) == (column in ("remaining_mg", "uncertainty_mg"))
    assert all("by its acts" in found for found in more)


@pytest.mark.rule("E1", "E12")
@pytest.mark.parametrize("column", FACTS)
def test_an_items_facts_changed_without_an_act(scene: Scene, column: str) -> None:
    """Number, office or description changed in an item's row are not what its first event says."""
    with scene.attacker() as attacker:
        attacker.run(FACTS[column], scene.item_id)
    findings = scene.self_check()
    assert "its row is not what its first event says" in findings[0]


@pytest.mark.rule("E7", "E12")
def test_an_aliquot_given_to_another_parent(scene: Scene) -> None:
    """An aliquot moved below another item is not what its first event says."""
    with scene.attacker() as attacker:
        other = attacker.value(
            "SELECT id FROM items WHERE parent_id IS NULL AND id <> %s LIMIT 1", scene.item_id
        )
        attacker.run("UPDATE items SET parent_id = %s WHERE parent_id = %s", other, scene.item_id)
    scene.finds("its row is not what its first event says")


ROWS: dict[str, tuple[LiteralString, str]] = {
    "accepted": (
        "UPDATE handovers SET state = 'accepted' WHERE id = %s",
        "hand-over {}: its row is not what",
    ),
    "giver": (
        "UPDATE handovers SET giver = 'technician2' WHERE id = %s",
        "hand-over {}: its row is not what",
    ),
    "receiver": (
        "UPDATE handovers SET receiver = 'technician2' WHERE id = %s",
        "hand-over {}: its row is not what",
    ),
    "deleted": (
        "DELETE FROM handovers WHERE id = %s",
        "hand-over {} stands in an event, but its row is gone",
    ),
    "inserted": (
        "INSERT INTO handovers (id, giver, giver_name, receiver, receiver_name, purpose, state, offered_at) "
        "SELECT 'forged', giver, giver_name, receiver, receiver_name, purpose, state, offered_at "
        "FROM handovers WHERE id = %s",
        "hand-over forged stands in no event",
    ),
}


@pytest.mark.rule("E8", "E12")
@pytest.mark.parametrize("attack", ROWS)
def test_a_handover_changed_without_an_act(scene: Scene, attack: str) -> None:
    """A hand-over whose row was changed, deleted or inserted is not what the events say."""
    statement, words = ROWS[attack]
    with scene.attacker() as attacker:
        attacker.run(statement, scene.offer_id)
    scene.finds(words.format(scene.offer_id))


@pytest.mark.rule("E12")
def test_a_hold_lifted_without_an_act(scene: Scene) -> None:
    """A hold released, or deleted, behind custody's back is missed, at the hold and at the item."""
    with scene.attacker() as attacker:
        attacker.run("UPDATE holds SET released_at = now(), released_by = 'x' WHERE id = %s", scene.hold_id)
        attacker.run(
            "UPDATE items SET open_holds = 0, state = 'in_custody' FROM holds "
            "WHERE holds.id = %s AND items.id = holds.item_id",
            scene.hold_id,
        )
    scene.finds(f"hold {scene.hold_id}: its row is not what its events say: released_by")
    scene.finds("its row says open holds 0, its newest event 1")
    with scene.attacker() as attacker:
        attacker.run("DELETE FROM holds WHERE id = %s", scene.hold_id)
    scene.finds(f"hold {scene.hold_id} stands in an event, but its row is gone")


@pytest.mark.rule("E12")
def test_a_disposal_without_a_request(scene: Scene) -> None:
    """An authorised disposal written into the table stands in no event."""
    with scene.attacker() as attacker:
        attacker.run(
            "INSERT INTO disposals (id, item_id, method, purpose, state, requested_by, requested_at, authorised_by, "
            "authorised_at) VALUES ('forged', %s, 'incineration', 'x', 'authorised', 'custodian', now(), 'reviewer', now())",
            scene.item_id,
        )
    scene.finds("disposal forged stands in no event")


@pytest.mark.rule("E14", "E22", "E25")
def test_two_spectra_swapped(scene: Scene) -> None:
    """Two spectra that change places, digest and object with them, are not what their events say."""
    with scene.attacker() as attacker:
        one, two = scene.spectra
        columns = "object_key, version_id, sha256, declared_sha256"
        rows = {
            found: attacker.rows(f"SELECT {columns} FROM spectra WHERE id = %s", found)[0]
            for found in scene.spectra
        }
        for found, other in ((one, two), (two, one)):
            attacker.run(
                "UPDATE spectra SET object_key = %s, version_id = %s, sha256 = %s, declared_sha256 = %s WHERE id = %s",
                *rows[other],
                found,
            )
    findings = scene.self_check()
    assert {f"spectrum {found}: its row is not what its events say" for found in scene.spectra} == {
        finding.rpartition(": ")[0] for finding in findings
    }


@pytest.mark.rule("E22")
@pytest.mark.parametrize(
    "column", ["sha256", "declared_sha256", "version_id", "item_id", "run_role", "deleted"]
)
def test_a_spectrum_changed_without_an_act(scene: Scene, column: str) -> None:
    """Digest, version, item or role changed in a spectrum's row, or the row deleted, is not what the events say."""
    spectrum_id, _ = scene.spectra
    statements: dict[str, LiteralString] = {
        "sha256": "UPDATE spectra SET sha256 = repeat('0', 64) WHERE id = %s",
        "declared_sha256": "UPDATE spectra SET declared_sha256 = repeat('0', 64) WHERE id = %s",
        "version_id": "UPDATE spectra SET version_id = 'another' WHERE id = %s",
        "item_id": "UPDATE spectra SET item_id = (SELECT id FROM items WHERE id <> item_id LIMIT 1) WHERE id = %s",
        "run_role": "UPDATE spectra SET run_role = 'blank' WHERE id = %s",
        "deleted": "DELETE FROM spectra WHERE id = %s",
    }
    with scene.attacker() as attacker:
        attacker.run(statements[column], spectrum_id)
    words = "stands in an event, but its row is gone" if column == "deleted" else "its row is not what"
    scene.finds(f"spectrum {spectrum_id}{' ' if column == 'deleted' else ': '}{words}")


def test_every_column_of_an_item_was_thought_of() -> None:
    """A column that items gain later is seen here, so that somebody thinks of the attack upon it."""
    by_foreign_key_or_digest = {"id", "seq", "parent_id", "events", "last_digest", "transfers"}
    computed_from_the_holder = {"holder_person", "holder_place"}
    told_by_first_event = {
        "submission_number", "receipt_number", "kind", "physical_form", "seizure_id", "root_id", "line", "most_mg", "created_at",
    }  # fmt: skip
    assert set(Item.__table__.columns.keys()) == (
        set(STANDING) | set(FACTS) | by_foreign_key_or_digest | computed_from_the_holder | told_by_first_event
    )


def test_what_was_found_stays_found_while_nobody_mends_it(scene: Scene) -> None:
    """The page and the answer go on telling it; a check that is repeated does not forget."""
    with scene.attacker() as attacker:
        attacker.run(STANDING["remaining_mg"][0], scene.item_id)
    first = scene.self_check()
    assert first and scene.self_check() == first
    told = call(scene.client, "GET", "/ledger/verification", actor=AUDITOR).json
    assert told["ok"] is False and told["findings"] == first
