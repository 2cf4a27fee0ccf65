"""Programmes, measurements and their corrections, tables, profiles."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, imported, measured, programme, table


@pytest.fixture(scope="module")
def name(client: FlaskClient) -> str:
    assert call(client, "POST", "/programmes", programme("MEAS"), actor=SCIENTIST).status_code == 201
    return "MEAS"


def test_a_version_never_changes(client: FlaskClient, name: str) -> None:
    again = call(client, "POST", "/programmes", programme(name), actor=SCIENTIST)
    assert again.status_code == 201
    changed = call(client, "POST", "/programmes", {**programme(name), "title": "other"}, actor=SCIENTIST)
    assert (changed.status_code, changed.json["code"]) == (409, "version_exists")
    newer = call(client, "POST", "/programmes", {**programme(name), "version": "2"}, actor=SCIENTIST)
    assert newer.json["version"] == "2"
    assert call(client, "GET", f"/programmes/{name}", actor=TECHNICIAN).json["version"] == "2"
    assert call(client, "POST", "/programmes", b"{", actor=SCIENTIST).status_code == 422
    assert call(client, "POST", "/programmes", programme("X1"), actor=TECHNICIAN).status_code == 403


def test_a_unit_does_not_change_with_the_version(client: FlaskClient) -> None:
    data = programme("UNITS")
    assert call(client, "POST", "/programmes", data, actor=SCIENTIST).status_code == 201
    analytes = [{**each, "unit": "percent"} if each["name"] == "a" else each for each in data["analytes"]]
    other = {**data, "version": "percent", "analytes": analytes}
    refused = call(client, "POST", "/programmes", other, actor=SCIENTIST)
    assert refused.status_code == 422
    (error,) = refused.json["errors"]
    assert error["pointer"].startswith("/analytes/") and "a name of its own" in error["message"]
    renamed = [{**each, "name": "a_percent"} if each["name"] == "a" else each for each in analytes]
    taken = {**other, "analytes": renamed}
    assert call(client, "POST", "/programmes", taken, actor=SCIENTIST).status_code == 201


def test_every_wrong_value_is_named(client: FlaskClient, custody: KnownItems, name: str) -> None:
    item = custody.open(name)
    values = [
        {"analyte": "a", "value": 1.0, "unit": "furlong"},
        {"analyte": "a", "value": 1.0, "unit": "1"},
        {"analyte": "unobtainium", "value": 1.0, "unit": "1"},
    ]
    body = {"item_id": item.id, "programme": name, "method": "m", "instrument": "i", "values": values}
    answer = call(client, "POST", "/measurements", body, actor=TECHNICIAN)
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert pointers == {"/values/0/unit", "/values/1/analyte", "/values/2/analyte"}


@pytest.mark.parametrize(("state", "code"), [("blocked", "blocked"), ("disposed", "not_in_custody")])
def test_an_item_that_may_not_be_measured(
    client: FlaskClient, custody: KnownItems, name: str, state: str, code: str
) -> None:
    item = custody.open(name, state=state)
    answer = measured(client, item, 1, 2)
    assert (answer.status_code, answer.json["code"]) == (409, code)


@pytest.mark.rule("E11", "E14")
def test_a_correction_stands_beside_what_it_corrects(
    client: FlaskClient, custody: KnownItems, name: str
) -> None:
    item = custody.open(name)
    first = measured(client, item, 1, 2).json
    better = [{"analyte": "a", "value": 1.5, "unit": "1"}]
    path = f"/measurements/{first['id']}/corrections"
    assert call(client, "POST", path, {"reason": "", "values": better}, actor=TECHNICIAN).status_code == 422
    made = call(client, "POST", path, {"reason": "decimal slip", "values": better}, actor=TECHNICIAN)
    assert (made.status_code, made.json["corrects"]) == (201, first["id"])
    profile = call(client, "GET", f"/items/{item.id}/profile?programme={name}", actor=SCIENTIST).json
    values = {value["analyte"]: value for value in profile["values"]}
    assert values["a"]["value"] == 1.5
    assert values["a"]["source"]["measurement_id"] == made.json["id"]
    assert values["b"]["value"] == 2.0
    assert profile["inputs"] == sorted({first["digest"], made.json["digest"]})
    listed = call(client, "GET", f"/measurements?item_id={item.id}", actor=AUDITOR).json["items"]
    assert [row["values"][0]["value"] for row in listed] == [1.0, 1.5]


@pytest.mark.rule("E12")
@pytest.mark.parametrize(
    "act", ["UPDATE classifier.measurement SET method = 'x'", "DELETE FROM classifier.measurement"]
)
def test_the_database_role_cannot_change_what_was_measured(runtime: Runtime, act: str) -> None:
    with runtime.unit_of_work() as uow, pytest.raises(ProgrammingError, match="permission denied"):
        uow.session.execute(text(act))


def test_a_table_is_taken_whole_or_not_at_all(client: FlaskClient, custody: KnownItems, name: str) -> None:
    one, two = custody.open(name), custody.open(name, state="blocked")
    rows: list[list[Any]] = [
        ["item", "a", "b"],
        [one.number, 1, "much"],
        ["S99-000001", 1, 2],
        [two.id, 1, 2],
        [one.id, "", ""],
    ]
    wrong = imported(client, name, table(rows)).json
    assert (wrong["accepted"], wrong["rejected"]) == (0, 4)
    cells = {(error["row"], error["column"], error["code"]) for error in wrong["errors"]}
    assert cells == {
        (2, "b", "not_a_number"), (3, "item", "unknown_item"), (4, "item", "blocked"), (5, None, "empty"),
    }  # fmt: skip
    assert call(client, "GET", f"/measurements?item_id={one.id}", actor=AUDITOR).json["items"] == []
    good = imported(client, name, f"item;a;b\n{one.number};1,5;2\n".encode())
    assert good.json == {"accepted": 1, "rejected": 0, "errors": []}
    for content in (b"", b"\x00\x01", b"nothing,here\n1,2\n", b"item,gold\nx,1\n", b"item,a\n"):
        assert imported(client, name, content).status_code == 422, content


@pytest.mark.parametrize("number", [1e300, 1.1e15, -1e16])
def test_what_no_record_can_hold_is_refused_at_the_door(
    client: FlaskClient, custody: KnownItems, name: str, number: float
) -> None:
    item = custody.open(name)
    values = [{"analyte": "a", "value": number, "unit": "1"}]
    body = {"item_id": item.id, "programme": name, "method": "m", "instrument": "i", "values": values}
    refused = call(client, "POST", "/measurements", body, actor=TECHNICIAN)
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/values/0/value"
    told = imported(client, name, table([["item", "a", "b"], [item.number, number, 1]])).json
    assert [(error["column"], error["code"]) for error in told["errors"]] == [("a", "not_a_number")]


def test_who_may(client: FlaskClient, custody: KnownItems, name: str) -> None:
    item = custody.open(name)
    body = {"item_id": item.id, "programme": name, "method": "m", "instrument": "i", "values": []}
    for actor in (AUDITOR, ADMIN, ANALYST, BOGOTA, SCIENTIST):
        assert call(client, "POST", "/measurements", body, actor=actor).status_code in (403, 422)
    for actor in (ANALYST, BOGOTA, ADMIN):
        assert call(client, "GET", "/measurements", actor=actor).status_code == 403
        assert (
            call(client, "GET", f"/items/{item.id}/profile?programme={name}", actor=actor).status_code == 403
        )
