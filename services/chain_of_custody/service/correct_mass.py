"""A mistyped mass is put right (E11, E15): the books are replayed with the right value in the wrong one's place.

Masses decide what evidence is worth, so whoever told the mass does not correct it: another person, a custodian or a reviewer,
signs (E17). What the corrected history cannot have been is refused; what it leaves unexplained opens a discrepancy. The mass of
an aliquot stands in two histories, its parent's and its own, that of a portion in its item's and the composite's, and both are
corrected by one act.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.compare_weights import find_disagreement
from services.chain_of_custody.domain.corrected_masses import CORRECTED
from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.judge_loss import find_large_loss
from services.chain_of_custody.domain.recheck_books import find_difference, recheck
from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.models_acts import Correction
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import lineage as repository
from services.chain_of_custody.service.check_lineage import check_corrected
from services.chain_of_custody.service.discrepancies import open_weight_discrepancy
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.stand_still import require_not_condemned
from services.chain_of_custody.service.substance import describe_remaining, numbers
from shared.actor import Actor, Role, Signature
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Forbidden

PORTION = "portion_taken"
_OVERSEERS = (Role.CUSTODIAN, Role.REVIEWER)


@dataclass(frozen=True)
class Correcting:
    """Who corrects, by which signature, what the request says, and the server's time."""

    actor: Actor
    signature: Signature
    act: Mapping[str, Any]
    now: datetime


def correct_mass(
    uow: UnitOfWork,
    by: Correcting,
    item: Item,
    event: Event,
    wrong: Mapping[str, Any],
    right: Mapping[str, Any],
) -> Event:
    """Corrects masses of `event` of `item`, whose whole lineage is locked, of a portion also the composite's; returns the event.

    Raises Forbidden for whoever is neither custodian nor reviewer, Conflict `four_eyes` for who told the mass, Conflict
    `mass_balance` where the corrected history could not have happened.
    """
    if by.actor.role not in _OVERSEERS:
        raise Forbidden(
            "A mass is corrected by a custodian or a reviewer who did not tell it; ask one of them."
        )
    if json.loads(event.record)["actor"] == by.actor.login:
        raise Conflict("You told this mass; another custodian or a reviewer corrects it.", code="four_eyes")
    made = _correct_one(uow, by, item, event, wrong, right, None)
    other = _other_side(uow, item, event)
    if other is not None:
        _correct_one(uow, by, *other, wrong, right, made, part=item if event.type == PORTION else None)
    for root_id in {item.root_id} | (set() if other is None else {other[0].root_id}):
        check_corrected(uow, root_id, by.actor, now=by.now)
    return made


def named(event: Event) -> dict[str, Any]:
    """An event as a correction names it."""
    return {"event_id": event.id, "sequence": event.sequence, "type": event.type, "digest": event.digest}


def _correct_one(
    uow: UnitOfWork,
    by: Correcting,
    item: Item,
    event: Event,
    wrong: Mapping[str, Any],
    right: Mapping[str, Any],
    together: Event | None,
    *,
    part: Item | None = None,
) -> Event:
    """`part` is the item that gave the portion, where `item` is the composite that it went into."""
    if item.ending is not None:
        raise Conflict(
            f"{item.number} was {item.ending}: who signed for that signed for the masses as they stand, and no correction "
            "changes them any more.",
            code="ended",
        )
    require_not_condemned(uow, [item])
    records = repository.booked_records(uow.session, item.id)
    before = replay(records)
    details: dict[str, Any] = {"corrects": named(event), "was": dict(wrong), "corrected": dict(right)}
    if part is not None:
        details |= {"part_id": part.id, "part_number": part.number}
    supposed = {
        "id": "",
        "item_id": item.id,
        "type": CORRECTED,
        "sequence": item.events + 1,
        "details": details,
    }
    after = recheck(item.number, [*records, supposed], item.gross_mass_mg)
    finding = _finding(uow, item, before, after)
    if finding is None and event.type == "lost":
        finding = find_large_loss(after)
    if finding is None and item.open_holds and not repository.open_weights(uow.session, [item.id]):
        told = "; ".join(f"{name} {wrong[name]} is now {right[name]}" for name in right)
        finding = f"a mass was corrected while it is on hold: {told}"
    was = describe_remaining(item)
    if after.remaining is not None:
        item.remaining_mg, item.uncertainty_mg = after.remaining.mass, after.remaining.uncertainty
    if together is not None:
        details["together_with"] = named(together)
    made = record_event(
        uow,
        item,
        CORRECTED,
        author=Author.of(by.actor),
        now=by.now,
        occurred_at=by.act.get("occurred_at"),
        purpose=by.act["reason"],
        details={
            **details,
            "remaining_before": was,
            "remaining": describe_remaining(item),
            "unexplained": numbers(after.unexplained.quantity()),
        },
        signatures=[Signed(by.signature, f"I correct act {event.sequence} ({event.type}) of this item.")],
    )
    uow.session.add(Correction(event_id=made.id, corrects=event.id, item_id=item.id))
    uow.session.flush()
    if finding is not None:
        open_weight_discrepancy(uow, item, f"{item.number}: {finding}", by.actor, now=by.now)
    return made


def _finding(uow: UnitOfWork, item: Item, before: Books, after: Books) -> str | None:
    """Why a reviewer must look, where none is asked already."""
    finding = find_difference(before, after) or find_disagreement(after, item.gross_mass_mg)
    if finding is None or repository.open_weights(uow.session, [item.id]):
        return None
    return finding


def _other_side(uow: UnitOfWork, item: Item, event: Event) -> tuple[Item, Event] | None:
    """The other item in whose history the mass of this act stands as well, with that act; both are locked with the lineage."""
    details = json.loads(event.record)["details"]
    if event.type == "aliquot_taken":
        other, kind, name, value = details["aliquot_id"], "aliquot_made", "parent_id", item.id
    elif event.type == "aliquot_made":
        other, kind, name, value = details["parent_id"], "aliquot_taken", "aliquot_id", item.id
    elif event.type == PORTION:
        (row,) = items_repository.by_ids(uow.session, [details["composite_id"]], [], [])
        made = repository.first_event(uow.session, row.id)
        return row, made
    else:
        return None
    found = repository.event_naming(uow.session, other, kind, name, value)
    (row,) = items_repository.by_ids(uow.session, [other], [], [])
    return None if found is None else (row, found)
