"""When acts happened, by the newest word on it: a correction of the time counts, the act itself stays as it was written (E11)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, ScalarSelect, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from services.chain_of_custody.models import Event
from services.chain_of_custody.models_acts import Correction

_RIGHT_TIME = ("details", "corrected", "occurred_at")


def corrected_time(event: Any) -> ScalarSelect[datetime]:
    """What the newest correction of an event's time says, None where there is none; `event` is Event or an alias of it.

    The correction of another field leaves the time as it is. The word of a correction is corrected by correcting the act again.
    """
    later = aliased(Event)
    told = cast(later.record, JSONB)[_RIGHT_TIME].astext
    query = (
        select(cast(told, DateTime(timezone=True)))
        .join(Correction, Correction.event_id == later.id)
        .where(Correction.corrects == event.id, told.is_not(None))
        .order_by(later.sequence.desc())
        .limit(1)
    )
    return query.correlate(event).scalar_subquery()


def last_event(item_id: ColumnElement[str] | Any, *types: str) -> ColumnElement[str | None]:
    """The id of an item's last event of these types; of its very first event where no type is named."""
    own = aliased(Event)
    query = select(own.id).where(own.item_id == item_id)
    if types:
        query = query.where(own.type.in_(types)).order_by(own.sequence.desc())
    else:
        query = query.where(own.sequence == 1)
    return query.limit(1).scalar_subquery()


def ended_at(session: Session, item_id: str) -> datetime | None:
    """When an item was destroyed or returned to its office, by the newest word on it; None while it is here."""
    when = func.coalesce(corrected_time(Event), Event.occurred_at)
    return session.scalar(select(when).where(Event.id == last_event(item_id, "disposed", "returned")))
