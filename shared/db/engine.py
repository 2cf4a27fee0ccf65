"""Engines and sessions; made by a process when it starts to serve, never at import."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker


def open_sessions(url: str, *, application: str, pool_size: int = 8) -> sessionmaker[Session]:
    """A session factory on a new pool. Connections are checked before use, since a database may restart beneath us."""
    return sessionmaker(engine_for(url, application=application, pool_size=pool_size), expire_on_commit=False)


def engine_for(url: str, *, application: str, pool_size: int = 8) -> Engine:
    """An engine with a bounded pool; times are UTC, a lost lock is waited for at most 10 s."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
        },
    )
