"""Objects that somebody changes behind custody's back, on both kinds of store: each is found, and by what."""

import os
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.service import verify_spectrum
from services.chain_of_custody.service.copy_objects import note_copy
from services.chain_of_custody.store import store_of
from shared.http.schemas import format_time
from tests.calls import AUDITOR, TECHNICIAN
from tests.integration.spectra import house
from tests.integration.store.world import SIZE, World


def kinds(world: World, spectrum_id: str) -> list[str]:
    return [row["kind"] for row in world.findings(spectrum_id)]


def alarmed(world: World, spectrum: dict[str, Any], before: float) -> None:
    """The alarm stands in the metrics and on the item, and the spectrum is in quarantine."""
    world.watch()
    assert (REGISTRY.get_sample_value("siglab_scrub_mismatches") or 0) > before
    assert (REGISTRY.get_sample_value("siglab_scrub_open_findings") or 0) >= 1
    found = world.spectrum(spectrum["id"])
    assert found["state"] == "quarantined" and "When it was checked again" in found["reason"]
    assert world.events(spectrum["id"])[-1] == "spectrum_quarantined"
    [row] = world.findings(spectrum["id"])
    assert row["outcome"] == "open" and row["what_to_do"]


def mismatches(world: World) -> float:
    world.watch()
    return REGISTRY.get_sample_value("siglab_scrub_mismatches") or 0


@pytest.mark.rule("E24")
def test_replaced_bytes_are_found_by_the_digest(world: World) -> None:
    spectrum, before = world.stored(), mismatches(world)
    place = spectrum["object"]
    size = world.first.part(place["key"], place["version_id"]).stat().st_size
    world.first.write(place["key"], place["version_id"], os.urandom(size))
    world.scrub()
    # MinIO notices by its own checksums that its file was changed and gives nothing; a folder gives the changed bytes.
    assert kinds(world, spectrum["id"]) == ["digest" if world.first.kind == "directory" else "unreadable"]
    alarmed(world, spectrum, before)
    assert REGISTRY.get_sample_value("siglab_store_up", {"store": "first"}) == 1


