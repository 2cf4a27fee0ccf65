"""From a draft to a receipt on a real PostgreSQL."""

import io
import re
import threading
from typing import Any

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import text

from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN, call
from tests.integration.intake.conftest import dispatched, line, receive, seen, submission


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.rule("E1", "E2", "E6")
def test_a_parcel_is_received_with_sequential_numbers(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1), line(2, programme="CSP")])
    receipt = receive(client, sent["id"], [seen(1), seen(2)])
    assert receipt.status_code == 201, receipt.data
    numbers = [row["number"] for row in receipt.json["exhibits"]]
    first, second = (int(re.fullmatch(r"S\d\d-(\d{6})", number)[1]) for number in numbers)  # type: ignore[index]
    assert second == first + 1
    assert call(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["state"] == "received"
    listed = call(client, "GET", f"/submissions/{sent['id']}/receipts", actor=BOGOTA).json["items"]
    assert [row["number"] for row in listed] == [receipt.json["number"]]
    assert listed[0]["received_by"] == "custodian" and listed[0]["received_at"] <= listed[0]["recorded_at"]
    with runtime.unit_of_work() as unit:
        told = unit.session.execute(
            text("SELECT body FROM intake.outbox WHERE path = '/internal/items' ORDER BY seq")
        ).all()
    assert {item["number"] for item in told[-1].body["items"]} == set(numbers)


def test_a_draft_changes_only_with_the_version_that_was_seen_and_freezes_at_dispatch(
    client: FlaskClient,
) -> None:
    made = call(client, "POST", "/submissions", submission([line()]), actor=BOGOTA)
    path, tag = f"/submissions/{made.json['id']}", made.headers["ETag"]
    assert call(client, "PATCH", path, {"courier": "air"}, actor=BOGOTA).status_code == 428
    assert call(client, "PATCH", path, {"courier": "air"}, actor=BOGOTA, If_Match='"old"').status_code == 412
    changed = call(
        client, "PATCH", path, {"courier": "air", "items": [line(3), line(4)]}, actor=BOGOTA, If_Match=tag
    )
    assert changed.status_code == 200 and [row["line"] for row in changed.json["items"]] == [3, 4]
    assert call(client, "GET", f"{path}/manifest.pdf", actor=BOGOTA).status_code == 404
    assert call(client, "POST", f"{path}/dispatch", {}, actor=BOGOTA).status_code == 200
    again = call(client, "POST", f"{path}/dispatch", {}, actor=BOGOTA)
    assert again.status_code == 409 and again.json["code"] == "not_draft"
    tag = call(client, "GET", path, actor=BOGOTA).headers["ETag"]
    assert call(client, "PATCH", path, {"courier": "x"}, actor=BOGOTA, If_Match=tag).status_code == 409
    manifest = words(call(client, "GET", f"{path}/manifest.pdf", actor=BOGOTA).data)
    assert changed.json["number"] in manifest and "page 1 of 1" in manifest and "air" in manifest


@pytest.mark.rule("E5")
def test_what_does_not_fit_opens_discrepancies_and_blocks(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(n) for n in (1, 2, 3, 4)])
    receipt = receive(
        client,
        sent["id"],
        [
            seen(1, gross_mass_g=4.1),
            seen(2, seal_condition="broken"),
            seen(3, outcome="missing", gross_mass_g=None, seal_condition="absent"),
            seen(4, outcome="damaged"),
        ],
    ).json
    assert {row["line"]: row["code"] for row in receipt["discrepancies"]} == {
        1: "weight",
        2: "seal",
        3: "missing",
        4: "damaged",
    }
    assert {row["line"] for row in receipt["exhibits"]} == {1, 2, 4}
    exhibit = next(row for row in receipt["exhibits"] if row["line"] == 1)
    assert call(client, "GET", f"/exhibits/{exhibit['id']}", actor=CUSTODIAN).json["state"] == "blocked"
    opened = next(row for row in receipt["discrepancies"] if row["line"] == 1)
    path, body = (
        f"/discrepancies/{opened['id']}/resolve",
        {"resolution": "office confirmed", "password": "verified"},
    )
    assert call(client, "POST", path, body, actor=TECHNICIAN).status_code == 403
    assert call(client, "POST", path, {"resolution": "x"}, actor=REVIEWER).status_code == 422
    assert call(client, "POST", path, body, actor=REVIEWER).json["state"] == "resolved"
    assert call(client, "POST", path, body, actor=REVIEWER).status_code == 409
    assert call(client, "GET", f"/exhibits/{exhibit['id']}", actor=CUSTODIAN).json["state"] == "received"
    with runtime.unit_of_work() as unit:
        query = text("SELECT body FROM intake.outbox WHERE path = '/internal/items/unblock'")
        assert [row.body["exhibit_id"] for row in unit.session.execute(query)] == [exhibit["id"]]


