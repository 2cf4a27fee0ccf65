"""What somebody with the owner's rights changes is seen where it is shown: in the history, before anybody runs a check."""

from typing import Any

import pytest

from shared.crypto.canonical import canonical_json
from tests.calls import AUDITOR
from tests.fault.attacks.scene import Scene
from tests.integration.chain_of_custody.house import call


def shown(scene: Scene) -> list[dict[str, Any]]:
    """The item's history as it is answered."""
    answer = call(scene.client, "GET", f"/items/{scene.item_id}/events", actor=AUDITOR)
    assert answer.status_code == 200, answer.data
    return list(answer.json["items"])


def signed_place(scene: Scene) -> int:
    """Where in the history the first signed act stands."""
    return next(place for place, event in enumerate(shown(scene)) if event["signatures"])


def test_a_whole_history_is_intact(scene: Scene) -> None:
    """Nothing was changed, and nothing is said to be."""
    events = shown(scene)
    assert len(events) > 5
    assert all(event["intact"] is True and event["damage"] is None for event in events)


@pytest.mark.rule("E12", "E16")
def test_a_changed_signed_record(scene: Scene) -> None:
    """A changed record of which the digest was left is said to be changed, with both digests, and its signature not to hold."""
    place = signed_place(scene)
    with scene.attacker() as attacker:
        event_id, record = attacker.history(scene.item_id)[place]
        record["purpose"] = "something else"
        attacker.run("UPDATE events SET record = %s WHERE id = %s", canonical_json(record).decode(), event_id)
    events = shown(scene)
    assert [n for n, event in enumerate(events) if not event["intact"]] == [place]
    said = events[place]["damage"]
    assert said.startswith("This record was changed after it was signed and recorded: its SHA-256 is ")
    assert events[place]["digest"] in said and said.endswith("The signature does not hold.")


@pytest.mark.rule("E12", "E19")
def test_a_changed_record_made_to_fit(scene: Scene) -> None:
    """Digest, chain and item made to fit do not help: the log commits to another record."""
    with scene.attacker() as attacker:
        records = [record for _, record in attacker.history(scene.item_id)]
        records[2]["actor_name"] = "Somebody Else"
        attacker.rewrite_history(scene.item_id, records)
    events = shown(scene)
    # All that follows was rewritten too, since each names the one before.
    assert [event["intact"] for event in events] == [True, True] + [False] * (len(events) - 2)
    assert f"entry {events[2]['index']} of the log does not commit to it" in events[2]["damage"]


@pytest.mark.rule("E12")
@pytest.mark.parametrize("written", ["no record at all", '{"v":1}', "[]", '{"details":[],"type":7}'])
def test_a_record_overwritten_with_something_else(scene: Scene, written: str) -> None:
    """What is no record any more is shown as far as its columns tell of it, and said to be changed."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[2]
        attacker.run("UPDATE events SET record = %s WHERE id = %s", written, event_id)
    event = shown(scene)[2]
    assert event["intact"] is False and "was changed after it was recorded" in event["damage"]


@pytest.mark.rule("E12")
def test_a_changed_digest(scene: Scene) -> None:
    """A digest changed beside a record that stayed is said to be so: the record is the one of the log."""
    with scene.attacker() as attacker:
        event_id, _ = attacker.history(scene.item_id)[2]
        attacker.run("UPDATE events SET digest = %s WHERE id = %s", "0" * 64, event_id)
    event = shown(scene)[2]
    assert event["intact"] is False
    assert event["damage"].startswith("The digest that was kept of this record was changed: it is 000")


@pytest.mark.rule("E12")
def test_two_records_swapped(scene: Scene) -> None:
    """Two acts that change places are both said to be under another number than their own."""
    with scene.attacker() as attacker:
        (first, _), (second, _) = attacker.history(scene.item_id)[2:4]
        attacker.run("UPDATE events SET sequence = -1 WHERE id = %s", first)
        attacker.run("UPDATE events SET sequence = 3 WHERE id = %s", second)
        attacker.run("UPDATE events SET sequence = 4 WHERE id = %s", first)
    said = [event["damage"] for event in shown(scene)[2:4]]
    assert said == ["This record was moved: its sequence is not the one under which it stands."] * 2
