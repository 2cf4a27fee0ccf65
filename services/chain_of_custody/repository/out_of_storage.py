"""Items in people's hands: since when out of storage, and since when with this person, by the events that say so."""

from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, func, select
from sqlalchemy.orm import aliased

from services.chain_of_custody.domain.standing import PERSON
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.repository.happened import corrected_time, last_event

#: Acts by which an item comes into somebody's hands, beside its first.
_TAKEN = ("retrieved", "handed_over", "taken_over")
#: A hand-over leaves an item out of storage as it was; only what was taken out begins anew.
_OUT = ("retrieved",)
#: Keys of lists are whole numbers: seconds, with the item's own number behind them. It has less than ten digits.
_PLACES = 10**9


def in_hands(*conditions: Any) -> Select[Any]:
    """Items of the laboratory that people hold and that fit the conditions on Item, with what is known of their absence.

    `out_since` and `held_since` are as corrected; `out_written` and `held_written` are what the act itself says, None where no
    correction says otherwise. `age` orders them, the longest out first, each item by a number of its own.
    """
    picked = (
        select(
            Item.id,
            func.coalesce(last_event(Item.id, *_OUT), last_event(Item.id)).label("out_event"),
            func.coalesce(last_event(Item.id, *_TAKEN), last_event(Item.id)).label("held_event"),
        )
        .where(Item.holder_kind == PERSON, Item.ending.is_(None), *conditions)
        .subquery()
    )
    out, held = aliased(Event), aliased(Event)
    told = (
        select(
            picked.c.id,
            out.occurred_at.label("out_at"),
            corrected_time(out).label("out_right"),
            held.occurred_at.label("held_at"),
            corrected_time(held).label("held_right"),
        )
        .select_from(picked)
        .outerjoin(out, out.id == picked.c.out_event)
        .outerjoin(held, held.id == picked.c.held_event)
        .subquery()
    )
    out_since = func.coalesce(told.c.out_right, told.c.out_at, Item.created_at)
    columns: list[Any] = [
        Item.id,
        Item.number,
        Item.office,
        Item.programme,
        Item.description,
        Item.state,
        Item.holder,
        Item.holder_name,
        out_since.label("out_since"),
        func.coalesce(told.c.held_right, told.c.held_at, Item.created_at).label("held_since"),
        case((told.c.out_right != told.c.out_at, told.c.out_at)).label("out_written"),
        case((told.c.held_right != told.c.held_at, told.c.held_at)).label("held_written"),
        (cast(func.floor(func.extract("epoch", out_since)), BigInteger) * _PLACES + Item.seq).label("age"),
    ]
    return select(*columns).join(told, told.c.id == Item.id)
