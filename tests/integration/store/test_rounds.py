"""Rounds of the scrub: on a budget, going on where they stopped, and seen by those who answer for the stores."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.chain_of_custody.service import scrub
from services.chain_of_custody.store import store_of
from shared.storage.errors import StoreUnavailable
from tests.calls import ADMIN, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.spectra import house
from tests.integration.store.world import SIZE, World


class Seconds:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Moves the clock."""
        self.now += seconds


def progress(world: World) -> dict[str, Any]:
    return dict(world.ask("GET", "/store/scrub").json)


@pytest.mark.rule("E24")
def test_a_round_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.scrub()
    for _ in range(3):
        world.stored()
    asked = world.ask("POST", "/store/scrub", {}).json
    assert asked["asked_by"] == "custodian" and asked["objects_done"] == 0
    real = scrub.scrub_spectrum
    seen: list[str] = []

    def killed_at_the_second(runtime: Any, spectrum_id: str, pace: Any) -> tuple[int, int]:
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(spectrum_id)
        return real(runtime, spectrum_id, pace)

    with monkeypatch.context() as patch:
        patch.setattr(scrub, "scrub_spectrum", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            scrub.scrub(world.runtime)
    going = progress(world)["round"]
    assert (going["number"], going["objects_done"], going["bytes_done"]) == (asked["number"], 1, SIZE)

    def noted(runtime: Any, spectrum_id: str, pace: Any) -> tuple[int, int]:
        seen.append(spectrum_id)
        return real(runtime, spectrum_id, pace)

    with monkeypatch.context() as patch:
        patch.setattr(scrub, "scrub_spectrum", noted)
        scrub.scrub(world.runtime)
    found = progress(world)
    assert found["round"] is None and found["last_round"]["number"] == asked["number"]
    assert len(seen) == len(set(seen)) == found["last_round"]["objects_done"] == asked["objects_total"]
    assert found["last_round"]["bytes_done"] == asked["bytes_total"]


def test_no_more_is_read_than_the_budget_allows_and_a_slice_ends(world: World) -> None:
    for _ in range(3):
        world.stored()
    seconds = Seconds()
    with world.settings(scrub_bytes_per_second=SIZE // 20):
        world.ask("POST", "/store/scrub", {})
        slices = 0
        while progress(world)["round"] is not None:
            before, began = progress(world)["round"]["bytes_done"], seconds.now
            scrub.scrub(world.runtime, clock=seconds, sleep=seconds.sleep)
            slices += 1
            told = progress(world)
            done = (told["round"] or told["last_round"])["bytes_done"] - before
            assert done <= (seconds.now - began) * (SIZE // 20) + 1
    assert slices > 1


def test_a_round_begins_when_it_is_due(world: World) -> None:
    world.scrub()
    number = progress(world)["last_round"]["number"]
    scrub.scrub(world.runtime)
    assert progress(world)["last_round"]["number"] == number
    with world.later(timedelta(days=31)):
        scrub.scrub(world.runtime)
    assert progress(world)["last_round"]["number"] == number + 1
    assert progress(world)["last_round"]["asked_by"] is None


def test_files_are_counted_before_a_round_has_come_to_them(world: World) -> None:
    world.scrub()
    before = progress(world)["stored"]
    assert before["since_round"] == 0 and before["objects"] == progress(world)["last_round"]["objects_done"]
    world.stored()
    house.uploaded(world.client, world.item_id, b"not hashed yet")
    after = progress(world)["stored"]
    assert (after["objects"], after["since_round"]) == (before["objects"] + 2, 2)
    assert after["bytes"] == before["bytes"] + SIZE + len(b"not hashed yet")


def test_asking_twice_begins_one_round(world: World) -> None:
    one, two = (world.ask("POST", "/store/scrub", {}).json["number"] for _ in range(2))
    assert one == two
    scrub.scrub(world.runtime)


def test_a_store_that_is_away_stops_the_round_and_accuses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum = world.stored()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The object store does not answer.")

    world.ask("POST", "/store/scrub", {})
    with monkeypatch.context() as patch:
        for name in ("read", "stat", "versions"):
            patch.setattr(store_of(world.runtime), name, away)
        scrub.scrub(world.runtime)
    assert progress(world)["round"]["objects_done"] == 0
    assert world.findings(spectrum["id"]) == []
    scrub.scrub(world.runtime)
    assert progress(world)["round"] is None


def test_metrics_tell_of_rounds(world: World) -> None:
    world.scrub()
    world.watch()
    age = REGISTRY.get_sample_value("siglab_scrub_last_round_age_seconds")
    assert age is not None and age >= 0
    assert (REGISTRY.get_sample_value("siglab_scrub_bytes") or 0) >= SIZE
    assert REGISTRY.get_sample_value("siglab_scrub_round_done_ratio") == 1


@pytest.mark.parametrize("path", ["/store", "/store/scrub", "/store/findings"])
def test_who_may_see(world: World, path: str) -> None:
    for actor in (AUDITOR, REVIEWER, CUSTODIAN, ADMIN):
        assert world.ask("GET", path, actor=actor).status_code == 200
    for actor in (TECHNICIAN, BOGOTA):
        assert world.ask("GET", path, actor=actor).status_code == 403


def test_who_may_ask_for_a_round(world: World) -> None:
    for actor in (AUDITOR, REVIEWER, TECHNICIAN):
        assert world.ask("POST", "/store/scrub", {}, actor).status_code == 403
    assert world.ask("POST", "/store/scrub", {}, ADMIN).status_code == 202
    scrub.scrub(world.runtime)
    assert world.ask("POST", "/store/findings/none/closing", {"reason": "x"}).status_code == 404
