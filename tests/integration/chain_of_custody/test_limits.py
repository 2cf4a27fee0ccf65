"""Time limits on real tables: what intake and custody have between them, looked at again and again at any moment."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chain_of_custody.app import NAME
from services.chain_of_custody.domain.time_limits import Kind, due_at
from services.chain_of_custody.domain.working_days import Calendar
from services.chain_of_custody.intake import IntakeOverBus
from services.chain_of_custody.metrics import OverdueCollector
from services.chain_of_custody.service.check_limits import check_limits, check_soon_or_later
from services.intake.app import create_app as create_intake
from shared.actor import Actor, Role
from shared.config import Settings
from shared.errors import Unavailable
from shared.http.schemas import format_time, parse_time
from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    INSTRUMENT,
    SIGNED,
    act,
    as_service,
    call,
    handed,
    offered,
    opened,
)
from tests.integration.intake.builders import dispatched, line, receive, seen
from tests.integration.intake.conftest import FixedProgrammes

_SECOND = timedelta(seconds=1)


class Wire:
    """Stands for the bus: intake's own application answers, and may be away."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.away = False

    def call(self, service: str, method: str, path: str, *, query: dict[str, Any]) -> Any:
        if self.away:
            raise Unavailable("intake does not answer.")
        answer = as_service(self.client, "chain_of_custody", method, f"{path}?{urlencode(query)}")
        assert service == "intake" and answer.status_code == 200, answer.data
        return answer.json


@dataclass
class House:
    """Custody and intake side by side, and a worker whose clock the test sets."""

    custody: FlaskClient
    intake: FlaskClient
    wire: Wire
    settings: Settings

    def check(self, now: datetime) -> bool:
        """One look at the limits at a moment of the test's choice."""
        runtime = self.worker(now)
        try:
            return check_limits(runtime)
        finally:
            runtime.engine.dispose()

    def worker(self, now: datetime) -> Runtime:
        """A worker's process at that moment."""
        runtime = Runtime(NAME, self.settings, clock=lambda: now)
        runtime.extras["intake"] = IntakeOverBus(self.wire)  # type: ignore[arg-type]
        return runtime

    def overdue(self, actor: Actor = AUDITOR, **query: str) -> list[dict[str, Any]]:
        """The list."""
        found = call(self.custody, "GET", f"/overdue?{urlencode({'limit': 500, **query})}", actor=actor)
        assert found.status_code == 200, found.data
        return list(found.json["items"])

    def of_item(self, item_id: str, kind: Kind, **query: str) -> list[dict[str, Any]]:
        """The entries of one kind about one item."""
        return self.overdue(AUDITOR, item_id=item_id, kind=kind.value, **query)


@pytest.fixture(scope="module")
def house(client: FlaskClient, settings: Settings) -> Iterator[House]:
    intake = Runtime("intake", settings)
    intake.extras["programmes"] = FixedProgrammes()
    app = create_intake(settings, intake).test_client()
    for code, name, country in (("BOG", "Bogotá", "CO"), ("BKK", "Bangkok", "TH")):
        made = call(app, "POST", "/offices", {"code": code, "name": name, "country": country}, actor=ADMIN)
        assert made.status_code == 201
    yield House(client, app, Wire(app), settings)
    intake.engine.dispose()


def last(client: FlaskClient, item_id: str, kind: str) -> datetime:
    """When the last event of a type happened."""
    found = call(client, "GET", f"/items/{item_id}/events?limit=500", actor=CUSTODIAN).json["items"]
    return parse_time([event["occurred_at"] for event in found if event["type"] == kind][-1])


@pytest.mark.rule("E26")
def test_out_of_storage_opens_at_its_moment_and_closes_when_the_item_is_back(
    house: House, client: FlaskClient
) -> None:
    item_id = opened(client)
    due = due_at(Kind.OUT_OF_STORAGE, last(client, item_id, "received"), Calendar())
    assert house.check(due - _SECOND)
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE, state="any") == []
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    assert (entry["responsible"], entry["office"]) == ("custodian", "BOG")
    assert (parse_time(entry["due_at"]), entry["closed_at"]) == (due, None)
    house.check(due + timedelta(days=2))
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == [entry]
    assert house.overdue(holder="custodian", kind="out_of_storage", office="BOG")
    assert house.overdue(holder="technician", item_id=item_id) == []
    assert (
        act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN).status_code
        == 201
    )
    house.check(due + timedelta(days=3))
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == []
    (ended,) = house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")
    assert ended["id"] == entry["id"] and ended["days_over"] == 4
    assert parse_time(ended["closed_at"]) == due + timedelta(days=3)


