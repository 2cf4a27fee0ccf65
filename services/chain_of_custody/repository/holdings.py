"""Queries of what is in somebody's hands, and since when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.standing import PERSON
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.repository.items import visible_to
from shared.actor import Actor

_TAKEN = ("received", "handed_over", "retrieved", "taken_over", "aliquot_made", "composite_made")


def in_hands(actor: Actor, holder: str | None) -> Select[Any]:
    """Items in the laboratory that a person holds and the actor may see."""
    found = select(Item).where(Item.holder_kind == PERSON, Item.ending.is_(None), visible_to(actor))
    return found if holder is None else found.where(Item.holder == holder)


def held_since(session: Session, item_ids: list[str]) -> dict[str, datetime]:
    """When each of the items came into the hands in which it is, by the word of the last act that says so."""
    query = (
        select(Event.item_id, Event.occurred_at)
        .ext(distinct_on(Event.item_id))
        .where(Event.item_id.in_(item_ids), Event.type.in_(_TAKEN))
        .order_by(Event.item_id, Event.sequence.desc())
    )
    return {row.item_id: row.occurred_at for row in session.execute(query)}