def test_a_parcel_in_parts_a_missing_line_that_comes_later_and_one_that_nobody_announced(
    client: FlaskClient,
) -> None:
    sent = dispatched(client, [line(n) for n in (1, 2, 3)])
    extra = {
        "description": "bag",
        "physical_form": "powder",
        "gross_mass_g": 2.5,
        "seal_condition": "absent",
        "remarks": "",
    }
    first = receive(client, sent["id"], [seen(1)], [extra]).json
    assert sorted(str(row["line"]) for row in first["exhibits"]) == ["1", "None"]
    assert [(row["line"], row["code"]) for row in first["discrepancies"]] == [(None, "unexpected")]
    assert (
        call(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["state"] == "partially_received"
    )
    missing = seen(3, outcome="missing", gross_mass_g=None, seal_condition="absent")
    second = receive(client, sent["id"], [seen(2), missing]).json
    assert [row["code"] for row in second["discrepancies"]] == ["missing"]
    again = receive(client, sent["id"], [missing])
    assert again.status_code == 409 and again.json["code"] == "already_received"
    third = receive(client, sent["id"], [seen(3)])
    assert third.status_code == 201 and [row["line"] for row in third.json["exhibits"]] == [3]
    assert receive(client, sent["id"], [seen(3)]).json["code"] == "already_received"
    assert call(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["state"] == "received"


def test_two_custodians_at_once_receive_a_line_once(client: FlaskClient) -> None:
    sent, answers = dispatched(client, [line(1)]), []

    def send() -> None:
        answers.append(receive(client.application.test_client(), sent["id"], [seen(1)]).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409]


def test_every_wrong_field_is_named_and_nothing_is_stored(client: FlaskClient) -> None:
    before = call(client, "GET", "/submissions?limit=500", actor=BOGOTA).json["items"]
    lines = [line(1, gross_mass_g=-1, programme="XXX", seized_on="2199-01-01", seized_country="XX"), line(1)]
    answer = call(client, "POST", "/submissions", {**submission(lines), "colour": "red"}, actor=BOGOTA)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/colour",
        "/items/0/gross_mass_g",
        "/items/0/programme",
        "/items/0/seized_on",
        "/items/0/seized_country",
    } | {p for p in ("/items/1/line",) if any(e["pointer"] == p for e in answer.json["errors"])}
    twice = call(client, "POST", "/submissions", submission([line(1), line(1)]), actor=BOGOTA)
    assert [error["pointer"] for error in twice.json["errors"]] == ["/items/1/line"]
    no_origin = call(client, "POST", "/submissions", submission([line()], kind="authentic"), actor=BOGOTA)
    assert [error["pointer"] for error in no_origin.json["errors"]] == ["/items/0/authentic"]
    assert call(client, "GET", "/submissions?limit=500", actor=BOGOTA).json["items"] == before


@pytest.mark.rule("E30")
def test_another_office_sees_nothing(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1)])
    exhibit = receive(client, sent["id"], [seen(1, seal_condition="broken")]).json["exhibits"][0]
    for path in (
        f"/submissions/{sent['id']}", f"/submissions/{sent['id']}/receipts", f"/submissions/{sent['id']}/manifest.pdf",
        f"/exhibits/{exhibit['id']}", f"/exhibits/{exhibit['id']}/label.pdf", f"/exhibits/{exhibit['id']}/label.zpl",
        "/offices/BOG/totals?from=2026-01-01&to=2026-02-01",
    ):  # fmt: skip
        answer = call(client, "GET", path, actor=BANGKOK)
        assert answer.status_code == 404 and answer.json["code"] == "not_found", path
        assert call(client, "GET", path, actor=BOGOTA).status_code == 200, path
        assert call(client, "GET", path, actor=None).status_code == 401, path
    for path in (
        "/submissions",
        "/exhibits",
        f"/exhibits?q={exhibit['number']}",
        "/exhibits?office=BOG",
        "/discrepancies",
    ):
        assert call(client, "GET", path, actor=BANGKOK).json["items"] == [], path
        assert call(client, "GET", path, actor=ANALYST).status_code == 403, path
        assert call(client, "GET", path, actor=AUDITOR).json["items"], path
    assert call(client, "POST", f"/submissions/{sent['id']}/dispatch", {}, actor=BANGKOK).status_code == 404


