"""tus 1.0 at the door: what clients are told, how bodies are cut, and what is kept of a broken connection."""

import base64
import hashlib
import io
import os

import pytest
from flask.testing import FlaskClient

from gateway.api.pieces import PIECE
from gateway.api.upload_metadata import read_metadata
from services.chain_of_custody.store import store_of
from shared.errors import Invalid
from shared.runtime import Runtime
from tests.integration.chain_of_custody.house import handed
from tests.integration.spectra import house
from tests.integration.spectra.door import Breaking, Door, code

CONTENT = b"a run, as the instrument wrote it"


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.fixture
def door(client: FlaskClient) -> Door:
    return Door(client)


def test_options_tell_what_is_possible(door: Door) -> None:
    answer = door.ask("OPTIONS")
    assert answer.status == 204
    assert answer.header("tus-version") == "1.0.0" and answer.header("tus-resumable") == "1.0.0"
    assert answer.header("tus-extension") == "creation,expiration"
    assert answer.header("tus-max-size") == str(4 * 2**30)


@pytest.mark.parametrize("version", ["0.2.2", "", None])
def test_another_version_is_refused_by_name(door: Door, version: str | None) -> None:
    head = {} if version is None else {"HTTP_TUS_RESUMABLE": version}
    answer = door.ask("HEAD", "/x", **({"HTTP_TUS_RESUMABLE": ""} | head))
    assert answer.status == 412 and answer.header("tus-version") == "1.0.0"


def test_a_file_arrives_in_two_requests(door: Door, runtime: Runtime, item_id: str) -> None:
    content = os.urandom(2 * PIECE + 100)
    facts = house.told(item_id, content, filename="ตัวอย่าง.cdf")
    made = door.create(facts)
    assert made.status == 201 and made.header("upload-offset") == "0"
    assert str(made.header("upload-expires")).endswith("GMT")
    place = str(made.header("location")).removeprefix("/api/v1/uploads")
    half = door.patch(place, 0, content[: PIECE + 7])
    assert half.status == 204 and half.header("upload-offset") == str(PIECE + 7)
    assert half.header("siglab-spectrum-id") is None
    told = door.ask("HEAD", place)
    assert told.header("upload-offset") == str(PIECE + 7)
    assert told.header("upload-length") == str(len(content)) and told.header("cache-control") == "no-store"
    assert read_metadata(str(told.header("upload-metadata")))["filename"] == "ตัวอย่าง.cdf"
    last = door.patch(place, PIECE + 7, content[PIECE + 7 :])
    spectrum_id = str(last.header("siglab-spectrum-id"))
    assert last.status == 204 and last.header("upload-offset") == str(len(content))
    assert door.ask("HEAD", place).header("siglab-spectrum-id") == spectrum_id
    assert door.pieces == [PIECE, 7, PIECE, 93]
    kept = house.spectrum(door.client, spectrum_id)
    stored = store_of(runtime).read(kept["object"]["key"], kept["object"]["version_id"])
    assert b"".join(stored) == content


@pytest.mark.parametrize(("expect", "read"), [({}, len(CONTENT)), ({"HTTP_EXPECT": "100-continue"}, 0)])
def test_a_wrong_offset_is_refused_and_the_body_dropped(
    door: Door, item_id: str, expect: dict[str, str], read: int
) -> None:
    place = door.created(house.told(item_id, CONTENT))
    door.patch(place, 0, CONTENT[:10])
    stream = io.BytesIO(CONTENT)
    sent = {"CONTENT_LENGTH": str(len(CONTENT)), "wsgi.input": stream, **expect}
    answer = door.patch(place, 0, None, **sent)
    assert answer.status == 409 and code(answer) == "wrong_offset"
    assert answer.header("tus-resumable") == "1.0.0"
    assert stream.tell() == read and door.offset(place) == 10


@pytest.mark.parametrize("error", [True, False])
@pytest.mark.parametrize("arrived", [0, 1, 70_000, PIECE, PIECE + 70_000])
def test_what_had_arrived_is_kept_when_the_connection_breaks(
    door: Door, item_id: str, arrived: int, error: bool
) -> None:
    content = os.urandom(2 * PIECE)
    place = door.created(house.told(item_id, content))
    body = Breaking(content[:arrived], error)
    answer = door.patch(place, 0, body, CONTENT_LENGTH=str(len(content)))
    assert answer.status == 400 and door.offset(place) == arrived
    last = door.patch(place, arrived, content[arrived:])
    assert last.status == 204 and last.header("siglab-spectrum-id")


