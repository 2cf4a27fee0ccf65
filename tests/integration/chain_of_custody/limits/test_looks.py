"""The look itself: many at once, killed in the middle, without intake; what it found stays on record."""

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chain_of_custody.domain.time_limits import Kind
from services.chain_of_custody.service.check_limits import check_soon_or_later
from shared.config import Settings
from shared.http.schemas import format_time
from tests.calls import AUDITOR, CUSTODIAN
from tests.integration.chain_of_custody.house import (
    act,
    call,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House

_SECOND = timedelta(seconds=1)


@pytest.mark.rule("E26")
def test_many_looks_at_once_open_each_entry_once(house: House, client: FlaskClient) -> None:
    items = {opened(client) for _ in range(5)}
    now = datetime.now(UTC) + timedelta(days=21)
    began = threading.Barrier(4)

    def look() -> None:
        began.wait()
        house.check(now)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.check(now)
    found = [row["item_id"] for row in house.overdue(kind="out_of_storage") if row["item_id"] in items]
    assert sorted(found) == sorted(items)


@pytest.mark.rule("E26")
def test_killed_in_the_middle_nothing_is_half_done_and_the_next_look_does_it_all(
    house: House, client: FlaskClient, settings: Settings
) -> None:
    item_id = opened(client)
    now = datetime.now(UTC) + timedelta(days=28)
    before = call(client, "GET", "/overdue/counts", actor=AUDITOR).json["checked_at"]
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION chain_of_custody.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        owner.execute(
            "CREATE TRIGGER die BEFORE INSERT OR UPDATE ON chain_of_custody.limit_checks "
            "FOR EACH ROW EXECUTE FUNCTION chain_of_custody.die()"
        )
        try:
            with pytest.raises(DBAPIError):
                house.check(now)
        finally:
            owner.execute("DROP FUNCTION chain_of_custody.die() CASCADE")
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE, state="any") == []
    assert call(client, "GET", "/overdue/counts", actor=AUDITOR).json["checked_at"] == before
    assert house.check(now)
    assert len(house.of_item(item_id, Kind.OUT_OF_STORAGE, state="any")) == 1


@pytest.mark.rule("E26")
def test_while_intake_is_away_everything_stays_as_it_was(house: House, client: FlaskClient) -> None:
    now = datetime.now(UTC) + timedelta(days=35)
    house.check(now)
    there = house.overdue()
    opened(client)
    house.wire.away = True
    try:
        check_soon_or_later(house.worker(now + timedelta(days=1)))
        counts = call(client, "GET", "/overdue/counts", actor=AUDITOR).json
    finally:
        house.wire.away = False
    assert [row["id"] for row in house.overdue()] == [row["id"] for row in there]
    assert counts["checked_at"] == format_time(now)


@pytest.mark.rule("E12")
def test_what_was_overdue_stays_on_record_for_the_owner_too(
    house: House, client: FlaskClient, settings: Settings
) -> None:
    item_id = opened(client)
    house.check(datetime.now(UTC) + timedelta(days=50))
    act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN)
    house.check(datetime.now(UTC) + timedelta(days=50))
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")
    runtime = house.worker(datetime.now(UTC))
    with runtime.unit_of_work() as uow, pytest.raises(DBAPIError):
        uow.session.execute(text("DELETE FROM chain_of_custody.overdue"))
    runtime.engine.dispose()
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        for change in ("DELETE FROM", "UPDATE"):
            rest = "" if change == "DELETE FROM" else "SET closed_at = NULL"
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(
                    f"{change} chain_of_custody.overdue {rest} WHERE id = %s",
                    [entry["id"]],
                )
