"""The relay goes on delivering, whatever happens to its connection."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from shared.config import Settings
from shared.db.outbox import OutboxRelay
from shared.runtime import Runtime
from tests.integration.shared.toy import toy_runtime


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = toy_runtime(settings)
    yield found
    found.engine.dispose()


def wait_until(true: Any, seconds: float = 20.0) -> None:
    """Waits for a condition; fails the test when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.02)


def end_connections(settings: Settings) -> int:
    """The server ends every connection of the service, as when it is killed; returns how many."""
    url = make_url(settings.owner_database_url()).set(drivername="postgresql")
    role = make_url(settings.service_database_url("toy")).username
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
        return len(connection.execute(query, [role]).fetchall())


def test_a_connection_lost_while_it_listens_does_not_end_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: list[str] = []

    def call(target: str, method: str, path: str, body: dict[str, Any], **how: Any) -> dict[str, Any]:
        delivered.append(body["n"])
        return {}

    monkeypatch.setattr(runtime, "call", call)
    relay = OutboxRelay(runtime).start()
    try:
        for number in ("one", "two", "three"):
            with runtime.unit_of_work() as uow:
                uow.emit("other", "/internal/notes", {"n": number}, "same")
                uow.commit()
            wait_until(lambda number=number: number in delivered)
            assert end_connections(runtime.settings) >= 1
            runtime.engine.dispose()
    finally:
        relay.stop()
    assert delivered == ["one", "two", "three"]


def test_an_answer_stands_though_the_connection_is_lost_at_its_end(runtime: Runtime) -> None:
    with runtime.unit_of_work() as uow:
        uow.emit("other", "/internal/notes", {"n": "kept"}, "other")
        uow.commit()
        assert uow.session.execute(text("SELECT 1")).scalar() == 1
        end_connections(runtime.settings)
    with runtime.unit_of_work() as uow:
        assert uow.session.connection() is not None
