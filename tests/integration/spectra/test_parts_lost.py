"""A store that was interrupted lost what it had taken: the upload begins again, and nothing is said to be kept that is not."""

import os

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.service import sweep_spectra, verify_spectrum
from shared.runtime import Runtime
from shared.storage.interface import MIN_PART_SIZE
from tests.integration.chain_of_custody.house import handed
from tests.integration.spectra import house
from tests.integration.spectra.door import Door, code
from tests.integration.spectra.parts_lost import lose_upload

pytestmark = pytest.mark.rule("E22")


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


def again(client: FlaskClient, runtime: Runtime, upload_id: str, content: bytes) -> None:
    """The upload stands at its beginning; sent anew it becomes the whole file, verified."""
    told = house.where(client, upload_id).json
    assert (told["state"], told["offset"], told["spectrum_id"]) == ("open", 0, None)
    for start in range(0, len(content), 4_000_000):
        assert house.send(client, upload_id, start, content[start : start + 4_000_000]).status_code == 200
    spectrum_id = house.complete(client, upload_id).json["spectrum_id"]
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    assert found["size"] == len(content) and found["sha256"] == found["declared_sha256"]


def test_at_the_completion(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    content = os.urandom(MIN_PART_SIZE + 7)
    upload_id = house.begun(client, item_id, content)
    house.send(client, upload_id, 0, content[:MIN_PART_SIZE])
    house.send(client, upload_id, MIN_PART_SIZE, content[MIN_PART_SIZE:])
    lose_upload(runtime, upload_id)
    answer = house.complete(client, upload_id)
    assert answer.status_code == 200 and answer.json["state"] == "open"
    again(client, runtime, upload_id, content)


def test_in_the_middle(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    content = os.urandom(2 * MIN_PART_SIZE)
    upload_id = house.begun(client, item_id, content)
    house.send(client, upload_id, 0, content[:MIN_PART_SIZE])
    lose_upload(runtime, upload_id)
    answer = house.send(client, upload_id, MIN_PART_SIZE, content[MIN_PART_SIZE:])
    assert (answer.status_code, answer.json["offset"]) == (200, 0)
    again(client, runtime, upload_id, content)


def test_of_an_empty_file_there_is_nothing_to_send_again(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    upload_id = house.begun(client, item_id, b"")
    lose_upload(runtime, upload_id)
    assert house.complete(client, upload_id).json["state"] == "received"
    assert house.complete(client, upload_id).json["spectrum_id"]


def test_with_nobody_there_the_sweep_puts_it_back(
    client: FlaskClient, runtime: Runtime, item_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"a short run"
    upload_id = house.begun(client, item_id, content)
    house.send(client, upload_id, 0, content)
    lose_upload(runtime, upload_id)
    monkeypatch.setattr(sweep_spectra, "_LEFT_ALONE", -sweep_spectra._LEFT_ALONE)
    sweep_spectra.sweep_received(runtime)
    again(client, runtime, upload_id, content)


def test_the_door_says_so_and_where_to_go_on(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    door, content = Door(client), os.urandom(MIN_PART_SIZE + 7)
    place = door.created(house.told(item_id, content))
    assert door.patch(place, 0, content[:MIN_PART_SIZE]).status == 204
    lose_upload(runtime, place.removeprefix("/"))
    refused = door.patch(place, MIN_PART_SIZE, content[MIN_PART_SIZE:])
    assert refused.status == 409 and code(refused) == "parts_lost"
    assert door.offset(place) == 0
    last = door.patch(place, 0, content)
    assert last.status == 204 and last.header("siglab-spectrum-id")


def test_what_was_whole_and_is_lost_is_told_by_head(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    door, content = Door(client), b"a run whose last answer did not arrive"
    place = door.created(house.told(item_id, content))
    house.send(client, place.removeprefix("/"), 0, content)
    lose_upload(runtime, place.removeprefix("/"))
    assert door.offset(place) == 0
    assert door.patch(place, 0, content).header("siglab-spectrum-id")
