"""An intake application on a fresh database, with programmes that need no classifier."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.intake.app import create_app
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import ADMIN, BOGOTA, CUSTODIAN, call


class FixedProgrammes:
    """Knows HSP, CSP and MPP."""

    def unknown(self, names: Iterable[str]) -> set[str]:
        return set(names) - {"HSP", "CSP", "MPP"}


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = Runtime("intake", settings)
    found.extras["programmes"] = FixedProgrammes()
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    for code, name, country in (("BOG", "Bogotá", "CO"), ("BKK", "Bangkok", "TH")):
        made = call(client, "POST", "/offices", {"code": code, "name": name, "country": country}, actor=ADMIN)
        assert made.status_code == 201
    return client


def line(number: int = 1, **over: Any) -> dict[str, Any]:
    """A valid line."""
    item = {
        "line": number, "programme": "HSP", "description": "brown powder", "physical_form": "powder", "gross_mass_g": 5.25,
        "seal_number": f"S-{number}", "case_number": "C-1", "seized_on": "2026-09-02", "seized_country": "EC",
    }  # fmt: skip
    return {**item, **over}


def submission(lines: list[dict[str, Any]], **over: Any) -> dict[str, Any]:
    """A valid submission of these lines."""
    body = {
        "kind": "seizure",
        "courier": "pouch",
        "tracking_number": "DP1",
        "seal_numbers": ["B-1"],
        "items": lines,
    }
    return {**body, **over}


def dispatched(client: FlaskClient, lines: list[dict[str, Any]], **over: Any) -> dict[str, Any]:
    """A submission of Bogotá's on its way."""
    made = call(client, "POST", "/submissions", submission(lines, **over), actor=BOGOTA)
    assert made.status_code == 201, made.data
    sent = call(client, "POST", f"/submissions/{made.json['id']}/dispatch", {}, actor=BOGOTA)
    assert sent.status_code == 200, sent.data
    return dict(sent.json)


def seen(number: int, **over: Any) -> dict[str, Any]:
    """A line received without deviation."""
    fine = {
        "line": number,
        "outcome": "received",
        "gross_mass_g": 5.25,
        "seal_condition": "intact",
        "remarks": "",
    }
    return {**fine, **over}


def receive(
    client: FlaskClient, submission_id: str, lines: list[dict[str, Any]], unexpected: Any = ()
) -> Any:
    """A receipt by the custodian."""
    body = {"lines": lines, "unexpected": list(unexpected)}
    return call(client, "POST", f"/submissions/{submission_id}/receipts", body, actor=CUSTODIAN)
