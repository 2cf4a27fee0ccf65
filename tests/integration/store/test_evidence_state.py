"""Health tells, to everybody, that a self-check or a scrub found something, and nothing of what."""

import pytest

from services.chain_of_custody.service.verify_ledger import verify_ledger
from tests.integration.chain_of_custody.house import opened, sequence
from tests.integration.store.test_heads import owner
from tests.integration.store.world import World


def _evidence(world: World) -> dict[str, object]:
    answer = world.client.get("/health")
    assert answer.status_code == 200
    return dict(answer.json["evidence"])


@pytest.mark.rule("E24")
def test_a_failed_self_check_is_seen_in_health_until_a_check_is_clean(world: World) -> None:
    item_id = opened(world.client)
    sequence(world.runtime)
    verify_ledger(world.runtime)
    told = _evidence(world)
    assert (told["state"], told["detail"], told["ledger_ok"]) == ("ok", None, True)
    for change, state in (("+ 1", "degraded"), ("- 1", "ok")):
        with owner(world) as attacker:
            attacker.execute(f"UPDATE items SET most_mg = most_mg {change} WHERE id = %s".encode(), [item_id])
        verify_ledger(world.runtime)
        told = _evidence(world)
        assert (told["state"], told["ledger_ok"]) == (state, state == "ok")
        assert ("found 1 thing wrong: see /ledger/verification" in str(told["detail"])) is (
            state == "degraded"
        )
    assert item_id not in str(told)


@pytest.mark.rule("E24")
def test_an_open_finding_of_the_scrub_is_seen_in_health(world: World) -> None:
    stored = world.stored()
    world.scrub()
    before = _evidence(world)["open_store_findings"]
    place = stored["object"]
    world.first.write(place["key"], place["version_id"], b"x" * stored["size"])
    world.scrub()
    told = _evidence(world)
    assert told["state"] == "degraded" and "see /store/findings" in str(told["detail"])
    assert told["open_store_findings"] != before
