"""The watch over the stores: locks tried at the start and daily, room that runs out, a second store that is away."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.chain_of_custody.store import mirror_of, store_of
from services.chain_of_custody.store_watch import StoreWatch
from shared.storage import directory, s3
from shared.storage.errors import ObjectNotFound, StoreFull, StoreUnavailable
from tests.integration.store.world import World


@pytest.fixture
def watch(world: World) -> StoreWatch:
    """A watch that has just been started."""
    return StoreWatch(world.runtime)


def kept(world: World) -> list[dict[str, Any]]:
    return list(world.ask("GET", "/store").json["canaries"])


@pytest.mark.rule("E23")
def test_the_locks_are_tried_at_the_start_and_once_a_day(world: World, watch: StoreWatch) -> None:
    watch.look()
    first = kept(world)[0]
    assert first["holds"] and first["detail"] == "The locks hold."
    watch.look()
    assert kept(world)[0] == first
    with world.later(timedelta(days=1)):
        watch.look()
    assert kept(world)[0]["at"] > first["at"]
    told = watch.facts()
    assert told["object_lock"] and told["canary"]["holds"] and told["mirror"]["object_lock"]
    assert REGISTRY.get_sample_value("siglab_store_locks_hold", {"store": "first"}) == 1


@pytest.mark.rule("E23")
def test_locks_that_stop_holding_are_said_everywhere(
    world: World, watch: StoreWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.look()
    assert watch.facts()["state"] == "ok"
    store = store_of(world.runtime)
    with monkeypatch.context() as patch, world.later(timedelta(days=1)):
        patch.setattr(store, "delete", lambda key, version_id: None)
        patch.setattr(store, "extend_retention", lambda key, version_id, until: None)
        watch.look()
        told = watch.facts()
        assert not told["object_lock"] and told["state"] == "degraded"
        assert "A locked object could be deleted." in told["detail"]
        assert REGISTRY.get_sample_value("siglab_store_locks_hold", {"store": "first"}) == 0
    row = next(row for row in kept(world) if row["store"] == "first")
    assert not row["holds"] and "shortened" in row["detail"]
    with world.later(timedelta(days=3)):
        watch.look()
        assert watch.facts()["object_lock"]


def test_what_enforces_the_locks_is_told_honestly(world: World, watch: StoreWatch) -> None:
    expected = "this software" if world.first.kind == "directory" else "storage system"
    assert watch.facts()["enforced_by"] == expected
    assert watch.facts()["mirror"]["enforced_by"] == expected


def test_a_store_that_is_nearly_full_is_said_before_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is asked of the system, a MinIO server of itself; both have the disk of this machine."""
    with world.settings(min_free_mb=1000):
        watch = StoreWatch(world.runtime)
        watch.look()
        told = watch.facts()
        assert told["state"] == "ok" and told["free_bytes"] > 10**9
        assert told["mirror"]["free_bytes"] == pytest.approx(told["free_bytes"], rel=0.2)

        def nearly(_: object) -> SimpleNamespace:
            return SimpleNamespace(f_bavail=999_000, f_frsize=1000)

        with monkeypatch.context() as patch:
            patch.setattr(directory.os, "statvfs", nearly)
            patch.setattr(s3, "ask_free_bytes", lambda _: 999_000_000)
            told = watch.facts()
        assert told["state"] == "degraded"
        assert "999 MB are left" in told["detail"]
        assert watch.facts()["state"] == "ok"


def test_a_full_store_is_said_until_it_takes_something_again(
    world: World, watch: StoreWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(world.runtime)

    def full(*_: object, **__: object) -> None:
        raise StoreFull

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_part", full)
        if world.first.kind == "directory":
            patch.setattr(store, "free_bytes", full)
        told = watch.facts()
        assert told["state"] == "degraded" and "full" in told["detail"]
    assert watch.facts()["state"] == "ok"


def test_a_second_store_that_is_away_degrades_and_uploads_go_on(
    world: World, watch: StoreWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.look()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The object store does not answer.")

    with monkeypatch.context() as patch:
        for name in ("versions", "read", "begin"):
            patch.setattr(mirror_of(world.runtime), name, away)
        told = watch.facts()
        assert told["state"] == "degraded" and told["mirror"]["state"] == "down"
        assert world.stored()["state"] == "verified"
    assert watch.facts()["state"] == "ok"


def test_a_first_store_that_is_away_is_down(
    world: World, watch: StoreWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.look()

    def away(*_: object, **__: object) -> None:
        raise ObjectNotFound("The bucket is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(store_of(world.runtime), "versions", away)
        with pytest.raises(ObjectNotFound):
            watch.facts()
