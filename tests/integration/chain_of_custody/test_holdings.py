"""What is out of storage, with whom, since when."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from shared.http.schemas import format_time
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import SIGNED, act, call, item, offered, opened


def test_items_in_hands_with_the_moment_in_which_they_came(client: FlaskClient) -> None:
    kept, handed = opened(client), opened(client)
    place = {"place": "vault-a-1", "purpose": "storage"}
    assert act(client, kept, "moves", place, CUSTODIAN).status_code == 201
    then = format_time(datetime.now(UTC) - timedelta(hours=3))
    path = f"/handovers/{offered(client, [handed])}/accept"
    assert call(client, "POST", path, {**SIGNED, "occurred_at": then}, actor=TECHNICIAN).status_code == 200
    rows = {
        row["item_id"]: row for row in call(client, "GET", "/holdings?limit=500", actor=AUDITOR).json["items"]
    }
    assert kept not in rows
    assert (rows[handed]["holder"], rows[handed]["holder_name"]) == ("technician", "Tess")
    assert rows[handed]["since"] == then
    assert rows[handed]["number"] == item(client, handed)["number"]
    mine = call(client, "GET", "/holdings?limit=500&holder=custodian", actor=CUSTODIAN).json["items"]
    assert handed not in [row["item_id"] for row in mine]


@pytest.mark.rule("E30")
@pytest.mark.rule("E31")
def test_the_laboratory_and_its_auditors_see_it(client: FlaskClient) -> None:
    for actor in (BOGOTA, ADMIN, ANALYST):
        assert call(client, "GET", "/holdings", actor=actor).status_code == 403


def test_an_item_is_found_by_its_whole_number(client: FlaskClient) -> None:
    number = item(client, opened(client))["number"]
    found = call(client, "GET", f"/items?number={number}", actor=CUSTODIAN).json["items"]
    assert [row["number"] for row in found] == [number]
    assert call(client, "GET", f"/items?number={number[:-1]}", actor=CUSTODIAN).json["items"] == []
