"""Offices and what they tell of their seizures."""

from typing import Any

from flask.testing import FlaskClient

from tests.calls import ADMIN, ANALYST, BANGKOK, BOGOTA, TECHNICIAN
from tests.integration.intake.builders import ask


def codes(client: FlaskClient, actor: Any) -> list[str]:
    return [row["code"] for row in ask(client, "GET", "/offices", actor=actor).json["items"]]


def test_an_office_knows_itself_and_the_laboratory_all(client: FlaskClient) -> None:
    for actor in (TECHNICIAN, ANALYST, ADMIN):
        assert codes(client, actor) == ["BOG", "BKK"]
    assert codes(client, BANGKOK) == ["BKK"]
    assert ask(client, "GET", "/offices", actor=None).status_code == 401


def test_an_administrator_adds_and_renames_offices(client: FlaskClient) -> None:
    body = {"code": "LIM", "name": "Lima", "country": "PE"}
    assert ask(client, "POST", "/offices", body, actor=ADMIN).json == body
    renamed = {**body, "name": "Lima, Perú"}
    assert ask(client, "POST", "/offices", renamed, actor=ADMIN).json == renamed
    assert codes(client, ADMIN).count("LIM") == 1
    wrong = ask(client, "POST", "/offices", {"code": "lim", "name": "", "country": "XX"}, actor=ADMIN)
    assert {error["pointer"] for error in wrong.json["errors"]} == {"/code", "/name", "/country"}


def test_totals_of_an_office(client: FlaskClient) -> None:
    path = "/offices/BOG/totals?from=2026-01-01&to=2026-03-31"
    assert ask(client, "GET", path, actor=BOGOTA).json == {}
    assert ask(client, "PUT", path, {"HSP": 12, "CSP": 30}, actor=BOGOTA).status_code == 200
    assert ask(client, "GET", path, actor=ANALYST).json == {"HSP": 12, "CSP": 30}
    assert ask(client, "PUT", path, {"HSP": 13}, actor=BOGOTA).status_code == 200
    assert ask(client, "GET", path, actor=BOGOTA).json == {"HSP": 13}
    assert ask(client, "GET", path, actor=BANGKOK).status_code == 404
    wrong = ask(client, "PUT", path, {"XXX": 1, "HSP": -1, "csp": 1}, actor=BOGOTA)
    assert wrong.status_code == 422
    assert {error["pointer"] for error in wrong.json["errors"]} == {"/XXX", "/HSP", "/csp"}
    assert ask(client, "PUT", path, [1], actor=BOGOTA).status_code == 422
    backwards = "/offices/BOG/totals?from=2026-03-31&to=2026-01-01"
    assert ask(client, "PUT", backwards, {"HSP": 1}, actor=BOGOTA).json["errors"][0]["pointer"] == "/to"
    assert ask(client, "GET", "/offices/BOG/totals?from=x", actor=BOGOTA).status_code == 422
