"""Spectra read back: lists, facts, bytes and ranges of them, by those who may."""

import hashlib
import os

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.service import verify_spectrum
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, TECHNICIAN, as_service, call
from tests.integration.chain_of_custody.house import INSTRUMENT, handed
from tests.integration.spectra import house

CONTENT = os.urandom(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.fixture(scope="module")
def spectrum_id(client: FlaskClient, runtime: Runtime, item_id: str) -> str:
    made = house.uploaded(client, item_id, CONTENT, INSTRUMENT, filename="Lauf 7; „Probe“.cdf")
    verify_spectrum.verify_spectrum(runtime, made)
    return made


def test_the_whole_content(client: FlaskClient, spectrum_id: str) -> None:
    answer = call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN)
    assert answer.status_code == 200 and answer.data == CONTENT
    assert answer.headers["ETag"] == f'"{DIGEST}"' and answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Disposition"].isascii()
    assert "filename*=UTF-8''Lauf%207" in answer.headers["Content-Disposition"]


def test_head_tells_the_same_without_the_bytes(client: FlaskClient, spectrum_id: str) -> None:
    answer = call(client, "HEAD", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN)
    assert answer.status_code == 200 and answer.data == b""
    assert answer.headers["Content-Length"] == str(len(CONTENT)) and answer.headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=100-299", 100, 300),
        ("bytes=0-0", 0, 1),
        ("bytes=2999990-", 2_999_990, 3_000_000),
        ("bytes=2999990-99999999999", 2_999_990, 3_000_000),
        ("bytes=-5", 2_999_995, 3_000_000),
    ],
)
def test_ranges(client: FlaskClient, spectrum_id: str, asked: str, first: int, end: int) -> None:
    answer = call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN, Range=asked)
    assert answer.status_code == 206 and answer.data == CONTENT[first:end]
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("asked", ["bytes=3000000-", "bytes=9999999-99999999", "bytes=-0"])
def test_a_range_behind_the_end(client: FlaskClient, spectrum_id: str, asked: str) -> None:
    answer = call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN, Range=asked)
    assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert answer.json["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=5-1", "bytes=x-", "bytes=-", "5-6"])
def test_what_is_no_single_byte_range_gives_the_whole(
    client: FlaskClient, spectrum_id: str, asked: str
) -> None:
    answer = call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN, Range=asked)
    assert answer.status_code == 200 and answer.data == CONTENT


def test_conditions(client: FlaskClient, spectrum_id: str) -> None:
    path = f"/spectra/{spectrum_id}/content"
    same = {"Range": "bytes=0-9", "If_Range": f'"{DIGEST}"'}
    assert call(client, "GET", path, actor=TECHNICIAN, **same).status_code == 206
    for other in ('"abc"', f'W/"{DIGEST}"', "Tue, 24 Nov 2026 08:00:00 GMT"):
        answer = call(client, "GET", path, actor=TECHNICIAN, Range="bytes=0-9", If_Range=other)
        assert answer.status_code == 200 and answer.data == CONTENT
    known = call(client, "GET", path, actor=TECHNICIAN, If_None_Match=f'"{DIGEST}"')
    assert known.status_code == 304 and known.data == b""


def test_bytes_that_nobody_has_hashed_have_no_tag(client: FlaskClient, item_id: str) -> None:
    fresh = house.uploaded(client, item_id, b"fresh")
    answer = call(client, "GET", f"/spectra/{fresh}/content", actor=TECHNICIAN)
    assert answer.data == b"fresh" and "ETag" not in answer.headers


def test_an_empty_file_has_no_ranges(client: FlaskClient, item_id: str) -> None:
    empty = house.uploaded(client, item_id, b"")
    path = f"/spectra/{empty}/content"
    assert call(client, "GET", path, actor=TECHNICIAN).data == b""
    assert call(client, "GET", path, actor=TECHNICIAN, Range="bytes=0-").status_code == 416


def test_a_service_reads_piece_by_piece(client: FlaskClient, spectrum_id: str) -> None:
    path = f"/api/v1/spectra/{spectrum_id}/content"
    answer = as_service(client, "classifier", "GET", path, None, Range="bytes=0-1048575")
    assert answer.status_code == 206 and answer.data == CONTENT[: 1 << 20]


@pytest.mark.rule("E30")
@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (BOGOTA, 404),
        (BANGKOK, 404),
        (ANALYST, 403),
        (ADMIN, 403),
        (None, 401),
        (AUDITOR, 200),
        (INSTRUMENT, 200),
        (Actor("gcms2", "GC-MS 2", Role.INSTRUMENT, kind="instrument"), 404),
    ],
)
def test_who_may_read(client: FlaskClient, spectrum_id: str, actor: Actor | None, status: int) -> None:
    for path in (f"/spectra/{spectrum_id}", f"/spectra/{spectrum_id}/content"):
        assert call(client, "GET", path, actor=actor).status_code == status


def test_lists(client: FlaskClient, item_id: str, spectrum_id: str) -> None:
    other_item = handed(client)
    other = house.uploaded(client, other_item, b"other")

    def listed(query: str, actor: Actor = TECHNICIAN) -> list[str]:
        answer = call(client, "GET", f"/spectra?{query}", actor=actor)
        assert answer.status_code == 200, answer.data
        return [row["id"] for row in answer.json["items"]]

    assert listed(f"item_id={other_item}") == [other]
    assert listed(f"item_id={other_item}&state=verified") == []
    assert spectrum_id in listed(f"item_id={item_id}") and listed("item_id=nothing") == []
    assert listed(f"item_id={item_id}", INSTRUMENT) == [spectrum_id]
    first = call(client, "GET", "/spectra?limit=1", actor=TECHNICIAN).json
    assert [row["id"] for row in first["items"]] == [other] and first["next"]
    assert call(client, "GET", "/spectra", actor=BOGOTA).status_code == 403
    assert call(client, "GET", "/spectra?state=tea", actor=TECHNICIAN).status_code == 422
