"""Connections that the database has ended are noticed before use; a transaction's time limit is its own."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from shared.config import Settings
from shared.db import engine as engines
from shared.runtime import Runtime
from tests.integration.shared.toy import toy_runtime


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = toy_runtime(settings)
    yield found
    found.engine.dispose()


def pid(runtime: Runtime, deadline: float | None = None) -> int:
    """The server process that a transaction runs in."""
    with runtime.unit_of_work(deadline) as uow:
        return int(uow.session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end_connections(runtime: Runtime) -> None:
    """Ends every connection of the service, as a restart of the database does."""
    url = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(False), autocommit=True) as owner:
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
        assert owner.execute(query, [f"siglab-{runtime.name}"]).fetchall()


@pytest.mark.parametrize("limited", [False, True])
def test_connections_that_the_database_ended_are_replaced_unnoticed(runtime: Runtime, limited: bool) -> None:
    deadline = time.monotonic() + 60 if limited else None
    before = pid(runtime, deadline)
    assert pid(runtime, deadline) == before
    end_connections(runtime)
    assert pid(runtime, deadline) != before


def test_a_connection_that_was_idle_is_asked_though_its_socket_is_quiet(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pid(runtime)
    monkeypatch.setattr(engines, "_TRUSTED", 0.0)
    monkeypatch.setattr(engines, "_is_quiet", lambda _: True)
    assert pid(runtime) == before
    end_connections(runtime)
    assert pid(runtime) != before


def test_the_limit_ends_a_statement_and_goes_with_its_transaction(runtime: Runtime) -> None:
    with runtime.unit_of_work(time.monotonic() + 0.3) as uow, pytest.raises(DBAPIError) as ended:
        uow.session.execute(text("SELECT pg_sleep(10)"))
    assert ended.value.orig is not None and ended.value.orig.sqlstate == "57014"  # type: ignore[attr-defined]
    with runtime.unit_of_work() as uow:
        assert uow.session.execute(text("SHOW statement_timeout")).scalar_one() == "0"
    with runtime.unit_of_work(time.monotonic() + 60) as uow:
        assert uow.session.execute(text("SHOW statement_timeout")).scalar_one() not in ("0", "60s")
        uow.rollback()
        assert uow.session.execute(text("SHOW statement_timeout")).scalar_one() == "0"


def test_a_limit_within_a_transaction_keeps_what_it_has_done(runtime: Runtime) -> None:
    with runtime.unit_of_work() as uow:
        uow.session.execute(text("INSERT INTO toy.note (words) VALUES ('kept')"))
        engines.begin_limited(uow.session, 1234)
        assert uow.session.execute(text("SHOW statement_timeout")).scalar_one() == "1234ms"
        uow.commit()
        found = uow.session.execute(text("SELECT count(*) FROM toy.note WHERE words = 'kept'")).scalar_one()
        assert found == 1
