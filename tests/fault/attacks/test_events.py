"""Somebody with the owner's rights changes, deletes, inserts, reorders and backdates events; each is found, and by what."""

from datetime import timedelta
from typing import Any

import pytest

from services.chain_of_custody.models import Event
from shared.crypto.canonical import canonical_json
from shared.crypto.ledger import event_digest, new_salt
from shared.http.schemas import format_time
from shared.identifiers import new_id
from tests.fault.attacks.scene import Attacker, Scene
from tests.integration.chain_of_custody.house import exhibit, opened

OTHER_RECORD = "its record is not the one that the log commits to"


def inserted(attacker: Attacker, record: dict[str, Any]) -> None:
    """A new event that waits for its place in the log like any other."""
    attacker.run(
        "INSERT INTO events (id, item_id, sequence, type, occurred_at, recorded_at, record, digest, salt) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        record["id"],
        record["item_id"],
        record["sequence"],
        record["type"],
        record["occurred_at"],
        record["recorded_at"],
        canonical_json(record).decode(),
        event_digest(record),
        new_salt(),
    )
    attacker.run("INSERT INTO pending_events SELECT seq, id FROM events WHERE id = %s", record["id"])


def follow_up(attacker: Attacker, item_id: str, **over: Any) -> dict[str, Any]:
    """A forged act behind the item's last, chained to it, with the item's row made to fit."""
    *_, (_, last) = attacker.history(item_id)
    record = {
        **last,
        "id": new_id(),
        "sequence": last["sequence"] + 1,
        "previous": event_digest(last),
        "signatures": [],
        **over,
    }
    inserted(attacker, record)
    attacker.run(
        "UPDATE items SET events = %s, last_digest = %s WHERE id = %s",
        record["sequence"],
        event_digest(record),
        item_id,
    )
    return record


@pytest.mark.rule("E12", "E19")
def test_a_changed_record(scene: Scene) -> None:
    """A changed record is found by the self-check, and a bundle with it by siglab-verify."""
    good = scene.bundle()
    with scene.attacker() as attacker:
        event_id, record = attacker.history(scene.item_id)[2]
        record["details"]["net_mass_mg"] = 450.0
        attacker.rewrite(event_id, record)
    scene.finds(OTHER_RECORD)
    assert "the event is not the one that the log entry commits to" in scene.refused_bundle()["detail"]
    code, said = scene.verify_bundle(scene.forged_bundle())
    assert code == 1 and "the event is not the one that the log entry commits to" in said
    assert scene.verify_bundle(good)[0] == 0


@pytest.mark.rule("E12", "E19")
def test_a_changed_record_with_all_that_follows_chained_to_it(scene: Scene) -> None:
    """A history rewritten as a whole, digests and item included, is not the one that the log commits to."""
    with scene.attacker() as attacker:
        records = [record for _, record in attacker.history(scene.item_id)]
        records[2]["actor_name"] = "Somebody Else"
        attacker.rewrite_history(scene.item_id, records)
    scene.finds(OTHER_RECORD)
    assert "the event is not the one that the log entry commits to" in scene.refused_bundle()["detail"]
    code, said = scene.verify_bundle(scene.forged_bundle())
    assert code == 1 and "the event is not the one that the log entry commits to" in said


@pytest.mark.rule("E12", "E19")
def test_a_changed_record_with_log_and_root_made_to_fit(scene: Scene) -> None:
    """A history and a log rewritten up to the root do not fit the signed head, which takes the key to sign."""
    with scene.attacker() as attacker:
        records = [record for _, record in attacker.history(scene.item_id)]
        records[2]["actor_name"] = "Somebody Else"
        attacker.rewrite_history(scene.item_id, records)
        root = attacker.rewrite_log()
        size = attacker.value("SELECT max(size) FROM log_checkpoints")
        attacker.run("UPDATE log_checkpoints SET root = %s WHERE size = %s", root, size)
    scene.finds(f"the checkpoint of {size} entries does not fit the entries")
    code, said = scene.verify_bundle(scene.forged_bundle())
    assert code == 1 and "root" in said


