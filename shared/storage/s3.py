"""The object store on S3 (MinIO or another with versioning and object lock), through the `minio` client.

Only plain S3 calls are used. Multipart calls are the client's underscored ones: its public upload reads a
whole stream, while here every part comes in a request of its own (hence the pin below version 8).
"""

import io
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from minio import Minio
from minio.datatypes import Part as MinioPart
from minio.error import S3Error
from minio.helpers import genheaders
from minio.retention import COMPLIANCE, Retention
from minio.versioningconfig import ENABLED

from shared.storage.canary import check_room, send_canary
from shared.storage.errors import LockNotHeld, ObjectLocked, StoreUnavailable, UploadNotFound
from shared.storage.interface import (
    OCTETS,
    Canary,
    Capabilities,
    ObjectFacts,
    Part,
    StoredObject,
    Unfinished,
    require_key,
    require_part,
    require_parts,
    require_range,
    require_version,
    whole_seconds,
)
from shared.storage.s3_client import chunks_of, is_loopback, put_part_unsigned
from shared.storage.s3_errors import s3_errors

#: Metadata that ties a finished object to its upload: `finish` finds it again after a lost answer.
_TOKEN = "siglab-upload"

_UPLOAD_ID = re.compile(r"(?P<token>(?:[0-9a-f]{32})?)\.(?P<upload>[A-Za-z0-9_-][A-Za-z0-9._~=+-]*)")


class S3Store:
    """Keeps the contract of `shared.storage.interface.ObjectStore` in one bucket that was made with object
    lock.
    """

    kind = "s3"

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._versioning = False
        self._loopback = is_loopback(client)
        self._canary: Canary | None = None

    def prepare(self, now: datetime) -> Capabilities:
        """Makes the bucket with object lock, or refuses one without, and sends the canary."""
        with s3_errors():
            if not self._client.bucket_exists(self._bucket):
                self._make_bucket()
            self._versioning = self._client.get_bucket_versioning(self._bucket).status == ENABLED
        if not self._versioning:
            raise StoreUnavailable(
                f"The bucket {self._bucket} keeps no versions, so it cannot hold evidence. "
                "Name a bucket that does not exist yet: it is then made with versions and object lock."
            )
        self.try_locks(now)
        return self.capabilities()

    def try_locks(self, now: datetime) -> Canary:
        """Sends the canary."""
        self._canary = send_canary(self, now)
        return self._canary

    def free_bytes(self) -> None:
        """S3 has no call that tells; `require_room` finds out when there is none left."""
        return None

    def require_room(self) -> None:
        """Begins an upload and gives it up."""
        check_room(self)

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self._bucket, object_lock=True)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":  # another process that starts now was first
                raise

    def capabilities(self) -> Capabilities:
        """Versions and locks as the storage system keeps them."""
        holds = self._canary is not None and self._canary.ok
        return Capabilities(self.kind, self._versioning, holds, "storage system", self._canary)

    def begin(
        self,
        key: str,
        *,
        retain_until: datetime | None = None,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Begins a multipart upload; its id also holds the token under which `finish` finds the object
        again.
        """
        require_key(key)
        token = secrets.token_hex(16)
        headers = genheaders(
            {**(metadata or {}), _TOKEN: token, "Content-Type": content_type},
            None,
            None,
            _retention(retain_until) if retain_until else None,
            False,
        )
        with s3_errors():
            return f"{token}.{self._client._create_multipart_upload(self._bucket, key, headers)}"

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Stores one part."""
        require_key(key)
        require_part(number, data)
        _, upload = _split(upload_id)
        with s3_errors():
            if self._loopback:
                # Signing the body means hashing all of it here and once more in the server, against a wire that is not there.
                # What is stored is read back and hashed in any case (E22).
                return put_part_unsigned(self._client, self._bucket, key, upload, number, data)
            return self._client._upload_part(self._bucket, key, data, None, upload, number)  # type: ignore[arg-type]

    def finish(
        self, key: str, upload_id: str, parts: Sequence[Part], *, retain_until: datetime
    ) -> StoredObject:
        """Completes the upload, or finds what an earlier, unanswered call has completed."""
        require_key(key)
        require_parts(parts)
        until = whole_seconds(retain_until)
        token, upload = _split(upload_id)
        rows = [MinioPart(part.number, part.etag) for part in parts]
        try:
            with s3_errors():
                done = self._client._complete_multipart_upload(self._bucket, key, upload, rows)
            version_id = str(done.version_id)
        except (UploadNotFound, StoreUnavailable):
            found = self._version_of(key, token)
            if found is None:
                raise
            version_id = found
        return self._locked_until(key, version_id, until)

    def _version_of(self, key: str, token: str) -> str | None:
        for version_id in reversed(self.versions(key)):
            if self.stat(key, version_id).metadata.get(_TOKEN) == token:
                return version_id
        return None

    def abort(self, key: str, upload_id: str) -> None:
        """Gives up an unfinished upload."""
        require_key(key)
        try:
            _, upload = _split(upload_id)
            with s3_errors():
                self._client._abort_multipart_upload(self._bucket, key, upload)
        except UploadNotFound:
            return

    def put(
        self,
        key: str,
        data: bytes,
        *,
        retain_until: datetime,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Stores a small object in one call, locked from its first moment."""
        require_part(1, data)
        until = whole_seconds(retain_until)
        with s3_errors():
            done = self._client.put_object(
                self._bucket,
                require_key(key),
                io.BytesIO(data),
                len(data),
                content_type=content_type,
                metadata=dict(metadata or {}),
                part_size=0,
                retention=_retention(until),
            )
        return self._locked_until(key, str(done.version_id), until)

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
                self._bucket, require_key(key), _retention(until), version_id=version_id
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

    def list_unfinished(self, older_than: datetime, *, keys: Sequence[str] = ()) -> list[Unfinished]:
        """The uploads that nobody has ended: all that the server lists, and those of `keys`."""
        found: dict[str, Unfinished] = {}
        for prefix in ("", *map(require_key, keys)):
            with s3_errors():
                uploads = self._client._list_multipart_uploads(self._bucket, prefix=prefix).uploads
            for row in uploads:
                begun_at, upload_id = row.initiated_time, f".{row.upload_id}"
                if begun_at and begun_at < older_than and (not prefix or row.object_name == prefix):
                    found.setdefault(upload_id, Unfinished(row.object_name, upload_id, begun_at))
        return sorted(found.values(), key=lambda row: row.begun_at)

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


def _retention(until: datetime) -> Retention:
    return Retention(COMPLIANCE, whole_seconds(until))


def _split(upload_id: str) -> tuple[str, str]:
    """(token, the server's own upload id); the token is empty for uploads found by listing."""
    match = _UPLOAD_ID.fullmatch(upload_id)
    if match is None:
        raise UploadNotFound("There is no such unfinished upload.")
    return match["token"], match["upload"]
