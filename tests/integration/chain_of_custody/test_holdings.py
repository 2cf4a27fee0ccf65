"""What is out of storage, with whom, since when."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from shared.http.schemas import format_time
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import SIGNED, act, call, events, item, opened


def test_items_in_hands_with_the_moment_in_which_they_came(client: FlaskClient) -> None:
    kept, handed = opened(client), opened(client)
    place = {"place": "vault-a-1", "purpose": "storage"}
    assert act(client, kept, "moves", place, CUSTODIAN).status_code == 201
    then = format_time(datetime.now(UTC) - timedelta(hours=3))
    before = format_time(datetime.now(UTC) - timedelta(hours=4))
    told = {"item_ids": [handed], "to": "technician", "purpose": "analysis", "occurred_at": before}
    offer = call(client, "POST", "/handovers", told, actor=CUSTODIAN)
    assert offer.status_code == 201, offer.data
    path = f"/handovers/{offer.json['id']}/accept"
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


def test_the_longest_out_of_storage_come_first_page_by_page(client: FlaskClient) -> None:
    """Not those that were received first: what was put away and taken out again begins anew, and a correction counts."""
    ids = [opened(client) for _ in range(5)]
    place = {"place": "vault-a-1", "purpose": "storage"}
    for item_id in ids[:2]:
        act(client, item_id, "moves", place, CUSTODIAN)
        act(client, item_id, "retrievals", {"purpose": "analysis"}, CUSTODIAN)
    for item_id, days in ((ids[0], 20), (ids[2], 3), (ids[3], 9)):
        received = events(client, item_id)[0]
        right = {"occurred_at": format_time(datetime.now(UTC) - timedelta(days=days))}
        body = {"event_id": received["id"], "reason": "read wrongly", "corrected": right, **SIGNED}
        assert act(client, item_id, "corrections", body, CUSTODIAN).status_code == 201
    seen, cursor = [], ""
    while True:
        page = call(client, "GET", f"/holdings?limit=2{cursor}", actor=AUDITOR).json
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    mine = [row["item_id"] for row in seen if row["item_id"] in ids]
    assert mine[:2] == [ids[3], ids[2]] and set(mine) == set(ids)
    assert len({row["item_id"] for row in seen}) == len(seen)
    seconds = [row["out_since"][:19] for row in seen]
    assert seconds == sorted(seconds)
    oldest = next(row for row in seen if row["item_id"] == ids[3])
    assert oldest["working_days_out"] >= 5 and oldest["days_over"] >= 1


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
