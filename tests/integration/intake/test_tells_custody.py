"""What intake writes into its outbox is what custody understands: the message of one side, delivered to the other."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app as create_custody
from services.intake.service.tell_custody import ITEMS, UNBLOCK, keep_item_ids
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import AUDITOR, CUSTODIAN, REVIEWER, as_service
from tests.integration.intake.builders import EXTRA, ask, dispatched, line, outbox, receive, seen


@pytest.fixture(scope="module")
def custody(settings: Settings) -> Iterator[FlaskClient]:
    runtime = Runtime("chain_of_custody", settings)
    yield create_custody(settings, runtime).test_client()
    runtime.engine.dispose()


def deliver(custody: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    answer = as_service(custody, "intake", "POST", path, body)
    assert answer.status_code == 200, answer.data
    return answer.json


def test_a_receipt_opens_custody_and_the_last_resolution_lets_work_go_on(
    client: FlaskClient, runtime: Runtime, custody: FlaskClient
) -> None:
    sent = dispatched(client, [line(1), line(2)])
    receipt = receive(client, sent["id"], [seen(1, gross_mass_g=3), seen(2)], [EXTRA]).json
    (told,) = outbox(runtime, ITEMS, sent["id"])
    with runtime.unit_of_work() as unit:
        keep_item_ids(unit, told, deliver(custody, ITEMS, told))
        unit.commit()
    items = {}
    for row in receipt["exhibits"]:
        exhibit = ask(client, "GET", f"/exhibits/{row['id']}", actor=CUSTODIAN).json
        items[row["line"]] = exhibit["item_id"]
        item = ask(custody, "GET", f"/items/{exhibit['item_id']}", actor=AUDITOR).json
        assert item["number"] == exhibit["number"]
        assert item["state"] == ("in_custody" if row["line"] == 2 else "blocked")
    opened = next(row["id"] for row in receipt["discrepancies"] if row["line"] == 1)
    words = {"resolution": "explained", "password": "verified"}
    assert ask(client, "POST", f"/discrepancies/{opened}/resolve", words, actor=REVIEWER).status_code == 200
    (told,) = outbox(runtime, UNBLOCK, sent["id"])
    deliver(custody, UNBLOCK, told)
    states = {
        place: ask(custody, "GET", f"/items/{found}", actor=AUDITOR).json["state"]
        for place, found in items.items()
    }
    assert states == {1: "in_custody", 2: "in_custody", None: "blocked"}
