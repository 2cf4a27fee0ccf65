"""A time that was written wrongly: the limits count from what is right, and both times are told (E9, E11, E26)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.domain.time_limits import Kind, due_at
from services.chain_of_custody.domain.working_days import Calendar
from shared.http.schemas import format_time, parse_time
from tests.calls import AUDITOR, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import SIGNED, act, call, events, handed, offered, opened
from tests.integration.chain_of_custody.limits.house import House, last

_SECOND = timedelta(seconds=1)


def correct(
    client: FlaskClient, item_id: str, kind: str, right: datetime | str, field: str = "occurred_at"
) -> Any:
    """A reviewer corrects the last act of a kind."""
    wrong = [event for event in events(client, item_id) if event["type"] == kind][-1]
    value = right if isinstance(right, str) else format_time(right)
    body = {"event_id": wrong["id"], "reason": "read wrongly", "corrected": {field: value}, **SIGNED}
    made = act(client, item_id, "corrections", body, REVIEWER)
    assert made.status_code == 201, made.data
    return made.json


def ago(days: float) -> datetime:
    """A moment of the past, to the second."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


def holding(client: FlaskClient, item_id: str) -> dict[str, Any]:
    """The item among what is out of storage."""
    (row,) = call(client, "GET", f"/holdings?item_id={item_id}", actor=AUDITOR).json["items"]
    return dict(row)


@pytest.mark.rule("E9")
@pytest.mark.rule("E11")
@pytest.mark.rule("E26")
def test_out_of_storage_counts_from_the_corrected_receipt_and_tells_both(
    house: House, client: FlaskClient
) -> None:
    item_id = opened(client)
    written, right = last(client, item_id, "received"), ago(30)
    correct(client, item_id, "received", right)
    due = due_at(Kind.OUT_OF_STORAGE, right, Calendar())
    house.check(due - _SECOND)
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == []
    house.check(due)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    assert (parse_time(entry["since"]), parse_time(entry["due_at"])) == (right, due)
    assert parse_time(entry["since_written"]) == written
    row = holding(client, item_id)
    assert (parse_time(row["out_since"]), parse_time(row["out_written"])) == (right, written)
    assert (parse_time(row["since"]), parse_time(row["since_written"])) == (right, written)
    assert parse_time(row["due_at"]) == due and row["days_over"] > 0
    assert last(client, item_id, "received") == written, "the act itself stays as it was"


