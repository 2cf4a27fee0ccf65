"""The same uploads on a real S3 server: an empty file, one part, several parts, a completion told twice, holds, ranges."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.models import Item
from services.chain_of_custody.service import legal_holds, sweep_spectra, verify_spectrum
from services.chain_of_custody.store import store_of
from shared.config import Settings, load_settings
from shared.runtime import Runtime
from shared.storage import open_store
from shared.storage.interface import MIN_PART_SIZE
from tests.calls import TECHNICIAN, call
from tests.integration.chain_of_custody.house import handed, tell_people
from tests.integration.spectra import house
from tests.integration.spectra.parts_lost import lose_part_facts, lose_upload
from tests.integration.storage.conftest import minio_environment

__all__ = ["minio_environment"]


@pytest.fixture(scope="module")
def runtime(settings: Settings, minio_environment: dict[str, str]) -> Iterator[Runtime]:
    found = make_runtime(settings)
    found.extras["store"] = open_store(
        load_settings({**minio_environment, "SIGLAB_S3_BUCKET": "spectra-test"})
    )
    assert store_of(found).prepare(datetime.now(UTC)).object_lock
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    tell_people(client)
    return client


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.mark.rule("E22")
@pytest.mark.rule("E23")
@pytest.mark.parametrize("size", [0, 1, MIN_PART_SIZE, 2 * MIN_PART_SIZE + 1])
def test_a_file_is_stored_locked_and_verified(
    client: FlaskClient, runtime: Runtime, item_id: str, size: int
) -> None:
    content = os.urandom(size)
    upload_id = house.begun(client, item_id, content)
    for start in range(0, size, 4_000_000):
        assert house.send(client, upload_id, start, content[start : start + 4_000_000]).status_code == 200
    spectrum_id = house.complete(client, upload_id).json["spectrum_id"]
    assert house.complete(client, upload_id).json["spectrum_id"] == spectrum_id
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    assert found["size"] == size and found["sha256"] == found["declared_sha256"]
    path = f"/spectra/{spectrum_id}/content"
    assert call(client, "GET", path, actor=TECHNICIAN).data == content
    if size > MIN_PART_SIZE:
        part = call(
            client, "GET", path, actor=TECHNICIAN, Range=f"bytes={MIN_PART_SIZE - 5}-{MIN_PART_SIZE + 5}"
        )
        assert part.data == content[MIN_PART_SIZE - 5 : MIN_PART_SIZE + 6]
    facts = store_of(runtime).stat(found["object"]["key"], found["object"]["version_id"])
    assert facts.retain_until is not None
    assert facts.retain_until > datetime.now(UTC) + timedelta(days=364 * runtime.settings.retention_years)


@pytest.mark.rule("E22")
@pytest.mark.parametrize("lost", ["the upload", "what it knew of the part"])
def test_what_the_server_lost_is_sent_again(
    client: FlaskClient, runtime: Runtime, item_id: str, minio_environment: dict[str, str], lost: str
) -> None:
    """As a MinIO server leaves it that is killed while it completes an upload."""
    content = os.urandom(3000)
    upload_id = house.begun(client, item_id, content)
    house.send(client, upload_id, 0, content)
    if lost == "the upload":
        lose_upload(runtime, upload_id)
    else:
        assert lose_part_facts(Path(minio_environment["TEST_MINIO_DATA"])) == 1
    assert house.complete(client, upload_id).json["state"] == "open"
    house.send(client, upload_id, 0, content)
    spectrum_id = house.complete(client, upload_id).json["spectrum_id"]
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    assert house.spectrum(client, spectrum_id)["state"] != "quarantined"


def test_a_hold_reaches_the_server(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    place = house.spectrum(client, house.uploaded(client, item_id, b"held"))["object"]
    for open_holds in (1, 0):
        with runtime.unit_of_work() as uow:
            uow.session.get_one(Item, item_id).open_holds = open_holds
            uow.commit()
        legal_holds.align_legal_holds(runtime, item_id)
        facts = store_of(runtime).stat(place["key"], place["version_id"])
        assert facts.legal_hold is (open_holds > 0)


def test_what_nobody_goes_on_with_is_removed_from_the_server(
    client: FlaskClient, runtime: Runtime, item_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(MIN_PART_SIZE + 1)
    upload_id = house.begun(client, item_id, content)
    house.send(client, upload_id, 0, content[:MIN_PART_SIZE])
    later = datetime.now(UTC) + timedelta(days=8)
    assert store_of(runtime).list_unfinished(later)
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "clock", lambda: later)
        sweep_spectra.sweep_abandoned(runtime)
    assert store_of(runtime).list_unfinished(later) == []
    assert house.where(client, upload_id).status_code == 404
