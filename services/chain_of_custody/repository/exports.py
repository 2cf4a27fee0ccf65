"""Queries of what leaves the laboratory about one item; whether the actor may see it is decided before."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.models_spectra import Spectrum


def one_snapshot(session: Session) -> None:
    """Everything that the transaction reads from now on is as at one moment; must be its first statement."""
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def family(session: Session, root_id: str) -> Sequence[Item]:
    """An exhibit's item and all that was divided off it."""
    return session.scalars(select(Item).where(Item.root_id == root_id).order_by(Item.seq)).all()


def records_of(session: Session, item_id: str) -> list[dict[str, Any]]:
    """The records of an item's events, in order."""
    query = select(Event.record).where(Event.item_id == item_id).order_by(Event.sequence)
    return [json.loads(record) for record in session.scalars(query)]


def spectra_of(session: Session, item_id: str) -> Sequence[Spectrum]:
    """An item's files, in the order in which they came."""
    return session.scalars(select(Spectrum).where(Spectrum.item_id == item_id).order_by(Spectrum.seq)).all()
