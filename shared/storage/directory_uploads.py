"""Unfinished uploads of the directory store: folders `uploads/<upload id>` that no reader sees.

A folder comes into being, and goes, under a hidden name and by one rename, so that a half-made upload is
never met.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.storage.directory_files import load_json, part_name, to_json, to_text
from shared.storage.durable import make_folders, sync_folder, write_file
from shared.storage.errors import BadObject, UploadNotFound
from shared.storage.interface import MIN_PART_SIZE, Part, Unfinished

_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")

#: Seconds after which a folder that is still being made or removed belongs to a process that was killed.
_LEFT_BEHIND = 3600


class DirectoryUploads:
    """The folder of unfinished uploads. `finish` and `abort` of one store come one by one (the store's
    lock).
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock

    def prepare(self) -> None:
        """Makes the folder, and removes what a killed process left between two steps."""
        make_folders(self._folder)
        for path in self._folder.glob(".*"):
            if path.stat().st_mtime < time.time() - _LEFT_BEHIND:
                shutil.rmtree(path)

    def begin(
        self, key: str, retain_until: datetime | None, content_type: str, metadata: Mapping[str, str]
    ) -> str:
        """Makes a new upload and returns its id."""
        upload_id = secrets.token_hex(16)
        about = {
            "key": key,
            "begun_at": to_text(self._clock()),
            "retain_until": to_text(retain_until),
            "content_type": content_type,
            "metadata": dict(metadata),
        }
        make_folders(self._folder)
        new = self._folder / f".new-{upload_id}"
        new.mkdir(mode=0o750)
        write_file(new / "upload.json", to_json(about))
        os.rename(new, self._folder / upload_id)
        sync_folder(self._folder)
        return upload_id

    def about(self, key: str, upload_id: str) -> dict[str, Any]:
        """What was said when the upload began; UploadNotFound when it is not there or is another key's."""
        found = None
        if _UPLOAD_ID.fullmatch(upload_id):
            found = load_json(self._folder / upload_id / "upload.json")
        if found is None or found["key"] != key:
            raise UploadNotFound("There is no such unfinished upload.")
        return found

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Stores a part under its number and etag."""
        self.about(key, upload_id)
        etag = hashlib.sha256(data).hexdigest()[:32]
        path = self._folder / upload_id / part_name(Part(number, etag))
        try:
            if not path.exists():
                write_file(path, data)
        except FileNotFoundError as error:
            raise UploadNotFound("The upload was finished or aborted meanwhile.") from error
        return etag

    def publish(self, key: str, upload_id: str, parts: Sequence[Part], until: datetime, final: Path) -> None:
        """Completes the upload's folder and renames it to `final`; can be repeated after a kill at any
        step.
        """
        about = self.about(key, upload_id)
        folder = self._folder / upload_id
        sizes = [_size(folder, part) for part in parts]
        if any(size < MIN_PART_SIZE for size in sizes[:-1]):
            raise BadObject(f"Every part but the last has at least {MIN_PART_SIZE} bytes.")
        names = [part_name(part) for part in parts]
        for path in folder.iterdir():
            if path.name not in {*names, "upload.json"}:
                path.unlink()
        facts = {
            "key": key,
            "size": sum(sizes),
            "content_type": about["content_type"],
            "metadata": about["metadata"],
            "begun_at": about["begun_at"],
            "finished_at": to_text(self._clock()),
            "parts": [[name, size] for name, size in zip(names, sizes, strict=True)],
        }
        write_file(folder / "lock.json", to_json({"retain_until": to_text(until), "legal_hold": False}))
        write_file(folder / "meta.json", to_json(facts))
        make_folders(final.parent)
        os.rename(folder, final)
        sync_folder(final.parent)
        sync_folder(self._folder)

    def abort(self, key: str, upload_id: str) -> None:
        """Removes the upload, if it is still there."""
        try:
            self.about(key, upload_id)
        except UploadNotFound:
            return
        self.remove(self._folder / upload_id)

    def remove(self, folder: Path) -> None:
        """Removes a whole folder of the store so that it is gone at once, whatever happens afterwards."""
        gone = self._folder / f".gone-{secrets.token_hex(8)}"
        os.rename(folder, gone)
        sync_folder(folder.parent)
        shutil.rmtree(gone)

    def unfinished(self, older_than: datetime) -> list[Unfinished]:
        """The uploads begun before `older_than`, by id."""
        rows = []
        for folder in sorted(self._folder.glob("*")) if self._folder.is_dir() else []:
            about = load_json(folder / "upload.json") if _UPLOAD_ID.fullmatch(folder.name) else None
            if about is not None and datetime.fromisoformat(about["begun_at"]) < older_than:
                begun_at = datetime.fromisoformat(about["begun_at"])
                rows.append(Unfinished(about["key"], folder.name, begun_at))
        return rows


def _size(folder: Path, part: Part) -> int:
    path = folder / part_name(part)
    if not re.fullmatch(r"[0-9a-f]{32}", part.etag) or not path.exists():
        raise BadObject(f"Part {part.number} was not stored with this etag.")
    return path.stat().st_size
