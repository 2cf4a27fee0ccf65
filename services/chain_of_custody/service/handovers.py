"""Hand-overs between two people: offered by the holder, accepted by the receiver, each authenticated (E8, E16).

All items of an offer go, or none. Rows are locked in one order everywhere: the hand-over, then its items by id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import (
    PERSON,
    RETURNED,
    Holder,
    require_holder,
    require_no_part_on_hold,
    require_not_blocked,
    require_not_ended,
    require_not_on_hold,
)
from services.chain_of_custody.models import Handover, HandoverItem, Item, Person
from services.chain_of_custody.repository import handovers as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository.lineage import held_parts
from services.chain_of_custody.repository.takeovers import unable_givers
from services.chain_of_custody.service.each_item import check_each, lock_each
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.stand_still import changed_since_offer, require_as_offered
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Forbidden, Invalid
from shared.http.lists import paginate
from shared.identifiers import new_id

PARTIES = (*LABORATORY, Role.OFFICE)


def offer_handover(actor: Actor, uow: UnitOfWork, act: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The holder offers items to one person; custody does not move yet."""
    require(actor, *LABORATORY)
    receiver = _receiver(uow, actor, act["to"])
    rows = lock_each(actor, uow, act["item_ids"], listed=True)
    taken = {row.item_id for row in repository.pending_items(uow.session, act["item_ids"])}
    staying = _staying(uow, act["item_ids"], receiver)

    def transferable(item: Item) -> None:
        _require_transferable(item, actor.login, receiver, staying)
        if item.id in taken:
            raise Conflict(
                f"{item.number} is offered already; withdraw that offer first.", code="already_offered"
            )

    check_each(act["item_ids"], rows, transferable, listed=True)
    offer = Handover(
        id=new_id(),
        giver=actor.login,
        giver_name=actor.name,
        receiver=receiver.login,
        receiver_name=receiver.name,
        purpose=act["purpose"],
        state="offered",
        reason=None,
        offered_at=now,
        ended_at=None,
    )
    uow.session.add(offer)
    uow.session.flush()
    for item in rows:
        uow.session.add(HandoverItem(handover_id=offer.id, item_id=item.id, number=item.number, pending=True))
        _record(uow, item, "handover_offered", actor, offer, now, act.get("occurred_at"), act["purpose"])
    return _describe(uow, [offer])[0]


