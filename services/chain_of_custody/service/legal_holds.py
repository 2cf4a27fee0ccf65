"""Holds reach the object store: while an item is on hold, a legal hold lies on every object of its spectra."""

from services.chain_of_custody.models import Item
from services.chain_of_custody.models_store import FIRST
from services.chain_of_custody.repository import spectra as repository
from services.chain_of_custody.repository import store as store_repository
from services.chain_of_custody.store import stores_of
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime

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
            if row.legal_hold is not wanted:
                stores[FIRST].set_legal_hold(row.object_key, row.version_id, wanted)
                row.legal_hold = wanted
        uow.commit()
    with runtime.unit_of_work() as uow:
        repository.of_item(uow.session, item_id)
        wanted = uow.session.get_one(Item, item_id).open_holds > 0
        for copy, key in store_repository.copies_of_item(uow.session, item_id):
            if copy.legal_hold is not wanted and copy.store in stores:
                stores[copy.store].set_legal_hold(key, copy.version_id, wanted)
                copy.legal_hold = wanted
        uow.commit()
