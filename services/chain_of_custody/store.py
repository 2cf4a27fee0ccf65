"""Custody's way to the object store, and the watch that tells health whether it answers and holds its locks."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from shared.errors import DomainError, Unavailable
from shared.runtime import Runtime
from shared.storage import ObjectStore, open_store
from shared.storage.canary import CANARY_KEY

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 10.0
_AFTER_FAILURE_SECONDS = 2.0


def store_of(runtime: Runtime) -> ObjectStore:
    """The configured store, opened when first needed; tests put their own into the runtime's extras."""
    if "store" not in runtime.extras:
        runtime.extras["store"] = open_store(runtime.settings)
    store: ObjectStore = runtime.extras["store"]
    return store


def watch_of(runtime: Runtime) -> "StoreWatch":
    """The process's one watch of the store."""
    if "store_watch" not in runtime.extras:
        runtime.extras["store_watch"] = StoreWatch(store_of(runtime), runtime.clock)
    watch: StoreWatch = runtime.extras["store_watch"]
    return watch


class StoreWatch:
    """Prepares the store and looks at it by the clock in a thread, since asking one that is gone takes longer than health may."""

    def __init__(self, store: ObjectStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._prepared = False
        self._failure: DomainError | None = Unavailable("The object store was not looked at yet.")
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
        """{kind, versioning, object_lock} as last seen; raises what the store raised. Without the thread it looks now."""
        if self._thread is None:
            self.look()
        if self._failure is not None:
            raise self._failure
        found = self._store.capabilities()
        return {
            "kind": found.kind,
            "versioning": found.versioning,
            "object_lock": found.object_lock,
        }

    def look(self) -> None:
        """Prepares the store, or once that has succeeded asks it for something small; keeps what it raised."""
        try:
            if self._prepared:
                self._store.versions(CANARY_KEY)
            else:
                found = self._store.prepare(self._clock())
                detail = found.canary.detail if found.canary else ""
                log.info("store_prepared", kind=found.kind, object_lock=found.object_lock, detail=detail)
                self._prepared = True
            self._failure = None
        except DomainError as error:
            log.warning("store_does_not_answer", error=error.detail)
            self._failure = error

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(_AFTER_FAILURE_SECONDS if self._failure else _LOOK_SECONDS)