@pytest.mark.rule("E31")
def test_roles_that_may_not_act(client: FlaskClient) -> None:
    for actor in (TECHNICIAN, ADMIN, AUDITOR, ANALYST, CUSTODIAN):
        assert call(client, "POST", "/submissions", submission([line()]), actor=actor).status_code == 403
    sent = dispatched(client, [line(1)])
    for actor in (BOGOTA, TECHNICIAN, ADMIN, AUDITOR, REVIEWER):
        answer = call(
            client, "POST", f"/submissions/{sent['id']}/receipts", {"lines": [seen(1)]}, actor=actor
        )
        assert answer.status_code == 403


@pytest.mark.rule("E3")
def test_the_label_reads_back_as_the_exhibits_number(client: FlaskClient) -> None:
    from services.intake.service.labels import data_matrix

    sent = dispatched(client, [line(1)])
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]
    printed = words(call(client, "GET", f"/exhibits/{exhibit['id']}/label.pdf", actor=CUSTODIAN).data)
    assert (
        exhibit["number"] in printed
        and sent["number"] in printed
        and "S-1" in printed
        and "5.25 g" in printed
    )
    rows = data_matrix(exhibit["number"])
    image = Image.new("L", (len(rows[0]) + 4, len(rows) + 4), 255)
    for y, row in enumerate(rows):
        for x, bit in enumerate(row):
            image.putpixel((x + 2, y + 2), 0 if bit == "1" else 255)
    read = zxingcpp.read_barcode(image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST))
    assert read is not None and read.text == exhibit["number"]
    zpl = call(client, "GET", f"/exhibits/{exhibit['id']}/label.zpl", actor=CUSTODIAN).data
    assert zpl.startswith(b"^XA") and zpl.rstrip().endswith(b"^XZ") and exhibit["number"].encode() in zpl


def test_totals_of_an_office(client: FlaskClient) -> None:
    path = "/offices/BOG/totals?from=2026-01-01&to=2026-03-31"
    assert call(client, "PUT", path, {"HSP": 12, "CSP": 30}, actor=BOGOTA).status_code == 200
    assert call(client, "GET", path, actor=ANALYST).json == {"HSP": 12, "CSP": 30}
    wrong: Any = call(client, "PUT", path, {"XXX": 1, "HSP": -1}, actor=BOGOTA)
    assert wrong.status_code == 422 and {e["pointer"] for e in wrong.json["errors"]} == {"/XXX", "/HSP"}


def test_an_authentic_carries_its_known_origin_to_its_exhibit(client: FlaskClient) -> None:
    origin = {
        "collected_on": "2026-08-15", "country": "MX", "region": "Guerrero", "source_type": "seizure at laboratory",
        "claimed_class": "Mexico", "collected_by": "field team 4", "latitude": 17.5,
    }  # fmt: skip
    item = line(1, authentic=origin, case_number=None, seized_on=None, seized_country=None)
    sent = dispatched(client, [item], kind="authentic")
    assert sent["items"][0]["authentic"] == origin
    assert (
        call(client, "GET", f"/submissions/{sent['id']}", actor=BOGOTA).json["items"][0]["authentic"]
        == origin
    )
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]
    told = call(client, "GET", f"/exhibits/{exhibit['id']}", actor=CUSTODIAN).json
    assert told["kind"] == "authentic" and told["authentic"] == origin
