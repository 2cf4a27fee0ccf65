"""A receipt's exhibits become items: a few statements for all of them, however many they are."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import STEP
from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.standing import PERSON, state_of
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.models_acts import Transfer
from services.chain_of_custody.repository.copy_rows import copy_objects, unsaved
from services.chain_of_custody.service.discrepancies import open_receipt_discrepancy
from services.chain_of_custody.service.record_event import know_holder, make_event
from shared.db.unit_of_work import UnitOfWork
from shared.identifiers import new_id

_COPIED = (
    "exhibit_id", "number", "office", "submission_id", "submission_number", "line", "kind", "programme", "description",
    "physical_form", "seal_number", "seal_condition", "seizure_id", "blocked",
)  # fmt: skip


def open_received(
    uow: UnitOfWork,
    receipt: dict[str, Any],
    exhibits: Sequence[dict[str, Any]],
    author: Author,
    *,
    now: datetime,
) -> list[Item]:
    """A new item for each of the receipt's `exhibits`, in the hands of `author`, with its first event.

    The items are new to everybody, so there is nothing to lock; a second telling at the same moment is refused by the unique
    index of exhibits, whole.
    """
    if not exhibits:
        return []
    items, events, steps = zip(
        *(make_received(receipt, facts, author, now) for facts in exhibits), strict=True
    )
    know_holder(uow, items[0], author, now=now)
    copy_objects(uow.session, items)
    copy_objects(uow.session, events)
    copy_objects(uow.session, steps)
    for row in items:
        if row.blocked:
            open_receipt_discrepancy(uow, row, now=now)
    return list(items)


def make_received(
    receipt: dict[str, Any], facts: dict[str, Any], author: Author, now: datetime
) -> tuple[Item, Event, Transfer]:
    """An exhibit's item with its first event and its first step, none of them stored."""
    row = _item(receipt, facts, author, now)
    event, step = make_event(
        row,
        "received",
        author=author,
        now=now,
        occurred_at=receipt["received_at"],
        purpose=f"receipt {receipt['receipt_number']}",
        details={
            "receipt_number": receipt["receipt_number"],
            **facts,
            "holder": {"kind": PERSON, "name": author.login},
        },
    )
    assert step is not None
    return row, event, step


def _item(receipt: dict[str, Any], facts: dict[str, Any], author: Author, now: datetime) -> Item:
    item_id = new_id()
    gross_mg = (Decimal(str(facts["gross_mass_g"])) * 1000).quantize(STEP)
    row = unsaved(
        Item,
        id=item_id,
        root_id=item_id,
        parent_id=None,
        receipt_number=receipt["receipt_number"],
        gross_mass_mg=gross_mg,
        most_mg=gross_mg,
        holder_kind=PERSON,
        holder=author.login,
        holder_name=author.name,
        transfers=0,
        open_holds=0,
        ending=None,
        remaining_mg=None,
        uncertainty_mg=None,
        aliquots=0,
        events=0,
        last_digest=None,
        created_at=now,
        **{name: facts.get(name) for name in _COPIED},
    )
    row.state = state_of(row)
    return row
