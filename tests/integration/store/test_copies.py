"""Second copies: made beside the upload, read where the first cannot be, used to repair, never overwriting anything."""

import os
from collections.abc import Mapping
from datetime import timedelta

import pytest
from minio.error import S3Error
from prometheus_client import REGISTRY

from services.chain_of_custody.service import copy_objects, scrub
from services.chain_of_custody.store import mirror_of, store_of
from shared.errors import DomainError
from shared.http.schemas import format_time
from shared.storage.errors import StoreUnavailable
from shared.storage.s3 import S3Store
from tests.calls import TECHNICIAN, call
from tests.integration.spectra import house
from tests.integration.store.world import SIZE, Disk, World


def content(world: World, spectrum_id: str) -> bytes:
    answer = world.ask("GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN)
    assert answer.status_code == 200
    return bytes(answer.data)


def broken(disk: Disk, place: Mapping[str, str]) -> None:
    """A copy of an object gets other bytes of the same length."""
    key, version_id = place["key"], place["version_id"]
    disk.write(key, version_id, os.urandom(disk.part(key, version_id).stat().st_size))


def damage(disk: Disk) -> str:
    """What other bytes are called: MinIO notices by its own checksums, and gives nothing."""
    return "digest" if disk.kind == "directory" else "unreadable"


@pytest.mark.rule("E23")
def test_a_verified_object_is_copied_once_locked_as_the_first(world: World) -> None:
    spectrum = world.stored()
    assert {"spectrum_id": spectrum["id"]} in house.queued(world.runtime, copy_objects.COPY)
    for _ in range(2):
        copy_objects.copy_object(world.runtime, spectrum["id"])
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None
    [version_id] = mirror.versions(key)
    facts = mirror.stat(key, version_id)
    assert facts.size == SIZE and facts.retain_until is not None
    assert format_time(facts.retain_until) == spectrum["object"]["retain_until"]
    assert b"".join(mirror.read(key, version_id)) == content(world, spectrum["id"])


@pytest.mark.parametrize("size", [0, 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1])
def test_objects_of_any_size_are_copied(world: World, size: int) -> None:
    spectrum = world.stored(mirrored=True, size=size)
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None and mirror.stat(key, mirror.versions(key)[0]).size == size


def test_what_was_there_before_the_second_store_is_copied_too(world: World) -> None:
    with world.without_mirror():
        spectrum = world.stored(mirrored=True)
    waiting = world.ask("GET", "/store").json["copies"]["waiting"]
    assert waiting >= 1
    copy_objects.copy_missing(world.runtime)
    told = world.ask("GET", "/store").json["copies"]
    assert told["mirrored"] and told["waiting"] == 0
    mirror = mirror_of(world.runtime)
    assert mirror is not None and len(mirror.versions(spectrum["object"]["key"])) == 1


def test_a_copy_whose_record_was_lost_by_a_kill_is_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum = world.stored()
    with monkeypatch.context() as patch:

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(copy_objects, "note_copy", killed)
        with pytest.raises(KeyboardInterrupt):
            copy_objects.copy_object(world.runtime, spectrum["id"])
    copy_objects.copy_object(world.runtime, spectrum["id"])
    mirror = mirror_of(world.runtime)
    assert mirror is not None and len(mirror.versions(spectrum["object"]["key"])) == 1
    world.scrub()
    assert world.findings(spectrum["id"]) == []


@pytest.mark.rule("E22")
def test_damaged_bytes_are_never_copied(world: World) -> None:
    spectrum = world.stored()
    broken(world.first, spectrum["object"])
    with pytest.raises(DomainError):
        copy_objects.copy_object(world.runtime, spectrum["id"])
    mirror = mirror_of(world.runtime)
    assert mirror is not None and mirror.versions(spectrum["object"]["key"]) == []
    later = world.runtime.clock() + timedelta(days=1)
    assert mirror.list_unfinished(later) == []


@pytest.mark.rule("E24")
@pytest.mark.rule("E25")
def test_a_damaged_first_copy_is_repaired_as_a_new_version(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    good, place, store = content(world, spectrum["id"]), spectrum["object"], store_of(world.runtime)
    broken(world.first, place)
    world.scrub()
    [row] = world.findings(spectrum["id"])
    assert row["outcome"] == "repaired" and row["store"] == "first"
    assert world.spectrum(spectrum["id"])["state"] == "verified"
    versions = store.versions(place["key"])
    assert len(versions) == 2 and versions[0] == place["version_id"]
    assert b"".join(store.read(place["key"], versions[1])) == good == content(world, spectrum["id"])
    facts = store.stat(place["key"], versions[1])
    assert facts.retain_until is not None and format_time(facts.retain_until) == place["retain_until"]
    assert world.events(spectrum["id"])[-1] == "object_repaired"
    event = [e for e in house.events(world.client, world.item_id) if e["type"] == "object_repaired"][-1]
    assert event["details"]["replaces"] == place["version_id"]
    assert event["details"]["object"]["version_id"] == versions[1]
    world.scrub()
    assert len(world.findings(spectrum["id"])) == 1


@pytest.mark.rule("E24")
def test_a_first_copy_that_is_gone_is_made_anew(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    good, place = content(world, spectrum["id"]), spectrum["object"]
    world.first.remove(place["key"], place["version_id"])
    world.scrub()
    assert [row["outcome"] for row in world.findings(spectrum["id"])] == ["repaired"]
    assert content(world, spectrum["id"]) == good


@pytest.mark.rule("E24")
def test_a_damaged_second_copy_is_repaired_from_the_first(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None
    [version_id] = mirror.versions(key)
    broken(world.second, {"key": key, "version_id": version_id})
    world.scrub()
    [row] = world.findings(spectrum["id"])
    assert (row["store"], row["kind"], row["outcome"]) == ("second", damage(world.second), "repaired")
    assert mirror.versions(key)[0] == version_id and len(mirror.versions(key)) == 2
    assert world.spectrum(spectrum["id"])["state"] == "verified"


@pytest.mark.rule("E24")
def test_where_both_copies_are_damaged_nothing_is_repaired(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None
    broken(world.first, spectrum["object"])
    broken(world.second, {"key": key, "version_id": mirror.versions(key)[0]})
    world.scrub()
    assert [row["outcome"] for row in world.findings(spectrum["id"])] == ["open", "open"]
    assert world.spectrum(spectrum["id"])["state"] == "quarantined"
    assert len(mirror.versions(key)) == 1
    world.watch()
    assert (REGISTRY.get_sample_value("siglab_scrub_open_findings") or 0) >= 2
    assert world.events(spectrum["id"])[-1] == "spectrum_quarantined"


@pytest.mark.rule("E24")
def test_a_second_copy_that_is_gone_is_made_anew(world: World) -> None:
    spectrum = world.stored(mirrored=True)
    mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
    assert mirror is not None
    [version_id] = mirror.versions(key)
    world.second.remove(key, version_id)
    world.scrub()
    [row] = world.findings(spectrum["id"])
    assert (row["store"], row["kind"], row["outcome"]) == ("second", "missing", "repaired")
    [made] = mirror.versions(key)
    assert made != version_id and b"".join(mirror.read(key, made)) == content(world, spectrum["id"])
    world.scrub()
    assert len(world.findings(spectrum["id"])) == 1


@pytest.mark.rule("E24")
def test_a_second_store_that_is_away_repairs_nothing_and_accuses_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is damaged meanwhile in the first store is found, and repaired, when the second answers again."""
    spectrum = world.stored(mirrored=True)
    broken(world.first, spectrum["object"])

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The object store does not answer.")

    assert world.ask("POST", "/store/scrub", {}).status_code == 202
    with monkeypatch.context() as patch:
        for name in ("versions", "read", "stat", "begin"):
            patch.setattr(mirror_of(world.runtime), name, away)
        scrub.scrub(world.runtime)
        assert world.ask("GET", "/store/scrub").json["round"] is not None, "the round waits for the store"
        assert all(row["store"] != "second" for row in world.findings(spectrum["id"]))
    scrub.scrub(world.runtime)
    assert [(row["store"], row["outcome"]) for row in world.findings(spectrum["id"])] == [
        ("first", "repaired")
    ]


@pytest.mark.rule("E23")
def test_second_copies_on_a_real_server_are_locked_by_it(world: World) -> None:
    """Asked of the server itself with its root user's keys, not of our own store."""
    spectrum, mirror = world.stored(mirrored=True), mirror_of(world.runtime)
    if not isinstance(mirror, S3Store):
        pytest.skip("a folder has no locks but this software's")
    key = spectrum["object"]["key"]
    [version_id] = mirror.versions(key)
    raw, bucket = mirror._client, mirror._bucket
    kept = raw.get_object_retention(bucket, key, version_id=version_id)
    assert kept is not None and kept.mode == "COMPLIANCE"
    assert format_time(kept.retain_until_date) == spectrum["object"]["retain_until"]
    with pytest.raises(S3Error, match="WORM protected"):
        raw.remove_object(bucket, key, version_id=version_id)


def test_reading_falls_over_to_a_second_copy_that_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum = world.stored(mirrored=True)
    good, store = content(world, spectrum["id"]), store_of(world.runtime)
    before = REGISTRY.get_sample_value("siglab_store_failovers_total") or 0

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The object store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "read", away)
        assert content(world, spectrum["id"]) == good
        path = f"/spectra/{spectrum['id']}/content"
        part = call(world.client, "GET", path, actor=TECHNICIAN, Range="bytes=10-19")
        assert part.status_code == 206 and part.data == good[10:20]
        assert REGISTRY.get_sample_value("siglab_store_failovers_total") == before + 2
        mirror, key = mirror_of(world.runtime), spectrum["object"]["key"]
        assert mirror is not None
        broken(world.second, {"key": key, "version_id": mirror.versions(key)[0]})
        assert world.ask("GET", path, actor=TECHNICIAN).status_code == 503


def test_a_first_copy_that_breaks_off_is_gone_on_with(world: World) -> None:
    spectrum = world.stored(mirrored=True, size=3_000_000)
    good, place = content(world, spectrum["id"]), spectrum["object"]
    path = world.first.part(place["key"], place["version_id"])
    world.first.write(place["key"], place["version_id"], path.read_bytes()[:2_000_000])
    assert content(world, spectrum["id"]) == good
