"""Engines and sessions; made by a process when it starts to serve, never at import."""

import select
import time
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker

#: Seconds since its last use after which a connection is asked whether it still lives.
_TRUSTED = 1.0


def open_sessions(url: str, *, application: str, pool_size: int = 8) -> sessionmaker[Session]:
    """A session factory on a new pool. Connections are checked before use, since a database may restart beneath us."""
    return sessionmaker(engine_for(url, application=application, pool_size=pool_size), expire_on_commit=False)


def engine_for(url: str, *, application: str, pool_size: int = 8) -> Engine:
    """An engine with a bounded pool; times are UTC, a lost lock is waited for at most 10 s."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
        },
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _check_alive)
    return engine


def begin_limited(session: Session, milliseconds: int) -> None:
    """Begins the session's transaction, the database ending each statement that takes longer; one trip and not two."""
    driver = session.connection().connection.driver_connection
    assert driver is not None
    limit = f"SET LOCAL statement_timeout = {milliseconds:d}"
    if driver.pgconn.transaction_status == TransactionStatus.IDLE:
        driver.pgconn.exec_(f"BEGIN; {limit}".encode())
        if driver.pgconn.transaction_status == TransactionStatus.INTRANS:
            return
    # In a transaction already, or something is wrong, which the usual way tells as everything else.
    session.execute(text(limit))


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _check_alive(connection: Any, record: Any, _: Any) -> None:
    """Lets a connection be used that lives; raises InvalidatePoolError, at which the pool makes new ones.

    A server that ends or is killed closes its connections, which the socket shows at once without a trip. What was idle for
    longer is asked all the same: a firewall may have forgotten it.
    """
    if time.monotonic() - record.info.get("used", 0.0) < _TRUSTED and _is_quiet(connection):
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except connection.Error as error:
        raise InvalidatePoolError from error


def _is_quiet(connection: Any) -> bool:
    """Whether nothing has come from the server that nobody asked for, as its end would."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
