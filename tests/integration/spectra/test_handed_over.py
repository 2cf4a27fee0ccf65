"""Pieces that are handed to custody beside the bus: the same uploads, in larger steps, and nothing left in memory."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.api.pieces import PIECE, SHARED
from services.chain_of_custody.store import store_of
from shared.bulk import BulkFolder
from shared.runtime import Runtime
from tests.calls import TECHNICIAN, call
from tests.integration.chain_of_custody.house import handed
from tests.integration.spectra import house
from tests.integration.spectra.door import Breaking, Door


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.fixture
def door(client: FlaskClient, runtime: Runtime, tmp_path: Path) -> Iterator[Door]:
    before = runtime.settings
    runtime.settings = dataclasses.replace(before, bulk_dir=tmp_path)
    yield Door(client, bulk=BulkFolder(tmp_path))
    runtime.settings = before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, PIECE, SHARED + 1, 2 * SHARED + PIECE + 77])
def test_a_file_arrives_whole(door: Door, runtime: Runtime, item_id: str, size: int) -> None:
    content = os.urandom(size)
    place = door.created(house.told(item_id, content))
    last = door.patch(place, 0, content)
    assert last.status == 204 and last.header("upload-offset") == str(size)
    assert sum(door.pieces) == size and max(door.pieces) <= SHARED
    assert all(piece % PIECE == 0 for piece in door.pieces[:-1])
    kept = house.spectrum(door.client, str(last.header("siglab-spectrum-id")))
    stored = store_of(runtime).read(kept["object"]["key"], kept["object"]["version_id"])
    assert b"".join(stored) == content


def test_what_had_arrived_is_kept_when_the_connection_breaks(door: Door, item_id: str) -> None:
    content = os.urandom(2 * PIECE)
    place = door.created(house.told(item_id, content))
    body = Breaking(content[: PIECE + 70_000], True)
    assert door.patch(place, 0, body, CONTENT_LENGTH=str(len(content))).status == 400
    assert door.offset(place) == PIECE + 70_000
    assert door.patch(place, PIECE + 70_000, content[PIECE + 70_000 :]).header("siglab-spectrum-id")


def test_a_refusal_in_the_middle_ends_the_upload_where_it_stands(door: Door, item_id: str) -> None:
    content = os.urandom(3 * PIECE)
    place = door.created(house.told(item_id, content))
    rival = Door(door.client)

    def overtake(method: str, path: str) -> None:
        if method == "PATCH" and not rival.pieces:
            assert rival.patch(place, 0, content[:100], CONTENT_LENGTH="100").status == 204

    door.on_send = overtake
    answer = door.patch(place, 0, content)
    assert answer.status == 409 and door.offset(place) == 100


def test_a_defect_on_the_way_leaves_nothing(door: Door, item_id: str) -> None:
    content = os.urandom(3 * PIECE)
    place = door.created(house.told(item_id, content))

    def lose(method: str, path: str) -> None:
        if method == "PATCH":
            raise ConnectionError("the bus is gone")

    door.on_send = lose
    assert door.patch(place, 0, content).status == 500
    door.on_send = lambda method, path: None
    assert door.offset(place) == 0


def test_where_custody_shares_no_folder_a_named_piece_is_refused(client: FlaskClient, item_id: str) -> None:
    upload_id = house.begun(client, item_id, b"x")
    answer = call(
        client,
        "PATCH",
        f"/uploads/{upload_id}?offset=0&piece={'a' * 32}&size=1",
        b"",
        actor=TECHNICIAN,
        prefix=house.INTERNAL,
        Content_Type="application/octet-stream",
    )
    assert answer.status_code == 422 and answer.json["code"] == "no_such_piece"