@pytest.mark.rule("E26")
def test_a_hand_over_does_not_bring_an_item_back_into_storage(house: House, client: FlaskClient) -> None:
    item_id = handed(client)
    received = last(client, item_id, "received")
    far = due_at(Kind.OUT_OF_STORAGE, received, Calendar())
    house.check(far)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    assert (parse_time(entry["since"]), entry["responsible"]) == (received, "technician")


@pytest.mark.rule("E26")
def test_put_away_and_taken_out_between_two_looks_is_a_new_entry(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    house.check(datetime.now(UTC) + timedelta(days=30))
    (first,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN)
    act(client, item_id, "retrievals", {"purpose": "analysis"}, CUSTODIAN2)
    house.check(datetime.now(UTC) + timedelta(days=60))
    (second,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    assert second["id"] != first["id"] and second["responsible"] == "custodian2"
    assert [row["id"] for row in house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")] == [first["id"]]


@pytest.mark.rule("E26")
def test_signed_out_counts_from_the_signature_of_who_has_it(house: House, client: FlaskClient) -> None:
    item_id = handed(client)
    due = due_at(Kind.SIGNED_OUT, last(client, item_id, "handed_over"), Calendar())
    house.check(due - _SECOND)
    assert house.of_item(item_id, Kind.SIGNED_OUT) == []
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.SIGNED_OUT)
    assert entry["responsible"] == "technician"


@pytest.mark.rule("E26")
def test_a_destruction_that_is_not_done_unless_a_hold_forbids_it(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    body = {"method": "incineration", "purpose": "case closed", **SIGNED}
    asked = act(client, item_id, "disposals", body, CUSTODIAN).json["id"]
    agreed = call(client, "POST", f"/disposals/{asked}/authorise", SIGNED, actor=REVIEWER).json
    due = due_at(Kind.DISPOSAL_UNDONE, parse_time(agreed["authorised_at"]), Calendar())
    house.check(due - _SECOND)
    assert house.of_item(item_id, Kind.DISPOSAL_UNDONE) == []
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.DISPOSAL_UNDONE)
    assert (entry["subject_id"], entry["responsible"], entry["detail"]) == (
        asked,
        "custodian",
        "incineration",
    )
    hold = act(client, item_id, "holds", {"reason": "court", **SIGNED}, CUSTODIAN)
    assert hold.status_code == 201
    house.check(due + _SECOND)
    assert house.of_item(item_id, Kind.DISPOSAL_UNDONE) == []


@pytest.mark.rule("E26")
def test_an_offer_without_answer(house: House, client: FlaskClient) -> None:
    item_ids = [opened(client), opened(client)]
    offer = offered(client, item_ids)
    made = parse_time(call(client, "GET", f"/handovers/{offer}", actor=TECHNICIAN).json["offered_at"])
    due = due_at(Kind.HANDOVER_UNANSWERED, made, Calendar())
    house.check(due - _SECOND)
    assert not [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
    house.check(due)
    (entry,) = [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
    assert entry["responsible"] == "technician" and entry["number"].endswith(" and 1 more")
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN).status_code == 200
    house.check(due)
    assert not [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]


@pytest.mark.rule("E6")
@pytest.mark.rule("E26")
@pytest.mark.rule("E30")
def test_a_shipment_from_its_dispatch_over_its_arrival_to_its_receipt(house: House) -> None:
    sent = dispatched(house.intake, [line(1)])

    def mine(actor: Actor = BOGOTA) -> list[tuple[str, str]]:
        found = house.overdue(actor, submission_id=sent["id"])
        return [(row["kind"], row["number"]) for row in found]

    due = due_at(Kind.NOT_ARRIVED, parse_time(sent["dispatched_at"]), Calendar())
    house.check(due - _SECOND)
    assert mine() == []
    house.check(due)
    assert mine() == mine(CUSTODIAN) == [("not_arrived", sent["number"])]
    assert mine(BANGKOK) == []
    body = {"delivered_by": "DHL, J. Pérez", "seal_condition": "intact"}
    came = call(house.intake, "POST", f"/submissions/{sent['id']}/arrivals", body, actor=CUSTODIAN)
    assert came.status_code == 201, came.data
    due = due_at(Kind.RECEIPT_UNCONFIRMED, parse_time(came.json["arrived_at"]), Calendar())
    house.check(due - _SECOND)
    assert mine() == []
    house.check(due)
    assert mine() == mine(TECHNICIAN) == [("receipt_unconfirmed", sent["number"])]
    assert mine(BANGKOK) == []
    assert receive(house.intake, sent["id"], [seen(1, seal_condition="broken")]).status_code == 201
    house.check(due)
    assert mine() == []
    due = due_at(Kind.DISCREPANCY_OPEN, datetime.now(UTC), Calendar())
    house.check(due)
    assert mine(REVIEWER) == [("discrepancy_open", house.overdue(submission_id=sent["id"])[0]["number"])]
    assert mine() == []


@pytest.mark.rule("E26")
def test_days_are_those_of_the_calendar_that_was_set(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    due = due_at(Kind.OUT_OF_STORAGE, last(client, item_id, "received"), Calendar())
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    first = due.date() - timedelta(days=1)
    body = {
        "time_zone": "America/Bogota",
        "weekend": ["saturday", "sunday"],
        "holidays": [{"date": first.isoformat(), "name": "Founders' day"}],
    }
    path = "/offices/LAB/calendar"
    tag = call(house.intake, "GET", path, actor=ADMIN).headers["ETag"]
    assert call(house.intake, "PUT", path, body, actor=ADMIN, If_Match=tag).status_code == 200
    house.check(due + timedelta(hours=6))
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == []
    tag = call(house.intake, "GET", path, actor=ADMIN).headers["ETag"]
    body = {"time_zone": "UTC", "weekend": ["saturday", "sunday"], "holidays": []}
    assert call(house.intake, "PUT", path, body, actor=ADMIN, If_Match=tag).status_code == 200
    house.check(due)
    assert len(house.of_item(item_id, Kind.OUT_OF_STORAGE)) == 1
    assert len(house.of_item(item_id, Kind.OUT_OF_STORAGE, state="any")) == 2
    assert entry["id"] in {row["id"] for row in house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")}


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


@pytest.mark.rule("E26")
def test_counts_and_metrics_say_what_the_list_says(house: House, client: FlaskClient) -> None:
    now = datetime.now(UTC) + timedelta(days=40)
    opened(client)
    house.check(now)
    rows = house.overdue()
    counts = call(client, "GET", "/overdue/counts", actor=TECHNICIAN).json
    assert counts["total"] == len(rows) > 0
    told = {kind["kind"]: kind["count"] for kind in counts["kinds"]}
    assert told == {kind.value: [row["kind"] for row in rows].count(kind.value) for kind in Kind}
    held = call(client, "GET", "/overdue/counts?holder=custodian&kind=out_of_storage", actor=TECHNICIAN).json
    assert held["total"] == len(house.overdue(holder="custodian", kind="out_of_storage"))
    registry = CollectorRegistry()
    runtime = house.worker(now)
    registry.register(OverdueCollector(runtime))
    said = generate_latest(registry).decode()
    runtime.engine.dispose()
    for kind, count in told.items():
        assert f'siglab_overdue{{kind="{kind}"}} {float(count)}' in said
    looked = re.search(r"^siglab_overdue_checked_timestamp_seconds (\S+)$", said, re.MULTILINE)
    assert looked and float(looked[1]) == pytest.approx(now.timestamp(), abs=0.001)


@pytest.mark.rule("E30")
@pytest.mark.parametrize("path", ["/overdue", "/overdue/counts"])
def test_who_may_look(client: FlaskClient, path: str) -> None:
    for actor in (CUSTODIAN, TECHNICIAN, REVIEWER, SCIENTIST, AUDITOR, BOGOTA):
        assert call(client, "GET", path, actor=actor).status_code == 200, actor.login
    for actor in (ADMIN, ANALYST, INSTRUMENT):
        assert call(client, "GET", path, actor=actor).status_code == 403, actor.login
    assert call(client, "GET", path, actor=None).status_code == 401
    nowhere = Actor("nowhere", "No Office", Role.OFFICE, None)
    assert not call(client, "GET", path, actor=nowhere).json.get("items")
    assert call(client, "GET", "/overdue?kind=nonsense", actor=AUDITOR).status_code == 422


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
