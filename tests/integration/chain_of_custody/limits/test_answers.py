"""What is said of the limits: list, counts and metrics say the same, and to whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry, generate_latest

from services.chain_of_custody.domain.time_limits import Kind
from services.chain_of_custody.metrics import OverdueCollector
from shared.actor import Actor, Role
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    INSTRUMENT,
    SIGNED,
    act,
    call,
    offered,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House
from tests.integration.intake.builders import dispatched, line, receive, seen

_SECOND = timedelta(seconds=1)


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


@pytest.mark.rule("E26")
def test_list_counts_badge_and_metric_agree_on_every_limit(house: House, client: FlaskClient) -> None:
    """One thing beyond each limit there is: every way of asking names it, and none names more."""
    opened(client)
    offered(client, [opened(client)])
    going = opened(client)
    body = {"method": "incineration", "purpose": "case closed", **SIGNED}
    asked = act(client, going, "disposals", body, CUSTODIAN).json["id"]
    assert call(client, "POST", f"/disposals/{asked}/authorise", SIGNED, actor=REVIEWER).status_code == 200
    dispatched(house.intake, [line(1)])
    came = dispatched(house.intake, [line(1)])
    parcel = {"delivered_by": "DHL", "seal_condition": "intact", **SIGNED}
    path = f"/submissions/{came['id']}/arrivals"
    assert call(house.intake, "POST", path, parcel, actor=CUSTODIAN).status_code == 201
    broken = dispatched(house.intake, [line(1)])
    assert receive(house.intake, broken["id"], [seen(1, seal_condition="broken")]).status_code == 201
    now = datetime.now(UTC) + timedelta(days=365 * 3)
    house.check(now)
    listed = house.overdue()
    by_list = {kind.value: [row["kind"] for row in listed].count(kind.value) for kind in Kind}
    assert min(by_list.values()) >= 1, by_list
    counts = call(client, "GET", "/overdue/counts", actor=AUDITOR).json
    assert {row["kind"]: row["count"] for row in counts["kinds"]} == by_list
    # The menu's number is the total.
    assert counts["total"] == len(listed)
    registry = CollectorRegistry()
    runtime = house.worker(now)
    registry.register(OverdueCollector(runtime))
    for kind, count in by_list.items():
        assert registry.get_sample_value("siglab_overdue", {"kind": kind}) == count
    runtime.engine.dispose()
    late = {row["item_id"]: row for row in listed if row["kind"] == "out_of_storage"}
    held = call(client, "GET", "/holdings?limit=500", actor=AUDITOR).json["items"]
    assert {row["item_id"]: row["due_at"] for row in held} == {
        key: row["due_at"] for key, row in late.items()
    }
    own = call(client, "GET", "/overdue/counts", actor=BOGOTA).json
    assert own["total"] == by_list["not_arrived"] + by_list["receipt_unconfirmed"]
    assert own["total"] == len(house.overdue(BOGOTA))
