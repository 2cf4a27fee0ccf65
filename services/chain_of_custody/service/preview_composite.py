"""The mass balance of a composite before it is made: nothing is recorded, the same rules speak."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, take
from services.chain_of_custody.service.composites import checked_parts, total_of
from services.chain_of_custody.service.measure import measure_taken
from services.chain_of_custody.service.substance import HANDS, numbers, remaining
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict


def preview_composite(
    actor: Actor, uow: UnitOfWork, act: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """What each item would give and keep, and what the composite would hold; a portion that is too large is told, not refused.

    Raises what making it would raise where an item cannot be a part at all.
    """
    require(actor, *HANDS)
    told = []
    portions: list[Quantity] = []
    for place, (item, part) in enumerate(checked_parts(actor, uow, act["parts"])):
        act_of_part = {**part, "occurred_at": act.get("occurred_at")}
        portion, _ = measure_taken(uow, act_of_part, now, at=f"/parts/{place}")
        before, after, wrong = remaining(item), None, None
        try:
            after = take(before, portion)
        except Conflict as error:
            wrong = error.detail
        portions.append(portion)
        told.append(
            {
                "item_id": item.id,
                "number": item.number,
                "remaining": None if before is None else numbers(before),
                "portion": numbers(portion),
                "remains": None if after is None else numbers(after),
                "problem": wrong,
            }
        )
    return {"parts": told, "total": numbers(total_of(portions))}
