"""Takeover: custody of items whose holder cannot sign any more, because the account is closed (E8, E16).

The ordinary way is that the giver offers and the receiver signs. Where the giver's account is closed there would be no way at
all, and the item would have a holder for ever who is not there. So a custodian fetches it before a witness, both sign, and the
record says that the giver did not, and why. It is an event type of its own, so that nobody takes it for a hand-over.

Rows are locked in one order everywhere: hand-overs, then items by id, then people.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import PERSON, Holder, require_not_ended
from services.chain_of_custody.domain.take_over import TAKEN_OVER, require_told, require_unable_holder
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import handovers as offers
from services.chain_of_custody.repository import house
from services.chain_of_custody.repository import takeovers as repository
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.each_item import check_each, lock_each
from services.chain_of_custody.service.handovers import withdraw_abandoned
from services.chain_of_custody.service.record_event import record_event
from shared.actor import LABORATORY, Actor, Role, require, signed, signed_by
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid

_TAKER = "I have taken this item over; who had it could not sign."
_WITNESS = "I have seen that this item was found and taken over without the signature of who had it."


def take_over(
    actor: Actor, uow: UnitOfWork, item_ids: Sequence[str], act: dict[str, Any], *, now: datetime
) -> list[dict[str, Any]]:
    """A custodian takes items over before a witness, both sign: all items or none.

    Possible while they are blocked or on hold, since that only brings them back under somebody's eyes. What the closed account
    still offered to others is withdrawn with it, all items of such an offer, for the same reason.
    """
    require(actor, Role.CUSTODIAN)
    signatures = _signatures(actor, act["witness"])
    listed = "item_ids" in act
    ended = withdraw_abandoned(actor, uow, item_ids, act, now=now)
    rows = lock_each(actor, uow, item_ids, listed=listed)
    accounts = repository.lock_accounts(
        uow.session, {row.holder for row in rows if row.holder_kind == PERSON}
    )
    told = house.accounts_told(uow.session, accounts)
    offered = {row.item_id for row in offers.pending_items(uow.session, item_ids)}
    reasons: dict[str, str] = {}

    def abandoned(row: Item) -> None:
        require_not_ended(row)
        account = accounts.get(row.holder)
        reasons[row.id] = require_unable_holder(row, account)
        if account is not None:
            require_told(account, told.get(row.holder))
        if row.id in offered:
            raise Conflict(f"{row.number} is offered to somebody at this moment; try again.", code="offered")

    check_each(item_ids, rows, abandoned, listed=listed)
    for row in rows:
        _record(uow, row, actor, act, now, signatures, reasons[row.id], ended.get(row.id))
    return [describe_item(row) for row in rows]


def _signatures(actor: Actor, witness: str) -> list[Signed]:
    """The taker's and the witness's; raises Invalid for a witness who is none."""
    if witness == actor.login:
        raise _wrong_witness("The witness must be somebody else.")
    signatures = [Signed(signed(actor), _TAKER), Signed(signed_by(actor, witness), _WITNESS)]
    role = signatures[1].signature.role
    if role not in LABORATORY:
        raise _wrong_witness(
            f"The role {role.value} does not witness this; it is for the laboratory's people."
        )
    return signatures


def _record(
    uow: UnitOfWork,
    row: Item,
    actor: Actor,
    act: dict[str, Any],
    now: datetime,
    signatures: Sequence[Signed],
    why: str,
    withdrawn: str | None,
) -> None:
    record_event(
        uow,
        row,
        TAKEN_OVER,
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["reason"],
        details={
            "from": row.holder,
            "from_name": row.holder_name,
            "to": actor.login,
            "to_name": actor.name,
            "giver_signed": False,
            "giver_did_not_sign": why,
            "witness": act["witness"],
            "witness_name": signatures[1].signature.name,
            "withdrawn_handover_id": withdrawn,
        },
        signatures=signatures,
        receiver=Holder(PERSON, actor.login, actor.name),
    )


def _wrong_witness(message: str) -> Invalid:
    return Invalid(message, errors=[{"pointer": "/witness", "message": message}])
