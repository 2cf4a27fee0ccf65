"""Holds reach the object store: while an item is on hold, a legal hold lies on every object of its spectra."""

import structlog

from services.chain_of_custody.models import Item
from services.chain_of_custody.models_store import FIRST
from services.chain_of_custody.repository import spectra as repository
from services.chain_of_custody.repository import store as store_repository
from services.chain_of_custody.store import stores_of
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime
from shared.storage import ObjectStore
from shared.storage.errors import ObjectNotFound

log = structlog.get_logger(__name__)

ALIGN = "align_legal_holds"
_QUEUE = "spectra"


def align_soon(uow: UnitOfWork, item_id: str) -> None:
    """Queues the work with the transaction; jobs of one item run one after the other, so that the newest standing wins."""
    uow.defer(ALIGN, queue=_QUEUE, lock=f"{ALIGN}:{item_id}", item_id=item_id)


def align_legal_holds(runtime: Runtime, item_id: str) -> None:
    """Sets or lifts the legal hold of the item's objects, as the item stands now; the second copies' after the first are done."""
    stores = stores_of(runtime)
    with runtime.unit_of_work() as uow:
        wanted = uow.session.get_one(Item, item_id).open_holds > 0
        for row in repository.of_item(uow.session, item_id):
            if row.legal_hold is not wanted and _set(stores[FIRST], row.object_key, row.version_id, wanted):
                row.legal_hold = wanted
        uow.commit()
    with runtime.unit_of_work() as uow:
        repository.of_item(uow.session, item_id)
        wanted = uow.session.get_one(Item, item_id).open_holds > 0
        for copy, key in store_repository.copies_of_item(uow.session, item_id):
            if copy.legal_hold is wanted or copy.store not in stores:
                continue
            if _set(stores[copy.store], key, copy.version_id, wanted):
                copy.legal_hold = wanted
        uow.commit()


def _set(store: ObjectStore, key: str, version_id: str, wanted: bool) -> bool:
    """Whether the hold is as wanted; an object that is gone, which the scrub finds, must not keep it from the others."""
    try:
        store.set_legal_hold(key, version_id, wanted)
    except ObjectNotFound:
        log.error("no_object_to_hold", key=key, version_id=version_id)
        return False
    return True