def accept_handover(
    actor: Actor, uow: UnitOfWork, handover_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The receiver signs, and custody of all items moves; an office that accepts ends the items' stay."""
    require(actor, *PARTIES)
    offer = _open_offer(actor, uow, handover_id, actor_is="receiver")
    signature = Signed(signed(actor), f"I have received this item from {offer.giver}.")
    item_ids, receiver = _item_ids(uow, offer), _receiver_of(actor)
    rows = lock_each(actor, uow, item_ids, listed=False)
    staying = _staying(uow, item_ids, receiver)
    changed = changed_since_offer(uow, item_ids)

    def as_offered(item: Item) -> None:
        _require_transferable(item, offer.giver, receiver, staying)
        require_as_offered(item, offer.giver, changed.get(item.id))

    check_each(item_ids, rows, as_offered, listed=False)
    kind = "returned" if actor.role is Role.OFFICE else "handed_over"
    for item in rows:
        if actor.role is Role.OFFICE:
            item.ending = RETURNED
        _record(
            uow,
            item,
            kind,
            actor,
            offer,
            now,
            act.get("occurred_at"),
            offer.purpose,
            signature,
            receiver=Holder(PERSON, actor.login, actor.name),
        )
    return _end(uow, offer, "accepted", None, now)


def decline_handover(
    actor: Actor, uow: UnitOfWork, handover_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The receiver does not take the items; they stay where they were."""
    require(actor, *PARTIES)
    return _refuse(actor, uow, handover_id, act, now, "receiver", "declined")


def withdraw_handover(
    actor: Actor, uow: UnitOfWork, handover_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The giver takes the offer back."""
    require(actor, *PARTIES)
    return _refuse(actor, uow, handover_id, act, now, "giver", "withdrawn")


def withdraw_abandoned(
    actor: Actor, uow: UnitOfWork, item_ids: Sequence[str], act: dict[str, Any], *, now: datetime
) -> dict[str, str]:
    """Withdraws the open offers of these items whose givers cannot sign any more, each whole; item -> its hand-over.

    For who takes items over: an offer that nobody can answer for any more must not stand in the way. Others stay as they are.
    """
    require(actor, Role.CUSTODIAN)
    offers = repository.lock_open_offers(uow.session, item_ids)
    givers = unable_givers(uow.session, [offer.giver for offer in offers])
    held = {offer.id: _item_ids(uow, offer) for offer in offers if offer.giver in givers}
    wanted = {*item_ids, *(item_id for ids in held.values() for item_id in ids)}
    rows = {row.id: row for row in items_repository.lock_known(uow.session, actor, wanted)}
    for offer in offers:
        for item_id in held.get(offer.id, ()):
            happened, item = act.get("occurred_at"), rows[item_id]
            _record(uow, item, "handover_withdrawn", actor, offer, now, happened, act["reason"])
        if offer.id in held:
            _end(uow, offer, "withdrawn", act["reason"], now)
    uow.session.flush()
    return {item_id: offer_id for offer_id, ids in held.items() for item_id in ids}


def list_handovers(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Hand-overs that concern the actor (auditors: all), the newest first."""
    require(actor, *PARTIES, Role.AUDITOR)
    select = repository.handovers(actor, query)
    page = paginate(
        uow.session, select, Handover.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )
    return {**page, "items": _describe(uow, page["items"])}


def get_handover(actor: Actor, uow: UnitOfWork, handover_id: str) -> dict[str, Any]:
    """One hand-over."""
    require(actor, *PARTIES, Role.AUDITOR)
    return _describe(uow, [repository.handover(uow.session, actor, handover_id)])[0]


def _receiver(uow: UnitOfWork, actor: Actor, login: str) -> Person:
    """Who may take evidence: an active person of the laboratory, or of an office for a return; raises Invalid."""
    person = items_repository.person(uow.session, login)
    message = None
    if person is None or not person.active:
        message = "There is no active person of this name."
    elif person.login == actor.login:
        message = "You hold the items already."
    elif person.role not in PARTIES:
        message = f"The role {person.role} does not hold evidence."
    elif person.role == Role.OFFICE and actor.role is not Role.CUSTODIAN:
        message = "Only a custodian returns items to an office."
    if message is not None or person is None:
        raise Invalid(str(message), errors=[{"pointer": "/to", "message": str(message)}])
    return person


def _receiver_of(actor: Actor) -> Person:
    return Person(login=actor.login, name=actor.name, role=actor.role.value, office=actor.office, active=True)


class _Staying(NamedTuple):
    """What keeps items from going back to their office: disposals on their way, and parts on hold by item."""

    disposals: set[str]
    held: dict[str, list[str]]


def _staying(uow: UnitOfWork, item_ids: Sequence[str], receiver: Person) -> _Staying:
    """Asked once the items' rows are locked; a hold upon a part locks what it came from too."""
    if receiver.role != Role.OFFICE:
        return _Staying(set(), {})
    disposals = {row.item_id for row in repository.open_disposals(uow.session, item_ids)}
    return _Staying(disposals, held_parts(uow.session, item_ids))


def _require_transferable(item: Item, giver: str, receiver: Person, staying: _Staying) -> None:
    require_not_ended(item)
    require_holder(item, giver)
    require_not_blocked(item)
    if receiver.role == Role.OFFICE:
        require_not_on_hold(item)
        require_no_part_on_hold(item, staying.held.get(item.id, ()))
        if item.id in staying.disposals:
            raise Conflict(
                f"A disposal of {item.number} is on its way; withdraw it before the item is returned.",
                code="disposal_open",
            )
        if receiver.office != item.office:
            message = f"{item.number} belongs to another office."
            raise Invalid(message, errors=[{"pointer": "/to", "message": message}])


def _open_offer(actor: Actor, uow: UnitOfWork, handover_id: str, *, actor_is: str) -> Handover:
    offer = repository.handover(uow.session, actor, handover_id, lock=True)
    if getattr(offer, actor_is) != actor.login:
        raise Forbidden(f"Only the {actor_is} of this hand-over, {getattr(offer, actor_is)}, may do this.")
    if offer.state != "offered":
        raise Conflict(f"This hand-over was {offer.state} already.", code="not_offered")
    return offer


def _refuse(
    actor: Actor, uow: UnitOfWork, handover_id: str, act: dict[str, Any], now: datetime, who: str, state: str
) -> dict[str, Any]:
    offer = _open_offer(actor, uow, handover_id, actor_is=who)
    for item in items_repository.lock_items(uow.session, actor, _item_ids(uow, offer)):
        _record(uow, item, f"handover_{state}", actor, offer, now, act.get("occurred_at"), act["reason"])
    return _end(uow, offer, state, act["reason"], now)


def _end(uow: UnitOfWork, offer: Handover, state: str, reason: str | None, now: datetime) -> dict[str, Any]:
    offer.state, offer.reason, offer.ended_at = state, reason, now
    repository.close_items(uow.session, offer.id)
    return _describe(uow, [offer])[0]


def _item_ids(uow: UnitOfWork, offer: Handover) -> list[str]:
    return [row.item_id for row in repository.items_of(uow.session, [offer.id])]


def _record(
    uow: UnitOfWork,
    item: Item,
    kind: str,
    actor: Actor,
    offer: Handover,
    now: datetime,
    occurred_at: datetime | None,
    purpose: str,
    *signatures: Signed,
    receiver: Holder | None = None,
) -> None:
    record_event(
        uow,
        item,
        kind,
        author=Author.of(actor),
        now=now,
        occurred_at=occurred_at,
        purpose=purpose,
        details={
            "handover_id": offer.id,
            "from": offer.giver,
            "from_name": offer.giver_name,
            "to": offer.receiver,
            "to_name": offer.receiver_name,
        },
        signatures=signatures,
        receiver=receiver,
        together=True,
    )


_COLUMNS = ("id", "state", "giver", "giver_name", "purpose", "reason", "offered_at", "ended_at")


def _describe(uow: UnitOfWork, offers: list[Handover]) -> list[dict[str, Any]]:
    parts = repository.items_of(uow.session, [offer.id for offer in offers])
    told = []
    for offer in offers:
        mine = [part for part in parts if part.handover_id == offer.id]
        told.append(
            {
                **{name: getattr(offer, name) for name in _COLUMNS},
                "to": offer.receiver,
                "to_name": offer.receiver_name,
                "item_ids": [part.item_id for part in mine],
                "items": [{"id": part.item_id, "number": part.number} for part in mine],
            }
        )
    return told