def test_a_body_of_unknown_length_is_taken_up_to_what_is_missing(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT))
    too_long = door.patch(place, 0, Breaking(CONTENT + b"!", False))
    assert too_long.status == 413 and door.offset(place) == 0
    last = door.patch(place, 0, Breaking(CONTENT, False))
    assert last.status == 204 and last.header("siglab-spectrum-id")


def test_a_body_announced_too_long_is_refused_before_it_is_read(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT))
    answer = door.patch(place, 0, CONTENT + b"!")
    assert answer.status == 413 and door.pieces == [] and door.offset(place) == 0


def test_an_empty_patch_tells_where_the_upload_stands(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT))
    answer = door.patch(place, 0, b"")
    assert answer.status == 204 and answer.header("upload-offset") == "0"


def test_an_empty_file_is_a_spectrum_at_once(door: Door, item_id: str) -> None:
    made = door.create(house.told(item_id, b""))
    assert made.status == 201 and made.header("siglab-spectrum-id")


def test_a_completion_that_was_missed_is_made_up_by_head(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT))

    def lose(method: str, path: str) -> None:
        if path.endswith("/completion"):
            raise ConnectionError("the gateway is gone")

    door.on_send = lose
    assert door.patch(place, 0, CONTENT).status == 500
    door.on_send = lambda method, path: None
    told = door.ask("HEAD", place)
    assert told.header("upload-offset") == str(len(CONTENT)) and told.header("siglab-spectrum-id")


def test_the_method_may_be_named_in_a_header(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT))
    head = {"HTTP_UPLOAD_OFFSET": "0", "CONTENT_TYPE": "application/offset+octet-stream"}
    answer = door.ask("POST", place, CONTENT, HTTP_X_HTTP_METHOD_OVERRIDE="PATCH", **head)
    assert answer.status == 204 and answer.header("siglab-spectrum-id")


def test_the_same_key_begins_one_upload(door: Door, item_id: str) -> None:
    facts = house.told(item_id, CONTENT)
    first, again = (door.create(facts, HTTP_IDEMPOTENCY_KEY="run-1") for _ in range(2))
    assert first.header("location") == again.header("location")
    assert again.header("idempotency-replayed") == "true"


def test_what_is_refused(door: Door, item_id: str) -> None:
    facts = house.told(item_id, CONTENT)
    place = door.created(facts)
    offset = {"HTTP_UPLOAD_OFFSET": "0"}
    assert door.ask("PATCH", place, CONTENT, CONTENT_TYPE="text/plain", **offset).status == 415
    assert door.patch(place, 0, CONTENT, HTTP_UPLOAD_OFFSET="-1").status == 422
    assert door.patch(place, 0, CONTENT, HTTP_UPLOAD_OFFSET="").status == 422
    assert door.patch(place, 0, CONTENT, HTTP_UPLOAD_OFFSET="٣").status == 422
    assert door.patch(place, 0, CONTENT, CONTENT_LENGTH="many").status == 400
    assert door.patch("/nothing", 0, CONTENT).status == 404
    assert door.ask("HEAD", "/nothing").status == 404
    assert door.ask("HEAD", f"{place}/completion").status == 404
    assert door.ask("GET", place).status == 405 and door.ask("DELETE", place).status == 405
    assert door.ask("PUT").header("allow") == "POST, OPTIONS"
    assert door.create(facts, HTTP_UPLOAD_LENGTH=str(10**15)).status == 413
    assert door.create(facts, HTTP_UPLOAD_LENGTH="").status == 422
    assert door.create(facts, HTTP_UPLOAD_DEFER_LENGTH="1").status == 422
    assert door.create({**facts, "item_id": "nothing"}).status == 404
    assert door.create({name: facts[name] for name in facts if name != "sha256"}).status == 422
    assert door.offset(place) == 0


@pytest.mark.parametrize(
    ("header", "pointers"),
    [
        ("filename !!!", ["/filename"]),
        ("filename /w==", ["/filename"]),
        ("filename YQ==,filename Yg==", ["/filename"]),
        ("size NQ==", ["/size"]),
        ("näme YQ==,filename YQ", ["/näme", "/filename"]),
    ],
)
def test_metadata_that_is_none_is_named(header: str, pointers: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        read_metadata(header)
    assert [error["pointer"] for error in caught.value.errors] == pointers


def test_metadata_is_read_as_it_was_written() -> None:
    text = base64.b64encode("ปืน, 5 µg".encode()).decode()
    assert read_metadata(f"a {text}, b ,c") == {"a": "ปืน, 5 µg", "b": "", "c": ""}


def test_the_digest_of_what_is_sent_is_not_the_door_s_to_judge(door: Door, item_id: str) -> None:
    place = door.created(house.told(item_id, CONTENT, sha256=hashlib.sha256(b"other").hexdigest()))
    assert door.patch(place, 0, CONTENT).status == 204
