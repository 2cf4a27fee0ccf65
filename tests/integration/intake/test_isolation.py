"""Every read path of intake times every role: an office sees its own, and nobody acts beyond their role."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor, Role
from tests.calls import (
    ADMIN,
    ANALYST,
    AUDITOR,
    BANGKOK,
    BOGOTA,
    CUSTODIAN,
    REVIEWER,
    SCIENTIST,
    TECHNICIAN,
)
from tests.integration.intake.builders import (
    INSTRUMENT,
    ask,
    dispatched,
    drafted,
    line,
    receive,
    seen,
    submission,
)

READERS = (BOGOTA, CUSTODIAN, TECHNICIAN, REVIEWER, SCIENTIST, AUDITOR)
OTHERS = (ADMIN, ANALYST, INSTRUMENT)
HOMELESS = Actor("nowhere", "No Office", Role.OFFICE, None)
ONE = (
    "/submissions/{submission}", "/submissions/{submission}/receipts", "/submissions/{submission}/manifest.pdf",
    "/submissions/{submission}/arrivals",
    "/exhibits/{exhibit}", "/exhibits/{exhibit}/label.pdf", "/exhibits/{exhibit}/label.zpl",
)  # fmt: skip
MANY = (
    "/submissions", "/submissions?office=BOG", "/submissions?q={number}", "/exhibits", "/exhibits?office=BOG",
    "/exhibits?q={exhibit_number}", "/exhibits?submission_id={submission}", "/exhibits?state=blocked",
    "/discrepancies", "/discrepancies?submission_id={submission}", "/discrepancies?exhibit_id={exhibit}",
)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """Bogotá's, with a broken seal."""

    ids: dict[str, str]

    def at(self, path: str) -> str:
        return path.format(**self.ids)


@pytest.fixture(scope="module")
def parcel(client: FlaskClient) -> Parcel:
    sent = dispatched(client, [line(1)])
    receipt = receive(client, sent["id"], [seen(1, seal_condition="broken")]).json
    exhibit, discrepancy = receipt["exhibits"][0], receipt["discrepancies"][0]
    ids = {"submission": sent["id"], "number": sent["number"], "exhibit": exhibit["id"]}
    return Parcel({**ids, "exhibit_number": exhibit["number"], "discrepancy": discrepancy["id"]})


@pytest.mark.rule("E30")
@pytest.mark.parametrize("path", ONE)
def test_one_thing_by_its_address(client: FlaskClient, parcel: Parcel, path: str) -> None:
    address = parcel.at(path)
    for actor in READERS:
        assert ask(client, "GET", address, actor=actor).status_code == 200, actor.login
    foreign, unknown = (
        ask(client, "GET", found, actor=BANGKOK)
        for found in (address, path.format(submission="none", exhibit="none"))
    )
    assert foreign.status_code == unknown.status_code == 404 and foreign.json == unknown.json
    assert ask(client, "GET", address, actor=HOMELESS).status_code == 404
    for actor in OTHERS:
        assert ask(client, "GET", address, actor=actor).status_code == 403, actor.login
    assert ask(client, "GET", address, actor=None).status_code == 401


@pytest.mark.rule("E30")
@pytest.mark.parametrize("path", MANY)
def test_lists_and_searches(client: FlaskClient, parcel: Parcel, path: str) -> None:
    address = parcel.at(path)
    for actor in READERS:
        assert ask(client, "GET", address, actor=actor).json["items"], actor.login
    for actor in (BANGKOK, HOMELESS):
        assert ask(client, "GET", address, actor=actor).json == {"items": [], "next": None}
    for actor in OTHERS:
        assert ask(client, "GET", address, actor=actor).status_code == 403, actor.login
    assert ask(client, "GET", address, actor=None).status_code == 401


@pytest.mark.rule("E30", "E31")
@pytest.mark.parametrize(
    ("method", "path", "body", "may"),
    [
        ("POST", "/submissions", submission([line()]), {"bogota", "bangkok"}),
        ("PATCH", "/submissions/{submission}", {"courier": "x"}, {"bogota", "bangkok"}),
        ("POST", "/submissions/{submission}/dispatch", {}, {"bogota", "bangkok"}),
        ("POST", "/submissions/{submission}/receipts", {"lines": [seen(1)]}, {"custodian"}),
        ("POST", "/discrepancies/{discrepancy}/resolve", {"resolution": "x", "password": "x"}, {"reviewer"}),
        ("POST", "/offices", {"code": "MEX", "name": "Mexico", "country": "MX"}, {"admin"}),
        ("PUT", "/offices/BOG/totals?from=2026-01-01&to=2026-01-31", {"HSP": 1}, {"bogota", "bangkok"}),
    ],
)
def test_who_may_act(
    client: FlaskClient, parcel: Parcel, method: str, path: str, body: Any, may: set[str]
) -> None:
    for actor in (*READERS, *OTHERS, BANGKOK):
        answer = ask(client, method, parcel.at(path), body, actor=actor, If_Match='"none"')
        if actor.login not in may:
            assert answer.status_code == 403, (actor.login, answer.data)
        elif actor is BANGKOK and path != "/submissions":
            assert answer.status_code == 404, answer.data
        else:
            assert answer.status_code != 403, (actor.login, answer.data)
    assert ask(client, method, parcel.at(path), body, actor=None).status_code == 401


def test_an_office_account_without_an_office_writes_nothing(client: FlaskClient) -> None:
    assert ask(client, "POST", "/submissions", submission([line()]), actor=HOMELESS).status_code == 403


@pytest.mark.rule("E30")
def test_the_numbers_of_an_offices_submissions_tell_nothing_of_others(client: FlaskClient) -> None:
    first = drafted(client, [line()], actor=BANGKOK).json["number"]
    drafted(client, [line()], actor=BOGOTA)
    second = drafted(client, [line()], actor=BANGKOK).json["number"]
    assert int(second.rpartition("-")[2]) == int(first.rpartition("-")[2]) + 1


def test_exhibits_are_found_by_words_and_filters(client: FlaskClient, parcel: Parcel) -> None:
    sent = dispatched(
        client, [line(1, description="50% pure_white \\ bag", programme="CSP", case_number="C-77")]
    )
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]["id"]

    def found(query: str) -> list[str]:
        answer = ask(client, "GET", f"/exhibits?{query}", actor=TECHNICIAN)
        return [row["id"] for row in answer.json["items"]]

    for query in (
        "q=50%25+pure",
        "q=pure_white",
        "q=%5C",
        "q=C-77",
        "programme=CSP",
        "q=PURE&kind=seizure&office=BOG",
    ):
        assert found(query) == [exhibit], query
    for query in (
        "q=5_%25",
        "q=C-77&programme=HSP",
        "q=C-77&kind=authentic",
        "q=C-77&state=blocked",
        "q=C-77&office=BKK",
    ):
        assert found(query) == [], query
