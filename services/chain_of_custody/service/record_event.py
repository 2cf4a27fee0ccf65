"""Adds an act to an item's history. Every use case that touches evidence ends here, so that no act goes unrecorded.

The row of the item must be locked by the caller (`repository.items.lock_item`): events of one item then follow each
other in the order of their commits, and each carries the digest of the one before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed, build_record
from services.chain_of_custody.domain.standing import PERSON, Holder, standing_of, state_of
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.models_acts import Transfer
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.write_act import write_act
from services.chain_of_custody.service.keep_order import require_after_cause
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.put_person import know_person
from services.chain_of_custody.service.write_down import unprovable, write_down
from shared.actor import Role
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time
from shared.identifiers import new_id
from siglab_clients.tlog.errors import EvidenceError


def record_event(
    uow: UnitOfWork,
    item: Item,
    kind: str,
    *,
    author: Author,
    now: datetime,
    purpose: str,
    occurred_at: datetime | None = None,
    details: Mapping[str, Any] | None = None,
    signatures: Sequence[Signed] = (),
    receiver: Holder | None = None,
    together: bool = False,
) -> Event:
    """Writes the event of one act upon a locked `item`, and the item's new standing; returns the event.

    `together` says that it is one of many, which are then sent with one flush; the other parameters are those of `make_event`.
    Raises Invalid for an act that is dated before what it answers.
    """
    if occurred_at is not None:
        require_after_cause(uow, item, kind, details or {}, occurred_at)
    event, step = make_event(
        item,
        kind,
        author=author,
        now=now,
        purpose=purpose,
        occurred_at=occurred_at,
        details=details,
        signatures=signatures,
        receiver=receiver,
    )
    if step is None and not together:
        write_act(uow.session, item, event)
        return event
    if step is not None and step.receiver_kind == PERSON:
        know_holder(uow, item, author, now=now)
    repository.add_event(uow.session, event)
    if step is not None:
        uow.session.add(step)
    return event


def make_event(
    item: Item,
    kind: str,
    *,
    author: Author,
    now: datetime,
    purpose: str,
    occurred_at: datetime | None = None,
    details: Mapping[str, Any] | None = None,
    signatures: Sequence[Signed] = (),
    receiver: Holder | None = None,
) -> tuple[Event, Transfer | None]:
    """The event of one act upon `item`, and the step to its next holder where there is one; the item gets its new standing.

    Nothing is written: who stores many at once (`repository.copy_rows`) must store all three, and know the holder.

    `now` is the server's time (E9), `occurred_at` what the person says (default: now). `details` must be plain JSON; raises
    Invalid for numbers and texts that have no canonical form (RFC 8785), since the log could never prove them.

    `receiver` has the item from this act on: its details then tell `giver` and `receiver`, each receiver being the next giver
    (E8). The first event of an item tells its first holder so, with no giver.
    """
    giver = None if item.events == 0 else Holder(item.holder_kind, item.holder, item.holder_name)
    if item.events == 0:
        receiver = receiver or Holder(item.holder_kind, item.holder, item.holder_name)
    if receiver is not None:
        item.holder_kind, item.holder, item.holder_name = receiver.kind, receiver.id, receiver.name
        steps = {"giver": None if giver is None else giver.told(), "receiver": receiver.told()}
        details = {**(details or {}), **steps}
    try:
        record = build_record(
            event_id=new_id(),
            item_id=item.id,
            item_number=item.number,
            sequence=item.events + 1,
            previous=item.last_digest,
            kind=kind,
            author=author,
            occurred_at=format_time(occurred_at or now),
            recorded_at=format_time(now),
            purpose=purpose,
            details=details or {},
            signatures=[(signed, format_time(signed.signature.at)) for signed in signatures],
            standing=standing_of(item),
        )
    except EvidenceError as error:
        raise unprovable(error) from error
    event = write_down(record, occurred_at=occurred_at or now, recorded_at=now)
    known_books.add(event, item.last_digest)
    item.events, item.last_digest, item.state = event.sequence, event.digest, state_of(item)
    if receiver is None:
        return event, None
    item.transfers += 1
    return event, _step(item, giver, receiver, event)


def know_holder(uow: UnitOfWork, item: Item, author: Author, *, now: datetime) -> None:
    """Remembers the person who has `item` now by an act of `author`."""
    role = author.role if author.login == item.holder else Role.CUSTODIAN.value
    know_person(uow, item.holder, item.holder_name, role, author=author, now=now)


def _step(item: Item, giver: Holder | None, receiver: Holder, event: Event) -> Transfer:
    return Transfer(
        item_id=item.id,
        number=item.transfers,
        previous=item.transfers - 1,
        giver_kind=None if giver is None else giver.kind,
        giver=None if giver is None else giver.id,
        receiver_kind=receiver.kind,
        receiver=receiver.id,
        event_id=event.id,
    )
