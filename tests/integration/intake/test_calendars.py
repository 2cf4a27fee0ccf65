"""Calendars: set by an administrator against what they saw, read by everybody whom they concern."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN, as_service
from tests.integration.intake.builders import ask, count

BODY: dict[str, Any] = {
    "time_zone": "America/Bogota",
    "weekend": ["sunday", "saturday"],
    "holidays": [
        {"date": "2026-12-25", "name": "Navidad"},
        {"date": "2026-12-08", "name": "Inmaculada Concepción"},
    ],
}


def tag(client: FlaskClient, code: str) -> str:
    return str(ask(client, "GET", f"/offices/{code}/calendar", actor=ADMIN).headers["ETag"])


def put(client: FlaskClient, code: str, body: Any, **headers: str) -> Any:
    return ask(client, "PUT", f"/offices/{code}/calendar", body, actor=ADMIN, **headers)


@pytest.mark.rule("E26")
def test_a_calendar_is_set_anew_against_what_was_seen(client: FlaskClient, runtime: Runtime) -> None:
    before = ask(client, "GET", "/offices/BOG/calendar", actor=ADMIN)
    assert before.json == {
        "code": "BOG", "time_zone": "UTC", "weekend": ["saturday", "sunday"], "holidays": [], "version": 0,
        "changed_by": None, "changed_at": None,
    }  # fmt: skip
    assert put(client, "BOG", BODY).status_code == 428
    made = put(client, "BOG", BODY, If_Match=before.headers["ETag"])
    assert made.status_code == 200 and made.json["version"] == 1 and made.json["changed_by"] == "admin"
    assert [day["date"] for day in made.json["holidays"]] == ["2026-12-08", "2026-12-25"]
    assert put(client, "BOG", BODY, If_Match=before.headers["ETag"]).status_code == 412
    friday = {**BODY, "weekend": ["friday", "saturday"]}
    assert put(client, "BOG", friday, If_Match=made.headers["ETag"]).json["version"] == 2
    assert count(runtime, "calendar") == 2
    (told,) = as_service(client, "chain_of_custody", "GET", "/internal/limits/calendars").json["items"]
    assert told == {
        "code": "BOG",
        "time_zone": "America/Bogota",
        "weekend": [4, 5],
        "holidays": ["2026-12-08", "2026-12-25"],
    }


@pytest.mark.rule("E30")
def test_who_reads_and_who_sets(client: FlaskClient) -> None:
    for actor in (BOGOTA, CUSTODIAN, ANALYST, ADMIN):
        assert ask(client, "GET", "/offices/LAB/calendar", actor=actor).status_code == 200, actor.login
        assert ask(client, "GET", "/offices/BOG/calendar", actor=actor).status_code == 200, actor.login
    foreign, unknown = (
        ask(client, "GET", f"/offices/{code}/calendar", actor=BANGKOK) for code in ("BOG", "NOWHERE")
    )
    assert foreign.status_code == unknown.status_code == 404
    assert put(client, "NOWHERE", BODY, If_Match="*").status_code == 404
    for actor in (BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN):
        refused = ask(client, "PUT", "/offices/LAB/calendar", BODY, actor=actor, If_Match=tag(client, "LAB"))
        assert refused.status_code == 403, actor.login


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"time_zone": "Bogota"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"time_zone": "America"}, "/time_zone"),
        ({"weekend": ["saturday", "saturday"]}, "/weekend"),
        ({"weekend": ["caturday"]}, "/weekend/0"),
        (
            {"weekend": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]},
            "/weekend",
        ),
        ({"holidays": [{"date": "2026-02-30", "name": "none"}]}, "/holidays/0/date"),
        (
            {"holidays": [{"date": "2026-05-01", "name": "a"}, {"date": "2026-05-01", "name": "b"}]},
            "/holidays",
        ),
    ],
)
def test_what_is_no_calendar(client: FlaskClient, over: dict[str, Any], pointer: str) -> None:
    wrong = put(client, "BKK", {**BODY, **over}, If_Match=tag(client, "BKK"))
    assert wrong.status_code == 422, wrong.data
    assert [error["pointer"] for error in wrong.json["errors"]] == [pointer]


def test_no_office_has_the_laboratory_s_code(client: FlaskClient) -> None:
    wrong = ask(client, "POST", "/offices", {"code": "LAB", "name": "x", "country": "CO"}, actor=ADMIN)
    assert wrong.status_code == 422 and wrong.json["errors"][0]["pointer"] == "/code"
