"""What only the directory store has to withstand: a full or damaged disk, killed processes, many threads."""

import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.config import load_settings
from shared.storage import open_store
from shared.storage.directory import DirectoryStore
from shared.storage.errors import (
    LockNotHeld,
    ObjectDamaged,
    ObjectLocked,
    ObjectNotFound,
    StoreFull,
    StoreUnavailable,
)
from shared.storage.interface import Part

KEY = "spectra/01/raw"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects", clock=lambda: NOW)


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_leaves_nothing(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch, number: int, tmp_path: Path
) -> None:
    upload_id = store.begin(KEY)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(number))
        with pytest.raises(StoreFull, match="is full: nothing can be stored until"):
            store.put_part(KEY, upload_id, 1, b"x")
    names = [path.name for path in (tmp_path / "objects" / "uploads" / upload_id).iterdir()]
    assert names == ["upload.json"]
    part = Part(1, store.put_part(KEY, upload_id, 1, b"x"))
    assert store.finish(KEY, upload_id, [part], retain_until=UNTIL).size == 1


def test_another_fault_of_the_disk_is_not_called_full(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(StoreUnavailable, match="cannot be used: Input/output error") as caught:
        store.put(KEY, b"x", retain_until=UNTIL)
    assert not isinstance(caught.value, StoreFull)


def test_stored_files_are_read_only(store: DirectoryStore, tmp_path: Path) -> None:
    store.put(KEY, b"x", retain_until=UNTIL)
    files = [path for path in (tmp_path / "objects" / "objects").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o440}


def test_after_its_retention_an_object_can_go_unless_it_is_held(tmp_path: Path) -> None:
    time_now = [NOW]
    store = DirectoryStore(tmp_path, clock=lambda: time_now[0])
    done = store.put(KEY, b"x", retain_until=UNTIL)
    store.set_legal_hold(KEY, done.version_id, True)
    time_now[0] = UNTIL + timedelta(seconds=1)
    with pytest.raises(ObjectLocked, match="legal hold"):
        store.delete(KEY, done.version_id)
    store.set_legal_hold(KEY, done.version_id, False)
    store.delete(KEY, done.version_id)
    with pytest.raises(ObjectNotFound):
        store.stat(KEY, done.version_id)
    assert store.versions(KEY) == []


def test_a_part_cut_short_is_an_error_and_not_a_short_answer(store: DirectoryStore, tmp_path: Path) -> None:
    done = store.put(KEY, b"evidence", retain_until=UNTIL)
    [part] = (tmp_path / "objects" / "objects").rglob("00001-*")
    part.chmod(0o600)
    part.write_bytes(b"evid")
    with pytest.raises(StoreUnavailable, match="shorter than it was"):
        list(store.read(KEY, done.version_id))
    part.unlink()
    with pytest.raises(ObjectDamaged, match="is missing"):
        list(store.read(KEY, done.version_id))


def test_damaged_notes_beside_an_object_are_named(store: DirectoryStore, tmp_path: Path) -> None:
    done = store.put(KEY, b"evidence", retain_until=UNTIL)
    folder = tmp_path / "objects" / "objects" / KEY / f"@{done.version_id}"
    (folder / "lock.json").unlink()
    with pytest.raises(LockNotHeld, match="missing"):
        store.stat(KEY, done.version_id)
    (folder / "meta.json").chmod(0o600)
    (folder / "meta.json").write_text("{")
    with pytest.raises(StoreUnavailable, match=r"meta\.json is damaged"):
        store.stat(KEY, done.version_id)


def test_the_start_removes_what_killed_processes_left(store: DirectoryStore, tmp_path: Path) -> None:
    store.prepare(NOW)
    uploads = tmp_path / "objects" / "uploads"
    old, young = uploads / ".new-a", uploads / ".gone-b"
    for folder in (old, young):
        folder.mkdir()
        (folder / "x").write_text("x")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    store.prepare(NOW)
    assert [path.name for path in uploads.glob(".*")] == [".gone-b"]


def test_canaries_do_not_pile_up(tmp_path: Path) -> None:
    time_now = [NOW]
    store = DirectoryStore(tmp_path, clock=lambda: time_now[0])
    for _ in range(5):
        store.prepare(time_now[0])
        time_now[0] += timedelta(hours=2)
    assert len(store.versions("canary/lock")) == 1


def test_a_store_whose_locks_do_not_hold_says_so(tmp_path: Path) -> None:
    class Careless(DirectoryStore):
        def delete(self, key: str, version_id: str) -> None:
            folder = self._objects / key / f"@{version_id}"
            (folder / "meta.json").unlink()

        def extend_retention(self, key: str, version_id: str, retain_until: datetime) -> None:
            self._write_lock(key, version_id, retain_until, False)

    can = Careless(tmp_path).prepare(NOW)
    assert can.canary is not None
    assert not can.object_lock
    assert (can.canary.delete_refused, can.canary.shortening_refused) == (False, False)
    assert can.canary.detail == (
        "A locked object could be deleted. The retention of a locked object could be shortened."
    )


def test_many_threads_store_side_by_side(store: DirectoryStore) -> None:
    done: dict[int, str] = {}

    def work(number: int) -> None:
        stored = store.put(KEY, str(number).encode() * 1000, retain_until=UNTIL)
        store.set_legal_hold(KEY, stored.version_id, number % 2 == 0)
        done[number] = stored.version_id

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.versions(KEY)) == sorted(done.values())
    for number, version_id in done.items():
        assert b"".join(store.read(KEY, version_id)) == str(number).encode() * 1000
        assert store.stat(KEY, version_id).legal_hold is (number % 2 == 0)


def test_the_notes_beside_an_object_can_be_read_with_the_eye(store: DirectoryStore, tmp_path: Path) -> None:
    done = store.put(KEY, b"x", retain_until=UNTIL, content_type="text/plain", metadata={"spectrum": "01"})
    folder = tmp_path / "objects" / "objects" / KEY / f"@{done.version_id}"
    assert json.loads((folder / "meta.json").read_text())["metadata"] == {"spectrum": "01"}
    assert json.loads((folder / "lock.json").read_text()) == {
        "legal_hold": False,
        "retain_until": UNTIL.isoformat(),
    }


def test_opening_a_store_touches_nothing(tmp_path: Path) -> None:
    opened = open_store(load_settings({"SIGLAB_DATA_DIR": str(tmp_path)}))
    assert opened.kind == "directory"
    assert opened.capabilities().canary is None
    assert list(tmp_path.iterdir()) == []
