"""What MinIO's root user can do to evidence, with the plain client and not through our store: nothing that cannot be seen.

These are the promises that `enforced_by: storage system` stands for.
"""

import io
import time
from datetime import UTC, datetime, timedelta

import pytest
from minio import Minio
from minio.commonconfig import GOVERNANCE
from minio.error import S3Error
from minio.retention import COMPLIANCE, Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from shared.storage.interface import StoredObject
from shared.storage.s3 import S3Store
from tests.integration.storage.test_s3 import KEY, later, store

__all__ = ["store"]

pytestmark = pytest.mark.rule("E23")


@pytest.fixture
def root(store: S3Store) -> Minio:
    """The client with the root user's keys."""
    return store._client


@pytest.fixture
def kept(store: S3Store) -> StoredObject:
    """A locked object."""
    return store.put(KEY, b"evidence", retain_until=later())


def still_there(store: S3Store, kept: StoredObject) -> None:
    assert b"".join(store.read(kept.key, kept.version_id)) == b"evidence"
    found = store._client.get_object_retention(store._bucket, kept.key, version_id=kept.version_id)
    assert found is not None and found.mode == COMPLIANCE
    assert found.retain_until_date > datetime.now(UTC) + timedelta(hours=23)


def test_root_cannot_delete_a_version(store: S3Store, root: Minio, kept: StoredObject) -> None:
    with pytest.raises(S3Error, match="WORM protected"):
        root.remove_object(store._bucket, kept.key, version_id=kept.version_id)
    headers: dict[str, str | list[str] | tuple[str]] = {"x-amz-bypass-governance-retention": "true"}
    with pytest.raises(S3Error, match="WORM protected"):
        root._execute(
            "DELETE",
            store._bucket,
            kept.key,
            headers=headers,
            query_params={"versionId": kept.version_id},
        )
    still_there(store, kept)


@pytest.mark.parametrize(
    "weaker",
    [
        Retention(COMPLIANCE, datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)),
        Retention(GOVERNANCE, datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)),
    ],
    ids=["shorter", "of a kind that can be lifted"],
)
def test_root_cannot_weaken_a_lock(
    store: S3Store, root: Minio, kept: StoredObject, weaker: Retention
) -> None:
    with pytest.raises(S3Error, match="WORM protected"):
        root.set_object_retention(store._bucket, kept.key, weaker, version_id=kept.version_id)
    still_there(store, kept)


def test_what_root_writes_over_a_key_is_another_version(
    store: S3Store, root: Minio, kept: StoredObject
) -> None:
    root.put_object(store._bucket, kept.key, io.BytesIO(b"forged"), 6)
    still_there(store, kept)
    versions = store.versions(kept.key)
    assert len(versions) == 2 and versions[0] == kept.version_id


def test_a_deletion_by_key_hides_nothing_from_a_reader_by_version(
    store: S3Store, root: Minio, kept: StoredObject
) -> None:
    root.remove_object(store._bucket, kept.key)
    with pytest.raises(S3Error) as refused:
        root.stat_object(store._bucket, kept.key)
    assert refused.value.code in ("NoSuchKey", "MethodNotAllowed")
    still_there(store, kept)
    assert store.versions(kept.key) == [kept.version_id]


def test_root_cannot_take_the_bucket_away_or_stop_its_versions(
    store: S3Store, root: Minio, kept: StoredObject
) -> None:
    with pytest.raises(S3Error) as refused:
        root.remove_bucket(store._bucket)
    assert refused.value.code == "BucketNotEmpty"
    with pytest.raises(S3Error) as refused:
        root.set_bucket_versioning(store._bucket, VersioningConfig(SUSPENDED))
    assert refused.value.code == "InvalidBucketState"
    still_there(store, kept)


def test_a_legal_hold_keeps_what_no_retention_keeps_any_more(store: S3Store, root: Minio) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    held = store.put(KEY, b"held", retain_until=until)
    store.set_legal_hold(held.key, held.version_id, True)
    while datetime.now(UTC) < until + timedelta(seconds=1):
        time.sleep(0.2)
    with pytest.raises(S3Error, match="WORM protected"):
        root.remove_object(store._bucket, held.key, version_id=held.version_id)
    store.set_legal_hold(held.key, held.version_id, False)
    root.remove_object(store._bucket, held.key, version_id=held.version_id)
    assert store.versions(held.key) == []
