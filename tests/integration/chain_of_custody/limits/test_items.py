"""Items out of storage and signed out: from which moment they are overdue, and when that ends."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.domain.time_limits import Kind, due_at
from services.chain_of_custody.domain.working_days import Calendar
from shared.http.schemas import parse_time
from tests.calls import CUSTODIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    act,
    handed,
    opened,
)
from tests.integration.chain_of_custody.limits.house import House, last

_SECOND = timedelta(seconds=1)


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
