"""Receipt on a real PostgreSQL: numbers, parcels in parts, late ones, two custodians at once."""

import re
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.intake.service.tell_custody import ITEMS, keep_item_ids
from shared.runtime import Runtime
from tests.calls import BOGOTA, CUSTODIAN
from tests.integration.intake.builders import (
    CUSTODIAN2,
    EXTRA,
    ask,
    authentic,
    count,
    dispatched,
    drafted,
    line,
    missing,
    outbox,
    receive,
    seen,
)


def state(client: FlaskClient, submission_id: str) -> str:
    return str(ask(client, "GET", f"/submissions/{submission_id}", actor=BOGOTA).json["state"])


def places(receipt: Any) -> list[int]:
    found = [re.fullmatch(r"S\d\d-(\d{6})", row["number"]) for row in receipt.json["exhibits"]]
    return [int(match[1]) for match in found if match]


@pytest.mark.rule("E1", "E2", "E6")
def test_a_parcel_is_received_with_sequential_numbers(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1), line(2, programme="CSP")])
    receipt = receive(client, sent["id"], [seen(1), seen(2)])
    assert receipt.status_code == 201, receipt.data
    first, second = places(receipt)
    assert second == first + 1
    assert state(client, sent["id"]) == "received"
    listed = ask(client, "GET", f"/submissions/{sent['id']}/receipts", actor=BOGOTA).json["items"]
    assert listed == [receipt.json]
    assert listed[0]["received_by"] == "custodian" and listed[0]["received_at"] <= listed[0]["recorded_at"]
    (told,) = outbox(runtime, ITEMS, sent["id"])
    assert [item["number"] for item in told["items"]] == [row["number"] for row in receipt.json["exhibits"]]
    assert not any(item["blocked"] for item in told["items"])


@pytest.mark.rule("E1")
def test_a_refused_receipt_gives_no_number_away(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1), line(2)])
    (before,) = places(receive(client, sent["id"], [seen(1)]))
    assert receive(client, sent["id"], [seen(2), seen(1)]).status_code == 409
    (after,) = places(receive(client, sent["id"], [seen(2)]))
    assert after == before + 1


def test_a_parcel_in_parts_and_what_nobody_announced(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [authentic(n) for n in (1, 2)], kind="authentic")
    first = receive(client, sent["id"], [seen(1)], [EXTRA]).json
    assert [row["line"] for row in first["exhibits"]] == [1, None]
    assert [(row["line"], row["code"]) for row in first["discrepancies"]] == [(None, "unexpected")]
    assert state(client, sent["id"]) == "partially_received"
    announced, extra = (
        ask(client, "GET", f"/exhibits/{row['id']}", actor=CUSTODIAN).json for row in first["exhibits"]
    )
    assert announced["kind"] == "authentic" and announced["authentic"]["country"] == "MX"
    assert (extra["kind"], extra["state"], extra["authentic"]) == ("seizure", "blocked", None)
    assert [item["blocked"] for item in outbox(runtime, ITEMS, sent["id"])[0]["items"]] == [False, True]
    assert receive(client, sent["id"], [seen(2)]).status_code == 201
    assert state(client, sent["id"]) == "received"
    assert receive(client, sent["id"], [], [EXTRA]).status_code == 201, (
        "parcels may hold more than was seen first"
    )


