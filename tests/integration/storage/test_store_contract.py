"""One contract, both stores (E22 to E25)."""

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.storage.canary import ROOM_KEY
from shared.storage.errors import BadObject, ObjectLocked, ObjectNotFound, UploadNotFound
from shared.storage.interface import CHUNK_SIZE, MAX_PART_SIZE, MIB, MIN_PART_SIZE, ObjectStore, Part

KEY = "spectra/01/raw"


def later(days: float = 30) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def body(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def upload(store: ObjectStore, *pieces: bytes, key: str = KEY) -> tuple[str, list[Part]]:
    upload_id = store.begin(key)
    return upload_id, [Part(n, store.put_part(key, upload_id, n, piece)) for n, piece in enumerate(pieces, 1)]


def whole(store: ObjectStore, key: str, version_id: str) -> bytes:
    return b"".join(store.read(key, version_id))


@pytest.mark.rule("E23")
def test_parts_become_one_locked_object(store: ObjectStore) -> None:
    pieces = [body(MIN_PART_SIZE), body(MAX_PART_SIZE, 2), body(1000, 3)]
    upload_id, parts = upload(store, *pieces)
    until = later()
    done = store.finish(KEY, upload_id, parts, retain_until=until)
    assert (done.key, done.size) == (KEY, sum(map(len, pieces)))
    assert whole(store, KEY, done.version_id) == b"".join(pieces)
    facts = store.stat(KEY, done.version_id)
    assert facts.size == done.size
    assert not facts.legal_hold
    assert facts.retain_until == until.replace(microsecond=0)


def test_what_was_said_at_the_beginning_is_kept(store: ObjectStore) -> None:
    until = later(60)
    upload_id = store.begin(KEY, retain_until=until, content_type="text/plain", metadata={"spectrum": "01"})
    part = Part(1, store.put_part(KEY, upload_id, 1, b"x"))
    done = store.finish(KEY, upload_id, [part], retain_until=later(30))
    facts = store.stat(KEY, done.version_id)
    assert facts.content_type == "text/plain"
    assert facts.metadata["spectrum"] == "01"
    assert facts.retain_until == until.replace(microsecond=0), "a longer lock is not shortened by finishing"


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, MAX_PART_SIZE])
def test_small_objects(store: ObjectStore, size: int) -> None:
    done = store.put(KEY, body(size), retain_until=later(), metadata={"size": str(size)})
    assert done.size == size
    assert whole(store, KEY, done.version_id) == body(size)
    assert store.stat(KEY, done.version_id).metadata["size"] == str(size)


@pytest.mark.rule("E25")
def test_a_key_written_again_keeps_its_first_version(store: ObjectStore) -> None:
    first = store.put(KEY, b"first", retain_until=later())
    second = store.put(KEY, b"second", retain_until=later())
    assert first.version_id != second.version_id
    assert whole(store, KEY, first.version_id) == b"first"
    assert whole(store, KEY, second.version_id) == b"second"
    assert store.versions(KEY) == [first.version_id, second.version_id]
    assert store.versions("spectra/01") == store.versions("spectra/02") == []


def test_finishing_twice_gives_the_same_version(store: ObjectStore) -> None:
    upload_id, parts = upload(store, b"once")
    first = store.finish(KEY, upload_id, parts, retain_until=later())
    store.put(KEY, b"somebody else's version", retain_until=later())
    assert store.finish(KEY, upload_id, parts, retain_until=later()) == first
    assert len(store.versions(KEY)) == 2


def test_finishing_at_the_same_time_gives_one_version(store: ObjectStore) -> None:
    upload_id, parts = upload(store, body(MIN_PART_SIZE), b"end")
    found: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(store.finish(KEY, upload_id, parts, retain_until=later()).version_id)
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert set(found) == set(store.versions(KEY))


def test_a_part_sent_again_is_harmless_and_other_bytes_replace_it(store: ObjectStore) -> None:
    upload_id = store.begin(KEY)
    first = store.put_part(KEY, upload_id, 1, b"first")
    assert store.put_part(KEY, upload_id, 1, b"first") == first
    second = store.put_part(KEY, upload_id, 1, b"second")
    done = store.finish(KEY, upload_id, [Part(1, second)], retain_until=later())
    assert whole(store, KEY, done.version_id) == b"second"


