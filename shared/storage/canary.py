"""The canary: a locked object that the store must refuse to delete and to unlock.

A store may be set up without object lock, or say yes to it and not hold it; only an attempt tells.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from shared.storage.errors import ObjectLocked, ObjectNotFound
from shared.storage.interface import Canary, ObjectStore

#: All canaries are versions of this one key, so that those that are free again can be found and removed.
CANARY_KEY = "canary/lock"

#: Where the room is tried. Nothing is ever finished here.
ROOM_KEY = "canary/room"
_FILL = b"\0" * 65536

#: Long enough for any attempt to meet the lock; so short that canaries do not pile up.
CANARY_LOCK = timedelta(hours=1)


def send_canary(store: ObjectStore, now: datetime) -> Canary:
    """Writes a locked object, tries to delete it and to shorten its retention, and says what was refused."""
    _remove_free_canaries(store, now)
    bird = store.put(CANARY_KEY, secrets.token_bytes(16), retain_until=now + CANARY_LOCK)
    shortening_refused = _refused(
        lambda: store.extend_retention(bird.key, bird.version_id, now + CANARY_LOCK / 2)
    )
    delete_refused = _refused(lambda: store.delete(bird.key, bird.version_id))
    if delete_refused:
        try:
            store.stat(bird.key, bird.version_id)
        except ObjectNotFound:
            delete_refused = False
    wrong = [
        sentence
        for refused, sentence in (
            (delete_refused, "A locked object could be deleted."),
            (shortening_refused, "The retention of a locked object could be shortened."),
        )
        if not refused
    ]
    return Canary(now, delete_refused, shortening_refused, " ".join(wrong) or "The locks hold.")


def check_room(store: ObjectStore) -> None:
    """Stores a part of an upload and gives it up, which needs no lock; raises StoreFull."""
    upload_id = store.begin(ROOM_KEY)
    try:
        store.put_part(ROOM_KEY, upload_id, 1, _FILL)
    finally:
        store.abort(ROOM_KEY, upload_id)


def _refused(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except ObjectLocked:
        return True
    return False


def _remove_free_canaries(store: ObjectStore, now: datetime) -> None:
    for version_id in store.versions(CANARY_KEY):
        # Processes that start together all do this; what is gone already is what was wanted. The store's clock may be slow.
        with suppress(ObjectNotFound, ObjectLocked):
            facts = store.stat(CANARY_KEY, version_id)
            if facts.retain_until is not None and facts.retain_until < now and not facts.legal_hold:
                store.delete(CANARY_KEY, version_id)
