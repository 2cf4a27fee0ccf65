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
    call,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House

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
