"""The object store on S3 (MinIO or another with versioning and object lock), through the `minio` client.

Only plain S3 calls are used. Multipart calls are the client's underscored ones: its public upload reads a
whole stream, while here every part comes in a request of its own (hence the pin below version 8).
"""

import io
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from minio import Minio
from minio.datatypes import Part as MinioPart
from minio.error import S3Error
from minio.helpers import genheaders
from minio.versioningconfig import ENABLED

from shared.storage.canary import check_room, send_canary
from shared.storage.errors import BadObject, StoreUnavailable, UploadNotFound
from shared.storage.interface import (
    OCTETS,
    Canary,
    Capabilities,
    Part,
    StoredObject,
    Unfinished,
    require_key,
    require_part,
    require_parts,
    whole_seconds,
)
from shared.storage.minio_room import ask_free_bytes
from shared.storage.s3_client import is_loopback, put_part_unsigned
from shared.storage.s3_errors import s3_errors
from shared.storage.s3_objects import S3Objects, retention_until

#: Metadata that ties a finished object to its upload: `finish` finds it again after a lost answer.
_TOKEN = "siglab-upload"

_UPLOAD_ID = re.compile(r"(?P<token>(?:[0-9a-f]{32})?)\.(?P<upload>[A-Za-z0-9_-][A-Za-z0-9._~=+-]*)")


class S3Store(S3Objects):
    """Keeps the contract of `shared.storage.interface.ObjectStore` in one bucket that was made with object
    lock.
    """

    kind = "s3"

    def __init__(self, client: Minio, bucket: str) -> None:
        super().__init__(client, bucket)
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

    def free_bytes(self) -> int | None:
        """What a MinIO server tells; of another S3 `require_room` alone finds out that there is none left."""
        return ask_free_bytes(self._client)

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
            retention_until(retain_until) if retain_until else None,
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
        except (UploadNotFound, BadObject, StoreUnavailable):
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
                retention=retention_until(until),
            )
        return self._locked_until(key, str(done.version_id), until)

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


def _split(upload_id: str) -> tuple[str, str]:
    """(token, the server's own upload id); the token is empty for uploads found by listing."""
    match = _UPLOAD_ID.fullmatch(upload_id)
    if match is None:
        raise UploadNotFound("There is no such unfinished upload.")
    return match["token"], match["upload"]
