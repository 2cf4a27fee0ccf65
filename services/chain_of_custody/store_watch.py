"""The watch over the object stores: whether they answer, hold their locks and have room, for health, metrics and the log."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.chain_of_custody import store_metrics
from services.chain_of_custody.models_store import FIRST, SECOND, StoreCanary
from services.chain_of_custody.store import mirror_of, stores_of
from shared.errors import DomainError, Unavailable
from shared.runtime import Runtime
from shared.storage import ObjectStore
from shared.storage.canary import CANARY_KEY
from shared.storage.errors import StoreFull
from shared.storage.interface import Canary

log = structlog.get_logger(__name__)

#: The locks are tried again so often.
CANARY_EVERY = timedelta(days=1)
_LOOK_SECONDS = 10.0
_AFTER_FAILURE_SECONDS = 2.0


def watch_of(runtime: Runtime) -> "StoreWatch":
    """The process's one watch of the stores."""
    if "store_watch" not in runtime.extras:
        runtime.extras["store_watch"] = StoreWatch(runtime)
    watch: StoreWatch = runtime.extras["store_watch"]
    return watch


class Look:
    """One store as it was last seen; `failure` is what it raised."""

    def __init__(self, place: str, store: ObjectStore, min_free: int) -> None:
        self.place, self.store = place, store
        self._min_free = min_free
        self.failure: DomainError | None = Unavailable("The object store was not looked at yet.")
        self.free_bytes: int | None = None
        self.tried_at: datetime | None = None
        self._full = False

    def look(self, now: datetime, keep: Callable[[str, Canary], None]) -> None:
        """Prepares the store, or tries its locks when that is due, or asks it for something small."""
        try:
            if self.tried_at is None or now - self.tried_at >= CANARY_EVERY:
                self._try_locks(now, keep)
            else:
                self.store.versions(CANARY_KEY)
            self._measure()
            self.failure = None
        except StoreFull:
            self._full, self.failure = True, None
        except DomainError as error:
            log.warning("store_does_not_answer", store=self.place, error=error.detail)
            self.failure = error

    def _try_locks(self, now: datetime, keep: Callable[[str, Canary], None]) -> None:
        if self.tried_at is None:
            found = self.store.prepare(now).canary
            assert found is not None, "a store that was prepared has sent its canary"
        else:
            found = self.store.try_locks(now)
        self.tried_at = now
        say = log.info if found.ok else log.error
        said = "store_locks_hold" if found.ok else "store_locks_do_not_hold"
        say(said, store=self.place, kind=self.store.kind, detail=found.detail)
        keep(self.place, found)

    def _measure(self) -> None:
        """Room: as the store tells it, and by writing something small where that is not all, or where it was full."""
        self.free_bytes = self.store.free_bytes()
        # A server may refuse, by a quota or a limit of its own, what its disks have room for.
        if self.free_bytes is None or self._full or self.store.kind == "s3":
            self.store.require_room()
        self._full = False

    def wrongs(self) -> list[str]:
        """In words, what is not as it should be."""
        found = []
        canary = self.store.capabilities().canary
        if canary is not None and not canary.ok:
            found.append(canary.detail)
        if self._full or self.free_bytes == 0:
            found.append("The store is full: uploads are refused until it has been given more room.")
        elif self.free_bytes is not None and self.free_bytes < self._min_free:
            found.append(f"Only {self.free_bytes // 1_000_000} MB are left in the store.")
        return found

    def facts(self) -> dict[str, Any]:
        """What health tells; raises what the store raised."""
        if self.failure is not None:
            raise self.failure
        found, wrongs = self.store.capabilities(), self.wrongs()
        canary = found.canary
        return {
            "kind": found.kind,
            "versioning": found.versioning,
            "object_lock": found.object_lock,
            "enforced_by": found.enforced_by,
            "state": "degraded" if wrongs else "ok",
            "detail": " ".join(wrongs) or None,
            "free_bytes": self.free_bytes,
            "canary": None
            if canary is None
            else {"at": f"{canary.at:%Y-%m-%dT%H:%M:%SZ}", "holds": canary.ok},
        }


class StoreWatch:
    """Looks at the stores by the clock in a thread, since asking one that is gone takes longer than health may."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        least = runtime.settings.min_free_mb * 1_000_000
        self._looks = [Look(place, store, least) for place, store in stores_of(runtime).items()]
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> "StoreWatch":
        """Starts the thread and returns the watch."""
        self._thread = threading.Thread(target=self._run, name="store-watch", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Asks the thread to end; it may hang in a store that does not answer, so nobody waits for it."""
        self._stop.set()

    def facts(self) -> dict[str, Any]:
        """The first store as last seen, and beside it the one of second copies; raises what the first raised."""
        if self._thread is None:
            self.look()
        found = self._looks[0].facts()
        found["mirror"] = self._mirror()
        if found["mirror"] is not None and found["mirror"]["state"] != "ok":
            words = f"Second copies: {found['mirror']['detail']}"
            found["detail"] = " ".join(filter(None, (found["detail"], words)))
            found["state"] = "degraded"
        return found

    def _mirror(self) -> dict[str, Any] | None:
        if len(self._looks) == 1:
            return None
        try:
            return self._looks[1].facts()
        except DomainError as error:
            kind = self._looks[1].store.kind
            return {"kind": kind, "state": "down", "detail": error.detail}

    def look(self) -> None:
        """Looks at every store now, and tells the metrics."""
        for look in self._looks:
            look.look(self._runtime.clock(), self._keep)
            store_metrics.tell_look(
                look.place, look.failure is None, look.store.capabilities(), look.free_bytes
            )
        store_metrics.tell_database(self._runtime, mirrored=mirror_of(self._runtime) is not None)

    def _keep(self, place: str, canary: Canary) -> None:
        """Keeps the attempt in the database; where that is away, the log alone has it."""
        assert place in (FIRST, SECOND)
        row = StoreCanary(
            store=place,
            at=canary.at,
            delete_refused=canary.delete_refused,
            shortening_refused=canary.shortening_refused,
            detail=canary.detail,
        )
        try:
            with self._runtime.unit_of_work() as uow:
                uow.session.add(row)
                uow.commit()
        except SQLAlchemyError as error:
            log.warning("canary_not_kept", store=place, error=str(error))

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            failed = any(look.failure is not None for look in self._looks)
            self._stop.wait(_AFTER_FAILURE_SECONDS if failed else _LOOK_SECONDS)
