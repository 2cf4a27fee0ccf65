"""Acts keep the order of question and answer: nothing is accepted before its offer or destroyed before its authorisation (E9).

Any act may be told late and be dated earlier than others, which is marked; but one that answers another cannot lie before it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.answers import Other, answered_by, answers_to
from services.chain_of_custody.domain.say_event import title_of
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import corrections as repository
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Invalid
from shared.http.schemas import format_time, parse_time


def require_after_cause(
    uow: UnitOfWork,
    item: Item,
    kind: str,
    details: Mapping[str, Any],
    happened: datetime,
    at: str = "/occurred_at",
) -> None:
    """Passes where an act of this type that happened then does not lie before what it answers; raises Invalid with both times."""
    for cause, when in _others(uow, item, answered_by(kind, details)):
        if happened < when:
            _refuse(
                f"{title_of(kind)} at {format_time(happened)}: it answers act {cause['sequence']} of {item.number} "
                f"({title_of(cause['type'])}), which happened at {format_time(when)}. Tell a later time.",
                at,
            )


def require_before_answers(
    uow: UnitOfWork, item: Item, kind: str, details: Mapping[str, Any], happened: datetime, at: str
) -> None:
    """Passes where an act that happened then does not lie behind what answered it; raises Invalid with both times."""
    for answer, when in _others(uow, item, answers_to(kind, details)):
        if happened > when:
            _refuse(
                f"{title_of(kind)} at {format_time(happened)}: act {answer['sequence']} of {item.number} "
                f"({title_of(answer['type'])}) answered it at {format_time(when)}. Tell an earlier time, or correct that first.",
                at,
            )


def _others(uow: UnitOfWork, item: Item, other: Other | None) -> list[tuple[dict[str, Any], datetime]]:
    """The acts of an item that stand against one, each with the time when it happened by the newest word on it."""
    if other is None:
        return []
    found = []
    for event in repository.events_of(uow.session, item.id, other.types):
        record = json.loads(event.record)
        if record["details"].get(other.name) == other.value:
            told = repository.said_of(uow.session, event.id).get("occurred_at", record["occurred_at"])
            found.append((record, parse_time(told)))
    return found


def _refuse(message: str, pointer: str) -> None:
    raise Invalid(message, errors=[{"pointer": pointer, "message": message}])
