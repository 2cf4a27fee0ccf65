"""What leaves an item: aliquots, consumption, loss. More than there is, is refused (E15)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.judge_loss import judge_loss
from services.chain_of_custody.domain.standing import require_holder, require_not_ended, require_not_on_hold
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository import lineage
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.discrepancies import open_weight_discrepancy
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.make_item import make_child
from services.chain_of_custody.service.measure import measure_taken
from services.chain_of_custody.service.stand_still import (
    offered_to,
    require_not_condemned,
    require_still,
)
from services.chain_of_custody.service.substance import (
    HANDS,
    describe_remaining,
    record_act,
    require_workable,
    take_off,
)
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork


def consume(
    actor: Actor, uow: UnitOfWork, item_id: str, act: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder uses some of an item up."""
    require(actor, *HANDS)
    row = _takeable(actor, uow, item_id)
    taken, told = measure_taken(uow, act, now)
    take_off(row, taken)
    record_act(uow, row, "consumed", actor, act, now, {**told, "remaining": describe_remaining(row)})
    return describe_item(row)


def take_aliquot(
    actor: Actor, uow: UnitOfWork, item_id: str, act: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder divides some of an item off: a new item with a number under its parent's (E7), in the same hands.

    Not while the item is on hold: what is divided off could be used up, which the hold forbids.
    """
    require(actor, *HANDS)
    row = _takeable(actor, uow, item_id)
    taken, told = measure_taken(uow, act, now)
    take_off(row, taken)
    child = make_child(row, taken, now)
    uow.session.add(child)
    uow.session.flush()
    details = {
        **told,
        "remaining": describe_remaining(row),
        "aliquot_id": child.id,
        "aliquot_number": child.number,
    }
    record_act(uow, row, "aliquot_taken", actor, act, now, details)
    parent = {"parent_id": row.id, "parent_number": row.number, "parent_event_sha256": row.last_digest}
    record_act(uow, child, "aliquot_made", actor, act, now, {**told, **parent})
    return describe_item(child)


def lose(
    actor: Actor, uow: UnitOfWork, item_id: str, act: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder tells that some of an item was lost: spilt, stuck to a vessel, blown away.

    A loss is a fact, not a wish: it is recorded while the item is on hold, offered or waits for a reviewer as well. There, and
    where it is large (`domain.judge_loss`), it opens a discrepancy: one person's word explains no more, somebody else must look.
    """
    require(actor, *HANDS)
    row = repository.lock_item(uow.session, actor, item_id)
    require_not_ended(row)
    require_holder(row, actor.login)
    require_not_condemned(uow, [row])
    taken, told = measure_taken(uow, act, now)
    books = known_books.of(uow.session, row)
    offered = [receiver for _, receiver in offered_to(uow, [row])]
    waiting = bool(lineage.open_weights(uow.session, [row.id]))
    take_off(row, taken)
    finding = judge_loss(books, taken, on_hold=bool(row.open_holds), offered_to=offered, waiting=waiting)
    record_act(uow, row, "lost", actor, act, now, {**told, "remaining": describe_remaining(row)})
    if finding is not None:
        words = f"{taken.mass.normalize():f} mg of {row.number} were lost{finding}: {act['reason']}"
        open_weight_discrepancy(uow, row, words, actor, now=now)
    return describe_item(row)


def _takeable(actor: Actor, uow: UnitOfWork, item_id: str) -> Item:
    row = repository.lock_item(uow.session, actor, item_id)
    require_workable(row, actor)
    require_not_on_hold(row)
    require_still(uow, [row])
    return row