@pytest.mark.rule("E5")
def test_a_missing_line_may_arrive_later_and_waits_for_the_reviewer(
    client: FlaskClient, runtime: Runtime
) -> None:
    sent = dispatched(client, [line(1), line(2)])
    first = receive(client, sent["id"], [seen(1), missing(2)]).json
    assert [(row["line"], row["code"], row["state"]) for row in first["discrepancies"]] == [
        (2, "missing", "open")
    ]
    assert [row["line"] for row in first["exhibits"]] == [1] and first["lines"][1]["gross_mass_g"] is None
    assert state(client, sent["id"]) == "partially_received"
    again = receive(client, sent["id"], [missing(2)])
    assert again.status_code == 409 and again.json["code"] == "already_received"
    later = receive(client, sent["id"], [seen(2)])
    assert [row["line"] for row in later.json["exhibits"]] == [2] and later.json["discrepancies"] == []
    assert state(client, sent["id"]) == "received"
    path = f"/exhibits/{later.json['exhibits'][0]['id']}"
    assert ask(client, "GET", path, actor=CUSTODIAN).json["state"] == "blocked"
    assert outbox(runtime, ITEMS, sent["id"])[1]["items"][0]["blocked"]
    items = ask(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["items"]
    assert [row["outcome"] for row in items] == ["received", "received"]
    assert receive(client, sent["id"], [seen(2)]).json["code"] == "already_received"


def test_a_draft_and_an_unknown_line_are_not_received(client: FlaskClient) -> None:
    draft = drafted(client, [line(1)]).json
    unseen = receive(client, draft["id"], [seen(1)])
    assert unseen.status_code == 404, "a draft is the office's own business"
    sent = dispatched(client, [line(1)])
    wrong = receive(client, sent["id"], [seen(1), seen(7)])
    assert wrong.status_code == 422
    assert [error["pointer"] for error in wrong.json["errors"]] == ["/lines/1/line"]
    assert receive(client, sent["id"], [seen(1)]).status_code == 201


def test_every_wrong_field_of_a_receipt_is_named(client: FlaskClient) -> None:
    sent = dispatched(client, [line(n) for n in (1, 2, 3)])
    lines = [
        seen(1, gross_mass_g=None),
        seen(2, outcome="missing"),
        seen(3, seal_condition="fine", colour="red"),
        seen(3),
    ]
    body = {
        "received_at": "2999-01-01T00:00:00Z",
        "lines": lines,
        "unexpected": [{**EXTRA, "gross_mass_g": 0}],
    }
    answer = ask(client, "POST", f"/submissions/{sent['id']}/receipts", body, actor=CUSTODIAN)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/received_at", "/lines/0/gross_mass_g", "/lines/1/gross_mass_g", "/lines/2/seal_condition", "/lines/2/colour",
        "/lines/3/line", "/unexpected/0/gross_mass_g",
    }  # fmt: skip
    empty = receive(client, sent["id"], [])
    assert [error["pointer"] for error in empty.json["errors"]] == ["/lines"]


def test_two_custodians_at_once_receive_a_line_once(client: FlaskClient, runtime: Runtime) -> None:
    sent, answers = dispatched(client, [line(1)]), []
    before = count(runtime, "exhibit")

    def send(place: int) -> None:
        actor = (CUSTODIAN, CUSTODIAN2)[place % 2]
        answers.append(receive(client.application.test_client(), sent["id"], [seen(1)], actor=actor))

    threads = [threading.Thread(target=send, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"already_received"}
    assert count(runtime, "exhibit") == before + 1


@pytest.mark.rule("E1")
def test_receipts_of_many_submissions_at_once_leave_no_gap(client: FlaskClient) -> None:
    submissions = [dispatched(client, [line(1), line(2)])["id"] for _ in range(6)]
    found: list[int] = []

    def send(submission_id: str) -> None:
        found.extend(places(receive(client.application.test_client(), submission_id, [seen(1), seen(2)])))

    threads = [threading.Thread(target=send, args=(submission_id,)) for submission_id in submissions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(min(found), min(found) + 12))


def test_the_same_receipt_sent_twice_acts_once(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    body = {"received_at": "2026-11-01T08:00:00Z", "lines": [seen(1)], "unexpected": []}
    path = f"/submissions/{sent['id']}/receipts"
    first, again = (ask(client, "POST", path, body, actor=CUSTODIAN, Idempotency_Key="r-1") for _ in range(2))
    assert first.status_code == again.status_code == 201 and first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    other = ask(client, "POST", path, {**body, "lines": []}, actor=CUSTODIAN, Idempotency_Key="r-1")
    assert other.status_code == 422 and other.json["code"] == "idempotency_key_reused"
    assert len(outbox(runtime, ITEMS, sent["id"])) == 1


def test_custodys_answer_gives_the_exhibit_its_item(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]
    path = f"/exhibits/{exhibit['id']}"
    assert ask(client, "GET", path, actor=CUSTODIAN).json["item_id"] is None
    with runtime.unit_of_work() as unit:
        keep_item_ids(unit, {}, {"items": [{"exhibit_id": exhibit["id"], "item_id": "item-1"}]})
        unit.commit()
    assert ask(client, "GET", path, actor=CUSTODIAN).json["item_id"] == "item-1"
    found = ask(client, "GET", "/exhibits?q=item-1", actor=CUSTODIAN).json["items"]
    assert [row["id"] for row in found] == [exhibit["id"]]


def test_thousands_of_lines_at_once(client: FlaskClient, runtime: Runtime) -> None:
    numbers = range(1, 1201)
    sent = dispatched(client, [line(n) for n in numbers])
    receipt = receive(client, sent["id"], [seen(n) for n in numbers])
    assert receipt.status_code == 201 and len(receipt.json["exhibits"]) == 1200
    assert places(receipt) == list(range(places(receipt)[0], places(receipt)[0] + 1200))
    told = outbox(runtime, ITEMS, sent["id"])
    assert [len(message["items"]) for message in told] == [500, 500, 200]
