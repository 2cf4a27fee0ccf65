"""The object store in a folder, for one machine without S3.

    uploads/<upload id>/upload.json, 00001-<etag>, ...                     begun, invisible to readers
    objects/<key>/@<version>/meta.json, lock.json, 00001-<etag>, ...       finished

`finish` copies nothing: it writes what belongs to the object into the upload's folder and renames the
folder to its final place, which either has happened or has not. The version id is the upload id, so that
finishing twice finds the same version. Locks are kept by this class; against whoever may write to the
folder itself only the ledger's digests help.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.storage.canary import check_room, send_canary
from shared.storage.directory_files import load_json, os_errors, read_parts, to_json, to_text
from shared.storage.directory_uploads import DirectoryUploads
from shared.storage.durable import file_lock, make_folders, write_file
from shared.storage.errors import LockNotHeld, ObjectLocked, ObjectNotFound
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


def _now() -> datetime:
    return datetime.now(UTC)


class DirectoryStore:
    """Keeps the contract of `shared.storage.interface.ObjectStore`; `clock` decides which retention has
    ended.
    """

    kind = "directory"

    def __init__(self, root: Path, clock: Callable[[], datetime] = _now) -> None:
        self._root = root
        self._objects = root / "objects"
        self._uploads = DirectoryUploads(root / "uploads", clock)
        self._clock = clock
        self._canary: Canary | None = None

    def prepare(self, now: datetime) -> Capabilities:
        """Makes the folders, removes what killed processes left, and sends the canary."""
        with os_errors():
            make_folders(self._objects)
            self._uploads.prepare()
        self.try_locks(now)
        return self.capabilities()

    def try_locks(self, now: datetime) -> Canary:
        """Sends the canary."""
        self._canary = send_canary(self, now)
        return self._canary

    def free_bytes(self) -> int:
        """What the file system leaves to those who are not root."""
        with os_errors():
            found = os.statvfs(self._root)
        return found.f_bavail * found.f_frsize

    def require_room(self) -> None:
        """Begins an upload and gives it up."""
        check_room(self)

    def capabilities(self) -> Capabilities:
        """Versions and locks, both kept by this software alone."""
        holds = self._canary is None or self._canary.ok
        return Capabilities(self.kind, True, holds, "this software", self._canary)

    def begin(
        self,
        key: str,
        *,
        retain_until: datetime | None = None,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Begins an object in parts."""
        with os_errors():
            return self._uploads.begin(require_key(key), retain_until, content_type, metadata or {})

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Stores one part; on the disk when this returns."""
        require_part(number, data)
        with os_errors():
            return self._uploads.put_part(require_key(key), upload_id, number, data)

    def finish(
        self, key: str, upload_id: str, parts: Sequence[Part], *, retain_until: datetime
    ) -> StoredObject:
        """Makes the object visible, whole and locked."""
        require_parts(parts)
        until = whole_seconds(retain_until)
        with self._one_by_one():
            folder = self._version_folder(key, upload_id)
            if not folder.exists():
                asked = self._uploads.about(key, upload_id)["retain_until"]
                first = max(until, whole_seconds(datetime.fromisoformat(asked))) if asked else until
                self._uploads.publish(key, upload_id, parts, first, folder)
            return self._locked_until(key, upload_id, until)

    def abort(self, key: str, upload_id: str) -> None:
        """Gives up an unfinished upload."""
        require_key(key)
        with self._one_by_one():
            self._uploads.abort(key, upload_id)

    def put(
        self,
        key: str,
        data: bytes,
        *,
        retain_until: datetime,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Stores a small object: an upload of one part."""
        require_part(1, data)
        upload_id = self.begin(key, content_type=content_type, metadata=metadata)
        part = Part(1, self.put_part(key, upload_id, 1, data))
        return self.finish(key, upload_id, [part], retain_until=retain_until)

    def read(self, key: str, version_id: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """A range of one version."""
        require_range(start, length)
        facts = self._facts(key, version_id)
        end = facts["size"] if length is None else min(facts["size"], start + length)
        return read_parts(self._version_folder(key, version_id), facts["parts"], start, end)

    def stat(self, key: str, version_id: str) -> ObjectFacts:
        """What is known of one version."""
        facts = self._facts(key, version_id)
        until, hold = self._read_lock(key, version_id)
        size, content_type, metadata = facts["size"], facts["content_type"], facts["metadata"]
        return ObjectFacts(key, version_id, size, until, hold, content_type, metadata)

    def extend_retention(self, key: str, version_id: str, retain_until: datetime) -> None:
        """Locks for longer, never for shorter."""
        until = whole_seconds(retain_until)
        with self._one_by_one():
            self._facts(key, version_id)
            locked, _ = self._read_lock(key, version_id)
            if until < locked:
                raise ObjectLocked(f"The object is locked until {locked:%Y-%m-%d %H:%M:%S}Z already.")
            self._locked_until(key, version_id, until)

    def set_legal_hold(self, key: str, version_id: str, on: bool) -> None:
        """Sets or lifts the legal hold."""
        with self._one_by_one():
            self._facts(key, version_id)
            until, _ = self._read_lock(key, version_id)
            self._write_lock(key, version_id, until, on)
            if self._read_lock(key, version_id)[1] is not on:
                raise LockNotHeld("The store did not keep the legal hold as it was set.")

    def delete(self, key: str, version_id: str) -> None:
        """Removes what neither retention nor a hold protects."""
        with self._one_by_one():
            self._facts(key, version_id)
            until, hold = self._read_lock(key, version_id)
            if hold:
                raise ObjectLocked("A legal hold lies on the object.")
            if until > self._clock():
                raise ObjectLocked(f"The object is locked until {until:%Y-%m-%d %H:%M:%S}Z.")
            self._uploads.remove(self._version_folder(key, version_id))

    def versions(self, key: str) -> list[str]:
        """The versions of a key, by the time they were finished."""
        folder = self._objects / require_key(key)
        with os_errors():
            found = [(load_json(path / "meta.json"), path.name[1:]) for path in folder.glob("@*")]
        return [name for _, name in sorted((facts["finished_at"], name) for facts, name in found if facts)]

    def list_unfinished(self, older_than: datetime, *, keys: Sequence[str] = ()) -> list[Unfinished]:
        """The uploads that nobody has ended; a folder lists all of them, so `keys` add nothing."""
        with os_errors():
            return self._uploads.unfinished(older_than)

    @contextmanager
    def _one_by_one(self) -> Iterator[None]:
        """Ends of uploads and changes of locks happen one at a time, over all processes; none takes long."""
        with os_errors():
            make_folders(self._root)
            with file_lock(self._root / ".lock"):
                yield

    def _version_folder(self, key: str, version_id: str) -> Path:
        return self._objects / require_key(key) / f"@{require_version(version_id)}"

    def _facts(self, key: str, version_id: str) -> dict[str, Any]:
        facts = load_json(self._version_folder(key, version_id) / "meta.json")
        if facts is None:
            raise ObjectNotFound("The store has no such object in this version.")
        return facts

    def _read_lock(self, key: str, version_id: str) -> tuple[datetime, bool]:
        state = load_json(self._version_folder(key, version_id) / "lock.json")
        if state is None:
            raise LockNotHeld("The lock of a stored object is missing.")
        return datetime.fromisoformat(state["retain_until"]), bool(state["legal_hold"])

    def _write_lock(self, key: str, version_id: str, until: datetime, hold: bool) -> None:
        state = to_json({"retain_until": to_text(until), "legal_hold": hold})
        write_file(self._version_folder(key, version_id) / "lock.json", state)

    def _locked_until(self, key: str, version_id: str, until: datetime) -> StoredObject:
        """Lengthens the retention where it ends before `until`, reads it back, and returns the object."""
        locked, hold = self._read_lock(key, version_id)
        if until > locked:
            self._write_lock(key, version_id, until, hold)
            locked, _ = self._read_lock(key, version_id)
        if locked < until:
            raise LockNotHeld(f"The store does not keep the object until {until:%Y-%m-%d %H:%M:%S}Z.")
        return StoredObject(key, version_id, self._facts(key, version_id)["size"])
