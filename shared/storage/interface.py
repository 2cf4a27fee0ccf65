"""The contract of an object store: versions that are written once, locked until a date, and read by version.

Two stores keep it, `shared.storage.directory` and `shared.storage.s3`, and one test-suite runs against
both. An etag names the bytes of a part for `finish` and nothing else: it is never a digest of the evidence.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from shared.storage.errors import BadObject

MIB = 1 << 20

#: Every part but the last has at least this many bytes (S3's rule, kept by every store).
MIN_PART_SIZE = 5 * MIB
#: No part has more: 8 MiB is the largest piece that crosses the bus, with a little room for what was left
#: over before.
MAX_PART_SIZE = 8 * MIB + 64 * 1024
#: S3's highest part number.
MAX_PARTS = 10_000
#: What `read` yields at most at once.
CHUNK_SIZE = MIB
#: The media type of bytes that nobody has described.
OCTETS = "application/octet-stream"

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}")
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True)
class StoredObject:
    """A finished object: read it by key and version."""

    key: str
    version_id: str
    size: int


@dataclass(frozen=True)
class Part:
    """A part that `put_part` has stored."""

    number: int
    etag: str


@dataclass(frozen=True)
class ObjectFacts:
    """What the store says about one version; `retain_until` is None where no retention was set.

    `compliance` is false where the retention is of a kind that somebody may lift.
    """

    key: str
    version_id: str
    size: int
    retain_until: datetime | None
    legal_hold: bool
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    compliance: bool = True


@dataclass(frozen=True)
class Unfinished:
    """An upload that was begun and neither finished nor aborted."""

    key: str
    upload_id: str
    begun_at: datetime


@dataclass(frozen=True)
class Canary:
    """Whether the store refused, when it was tried, to delete a locked version and to shorten its
    retention.
    """

    at: datetime
    delete_refused: bool
    shortening_refused: bool
    detail: str

    @property
    def ok(self) -> bool:
        """The locks hold."""
        return self.delete_refused and self.shortening_refused


@dataclass(frozen=True)
class Capabilities:
    """What the store guarantees. `enforced_by` tells a lock of the storage system from one of this software
    alone.

    `canary` is None until `prepare` was called.
    """

    kind: str
    versioning: bool
    object_lock: bool
    enforced_by: str
    canary: Canary | None


class ObjectStore(Protocol):
    """Where spectra and checkpoints lie. All methods may raise StoreUnavailable or StoreFull."""

    @property
    def kind(self) -> str:
        """`directory` or `s3`."""

    def prepare(self, now: datetime) -> Capabilities:
        """Makes what is missing (folder, bucket with lock), tries the locks with a canary, and returns what
        holds.
        """

    def try_locks(self, now: datetime) -> Canary:
        """Sends the canary again and remembers what came of it, for `capabilities`."""

    def capabilities(self) -> Capabilities:
        """What the last `prepare` found; does not ask the store."""

    def free_bytes(self) -> int | None:
        """Room that is left for objects; None where the storage system does not tell."""

    def require_room(self) -> None:
        """Raises StoreFull where nothing at all can be written any more; leaves nothing behind."""

    def begin(
        self,
        key: str,
        *,
        retain_until: datetime | None = None,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Begins an object in parts and returns its upload id.

        With `retain_until` given here already, an S3 object is never unlocked, not even between `finish`
        and its answer.
        """

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Stores part `number` (from 1) and returns its etag; the same again is harmless, other bytes
        replace it.
        """

    def finish(
        self, key: str, upload_id: str, parts: Sequence[Part], *, retain_until: datetime
    ) -> StoredObject:
        """Makes the object of its parts, locks it until `retain_until` at least, and reads the lock back.

        Finishing again, after a lost answer, gives the same version.
        """

    def abort(self, key: str, upload_id: str) -> None:
        """Gives up an unfinished upload; harmless when it is gone. A finished object is not touched."""

    def put(
        self,
        key: str,
        data: bytes,
        *,
        retain_until: datetime,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Stores a small object (at most MAX_PART_SIZE) as a new locked version of `key`."""

    def read(self, key: str, version_id: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Bytes from `start`, `length` of them or up to the end, in chunks of at most CHUNK_SIZE.

        Whether the version exists is known when `read` returns, before the first chunk. More than there is
        gives what there is.
        """

    def stat(self, key: str, version_id: str) -> ObjectFacts:
        """Size, retention, legal hold, content type and metadata of one version."""

    def extend_retention(self, key: str, version_id: str, retain_until: datetime) -> None:
        """Locks the version for longer and reads it back; ObjectLocked when that would be shorter than it
        is.
        """

    def set_legal_hold(self, key: str, version_id: str, on: bool) -> None:
        """Sets or lifts the legal hold of one version and reads it back."""

    def delete(self, key: str, version_id: str) -> None:
        """Removes a version that nothing locks any more; ObjectLocked otherwise. Only the canary has use
        for it.
        """

    def versions(self, key: str) -> list[str]:
        """The versions of one key, the oldest first; empty when there is none."""

    def list_unfinished(self, older_than: datetime, *, keys: Sequence[str] = ()) -> list[Unfinished]:
        """The uploads begun before `older_than`, for the sweep that aborts what nobody will finish.

        `keys` are asked for by name besides: a MinIO server that has been restarted lists the uploads of a key, but no
        longer those of a whole bucket.
        """


def require_key(key: str) -> str:
    """`key` itself, when it is one to eight plain path segments; no traversal, no hidden names."""
    if len(key) > 512 or not _KEY.fullmatch(key):
        raise BadObject(f"{key[:80]!r} cannot be an object's key.")
    return key


def require_version(version_id: str) -> str:
    """`version_id` itself, when it can be one."""
    if not _VERSION.fullmatch(version_id) or version_id in (".", ".."):
        raise BadObject(f"{version_id[:80]!r} cannot be an object's version.")
    return version_id


def require_part(number: int, data: bytes | memoryview) -> None:
    """Refuses part numbers and sizes that no store accepts."""
    if not 1 <= number <= MAX_PARTS:
        raise BadObject(f"There is no part number {number}: parts are numbered 1 to {MAX_PARTS}.")
    if len(data) > MAX_PART_SIZE:
        raise BadObject(f"A part has at most {MAX_PART_SIZE} bytes; this one has {len(data)}.")


def require_parts(parts: Sequence[Part]) -> None:
    """Refuses a list of parts that is empty or not in rising order."""
    numbers = [part.number for part in parts]
    if not numbers or numbers != sorted(set(numbers)):
        raise BadObject("An object is finished from one or more parts in rising order.")


def require_range(start: int, length: int | None) -> None:
    """Refuses a range that lies before the beginning."""
    if start < 0 or (length is not None and length < 0):
        raise BadObject("A range starts at 0 or later and is not negative.")


def whole_seconds(moment: datetime) -> datetime:
    """`moment` in UTC, cut to the second: finer retention dates are not kept by every store."""
    if moment.tzinfo is None:
        raise BadObject("A retention date needs a time zone.")
    return moment.astimezone(UTC).replace(microsecond=0)