def test_parts_may_come_in_any_order(store: ObjectStore) -> None:
    upload_id = store.begin(KEY)
    last = store.put_part(KEY, upload_id, 2, b"tail")
    first = store.put_part(KEY, upload_id, 1, body(MIN_PART_SIZE))
    done = store.finish(KEY, upload_id, [Part(1, first), Part(2, last)], retain_until=later())
    assert whole(store, KEY, done.version_id) == body(MIN_PART_SIZE) + b"tail"


def test_ranges_are_slices(store: ObjectStore) -> None:
    data = body(MIN_PART_SIZE + 3 * MIB)
    upload_id, parts = upload(store, data[:MIN_PART_SIZE], data[MIN_PART_SIZE:])
    done = store.finish(KEY, upload_id, parts, retain_until=later())
    chance = random.Random(7)
    ranges = [(chance.randrange(len(data) + 10), chance.randrange(2 * MIB)) for _ in range(40)]
    edges = [(0, 0), (0, 1), (len(data), 5), (len(data) - 1, 5), (MIN_PART_SIZE - 1, 2), (len(data) + 1, 1)]
    for start, length in ranges + edges:
        assert b"".join(store.read(KEY, done.version_id, start, length)) == data[start : start + length]
    assert b"".join(store.read(KEY, done.version_id, 17)) == data[17:]
    assert all(len(chunk) <= CHUNK_SIZE for chunk in store.read(KEY, done.version_id))


def test_a_reader_who_leaves_early_harms_nobody(store: ObjectStore) -> None:
    done = store.put(KEY, body(3 * MIB), retain_until=later())
    for _ in range(30):
        reading = store.read(KEY, done.version_id)
        next(reading)
        reading.close()  # type: ignore[attr-defined]
    assert whole(store, KEY, done.version_id) == body(3 * MIB)


@pytest.mark.rule("E23")
def test_what_is_locked_is_neither_deleted_nor_locked_for_shorter(store: ObjectStore) -> None:
    until = later()
    done = store.put(KEY, b"evidence", retain_until=until)
    with pytest.raises(ObjectLocked):
        store.delete(KEY, done.version_id)
    with pytest.raises(ObjectLocked):
        store.extend_retention(KEY, done.version_id, until - timedelta(days=1))
    assert whole(store, KEY, done.version_id) == b"evidence"
    store.extend_retention(KEY, done.version_id, until + timedelta(days=1))
    assert store.stat(KEY, done.version_id).retain_until == (until + timedelta(days=1)).replace(microsecond=0)


def test_a_legal_hold_can_be_set_and_lifted(store: ObjectStore) -> None:
    done = store.put(KEY, b"evidence", retain_until=later())
    store.set_legal_hold(KEY, done.version_id, True)
    store.set_legal_hold(KEY, done.version_id, True)
    facts = store.stat(KEY, done.version_id)
    assert facts.legal_hold
    assert facts.retain_until is not None
    store.set_legal_hold(KEY, done.version_id, False)
    assert not store.stat(KEY, done.version_id).legal_hold


def test_the_canary_says_that_the_locks_hold(store: ObjectStore) -> None:
    now = datetime.now(UTC)
    can = store.prepare(now)
    assert can.kind == store.kind
    assert can.versioning
    assert can.object_lock
    assert can.canary is not None
    assert can.canary.ok
    assert can.canary.at == now
    assert store.capabilities() == can


def test_an_unfinished_upload_is_listed_and_can_be_given_up(store: ObjectStore) -> None:
    upload_id, parts = upload(store, b"half")
    assert store.versions(KEY) == []
    store.abort(KEY, upload_id)
    store.abort(KEY, upload_id)
    with pytest.raises(UploadNotFound):
        store.put_part(KEY, upload_id, 2, b"more")
    with pytest.raises(UploadNotFound):
        store.finish(KEY, upload_id, parts, retain_until=later())


def test_unfinished_uploads_are_listed_by_age(store: ObjectStore) -> None:
    upload_id, _ = upload(store, b"half")
    done_id, parts = upload(store, b"whole", key="spectra/02/raw")
    store.finish("spectra/02/raw", done_id, parts, retain_until=later())
    rows = store.list_unfinished(datetime.now(UTC) + timedelta(minutes=1))
    assert [row.key for row in rows] == [KEY]
    assert (
        store.list_unfinished(datetime.now(UTC) + timedelta(minutes=1), keys=[KEY, "spectra/02/raw"]) == rows
    )
    assert store.list_unfinished(datetime.now(UTC) - timedelta(hours=1), keys=[KEY]) == []
    store.abort(KEY, rows[0].upload_id)
    with pytest.raises(UploadNotFound):
        store.put_part(KEY, upload_id, 1, b"more")


