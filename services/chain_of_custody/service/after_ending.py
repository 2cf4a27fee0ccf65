"""Runs of an item that has left the laboratory: what was acquired after it was destroyed or returned cannot be of it.

Such a run is refused before a byte is taken, and its source keeps the file (E22). Where the item is found to have left only once
the bytes are here, they are kept in quarantine: no run is lost (E12). What was acquired before may come late, and its record says
that it came late.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from services.chain_of_custody.models import Item
from services.chain_of_custody.repository.happened import ended_at
from shared.errors import Conflict
from shared.http.schemas import format_time


def why_not_of(session: Session, item: Item, acquired_at: datetime) -> str | None:
    """Why a run of this moment cannot be of the item; None where it can."""
    left = None if item.ending is None else ended_at(session, item.id)
    if left is None or acquired_at <= left:
        return None
    return (
        f"{item.number} was {item.ending} at {format_time(left)}: what was acquired at {format_time(acquired_at)}, after that, "
        "cannot be of it. Name the item that was measured, or mend the instrument's clock."
    )


def require_could_be_of(session: Session, item: Item, acquired_at: datetime) -> None:
    """Raises Conflict `ended` for a run that was acquired after the item had left."""
    why = why_not_of(session, item, acquired_at)
    if why is not None:
        raise Conflict(f"{why} Nothing was taken: the file stays where it is.", code="ended")
