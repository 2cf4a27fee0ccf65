"""The directory store is killed at every step it takes on the file system: nothing half-made is ever seen."""

import hashlib
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.storage.directory import DirectoryStore
from shared.storage.errors import BadObject, UploadNotFound
from shared.storage.interface import MIN_PART_SIZE, Part, StoredObject

KEY = "spectra/01/raw"
PIECES = (os.urandom(MIN_PART_SIZE), b"the end")
STEPS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "fchmod")
UNTIL = datetime(2050, 1, 1, tzinfo=UTC)


def store_object(root: Path, say: Callable[[str], None]) -> None:
    """What a process does that takes an upload; it says its upload id once it is known."""
    store = DirectoryStore(root)
    upload_id = store.begin(KEY, metadata={"spectrum": "01"})
    say(upload_id)
    parts = [Part(n, store.put_part(KEY, upload_id, n, piece)) for n, piece in enumerate(PIECES, 1)]
    store.put_part(KEY, upload_id, 2, b"a part that is not used")
    done = store.finish(KEY, upload_id, parts, retain_until=UNTIL)
    store.set_legal_hold(KEY, done.version_id, True)


def run_until(root: Path, step: int) -> tuple[bool, str]:
    """Runs `store_object` in a process that is killed before its step `step`: (it was killed, what it said)."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _kill_before(step)
            store_object(root, lambda text: _say(writable, text))
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as said:
        text = said.read()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), text


def _say(handle: int, text: str) -> None:
    _real["write"](handle, text.encode())


_real: dict[str, Any] = {name: getattr(os, name) for name in STEPS}


def _kill_before(step: int) -> None:
    taken = 0

    def counted(name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return _real[name](*given, **named)

        return call

    for name in STEPS:
        setattr(os, name, counted(name))


def finish_after_all(store: DirectoryStore, upload_id: str) -> StoredObject:
    """What the next process does: finish, or send again what did not arrive and then finish."""
    parts = [Part(n, hashlib.sha256(piece).hexdigest()[:32]) for n, piece in enumerate(PIECES, 1)]
    try:
        return store.finish(KEY, upload_id, parts, retain_until=UNTIL)
    except BadObject:
        parts = [Part(n, store.put_part(KEY, upload_id, n, piece)) for n, piece in enumerate(PIECES, 1)]
        return store.finish(KEY, upload_id, parts, retain_until=UNTIL)


@pytest.mark.rule("E25")
def test_killed_before_any_step_no_half_object_is_seen_and_the_upload_goes_on(tmp_path: Path) -> None:
    killed, step = True, 0
    while killed:
        step += 1
        root = tmp_path / str(step)
        killed, upload_id = run_until(root, step)
        store = DirectoryStore(root)
        for version_id in store.versions(KEY):
            assert b"".join(store.read(KEY, version_id)) == b"".join(PIECES), step
            assert store.stat(KEY, version_id).retain_until == UNTIL, step
        unfinished = store.list_unfinished(datetime.now(UTC) + timedelta(minutes=1))
        assert len(unfinished) + len(store.versions(KEY)) <= 1, step
        if upload_id:
            done = finish_after_all(store, upload_id)
            assert b"".join(store.read(KEY, done.version_id)) == b"".join(PIECES), step
            assert store.versions(KEY) == [done.version_id], step
            assert store.list_unfinished(datetime.now(UTC) + timedelta(minutes=1)) == [], step
            assert store.stat(KEY, done.version_id).metadata == {"spectrum": "01"}, step
        assert store.prepare(datetime.now(UTC)).object_lock, step
    assert step > 40, "the process was killed at fewer steps than it takes"


def test_killed_while_aborting_the_upload_is_there_or_gone(tmp_path: Path) -> None:
    step = 0
    killed = True
    while killed:
        step += 1
        store = DirectoryStore(tmp_path / str(step))
        upload_id = store.begin(KEY)
        store.put_part(KEY, upload_id, 1, b"half")
        child = os.fork()
        if child == 0:
            try:
                _kill_before(step)
                store.abort(KEY, upload_id)
            finally:
                os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        store.abort(KEY, upload_id)
        with pytest.raises(UploadNotFound):
            store.put_part(KEY, upload_id, 2, b"more")
    assert step > 3