@pytest.mark.rule("E12")
@pytest.mark.parametrize("place", [0, 2, -1], ids=["first", "middle", "last"])
def test_a_deleted_event(scene: Scene, place: int) -> None:
    """An event deleted from its item's history is missed at its entry in the log."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[place]
        attacker.run("DELETE FROM events WHERE id = %s", event_id)
    scene.finds(f"event {event_id}, entry ")
    scene.finds("of the log, is missing")


@pytest.mark.rule("E12")
def test_the_last_event_deleted_and_the_item_set_back(scene: Scene) -> None:
    """The item set back to before the deleted act does not help: the log has the entry."""
    with scene.attacker() as attacker:
        *_, (_, before), (event_id, record) = attacker.history(scene.item_id)
        attacker.run("DELETE FROM events WHERE id = %s", event_id)
        attacker.run(
            "UPDATE items SET events = %s, last_digest = %s WHERE id = %s",
            before["sequence"],
            record["previous"],
            scene.item_id,
        )
    assert [f for f in scene.self_check() if event_id in f and "is missing" in f]


@pytest.mark.rule("E12")
def test_a_whole_item_deleted(scene: Scene) -> None:
    """An item deleted with every act upon it leaves its entries in the log."""
    with scene.attacker() as attacker:
        gone = [event_id for event_id, _ in attacker.history(scene.item_id)]
        attacker.run("DELETE FROM events WHERE item_id = %s", scene.item_id)
        attacker.run("DELETE FROM items WHERE id = %s", scene.item_id)
    findings = scene.self_check()
    assert all(any(event_id in finding for finding in findings) for event_id in gone)


@pytest.mark.rule("E19")
def test_an_event_kept_out_of_the_log(scene: Scene) -> None:
    """An act taken out of the queue before it got its place is missed there."""
    item_id = opened(scene.client, **exhibit())
    with scene.attacker() as attacker:
        ((event_id, _),) = attacker.history(item_id)
        attacker.run("DELETE FROM pending_events WHERE event_id = %s", event_id)
    scene.sequence()
    scene.finds(f"event {event_id} is neither in the log nor on its way to it")


@pytest.mark.rule("E12", "E19")
def test_an_event_inserted_into_a_history(scene: Scene) -> None:
    """An act squeezed in between two breaks the chain, though the log takes it like any other."""
    with scene.attacker() as attacker:
        history = attacker.history(scene.item_id)
        _, before = history[2]
        forged = {**before, "id": new_id(), "sequence": 4, "previous": event_digest(before), "signatures": []}
        for event_id, record in reversed(history[3:]):
            attacker.rewrite(event_id, {**record, "sequence": record["sequence"] + 1})
        inserted(attacker, forged)
        attacker.run("UPDATE items SET events = events + 1 WHERE id = %s", scene.item_id)
    scene.sequence()
    scene.finds(OTHER_RECORD)
    scene.finds(f"event 5 of item {scene.item_id} does not follow upon the one before")
    code, said = scene.verify_bundle(scene.forged_bundle())
    assert code == 1 and "does not follow upon the one above it" in said


@pytest.mark.rule("E9", "E19")
def test_a_backdated_event_inserted(scene: Scene) -> None:
    """An act forged behind the last and said to be recorded a day ago stands in the log behind younger ones."""
    with scene.attacker() as attacker:
        _, last = attacker.history(scene.item_id)[-1]
        then = scene.runtime.clock() - timedelta(days=1)
        told = {"occurred_at": format_time(then), "recorded_at": format_time(then)}
        follow_up(attacker, scene.item_id, **told)
        place = attacker.value("SELECT count(*) FROM log_entries")
    assert last["recorded_at"] > told["recorded_at"]
    scene.sequence()
    scene.finds(f"entries {place} to {place} of the log say that they were recorded up to")
    scene.finds("backdated, or the clock was put back")


@pytest.mark.rule("E9", "E12")
@pytest.mark.parametrize("column", ["occurred_at", "recorded_at"])
def test_a_backdated_record(scene: Scene, column: str) -> None:
    """A time changed in a record is not what the log commits to."""
    with scene.attacker() as attacker:
        event_id, record = attacker.history(scene.item_id)[1]
        attacker.rewrite(event_id, {**record, column: "2026-01-01T00:00:00.000000Z"})
    scene.finds(OTHER_RECORD)


@pytest.mark.rule("E9")
@pytest.mark.parametrize("column", ["occurred_at", "recorded_at"])
def test_a_backdated_column(scene: Scene, column: str) -> None:
    """A time changed only in the column that lists are made from is not that of the record."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[1]
        statement = {
            "occurred_at": "UPDATE events SET occurred_at = occurred_at - interval '1 day' WHERE id = %s",
            "recorded_at": "UPDATE events SET recorded_at = recorded_at - interval '1 day' WHERE id = %s",
        }
        attacker.run(statement[column], event_id)
    scene.finds(f"event 2 of item {scene.item_id}: its columns tell another time than its record")


@pytest.mark.rule("E12")
def test_reordered_events(scene: Scene) -> None:
    """Two acts of an item that change places no longer follow upon each other."""
    with scene.attacker() as attacker:
        history = attacker.history(scene.item_id)
        (first, _), (second, _) = history[2], history[3]
        attacker.run("UPDATE events SET sequence = -1 WHERE id = %s", first)
        attacker.run("UPDATE events SET sequence = 3 WHERE id = %s", second)
        attacker.run("UPDATE events SET sequence = 4 WHERE id = %s", first)
    scene.finds("its sequence is not that of its record")
    scene.finds(f"event 3 of item {scene.item_id} does not follow upon the one before")


@pytest.mark.rule("E12", "E19")
def test_reordered_entries(scene: Scene) -> None:
    """Two entries of the log that change places do not commit to the events that they stand for."""
    with scene.attacker() as attacker:
        (first, one), (second, two) = attacker.rows(
            "SELECT index, event_id FROM log_entries ORDER BY index LIMIT 2"
        )
        attacker.run("UPDATE log_entries SET event_id = event_id || '-' WHERE index = %s", first)
        attacker.run("UPDATE log_entries SET event_id = %s WHERE index = %s", one, second)
        attacker.run("UPDATE log_entries SET event_id = %s WHERE index = %s", two, first)
    findings = scene.self_check()
    assert [f for f in findings if OTHER_RECORD in f and f"entry {first} " in f]
    assert [f for f in findings if OTHER_RECORD in f and f"entry {second} " in f]


@pytest.mark.rule("E16")
def test_a_signature_moved_to_another_act(scene: Scene) -> None:
    """A signature copied onto a forged act names the digest of the record that was signed, not of this one."""
    with scene.attacker() as attacker:
        signed = next(record for _, record in attacker.history(scene.item_id) if record["signatures"])
        now = format_time(scene.runtime.clock())
        told = {"occurred_at": now, "recorded_at": now, "signatures": signed["signatures"]}
        follow_up(attacker, scene.item_id, **told)
    scene.sequence()
    scene.finds("a signature is not of this record")


def test_the_columns_attacked_are_all_there_are() -> None:
    """A column that events gain later is seen here, so that somebody thinks of the attack upon it."""
    assert set(Event.__table__.columns.keys()) == {
        "id", "seq", "item_id", "subject", "sequence", "type", "occurred_at", "recorded_at", "record", "digest", "salt",
    }  # fmt: skip
