"""Queries of what is in somebody's hands, the longest out of storage first."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.take_over import why_unable
from services.chain_of_custody.models import Item, Person
from services.chain_of_custody.repository.items import visible_to
from services.chain_of_custody.repository.out_of_storage import in_hands
from shared.actor import Actor


def holdings(actor: Actor, query: dict[str, Any], *, behind: int | None) -> Select[Any]:
    """Items in the laboratory that people hold and the actor may see, those whose `age` lies behind a mark, in that order."""
    wanted = [visible_to(actor)]
    if query.get("holder") is not None:
        wanted.append(Item.holder == query["holder"])
    if query.get("item_id") is not None:
        wanted.append(Item.id == query["item_id"])
    rows = in_hands(*wanted).subquery()
    found = select(rows).order_by(rows.c.age)
    return found if behind is None else found.where(rows.c.age > behind)


def unable(session: Session, logins: Iterable[str]) -> dict[str, str]:
    """Those of the people who can give nothing away any more, and why."""
    rows = session.scalars(select(Person).where(Person.login.in_(set(logins))))
    return {row.login: why for row in rows if (why := why_unable(row)) is not None}
