"""Disposals: asked by a custodian, authorised by a reviewer, executed before a witness; a hold stops them at every step.

Whoever authorises has neither asked nor executes nor witnesses; the witness is not the one who executes (E16, E17). That is held
by person, not by role: an account may change its role on the way.

Aliquots are items of their own and stay when their parent goes; the event names those that are still there. But while one of
them is on hold its parent stays too: the dispute is about the substance, and a second opinion would be had from the parent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import (
    DISPOSED,
    require_holder,
    require_no_part_on_hold,
    require_not_blocked,
    require_not_ended,
    require_not_on_hold,
)
from services.chain_of_custody.models import Disposal, Item
from services.chain_of_custody.repository import handovers as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository.lineage import lock_descendants
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.seals import INTACT
from services.chain_of_custody.service.stand_still import require_not_offered
from services.chain_of_custody.service.substance import describe_remaining
from shared.actor import LABORATORY, Actor, Role, require, signed, signed_by
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid
from shared.http.lists import paginate
from shared.identifiers import new_id

READERS = (*LABORATORY, Role.AUDITOR)
#: From these a disposal can go on or be withdrawn.
OPEN = ("requested", "authorised")


def request_disposal(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """A custodian asks that an item be destroyed; one request of an item at a time."""
    require(actor, Role.CUSTODIAN)
    signature = Signed(signed(actor), "I ask that this item be destroyed.")
    item, others = _family(actor, uow, item_id)
    _require_disposable(item, others)
    if repository.open_disposals(uow.session, [item.id]):
        raise Conflict(f"A disposal of {item.number} is on its way already.", code="disposal_open")
    row = Disposal(
        id=new_id(),
        item_id=item.id,
        method=act["method"],
        purpose=act["purpose"],
        state="requested",
        requested_by=actor.login,
        requested_at=now,
    )
    uow.session.add(row)
    _record(uow, item, row, "disposal_requested", actor, act, now, [signature])
    return row


def authorise_disposal(
    actor: Actor, uow: UnitOfWork, disposal_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """A reviewer agrees."""
    require(actor, Role.REVIEWER)
    signature = Signed(signed(actor), "I authorise the destruction of this item.")
    item, others, row = _at_state(actor, uow, disposal_id, "requested")
    _require_disposable(item, others)
    if row.requested_by == actor.login:
        raise Conflict("You have asked for this disposal; somebody else authorises it.", code="four_eyes")
    row.state, row.authorised_by, row.authorised_at = "authorised", actor.login, now
    _record(uow, item, row, "disposal_authorised", actor, act, now, [signature])
    return row


def execute_disposal(
    actor: Actor, uow: UnitOfWork, disposal_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """The custodian who holds the item destroys it before a witness who is somebody else and signs as well (E16, E17)."""
    require(actor, Role.CUSTODIAN)
    if act["witness"] == actor.login:
        raise _wrong_witness("The witness must be somebody else.")
    own, witness = signed(actor), signed_by(actor, act["witness"])
    if witness.role not in LABORATORY:
        raise _wrong_witness(f"The role {witness.role.value} does not witness a destruction.")
    item, others, row = _at_state(actor, uow, disposal_id, "authorised")
    _require_disposable(item, others)
    require_holder(item, actor.login)
    require_not_offered(uow, [item])
    if row.authorised_by == actor.login:
        raise Conflict("You have authorised this disposal; somebody else executes it.", code="four_eyes")
    if row.authorised_by == act["witness"]:
        raise _wrong_witness("The witness has authorised this disposal; it must be somebody else.")
    unweighed = _why_unweighed(uow, item, act.get("unweighed"))
    row.state, row.executed_by, row.executed_at = "executed", actor.login, now
    row.witness = act["witness"]
    left = [other.number for other in others if other.ending is None]
    more = {
        "witness_name": witness.name,
        "requested_by": row.requested_by,
        "authorised_by": row.authorised_by,
        "remaining": describe_remaining(item),
        **({} if unweighed is None else {"unweighed": unweighed}),
        "seal_number": item.seal_number,
        "aliquots_left": left,
    }
    item.ending = DISPOSED
    what = "this item" if unweighed is None else f"this item, {unweighed}"
    signatures = [
        Signed(own, f"I have destroyed {what}."),
        Signed(witness, f"I have seen the destruction of {what}."),
    ]
    _record(uow, item, row, "disposed", actor, act, now, signatures, more)
    return row


def withdraw_disposal(
    actor: Actor, uow: UnitOfWork, disposal_id: str, act: dict[str, Any], *, now: datetime
) -> Disposal:
    """A custodian or a reviewer stops a disposal before it is executed; the item may be asked for anew."""
    require(actor, Role.CUSTODIAN, Role.REVIEWER)
    signature = Signed(signed(actor), "I withdraw this disposal.")
    item, _, row = _at_state(actor, uow, disposal_id, *OPEN)
    row.state, row.withdrawn_by, row.withdrawn_at = "withdrawn", actor.login, now
    row.withdraw_reason = act["reason"]
    more = {"reason": act["reason"]}
    _record(uow, item, row, "disposal_withdrawn", actor, act, now, [signature], more)
    return row


def list_disposals(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Disposals, the newest first."""
    require(actor, *READERS)
    select = repository.disposals(query)
    return paginate(
        uow.session, select, Disposal.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )


