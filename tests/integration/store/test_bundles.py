"""A bundle with the bytes of the spectra, from both kinds of store: whole, and where an object is not what it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.chain_of_custody.service import exports
from shared.storage.errors import StoreUnavailable
from tests.calls import AUDITOR, BANGKOK, BOGOTA
from tests.integration.chain_of_custody.house import handed, sequence
from tests.integration.spectra import house
from tests.integration.store.world import SIZE, World
from tests.unit.clients.verify import independent_checker


@pytest.fixture
def item(world: World) -> World:
    """The world with an item of this test's own."""
    world.item_id = handed(world.client)
    return world


def verify(world: World, folder: Path, query: str = "?spectra=true") -> tuple[int, str]:
    """(exit status, words) of `siglab-verify` over the bundle as it is fetched; a stranger's checker says the same."""
    sequence(world.runtime)
    answer = world.ask("GET", f"/items/{world.item_id}/bundle.zip{query}", actor=AUDITOR)
    assert answer.status_code == 200, answer.data
    (folder / "bundle.zip").write_bytes(answer.data)
    (folder / "key").write_bytes(world.ask("GET", "/ledger/key", actor=AUDITOR).data)
    command = [sys.executable, "-m", "siglab_clients.verify.cli", str(folder / "bundle.zip")]
    done = subprocess.run(
        [*command, "--key", str(folder / "key")], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    stranger = [sys.executable, "-I", independent_checker.__file__, str(folder / "bundle.zip")]
    said = subprocess.run([*stranger, (folder / "key").read_text()], capture_output=True, timeout=60)
    assert said.returncode == done.returncode, said.stderr
    return done.returncode, done.stdout


@pytest.mark.rule("E21")
@pytest.mark.rule("E22")
def test_the_bytes_of_the_spectra_are_in_the_bundle_and_hold(item: World, tmp_path: Path) -> None:
    first, second = item.stored(), item.stored(size=3)
    status, words = verify(item, tmp_path)
    assert status == 0 and "The bytes of 2 spectra are those that the events verified" in words
    assert (tmp_path / "bundle.zip").stat().st_size > SIZE
    status, words = verify(item, tmp_path, "")
    assert status == 0 and "bytes of" not in words
    assert (tmp_path / "bundle.zip").stat().st_size < SIZE
    assert first["id"] != second["id"]


def test_an_item_without_spectra_has_a_bundle_all_the_same(item: World, tmp_path: Path) -> None:
    status, words = verify(item, tmp_path)
    assert status == 0 and "bytes of" not in words


@pytest.mark.rule("E24")
def test_changed_bytes_are_told_in_the_bundle_which_then_does_not_verify(item: World, tmp_path: Path) -> None:
    spectrum, whole = item.stored(), item.stored()
    place = spectrum["object"]
    size = item.first.part(place["key"], place["version_id"]).stat().st_size
    item.first.write(place["key"], place["version_id"], os.urandom(size))
    status, words = verify(item, tmp_path)
    assert status == 1
    assert f"spectra/{spectrum['id']} (run.cdf): the laboratory could not give the bytes" in words
    assert spectrum["sha256"] in words and whole["id"] not in words
    assert "NOT VERIFIED: 1 finding(s)." in words


@pytest.mark.rule("E24")
@pytest.mark.rule("E12")
def test_a_version_that_was_taken_away_is_told_in_the_bundle(item: World, tmp_path: Path) -> None:
    spectrum = item.stored()
    item.first.remove(spectrum["object"]["key"], spectrum["object"]["version_id"])
    status, words = verify(item, tmp_path)
    assert status == 1 and f"spectra/{spectrum['id']} (run.cdf): the laboratory could not give" in words


@pytest.mark.rule("E24")
def test_the_second_copy_is_given_where_the_first_is_not_right(item: World, tmp_path: Path) -> None:
    spectrum = item.stored(mirrored=True)
    place = spectrum["object"]
    size = item.first.part(place["key"], place["version_id"]).stat().st_size
    item.first.write(place["key"], place["version_id"], os.urandom(size))
    status, words = verify(item, tmp_path)
    assert status == 0 and "The bytes of 1 spectra" in words


def test_a_store_that_is_away_is_told_as_what_it_is(
    item: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item.stored()

    def away(*_: object) -> object:
        raise StoreUnavailable("The object store does not answer.")

    monkeypatch.setattr(item.runtime.extras["store"], "read", away)
    status, words = verify(item, tmp_path)
    assert status == 1 and "The object store does not answer" in words


@pytest.mark.rule("E30")
def test_the_bytes_go_to_the_laboratory_and_the_auditor(item: World) -> None:
    item.stored()
    sequence(item.runtime)
    path = f"/items/{item.item_id}/bundle.zip"
    assert item.ask("GET", path, actor=BOGOTA).status_code == 200
    assert item.ask("GET", f"{path}?spectra=true", actor=BOGOTA).status_code == 403
    assert item.ask("GET", f"{path}?spectra=true", actor=BANGKOK).status_code == 403
    assert item.ask("GET", "/items/nothing/bundle.zip?spectra=true", actor=BANGKOK).status_code == 403
    assert item.ask("GET", path, actor=BANGKOK).status_code == 404
    assert item.ask("GET", f"{path}?spectra=perhaps", actor=AUDITOR).status_code == 422
    assert item.ask("GET", "/items/nothing/bundle.zip?spectra=true", actor=AUDITOR).status_code == 404


def test_more_than_a_bundle_holds_is_refused_with_a_way_out(
    item: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item.stored(size=100)
    sequence(item.runtime)
    monkeypatch.setattr(exports, "MOST_SPECTRA_BYTES", 99)
    answer = item.ask("GET", f"/items/{item.item_id}/bundle.zip?spectra=true", actor=AUDITOR)
    assert (answer.status_code, answer.json["code"]) == (409, "bundle_too_large")
    assert "/spectra/{id}/content" in answer.json["detail"]


def test_a_spectrum_that_is_not_verified_yet_is_not_given(item: World, tmp_path: Path) -> None:
    house.uploaded(item.client, item.item_id, b"waiting")
    status, words = verify(item, tmp_path)
    assert status == 0 and "bytes of" not in words