@pytest.mark.rule("E24")
def test_bytes_that_were_cut_off_are_found(world: World) -> None:
    spectrum, before = world.stored(), mismatches(world)
    place = spectrum["object"]
    content = world.first.part(place["key"], place["version_id"]).read_bytes()
    world.first.write(place["key"], place["version_id"], content[: SIZE // 2])
    world.scrub()
    assert kinds(world, spectrum["id"]) == ["unreadable"]
    alarmed(world, spectrum, before)


@pytest.mark.rule("E24")
@pytest.mark.rule("E12")
def test_a_version_that_was_taken_away_is_found_missing(world: World) -> None:
    spectrum, before = world.stored(), mismatches(world)
    world.first.remove(spectrum["object"]["key"], spectrum["object"]["version_id"])
    world.scrub()
    assert kinds(world, spectrum["id"]) == ["missing"]
    alarmed(world, spectrum, before)


@pytest.mark.rule("E24")
def test_two_spectra_that_were_swapped_are_found_by_their_digests(world: World) -> None:
    one, other = world.stored(), world.stored()
    world.first.swap(one["object"], other["object"])
    world.scrub()
    for spectrum in (one, other):
        assert kinds(world, spectrum["id"]) == ["digest"]
        assert world.spectrum(spectrum["id"])["state"] == "quarantined"


@pytest.mark.rule("E23")
@pytest.mark.rule("E25")
def test_a_second_version_under_the_key_changes_nothing_and_is_found(world: World) -> None:
    spectrum = world.stored()
    place, store = spectrum["object"], store_of(world.runtime)
    forged = store.put(place["key"], b"another file", retain_until=world.runtime.clock().replace(year=2099))
    content = world.ask("GET", f"/spectra/{spectrum['id']}/content", actor=TECHNICIAN).data
    assert len(content) == SIZE
    world.scrub()
    world.scrub()
    [row] = world.findings(spectrum["id"])
    assert row["kind"] == "foreign_version" and forged.version_id in row["detail"]
    assert world.spectrum(spectrum["id"])["state"] == "verified"
    assert world.events(spectrum["id"]).count("object_version_unknown") == 1
    assert (
        world.ask("POST", f"/store/findings/{row['id']}/closing", {"reason": "a test"}, AUDITOR).status_code
        == 403
    )
    closed = world.ask("POST", f"/store/findings/{row['id']}/closing", {"reason": "a test of ours"})
    assert closed.json["outcome"] == "explained" and closed.json["closed_by"] == "custodian"
    again = world.ask("POST", f"/store/findings/{row['id']}/closing", {"reason": "once more"})
    assert (again.status_code, again.json["code"]) == (409, "closed")
    world.scrub()
    assert len(world.findings(spectrum["id"])) == 1


@pytest.mark.rule("E24")
def test_a_record_of_a_repair_that_never_was_is_found_by_the_digest(world: World) -> None:
    """The database's owner lets the spectrum be read from a version of theirs, as if it had been made anew."""
    spectrum, before = world.stored(), mismatches(world)
    place, store = spectrum["object"], store_of(world.runtime)
    until = world.runtime.clock().replace(year=2099)
    forged = store.put(place["key"], os.urandom(SIZE), retain_until=until)
    with world.runtime.unit_of_work() as uow:
        row = uow.session.get_one(Spectrum, spectrum["id"])
        args = {"replaces": place["version_id"], "now": world.runtime.clock()}
        note_copy(uow, row, "first", forged.version_id, **args)
        uow.commit()
    world.scrub()
    [found] = world.findings(spectrum["id"])
    assert (found["kind"], found["version_id"]) == ("digest", forged.version_id)
    alarmed(world, spectrum, before)


@pytest.mark.rule("E23")
def test_a_lock_that_somebody_took_off_is_found_and_set_again(world: World) -> None:
    if world.first.kind != "directory":
        pytest.skip("MinIO's locks cannot be taken off but by writing its own files")
    spectrum = world.stored()
    place, store = spectrum["object"], store_of(world.runtime)
    lock = world.first.part(place["key"], place["version_id"]).with_name("lock.json")
    whole = lock.read_text()
    lock.chmod(0o600)
    lock.write_text(whole.replace(whole.split('"')[-2][:4], "2020"))
    world.scrub()
    [row] = world.findings(spectrum["id"])
    assert (row["kind"], row["outcome"]) == ("retention", "locked_again")
    until = store.stat(place["key"], place["version_id"]).retain_until
    assert until is not None and format_time(until) == place["retain_until"]
    assert world.events(spectrum["id"])[-1] == "object_lock_lost"
    assert world.spectrum(spectrum["id"])["state"] == "verified"


def test_what_was_restored_leaves_quarantine(world: World) -> None:
    spectrum = world.stored()
    place = spectrum["object"]
    kept = world.first.part(place["key"], place["version_id"]).read_bytes()
    world.first.write(place["key"], place["version_id"], kept[::-1])
    world.scrub()
    assert world.spectrum(spectrum["id"])["state"] == "quarantined"
    world.first.write(place["key"], place["version_id"], kept)
    world.scrub()
    found = world.spectrum(spectrum["id"])
    assert (found["state"], found["reason"]) == ("verified", None)
    assert [row["outcome"] for row in world.findings(spectrum["id"])] == ["right_again"]
    assert world.events(spectrum["id"])[-2:] == ["spectrum_quarantined", "spectrum_verified"]


def test_a_quarantine_for_a_wrong_upload_is_not_lifted(world: World) -> None:
    upload_id = house.begun(world.client, world.item_id, b"what came", sha256="0" * 64)
    house.send(world.client, upload_id, 0, b"what came")
    spectrum_id = str(house.complete(world.client, upload_id).json["spectrum_id"])
    verify_spectrum.verify_spectrum(world.runtime, spectrum_id)
    world.scrub()
    assert world.spectrum(spectrum_id)["state"] == "quarantined" and world.findings(spectrum_id) == []
