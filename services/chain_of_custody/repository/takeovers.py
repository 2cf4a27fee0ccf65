"""Queries of people who may not be able to sign any more, and of what they still offer."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.take_over import why_unable
from services.chain_of_custody.models import Person


def lock_accounts(session: Session, logins: Iterable[str]) -> dict[str, Person]:
    """These people by login, as they are now; none of the accounts is opened or closed until the transaction ends."""
    query = select(Person).where(Person.login.in_(set(logins))).order_by(Person.login)
    locked = query.with_for_update(read=True).execution_options(populate_existing=True)
    return {row.login: row for row in session.scalars(locked)}


def unable_givers(session: Session, logins: Iterable[str]) -> set[str]:
    """Those of the people who cannot sign any more."""
    query = select(Person).where(Person.login.in_(set(logins)))
    return {row.login for row in session.scalars(query) if why_unable(row) is not None}
