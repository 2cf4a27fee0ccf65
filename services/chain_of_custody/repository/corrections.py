"""Queries of corrections."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.corrected_masses import CORRECTED
from services.chain_of_custody.models import Event
from services.chain_of_custody.models_acts import Correction


def event_of(session: Session, item_id: str, event_id: str) -> Event | None:
    """An event of this very item."""
    return session.scalars(select(Event).where(Event.id == event_id, Event.item_id == item_id)).first()


def events_of(session: Session, item_id: str, types: Iterable[str]) -> list[Event]:
    """The events of an item of these types, in order."""
    query = select(Event).where(Event.item_id == item_id, Event.type.in_(list(types)))
    return list(session.scalars(query.order_by(Event.sequence)))


def first_corrected(session: Session, event: Event) -> Event:
    """The act that an event corrects, through all corrections of corrections; the event itself where it corrects none."""
    while event.type == CORRECTED:
        corrects = select(Correction.corrects).where(Correction.event_id == event.id)
        event = session.scalars(select(Event).where(Event.id.in_(corrects))).one()
    return event


def corrected_by(session: Session, event_ids: Iterable[str]) -> dict[str, list[str]]:
    """Those of the events that were corrected, each with the ids of its corrections, the oldest first."""
    query = select(Correction).where(Correction.corrects.in_(list(event_ids))).order_by(Correction.event_id)
    found: dict[str, list[str]] = {}
    for row in session.scalars(query):
        found.setdefault(row.corrects, []).append(row.event_id)
    return found


def said_of(session: Session, event_id: str) -> dict[str, Any]:
    """What the corrections of an event say is right, by field, the newest word on each."""
    query = (
        select(Event.record)
        .join(Correction, Correction.event_id == Event.id)
        .where(Correction.corrects == event_id)
        .order_by(Event.sequence)
    )
    said: dict[str, Any] = {}
    for record in session.scalars(query):
        said.update(json.loads(record)["details"]["corrected"])
    return said
