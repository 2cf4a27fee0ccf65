"""Custody's way to its object stores: the one that spectra are written to, and the one of second copies where there is one."""

from services.chain_of_custody.models_store import FIRST, SECOND
from shared.runtime import Runtime
from shared.storage import ObjectStore, open_mirror, open_store


def store_of(runtime: Runtime) -> ObjectStore:
    """The configured store, opened when first needed; tests put their own into the runtime's extras."""
    if "store" not in runtime.extras:
        runtime.extras["store"] = open_store(runtime.settings)
    store: ObjectStore = runtime.extras["store"]
    return store


def mirror_of(runtime: Runtime) -> ObjectStore | None:
    """The store of second copies, None where none is configured."""
    if "mirror" not in runtime.extras:
        runtime.extras["mirror"] = open_mirror(runtime.settings)
    store: ObjectStore | None = runtime.extras["mirror"]
    return store


def stores_of(runtime: Runtime) -> dict[str, ObjectStore]:
    """All stores by their place."""
    mirror = mirror_of(runtime)
    return {FIRST: store_of(runtime)} | ({} if mirror is None else {SECOND: mirror})
