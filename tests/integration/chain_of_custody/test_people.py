"""Who may take evidence: each caller is told of those to whom something can go, and of nobody else."""

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor, Role
from tests.calls import ADMIN, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import INSTRUMENT, as_service, call

ANALYST = Actor("analyst", "Ann", Role.ANALYST)


def _logins(client: FlaskClient, actor: Actor, query: str = "") -> set[str]:
    found = call(client, "GET", f"/people?limit=500{query}", actor=actor)
    assert found.status_code == 200, found.data
    assert found.json["next"] is None
    return {row["login"] for row in found.json["items"]}


def test_the_laboratory_sees_itself_and_only_custodians_the_offices(client: FlaskClient) -> None:
    laboratory = {"custodian", "custodian2", "technician", "technician2", "reviewer", "scientist"}
    assert _logins(client, TECHNICIAN) == laboratory - {"technician"}
    assert _logins(client, ADMIN) == laboratory
    assert _logins(client, CUSTODIAN) == laboratory - {"custodian"} | {"bogota", "bangkok"}
    assert _logins(client, AUDITOR) == laboratory | {"bogota", "bangkok"}
    assert _logins(client, TECHNICIAN, "&role=office") == set()
    assert _logins(client, CUSTODIAN, "&office=BOG") == {"bogota"}
    assert _logins(client, CUSTODIAN, "&role=technician&login=technician2") == {"technician2"}


@pytest.mark.rule("E30")
def test_an_office_sees_its_own_people_alone(client: FlaskClient) -> None:
    colleague = {"login": "bogota-2", "name": "Berta", "role": "office", "office": "BOG", "active": True}
    assert as_service(client, "gateway", "POST", "/internal/people", colleague).status_code == 200
    assert _logins(client, BOGOTA) == {"bogota-2"}
    for query in ("&office=BKK", "&login=bangkok", "&role=technician", "&login=technician"):
        assert _logins(client, BOGOTA, query) == set(), query
    assert _logins(client, BANGKOK) == set()


def test_a_closed_account_is_not_named(client: FlaskClient) -> None:
    leaver = {"login": "leaver", "name": "Lea", "role": "technician", "office": None, "active": True}
    as_service(client, "gateway", "POST", "/internal/people", leaver)
    assert "leaver" in _logins(client, CUSTODIAN)
    as_service(client, "gateway", "POST", "/internal/people", {**leaver, "active": False})
    for actor in (CUSTODIAN, AUDITOR, ADMIN):
        assert "leaver" not in _logins(client, actor)
        assert "gone" not in _logins(client, actor, "&role=technician")


def test_nothing_but_name_login_role_and_office_is_told(client: FlaskClient) -> None:
    found = call(client, "GET", "/people", actor=CUSTODIAN).json["items"]
    assert all(set(row) == {"login", "name", "role", "office"} for row in found)
    assert {row["login"]: row["office"] for row in found}["bogota"] == "BOG"


def test_pages_hold_everybody_once(client: FlaskClient) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = call(client, "GET", f"/people?limit=3{cursor}", actor=CUSTODIAN).json
        seen += [row["login"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) and set(seen) == _logins(client, CUSTODIAN)


@pytest.mark.parametrize("actor", [ANALYST, INSTRUMENT])
def test_who_holds_no_evidence_is_told_of_nobody(client: FlaskClient, actor: Actor) -> None:
    assert call(client, "GET", "/people", actor=actor).status_code == 403


def test_wrong_filters_are_refused(client: FlaskClient) -> None:
    for query in ("role=admin", "name=x", "limit=0"):
        assert call(client, "GET", f"/people?{query}", actor=CUSTODIAN).status_code == 422, query


@pytest.mark.rule("E11", "E30")
def test_what_became_of_an_account_is_told_to_whoever_answers_for_it(client: FlaskClient) -> None:
    account = {"login": "moving", "name": "Mo", "role": "technician", "office": None, "active": True}
    for change in ({}, {"role": "custodian"}, {"role": "custodian", "active": False}):
        told = as_service(client, "gateway", "POST", "/internal/people", {**account, **change})
        assert told.status_code == 200, told.data
    for actor in (CUSTODIAN, AUDITOR, ADMIN):
        acts = call(client, "GET", "/people/moving/acts", actor=actor).json["items"]
        assert [act["type"] for act in acts] == ["account_opened", "account_changed", "account_closed"]
        assert [act["details"]["role"] for act in acts] == ["technician", "custodian", "custodian"]
        assert all(act["intact"] and act["item_id"] is None for act in acts)
    first = call(client, "GET", "/people/moving/acts?limit=2", actor=AUDITOR).json
    rest = call(client, "GET", f"/people/moving/acts?limit=2&cursor={first['next']}", actor=AUDITOR).json
    assert [act["sequence"] for act in first["items"] + rest["items"]] == [1, 2, 3] and rest["next"] is None
    for actor in (TECHNICIAN, BOGOTA, ANALYST):
        assert call(client, "GET", "/people/moving/acts", actor=actor).status_code == 403
    assert call(client, "GET", "/people/nobody/acts", actor=AUDITOR).status_code == 404
