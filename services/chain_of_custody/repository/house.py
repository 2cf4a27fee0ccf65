"""Queries of acts upon the house, and of the accounts that they are about."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.house_record import subject_of
from services.chain_of_custody.models import Event, LogEntry, Person


def newest_act(session: Session, subject: str) -> Event | None:
    """The last act upon a subject; whoever adds one must have locked the row that it is about."""
    query = select(Event).where(Event.subject == subject).order_by(Event.sequence.desc()).limit(1)
    return session.scalars(query).first()


def acts_upon(session: Session, subject: str, after: int, limit: int) -> list[tuple[Event, LogEntry | None]]:
    """The acts upon a subject behind sequence `after` in order, each with its entry in the log (None until it has one)."""
    query = (
        select(Event, LogEntry)
        .outerjoin(LogEntry, LogEntry.event_id == Event.id)
        .where(Event.subject == subject, Event.sequence > after)
        .order_by(Event.sequence)
        .limit(limit)
    )
    return [(event, entry) for event, entry in session.execute(query)]


def accounts_told(session: Session, logins: Iterable[str]) -> dict[str, str]:
    """The record of the newest act upon each of these accounts, by login."""
    subjects = {subject_of("account", login): login for login in set(logins)}
    query = select(Event.subject, Event.record).where(Event.subject.in_(subjects))
    newest = query.ext(distinct_on(Event.subject)).order_by(Event.subject, Event.sequence.desc())
    return {subjects[subject]: record for subject, record in session.execute(newest) if subject is not None}


def add_person(session: Session, login: str, facts: dict[str, Any]) -> bool:
    """Stores somebody who is new; False where they are known. What waits in the session is not sent with it."""
    statement = insert(Person).values(login=login, **facts).on_conflict_do_nothing()
    with session.no_autoflush:
        return session.scalar(statement.returning(Person.login)) is not None


def lock_person(session: Session, login: str) -> Person:
    """Somebody who is known, their row locked, as it is now."""
    query = select(Person).where(Person.login == login).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()