def _family(actor: Actor, uow: UnitOfWork, item_id: str) -> tuple[Item, list[Item]]:
    """The item and what came from it, locked: no hold comes upon one of them meanwhile."""
    items_repository.item(uow.session, actor, item_id)
    rows = lock_descendants(uow.session, item_id)
    item = next(row for row in rows if row.id == item_id)
    return item, [row for row in rows if row.id != item_id]


def _why_unweighed(uow: UnitOfWork, item: Item, told: str | None) -> str | None:
    """Why no net mass of an item is known, as both sign for it; None where one is. Raises Conflict `mass_unknown`.

    Of a closed parcel the gross mass of the receipt is known, and its seal tells that nothing was taken. Whatever was opened is
    weighed before it is destroyed, or both say why it cannot be: a swab, a wrapping.
    """
    if item.remaining_mg is not None:
        return None
    if told is not None:
        return told
    if not known_books.of(uow.session, item).opened and item.seal_condition == INTACT and item.gross_mass_mg:
        return f"closed with seal {item.seal_number} as it was received, {item.gross_mass_mg.normalize():f} mg gross"
    message = (
        f"How much there is of {item.number} is not known, and it is not closed as it was received. Withdraw the destruction, "
        "weigh it net and ask anew; or say here why it has no net mass."
    )
    raise Conflict(message, code="mass_unknown", errors=[{"pointer": "/unweighed", "message": message}])


def _require_disposable(item: Item, others: Sequence[Item]) -> None:
    require_not_ended(item)
    require_not_on_hold(item)
    require_not_blocked(item)
    held = [other.number for other in others if other.open_holds and other.ending is None]
    require_no_part_on_hold(item, held)


def _at_state(
    actor: Actor, uow: UnitOfWork, disposal_id: str, *states: str
) -> tuple[Item, list[Item], Disposal]:
    row = repository.disposal(uow.session, actor, disposal_id)
    item, others = _family(actor, uow, row.item_id)
    repository.refresh(uow.session, row)
    if row.state not in states:
        raise Conflict(
            f"This disposal is {row.state}; it must be {' or '.join(states)} for that.", code="wrong_state"
        )
    return item, others, row


def _wrong_witness(message: str) -> Invalid:
    return Invalid(message, errors=[{"pointer": "/witness", "message": message}])


def _record(
    uow: UnitOfWork,
    item: Item,
    row: Disposal,
    kind: str,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    signatures: list[Signed],
    more: dict[str, Any] | None = None,
) -> None:
    record_event(
        uow,
        item,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=row.purpose,
        details={"disposal_id": row.id, "method": row.method, "witness": row.witness, **(more or {})},
        signatures=signatures,
    )
