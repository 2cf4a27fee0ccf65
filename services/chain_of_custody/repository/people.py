"""Queries of the people who may take evidence."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chain_of_custody.models import Person


def people(
    session: Session,
    roles: Iterable[str],
    *,
    office: str | None,
    but: str,
    login: str | None,
    skip: int,
    limit: int,
) -> Sequence[Person]:
    """Those with an open account and one of these roles, by name; `office` None: any. The person `but` is left out."""
    found = select(Person).where(Person.active, Person.role.in_(list(roles)), Person.login != but)
    if office is not None:
        found = found.where(Person.office == office)
    if login is not None:
        found = found.where(Person.login == login)
    return session.scalars(found.order_by(Person.name, Person.login).offset(skip).limit(limit)).all()
