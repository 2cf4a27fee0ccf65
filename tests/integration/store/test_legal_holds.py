"""Holds in the stores: on every copy of what is on hold, until the last hold is released."""

from typing import Any

import pytest

from services.chain_of_custody.models import Item
from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.service import legal_holds
from services.chain_of_custody.store import mirror_of, store_of
from shared.storage.s3 import S3Store
from tests.calls import REVIEWER
from tests.integration.chain_of_custody.house import SIGNED
from tests.integration.store.world import World


@pytest.mark.rule("E23")
def test_a_hold_reaches_every_copy_and_the_scrub_sees_to_it(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None
    [version_id] = mirror.versions(key)
    for open_holds in (1, 0):
        with world.runtime.unit_of_work() as uow:
            uow.session.get_one(Item, world.item_id).open_holds = open_holds
            uow.commit()
        legal_holds.align_legal_holds(world.runtime, world.item_id)
        assert mirror.stat(key, version_id).legal_hold is (open_holds > 0)
        if open_holds:
            mirror.set_legal_hold(key, version_id, False)
            store_of(world.runtime).set_legal_hold(key, spectrum["object"]["version_id"], False)
            world.scrub()
            found = {(row["store"], row["kind"], row["outcome"]) for row in world.findings(spectrum["id"])}
            kind, outcome = "legal_hold", "locked_again"
            assert found == {("first", kind, outcome), ("second", kind, outcome)}
            assert mirror.stat(key, version_id).legal_hold


def held(world: World, spectrum: dict[str, Any]) -> set[bool]:
    """Whether a legal hold lies on each copy, as a server itself tells it where there is one."""
    key, found = spectrum["object"]["key"], set()
    for store in (store_of(world.runtime), mirror_of(world.runtime)):
        assert store is not None
        for version_id in store.versions(key):
            if isinstance(store, S3Store):
                found.add(
                    store._client.is_object_legal_hold_enabled(store._bucket, key, version_id=version_id)
                )
            else:
                found.add(store.stat(key, version_id).legal_hold)
    return found


@pytest.mark.rule("E12", "E23")
def test_objects_are_held_until_the_last_hold_of_their_item_is_released(world: World) -> None:
    spectrum, order = world.stored(mirrored=True), {"reason": "court order", **SIGNED}

    def aligned() -> set[bool]:
        legal_holds.align_legal_holds(world.runtime, world.item_id)
        return held(world, spectrum)

    holds = [world.ask("POST", f"/items/{world.item_id}/holds", order, REVIEWER).json["id"] for _ in range(2)]
    assert aligned() == {True}
    assert world.ask("POST", f"/holds/{holds[0]}/release", order).status_code == 200
    assert aligned() == {True}, "another hold still covers the item"
    assert world.ask("POST", f"/holds/{holds[1]}/release", order).status_code == 200
    assert aligned() == {False}


@pytest.mark.rule("E12", "E23")
def test_the_scrub_sets_a_hold_whose_job_was_lost(world: World) -> None:
    """Or whose mark in the database was taken off, together with the hold in the store."""
    spectrum, order = world.stored(mirrored=True), {"reason": "court order", **SIGNED}
    hold = world.ask("POST", f"/items/{world.item_id}/holds", order, REVIEWER).json["id"]
    try:
        assert held(world, spectrum) == {False}
        world.scrub()
        assert held(world, spectrum) == {True} and world.findings(spectrum["id"]) == []
        with world.runtime.unit_of_work() as uow:
            uow.session.get_one(Spectrum, spectrum["id"]).legal_hold = False
            uow.commit()
        store_of(world.runtime).set_legal_hold(
            spectrum["object"]["key"], spectrum["object"]["version_id"], False
        )
        world.scrub()
        assert held(world, spectrum) == {True}
    finally:
        assert world.ask("POST", f"/holds/{hold}/release", order).status_code == 200
        legal_holds.align_legal_holds(world.runtime, world.item_id)
    assert held(world, spectrum) == {False}
