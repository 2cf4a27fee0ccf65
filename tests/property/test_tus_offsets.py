"""Whatever a client does with an upload: the bytes are those of the file, each once and in order, and the offset never lies.

A model of a few lines stands against the door with custody behind it, a real database and a folder as the store. Parts are small
here, so that short contents meet every way in which waiting bytes are cut.
"""

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gateway.api.upload_body as door_module
from services.chain_of_custody.routes import uploads as routes
from services.chain_of_custody.service.uploads import Stores
from services.chain_of_custody.store import store_of
from shared.runtime import Runtime
from shared.storage import directory_uploads
from tests.integration.chain_of_custody.conftest import client, runtime
from tests.integration.chain_of_custody.house import handed
from tests.integration.spectra import house
from tests.integration.spectra.door import Breaking, Door

__all__ = ["client", "runtime"]

LEAST, MOST, PIECE = 50, 80, 64

#: What a client does next: sends `size` bytes from where it believes to stand, which `slip` bytes away is wrong; `arrives` of
#: them come before the connection breaks (None: all, and the length is announced truly).
ACTS = st.lists(
    st.fixed_dictionaries(
        {
            "size": st.integers(0, 200),
            "slip": st.sampled_from([0, 0, 0, 0, -1, 1, 40]),
            "arrives": st.one_of(st.none(), st.none(), st.integers(0, 199)),
            "announced": st.booleans(),
        }
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.fixture(autouse=True)
def small_parts(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_stores", lambda: Stores(store_of(runtime), 10, least=LEAST, most=MOST))
    monkeypatch.setattr(directory_uploads, "MIN_PART_SIZE", LEAST)
    monkeypatch.setattr(door_module, "PIECE", PIECE)
    monkeypatch.setattr(door_module, "_READ", 7)


def act(door: Door, place: str, offset: int, data: bytes, step: dict[str, Any]) -> tuple[int, int]:
    """Does one act; returns the status and how many bytes may have been taken."""
    if step["arrives"] is None:
        answer = door.patch(place, offset, data if step["announced"] else Breaking(data, False))
        return answer.status, len(data)
    arrived = data[: step["arrives"]]
    if len(arrived) == len(data):
        return door.patch(place, offset, data).status, len(data)
    broken = Breaking(arrived, step["announced"])
    return door.patch(place, offset, broken, CONTENT_LENGTH=str(len(data))).status, len(arrived)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=st.binary(min_size=1, max_size=900), acts=ACTS)
def test_bytes_are_taken_once_and_in_order(
    client: FlaskClient, runtime: Runtime, item_id: str, content: bytes, acts: list[dict[str, Any]]
) -> None:
    door = Door(client)
    place = door.created(house.told(item_id, content))
    stands = 0
    for step in acts:
        offset = max(0, stands + step["slip"])
        data = content[offset : offset + step["size"]] or b"x" * step["size"]
        status, sent = act(door, place, offset, data, step)
        if offset != stands:
            assert status == 409
        elif offset + len(data) > len(content):
            assert status == 413
        else:
            assert status == (204 if sent == len(data) else 400)
            stands += sent
        assert door.offset(place) == stands
    while stands < len(content):
        size = min(70, len(content) - stands)
        assert door.patch(place, stands, content[stands : stands + size]).status == 204
        stands += size
    spectrum_id = str(door.ask("HEAD", place).header("siglab-spectrum-id"))
    found = house.spectrum(client, spectrum_id)
    stored = store_of(runtime).read(found["object"]["key"], found["object"]["version_id"])
    assert hashlib.sha256(b"".join(stored)).hexdigest() == found["declared_sha256"]
