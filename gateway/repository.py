"""Queries of the door: accounts, sessions, counts of wrong passwords, the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as Database

from gateway.accounts.lockout import Count
from gateway.accounts.naming import name_digest
from gateway.models import Account, AuditEntry, Session, WrongPasswords


def account(database: Database, login: str, *, lock: bool = False) -> Account | None:
    """An account by its login, or None."""
    return database.get(Account, login, with_for_update=lock)


def get_account(database: Database, login: str) -> Account:
    """An account that is known to be there."""
    return database.get_one(Account, login)


def put_account(
    database: Database, facts: dict[str, Any], hashed: str | None, *, created_at: datetime
) -> None:
    """Makes or changes the account `facts["login"]`; a hash of None leaves the password as it is."""
    changed = dict(facts) if hashed is None else {**facts, "password_hash": hashed}
    statement = insert(Account).values(created_at=created_at, **changed)
    database.execute(statement.on_conflict_do_update(index_elements=["login"], set_=changed))


def accounts() -> Select[Any]:
    """All accounts."""
    return select(Account)


def session_with_account(database: Database, digest: bytes, now: datetime) -> tuple[Session, Account] | None:
    """The session of a token that is in force, with its active account; or None."""
    query = (
        select(Session, Account)
        .join(Account, Account.login == Session.login)
        .where(
            Session.token_sha256 == digest,
            Session.expires_at > now,
            Session.revoked_at.is_(None),
            Account.active,
        )
    )
    row = database.execute(query).first()
    return None if row is None else (row[0], row[1])


def revoke(database: Database, session_id: str, now: datetime) -> None:
    """Ends one session."""
    database.execute(update(Session).where(Session.id == session_id).values(revoked_at=now))


def revoke_all(database: Database, login: str, now: datetime) -> None:
    """Ends every session of an account."""
    query = update(Session).where(Session.login == login, Session.revoked_at.is_(None))
    database.execute(query.values(revoked_at=now))


def count_for(database: Database, name: str, scope: str, now: datetime) -> Count:
    """The attempts so far, the row locked until the transaction ends, so that attempts at once are counted one by one."""
    key = {"name_sha256": name_digest(name), "scope": scope}
    counted = insert(WrongPasswords).values(**key, attempts=0, last_at=now)
    # In one statement: between two a right password, checked at the same moment, may take the row away.
    locked = counted.on_conflict_do_update(
        index_elements=list(key), set_={"last_at": counted.excluded.last_at}
    )
    row = database.execute(locked.returning(WrongPasswords.attempts, WrongPasswords.locked_until)).one()
    return Count(row.attempts, row.locked_until)


def store_count(database: Database, name: str, scope: str, count: Count, now: datetime) -> None:
    """Stores the attempts."""
    row = database.get_one(WrongPasswords, (name_digest(name), scope))
    row.attempts, row.locked_until, row.last_at = count.attempts, count.locked_until, now


def clear_count(database: Database, name: str, scope: str) -> None:
    """Forgets the attempts after a right password."""
    query = delete(WrongPasswords).where(
        WrongPasswords.name_sha256 == name_digest(name), WrongPasswords.scope == scope
    )
    database.execute(query)


def forget_counts(database: Database, before: datetime) -> None:
    """Forgets counts that nobody has touched since `before`."""
    database.execute(delete(WrongPasswords).where(WrongPasswords.last_at < before))


def audit(database: Database, entry: AuditEntry) -> None:
    """Adds a line to the audit trail."""
    database.add(entry)
