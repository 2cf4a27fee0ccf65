"""Queries of time limits: what runs against one, and what is or was overdue."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.standing import DEPLETED, PERSON
from services.chain_of_custody.domain.time_limits import LABORATORY, SHIPMENTS, Kind, Waiting
from services.chain_of_custody.models import Disposal, Event, Handover, HandoverItem, Item, Person
from services.chain_of_custody.models_limits import LimitCheck, OverdueEntry
from shared.actor import Actor, Role

#: No limit on items is shorter, in whatever time zone.
_SHORTEST = timedelta(days=4)


def lock_checks(session: Session) -> bool:
    """Whether this transaction is the only one that decides about limits now."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtext('chain_of_custody:limits'))")
    return bool(session.execute(query).scalar())


def items_in_hands(session: Session, now: datetime) -> list[Waiting]:
    """Items in somebody's hands: since when out of storage, and since when with this person, by the events that say so."""
    left, taken, first = _last("retrieved"), _last("retrieved", "handed_over", "taken_over"), _first()
    out_since = func.coalesce(left, first, Item.created_at).label("out_since")
    held_since = func.coalesce(taken, first, Item.created_at).label("held_since")
    query = (
        select(Item.id, Item.number, Item.office, Item.holder, Item.holder_name, out_since, held_since)
        .where(Item.holder_kind == PERSON, Item.ending.is_(None), Item.state != DEPLETED)
        .subquery()
    )
    found = []
    for row in session.execute(select(query).where(query.c.out_since < now - _SHORTEST)):
        for kind, since in ((Kind.OUT_OF_STORAGE, row.out_since), (Kind.SIGNED_OUT, row.held_since)):
            found.append(
                Waiting(
                    kind,
                    row.id,
                    row.number,
                    row.office,
                    since,
                    responsible=row.holder,
                    responsible_name=row.holder_name,
                    item_id=row.id,
                )
            )
    return found


def _first() -> Any:
    return select(Event.occurred_at).where(Event.item_id == Item.id, Event.sequence == 1).scalar_subquery()


def _last(*types: str) -> Any:
    query = select(Event.occurred_at).where(Event.item_id == Item.id, Event.type.in_(types))
    return query.order_by(Event.sequence.desc()).limit(1).scalar_subquery()


def authorised_disposals(session: Session) -> list[Waiting]:
    """Destructions that may be done and are not; while a hold forbids it, nobody is late."""
    query = (
        select(Disposal, Item.number, Item.office)
        .join(Item, Item.id == Disposal.item_id)
        .where(Disposal.state == "authorised", Item.ending.is_(None), Item.open_holds == 0)
    )
    return [
        Waiting(
            Kind.DISPOSAL_UNDONE,
            row.id,
            number,
            office,
            row.authorised_at,
            responsible=row.requested_by,
            item_id=row.item_id,
            detail=row.method,
        )
        for row, number, office in session.execute(query)
        if row.authorised_at is not None
    ]


def open_offers(session: Session) -> list[Waiting]:
    """Hand-overs that wait for an answer; an office's person answers by that office's calendar."""
    query = (
        select(
            Handover,
            Person.office,
            func.min(HandoverItem.number),
            func.count(),
            func.min(HandoverItem.item_id),
            func.min(Item.office),
        )
        .join(HandoverItem, HandoverItem.handover_id == Handover.id)
        .join(Item, Item.id == HandoverItem.item_id)
        .outerjoin(Person, Person.login == Handover.receiver)
        .where(Handover.state == "offered")
        .group_by(Handover.id, Person.office)
    )
    return [
        Waiting(
            Kind.HANDOVER_UNANSWERED,
            row.id,
            number if count == 1 else f"{number} and {count - 1} more",
            office,
            row.offered_at,
            calendar=receivers or LABORATORY,
            responsible=row.receiver,
            responsible_name=row.receiver_name,
            item_id=item_id,
            detail=f"from {row.giver_name}: {row.purpose}",
        )
        for row, receivers, number, count, item_id, office in session.execute(query)
    ]


def open_entries(session: Session, kinds: Iterable[Kind] = Kind) -> list[OverdueEntry]:
    """Everything that is overdue."""
    query = select(OverdueEntry).where(
        OverdueEntry.closed_at.is_(None), OverdueEntry.kind.in_([kind.value for kind in kinds])
    )
    return list(session.scalars(query))


def note_check(session: Session, now: datetime) -> None:
    """All limits were looked at."""
    statement = insert(LimitCheck).values(id=1, checked_at=now)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"checked_at": now}))


def last_check(session: Session) -> datetime | None:
    """When all limits were last looked at."""
    return session.scalars(select(LimitCheck.checked_at)).first()


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on entries that keeps an office to its own shipments (E30)."""
    if actor.role is not Role.OFFICE:
        return true()
    if not actor.office:
        return false()
    return and_(OverdueEntry.office == actor.office, OverdueEntry.kind.in_([k.value for k in SHIPMENTS]))


def overdue(actor: Actor, query: dict[str, Any]) -> Select[Any]:
    """Entries that the actor may see and that fit the filters."""
    found = select(OverdueEntry).where(visible_to(actor))
    for name in ("kind", "office", "item_id", "submission_id"):
        if query.get(name) is not None:
            found = found.where(getattr(OverdueEntry, name) == query[name])
    if query.get("holder") is not None:
        who = query["holder"]
        found = found.where(or_(OverdueEntry.responsible == who, OverdueEntry.responsible_name == who))
    state = query.get("state", "open")
    if state != "any":
        ended = OverdueEntry.closed_at.is_not(None)
        found = found.where(ended if state == "closed" else ~ended)
    return found


def counts(session: Session, entries: Select[Any]) -> Sequence[tuple[str, int, datetime]]:
    """(kind, how many, the earliest due) of these entries."""
    rows = entries.subquery()
    query = select(rows.c.kind, func.count(), func.min(rows.c.due_at)).group_by(rows.c.kind)
    return [(kind, count, due) for kind, count, due in session.execute(query)]
