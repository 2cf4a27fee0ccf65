"""Queries of time limits: what runs against one, and what is or was overdue."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.standing import DEPLETED
from services.chain_of_custody.domain.time_limits import LABORATORY, SHIPMENTS, Kind, Waiting
from services.chain_of_custody.domain.working_days import Calendar
from services.chain_of_custody.models import Disposal, Event, Handover, HandoverItem, Item, Person
from services.chain_of_custody.models_limits import LimitCheck, OverdueEntry
from services.chain_of_custody.repository.happened import corrected_time, last_event
from services.chain_of_custody.repository.out_of_storage import in_hands
from shared.actor import Actor, Role

#: No limit on items is shorter, in whatever time zone.
_SHORTEST = timedelta(days=4)


def lock_checks(session: Session) -> bool:
    """Whether this transaction is the only one that decides about limits now."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtext('chain_of_custody:limits'))")
    return bool(session.execute(query).scalar())


def items_in_hands(session: Session, now: datetime) -> list[Waiting]:
    """Items in somebody's hands: since when out of storage, and since when with this person, by the events that say so."""
    rows = in_hands(Item.state != DEPLETED).subquery()
    found = []
    longest = func.least(rows.c.out_since, rows.c.held_since)
    for row in session.execute(select(rows).where(longest < now - _SHORTEST)):
        for kind, since, written in (
            (Kind.OUT_OF_STORAGE, row.out_since, row.out_written),
            (Kind.SIGNED_OUT, row.held_since, row.held_written),
        ):
            found.append(
                Waiting(
                    kind,
                    row.id,
                    row.number,
                    row.office,
                    since,
                    since_written=written,
                    responsible=row.holder,
                    responsible_name=row.holder_name,
                    item_id=row.id,
                )
            )
    return found


def authorised_disposals(session: Session) -> list[Waiting]:
    """Destructions that may be done and are not; while a hold forbids it, nobody is late.

    The authorisation happened when its event says: an item has one disposal on its way at a time, so its last such event is it.
    """
    query = (
        select(Disposal, Item.number, Item.office, Event.occurred_at, corrected_time(Event))
        .join(Item, Item.id == Disposal.item_id)
        .outerjoin(Event, Event.id == last_event(Disposal.item_id, "disposal_authorised"))
        .where(Disposal.state == "authorised", Item.ending.is_(None), Item.open_holds == 0)
    )
    found = []
    for row, number, office, happened, right in session.execute(query):
        since = right or happened or row.authorised_at
        if since is not None:
            found.append(
                Waiting(
                    Kind.DISPOSAL_UNDONE,
                    row.id,
                    number,
                    office,
                    since,
                    since_written=happened if since != happened else None,
                    responsible=row.requested_by,
                    item_id=row.item_id,
                    detail=row.method,
                )
            )
    return found


def open_offers(session: Session) -> list[Waiting]:
    """Hand-overs that wait for an answer, from the earliest moment that the events of their items tell.

    An office's person answers by that office's calendar.
    """
    right = corrected_time(Event)
    query = (
        select(
            Handover,
            Person.office,
            func.min(HandoverItem.number),
            func.count(),
            func.min(HandoverItem.item_id),
            func.min(Item.office),
            func.min(func.coalesce(right, Event.occurred_at)),
            func.min(Event.occurred_at),
        )
        .join(HandoverItem, HandoverItem.handover_id == Handover.id)
        .join(Item, Item.id == HandoverItem.item_id)
        .outerjoin(Event, Event.id == last_event(HandoverItem.item_id, "handover_offered"))
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
            since or row.offered_at,
            since_written=written if since != written else None,
            calendar=receivers or LABORATORY,
            responsible=row.receiver,
            responsible_name=row.receiver_name,
            item_id=item_id,
            detail=f"from {row.giver_name}: {row.purpose}",
        )
        for row, receivers, number, count, item_id, office, since, written in session.execute(query)
    ]


def open_entries(session: Session, kinds: Iterable[Kind] = Kind) -> list[OverdueEntry]:
    """Everything that is overdue."""
    query = select(OverdueEntry).where(
        OverdueEntry.closed_at.is_(None), OverdueEntry.kind.in_([kind.value for kind in kinds])
    )
    return list(session.scalars(query))


def note_check(session: Session, now: datetime, calendar: Calendar) -> None:
    """All limits were looked at, items by this calendar of the laboratory."""
    told = {
        "zone": calendar.zone,
        "weekend": sorted(calendar.weekend),
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
    }
    facts = {"checked_at": now, "calendar": told}
    statement = insert(LimitCheck).values(id=1, **facts)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=facts))


def laboratory_calendar(session: Session) -> Calendar:
    """The calendar by which the last look counted the days of items; the default one before the first look."""
    told = session.scalars(select(LimitCheck.calendar)).first()
    if told is None:
        return Calendar()
    return Calendar(
        told["zone"],
        frozenset(told["weekend"]),
        frozenset(date.fromisoformat(day) for day in told["holidays"]),
    )


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