@pytest.mark.rule("E11")
@pytest.mark.rule("E26")
def test_the_newest_word_counts_even_back_to_the_first(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    written, now = last(client, item_id, "received"), datetime.now(UTC)
    correct(client, item_id, "received", ago(40))
    house.check(now)
    (first,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    correct(client, item_id, "received", ago(50))
    house.check(now)
    (second,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    assert second["id"] != first["id"] and second["days_over"] > first["days_over"]
    assert second["since_written"] == first["since_written"] == format_time(written)
    made = correct(client, item_id, "received", written)
    assert made["details"]["was"]["occurred_at"] == second["since"]
    house.check(now)
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == []
    told = house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")
    assert {row["id"] for row in told} == {first["id"], second["id"]}
    assert holding(client, item_id)["out_written"] is None


@pytest.mark.rule("E26")
def test_what_is_corrected_beside_the_time_leaves_the_limit_alone(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    correct(client, item_id, "received", ago(30))
    house.check(datetime.now(UTC))
    before = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    correct(client, item_id, "received", "seized abroad", field="purpose")
    # The time of a correction itself is another act's time.
    correct(client, item_id, "corrected", ago(0.01))
    house.check(datetime.now(UTC))
    assert house.of_item(item_id, Kind.OUT_OF_STORAGE) == before != []


@pytest.mark.rule("E26")
def test_taken_out_and_signed_for(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN)
    act(client, item_id, "retrievals", {"purpose": "analysis"}, CUSTODIAN)
    correct(client, item_id, "retrieved", ago(20))
    house.check(datetime.now(UTC))
    assert parse_time(house.of_item(item_id, Kind.OUT_OF_STORAGE)[0]["since"]) < ago(19)
    signed_for = handed(client)
    written, right = last(client, signed_for, "handed_over"), ago(365 * 2 + 2)
    correct(client, signed_for, "handover_offered", right)
    correct(client, signed_for, "handed_over", right)
    house.check(datetime.now(UTC))
    (entry,) = house.of_item(signed_for, Kind.SIGNED_OUT)
    assert (parse_time(entry["since"]), parse_time(entry["since_written"])) == (right, written)
    assert house.of_item(signed_for, Kind.OUT_OF_STORAGE) == [], "a hand-over does not begin that anew"


@pytest.mark.rule("E26")
def test_an_authorisation_and_an_offer(house: House, client: FlaskClient) -> None:
    item_id = opened(client)
    body = {"method": "incineration", "purpose": "case closed", **SIGNED}
    asked = act(client, item_id, "disposals", body, CUSTODIAN).json["id"]
    call(client, "POST", f"/disposals/{asked}/authorise", SIGNED, actor=REVIEWER)
    written, right = last(client, item_id, "disposal_authorised"), ago(100)
    correct(client, item_id, "disposal_requested", right)
    correct(client, item_id, "disposal_authorised", right)
    two = [opened(client), opened(client)]
    offer = offered(client, two)
    correct(client, two[1], "handover_offered", ago(25))
    house.check(datetime.now(UTC))
    (entry,) = house.of_item(item_id, Kind.DISPOSAL_UNDONE)
    assert (parse_time(entry["since"]), parse_time(entry["since_written"])) == (right, written)
    (entry,) = [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]
    assert parse_time(entry["since"]) < ago(24) and entry["since_written"] is not None
    call(client, "POST", f"/handovers/{offer}/decline", {"reason": "not mine"}, actor=TECHNICIAN)
    house.check(datetime.now(UTC))
    assert not [row for row in house.overdue(kind="handover_unanswered") if row["subject_id"] == offer]


@pytest.mark.rule("E9")
@pytest.mark.rule("E26")
def test_an_act_told_late_takes_nothing_off_the_list_that_was_on_it(
    house: House, client: FlaskClient
) -> None:
    """What ends a delay ends it when it is entered, whatever time the person tells."""
    item_id = opened(client)
    late = datetime.now(UTC) + timedelta(days=20)
    house.check(late)
    (entry,) = house.of_item(item_id, Kind.OUT_OF_STORAGE)
    told = {"place": "vault", "purpose": "storage", "occurred_at": format_time(ago(30))}
    assert act(client, item_id, "moves", told, CUSTODIAN).status_code == 201
    house.check(late + timedelta(hours=1))
    (closed,) = house.of_item(item_id, Kind.OUT_OF_STORAGE, state="closed")
    assert closed["id"] == entry["id"] and closed["since"] == entry["since"]
    assert parse_time(closed["closed_at"]) == late + timedelta(hours=1)
    assert parse_time(closed["closed_at"]) > parse_time(closed["due_at"])


@pytest.mark.rule("E9")
@pytest.mark.rule("E26")
def test_a_backdated_act_counts_from_when_it_happened(house: House, client: FlaskClient) -> None:
    """No correction at all: what was written down later than it happened has run since it happened."""
    item_id = opened(client)
    happened = {"occurred_at": format_time(ago(100))}
    body = {"method": "incineration", "purpose": "case closed", **SIGNED, **happened}
    asked = act(client, item_id, "disposals", body, CUSTODIAN).json["id"]
    agreed = call(client, "POST", f"/disposals/{asked}/authorise", {**SIGNED, **happened}, actor=REVIEWER)
    assert agreed.status_code == 200, agreed.data
    house.check(datetime.now(UTC))
    (entry,) = house.of_item(item_id, Kind.DISPOSAL_UNDONE)
    assert (entry["since"], entry["since_written"]) == (happened["occurred_at"], None)
