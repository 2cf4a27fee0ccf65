"""Corrections: a new signed act that points at the old one, says which fields were wrong and what is right (E11).

The old act stays as it was, and nobody's custody changes by writing. A mass that was mistyped is put right as well, by somebody
else than who told it: see `correct_mass`.
"""

import json
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.check_correction import check_correction
from services.chain_of_custody.domain.corrected_masses import CORRECTED, MEASURED
from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_acts import Correction
from services.chain_of_custody.repository import corrections as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository.lineage import lock_lineages
from services.chain_of_custody.service.correct_balance import follow_balance
from services.chain_of_custody.service.correct_mass import PORTION, Correcting, correct_mass, named
from services.chain_of_custody.service.correct_seal import follow_seal, put_seal_right
from services.chain_of_custody.service.describe_items import describe_event
from services.chain_of_custody.service.keep_order import require_after_cause, require_before_answers
from services.chain_of_custody.service.record_event import record_event
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Forbidden, Invalid
from shared.http.schemas import parse_time

#: Who corrects acts of others.
OVERSEERS = (Role.CUSTODIAN, Role.REVIEWER)


def correct_event(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Whoever did the act, a custodian or a reviewer corrects what was written wrongly; answers the correction's event.

    Possible at any time, also after the item has gone; corrections can be corrected themselves.
    """
    require(actor, *LABORATORY)
    signature = signed(actor)
    of_mass = not MEASURED.isdisjoint(act["corrected"])
    if of_mass:
        rows = lock_lineages(uow.session, _roots(uow, actor, item_id, act["event_id"]))
        item = next(row for row in rows if row.id == item_id)
    else:
        item = items_repository.lock_item(uow.session, actor, item_id)
    event = repository.event_of(uow.session, item.id, act["event_id"])
    if event is None:
        message = f"{item.number} has no act of this id."
        raise Invalid(message, errors=[{"pointer": "/event_id", "message": message}])
    record = json.loads(event.record)
    if actor.role not in OVERSEERS and record["actor"] != actor.login:
        raise Forbidden(f"This act is {record['actor']}'s; they, a custodian or a reviewer correct it.")
    wrong, right = check_correction(record, act["corrected"], repository.said_of(uow.session, event.id))
    first = repository.first_corrected(uow.session, event)
    told, said = json.loads(first.record), repository.said_of(uow.session, first.id)
    if event.id == first.id and "occurred_at" in right:
        _require_order(uow, item, told, parse_time(right["occurred_at"]))
    of_act = {name: value for name, value in right.items() if name != "occurred_at" or event.id == first.id}
    followed = follow_balance(uow, told, said, of_act)
    wrong, right = {**followed[0], **wrong}, {**right, **followed[1]}
    if of_mass:
        correcting = Correcting(actor, signature, act, now)
        return describe_event(correct_mass(uow, correcting, item, event, wrong, right), None)
    put_seal_right(item, told, right)
    made = record_event(
        uow,
        item,
        CORRECTED,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["reason"],
        details={"corrects": named(event), "was": wrong, "corrected": right},
        signatures=[Signed(signature, f"I correct act {event.sequence} ({event.type}) of this item.")],
    )
    uow.session.add(Correction(event_id=made.id, corrects=event.id, item_id=item.id))
    uow.session.flush()
    follow_seal(uow, item, told, said, right, actor, now=now)
    return describe_event(made, None)


def _require_order(uow: UnitOfWork, item: Item, act: dict[str, Any], happened: datetime) -> None:
    """Passes where an act that happened then stands between what it answers and what answered it; raises Invalid."""
    at = "/corrected/occurred_at"
    require_after_cause(uow, item, act["type"], act["details"], happened, at)
    require_before_answers(uow, item, act["type"], act["details"], happened, at)


def _roots(uow: UnitOfWork, actor: Actor, item_id: str, event_id: str) -> set[str]:
    """The roots of the lineages in whose books a corrected mass stands: the item's, and of a portion the composite's."""
    item = items_repository.item(uow.session, actor, item_id)
    event = repository.event_of(uow.session, item.id, event_id)
    if event is None or event.type != PORTION:
        return {item.root_id}
    composite_id = json.loads(event.record)["details"]["composite_id"]
    return {item.root_id, items_repository.item(uow.session, actor, composite_id).root_id}