def test_a_finished_object_is_not_aborted_nor_added_to(store: ObjectStore) -> None:
    upload_id, parts = upload(store, b"whole")
    done = store.finish(KEY, upload_id, parts, retain_until=later())
    store.abort(KEY, upload_id)
    with pytest.raises(UploadNotFound):
        store.put_part(KEY, upload_id, 2, b"more")
    assert whole(store, KEY, done.version_id) == b"whole"


@pytest.mark.parametrize("version_id", ["nope", "0" * 32, "6f1c2c0e-3a53-4c7e-9d1e-0d3b7f5f3a51", "null"])
def test_an_unknown_version_is_not_found_before_the_first_byte(store: ObjectStore, version_id: str) -> None:
    store.put(KEY, b"x", retain_until=later())
    for key in (KEY, "spectra/none"):
        for act in (
            lambda k=key: store.read(k, version_id),
            lambda k=key: store.stat(k, version_id),
            lambda k=key: store.delete(k, version_id),
            lambda k=key: store.set_legal_hold(k, version_id, True),
            lambda k=key: store.extend_retention(k, version_id, later()),
        ):
            with pytest.raises(ObjectNotFound):
                act()


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", "a b", "ä", "a\n", "@a", "a" * 200]
)
def test_keys_that_lead_elsewhere_are_refused(store: ObjectStore, key: str) -> None:
    for act in (
        lambda: store.begin(key),
        lambda: store.put(key, b"", retain_until=later()),
        lambda: store.stat(key, "1"),
        lambda: store.read(key, "1"),
        lambda: store.versions(key),
        lambda: store.abort(key, "1.1"),
    ):
        with pytest.raises(BadObject, match="cannot be an object's key"):
            act()


@pytest.mark.parametrize("version_id", ["", "..", ".", "a/b", "../x", "a\0b"])
def test_versions_that_lead_elsewhere_are_refused(store: ObjectStore, version_id: str) -> None:
    with pytest.raises(BadObject, match="cannot be an object's version"):
        store.stat(KEY, version_id)


@pytest.mark.parametrize("upload_id", ["", ".", "..", "../../x", "0" * 32, "f" * 32 + ".abc"])
def test_unknown_uploads_are_not_found(store: ObjectStore, upload_id: str) -> None:
    with pytest.raises(UploadNotFound):
        store.put_part(KEY, upload_id, 1, b"x")


def test_parts_that_no_store_takes_are_refused(store: ObjectStore) -> None:
    upload_id, parts = upload(store, b"short", b"end")
    with pytest.raises(BadObject, match="at most"):
        store.put_part(KEY, upload_id, 1, bytes(MAX_PART_SIZE + 1))
    for number in (0, -1, 10_001):
        with pytest.raises(BadObject, match="no part number"):
            store.put_part(KEY, upload_id, number, b"x")
    for wrong in (
        [],
        parts[::-1],
        [parts[0], parts[0]],
        parts,
        [Part(1, "0" * 32)],
        [Part(3, parts[0].etag)],
    ):
        with pytest.raises(BadObject):
            store.finish(KEY, upload_id, wrong, retain_until=later())
    assert store.versions(KEY) == []


def test_a_retention_date_needs_a_time_zone(store: ObjectStore) -> None:
    with pytest.raises(BadObject, match="time zone"):
        store.put(KEY, b"x", retain_until=datetime(2040, 1, 1))


def test_room_is_tried_and_nothing_is_left(store: ObjectStore) -> None:
    free = store.free_bytes()
    assert free is None or free > 0
    store.require_room()
    assert store.list_unfinished(datetime.now(UTC) + timedelta(hours=1), keys=[ROOM_KEY]) == []
    assert store.versions(ROOM_KEY) == []


@pytest.mark.rule("E23")
def test_the_locks_can_be_tried_again(store: ObjectStore) -> None:
    first = store.capabilities().canary
    later = store.try_locks(datetime.now(UTC))
    assert later.ok and later != first and store.capabilities().canary == later


def test_a_part_may_be_a_view_of_other_bytes(store: ObjectStore) -> None:
    upload_id = store.begin("spectra/view")
    whole = memoryview(b"left, kept, right")
    part = Part(1, store.put_part("spectra/view", upload_id, 1, whole[6:10]))
    done = store.finish("spectra/view", upload_id, [part], retain_until=datetime.now(UTC) + timedelta(days=1))
    assert b"".join(store.read("spectra/view", done.version_id)) == b"kept"
