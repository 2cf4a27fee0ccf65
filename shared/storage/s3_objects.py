"""Versions in an S3 bucket that are there already: read, described, locked, listed, and removed where the server lets them go."""

from collections.abc import Iterator
from datetime import UTC, datetime

from minio import Minio
from minio.retention import COMPLIANCE, Retention

from shared.storage.errors import LockNotHeld, ObjectLocked
from shared.storage.interface import (
    OCTETS,
    ObjectFacts,
    StoredObject,
    require_key,
    require_range,
    require_version,
    whole_seconds,
)
from shared.storage.s3_client import chunks_of
from shared.storage.s3_errors import s3_errors


class S3Objects:
    """The half of `shared.storage.interface.ObjectStore` that makes no new versions; `shared.storage.s3` adds the other."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str, version_id: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A range of one version; a connection that breaks in between is an error, never a short answer."""
        require_range(start, length)
        size = self.stat(key, version_id).size
        wanted = max(0, size - start if length is None else min(length, size - start))
        if not wanted:
            return iter(())
        with s3_errors():
            answer = self._client.get_object(
                self._bucket, key, offset=start, length=wanted, version_id=version_id
            )
        return chunks_of(answer, wanted)

    def stat(self, key: str, version_id: str) -> ObjectFacts:
        """What the store says of one version."""
        require_key(key)
        require_version(version_id)
        with s3_errors(head=True):
            said = self._client.stat_object(self._bucket, key, version_id=version_id)
        headers = {name.lower(): value for name, value in (said.metadata or {}).items()}
        until = headers.get("x-amz-object-lock-retain-until-date")
        return ObjectFacts(
            key,
            version_id,
            int(said.size or 0),
            datetime.fromisoformat(until).astimezone(UTC) if until else None,
            headers.get("x-amz-object-lock-legal-hold") == "ON",
            said.content_type or OCTETS,
            {
                name.removeprefix("x-amz-meta-"): value
                for name, value in headers.items()
                if name.startswith("x-amz-meta-")
            },
            compliance=not until or headers.get("x-amz-object-lock-mode") == COMPLIANCE,
        )

    def extend_retention(self, key: str, version_id: str, retain_until: datetime) -> None:
        """Locks for longer; that a shorter lock is refused is left to the storage system, which the canary
        tries.
        """
        until = whole_seconds(retain_until)
        self.stat(key, version_id)
        with s3_errors(lock=True):
            self._client.set_object_retention(
                self._bucket, require_key(key), retention_until(until), version_id=version_id
            )
        self._require_locked(key, version_id, until)

    def set_legal_hold(self, key: str, version_id: str, on: bool) -> None:
        """Sets or lifts the legal hold."""
        self.stat(key, version_id)
        act = self._client.enable_object_legal_hold if on else self._client.disable_object_legal_hold
        with s3_errors():
            act(self._bucket, key, version_id=version_id)
            kept = self._client.is_object_legal_hold_enabled(self._bucket, key, version_id=version_id)
        if kept is not on:
            raise LockNotHeld("The store did not keep the legal hold as it was set.")

    def delete(self, key: str, version_id: str) -> None:
        """Removes one version, where the storage system lets it go."""
        self.stat(key, version_id)
        with s3_errors(lock=True):
            self._client.remove_object(self._bucket, key, version_id=version_id)

    def versions(self, key: str) -> list[str]:
        """The versions of a key; S3 lists the newest first."""
        require_key(key)
        with s3_errors():
            rows = [
                row.version_id
                for row in self._client.list_objects(
                    self._bucket, prefix=key, recursive=True, include_version=True
                )
                if row.object_name == key and not row.is_delete_marker and row.version_id
            ]
        return rows[::-1]

    def _locked_until(self, key: str, version_id: str, until: datetime) -> StoredObject:
        """Lengthens the retention where it ends before `until`, reads it back, and returns the object."""
        facts = self.stat(key, version_id)
        if facts.retain_until is None or facts.retain_until < until:
            try:
                self.extend_retention(key, version_id, until)
            except ObjectLocked as error:
                raise LockNotHeld("The store refuses to lock the object.") from error
        return StoredObject(key, version_id, facts.size)

    def _require_locked(self, key: str, version_id: str, until: datetime) -> None:
        with s3_errors():
            kept = self._client.get_object_retention(self._bucket, key, version_id=version_id)
        if kept is None or kept.mode != COMPLIANCE or whole_seconds(kept.retain_until_date) < until:
            raise LockNotHeld(f"The store does not keep the object until {until:%Y-%m-%d %H:%M:%S}Z.")


def retention_until(until: datetime) -> Retention:
    """The retention that nobody can lift, in whole seconds."""
    return Retention(COMPLIANCE, whole_seconds(until))
