"""What only the S3 store has to withstand: lost answers, buckets without locks, servers that are away."""

import secrets
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from minio.datatypes import Part as MinioPart

from shared.config import load_settings
from shared.storage import open_store
from shared.storage.errors import StoreUnavailable
from shared.storage.interface import Part
from shared.storage.s3 import S3Store
from shared.storage.s3_client import connect

KEY = "spectra/01/raw"


def later() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def store(minio_environment: dict[str, str]) -> S3Store:
    opened = S3Store(connect(load_settings(minio_environment)), f"test-{secrets.token_hex(8)}")
    opened.prepare(datetime.now(UTC))
    return opened


def test_an_answer_that_was_lost_is_found_again(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_id = store.begin(KEY)
    part = Part(1, store.put_part(KEY, upload_id, 1, b"once"))
    complete = store._client._complete_multipart_upload

    def lose(*given: Any) -> None:
        complete(*given)
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(store._client, "_complete_multipart_upload", lose)
        with pytest.raises(ConnectionResetError):
            store.finish(KEY, upload_id, [part], retain_until=later())
    newer = store.put(KEY, b"somebody else's version", retain_until=later())
    done = store.finish(KEY, upload_id, [part], retain_until=later())
    assert done.version_id != newer.version_id
    assert b"".join(store.read(KEY, done.version_id)) == b"once"
    assert len(store.versions(KEY)) == 2


def test_an_object_is_locked_from_its_first_moment(store: S3Store) -> None:
    upload_id = store.begin(KEY, retain_until=later())
    part = store._client._upload_part(store._bucket, KEY, b"x", None, upload_id.split(".")[1], 1)
    done = store._client._complete_multipart_upload(
        store._bucket, KEY, upload_id.split(".")[1], [MinioPart(1, part)]
    )
    assert store.stat(KEY, str(done.version_id)).retain_until is not None


def test_a_bucket_without_versions_is_refused(minio_environment: dict[str, str]) -> None:
    client = connect(load_settings(minio_environment))
    bucket = f"test-{secrets.token_hex(8)}"
    client.make_bucket(bucket)
    with pytest.raises(StoreUnavailable, match="keeps no versions"):
        S3Store(client, bucket).prepare(datetime.now(UTC))


def test_a_server_that_is_away_is_said_to_be_so() -> None:
    store = open_store(
        load_settings(
            {
                "SIGLAB_S3_ENDPOINT": "http://127.0.0.1:9",
                "SIGLAB_S3_ACCESS_KEY": "a",
                "SIGLAB_S3_SECRET_KEY": "b",
            }
        )
    )
    with pytest.raises(StoreUnavailable) as caught:
        store.prepare(datetime.now(UTC))
    assert caught.value.retry_after


def test_a_server_tells_how_much_room_it_has(store: S3Store, minio_environment: dict[str, str]) -> None:
    found = shutil.disk_usage(minio_environment["TEST_MINIO_DATA"]).free
    assert store.free_bytes() == pytest.approx(found, rel=0.2)
    wrong = connect(load_settings({**minio_environment, "SIGLAB_S3_SECRET_KEY": "wrong-secret"}))
    assert S3Store(wrong, "any").free_bytes() is None, (
        "who has other keys is told nothing, and that is no fault"
    )
    away = connect(load_settings({**minio_environment, "SIGLAB_S3_ENDPOINT": "http://127.0.0.1:9"}))
    assert S3Store(away, "any").free_bytes() is None


def test_wrong_credentials_are_the_stores_fault(minio_environment: dict[str, str]) -> None:
    wrong = {**minio_environment, "SIGLAB_S3_SECRET_KEY": "wrong-secret"}
    with pytest.raises(StoreUnavailable):
        open_store(load_settings(wrong)).prepare(datetime.now(UTC))
