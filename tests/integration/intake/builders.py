"""Bodies that hold, and the requests that bring a submission from draft to receipt."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import BOGOTA, CUSTODIAN, call

INSTRUMENT = Actor("gcms1", "GC-MS 1", Role.INSTRUMENT, kind="instrument")
CUSTODIAN2 = Actor("custodian2", "Carl", Role.CUSTODIAN)
#: A parcel that nobody announced.
EXTRA = {
    "description": "unlabelled bag",
    "physical_form": "powder",
    "gross_mass_g": 2.5,
    "seal_condition": "absent",
    "remarks": "lay beneath",
}


def ask(
    client: FlaskClient, method: str, path: str, body: Any = None, *, actor: Actor | None, **headers: str
) -> Any:
    """One request as `actor`; `.status_code`, `.json`, `.data`, `.headers` of the answer."""
    return call(client, method, path, body, actor=actor, **headers)


def line(number: int = 1, **over: Any) -> dict[str, Any]:
    """A valid line; None takes a field away."""
    item = {
        "line": number, "programme": "HSP", "description": "brown powder", "physical_form": "powder", "gross_mass_g": 5.25,
        "seal_number": f"S-{number}", "case_number": "C-1", "seized_on": "2026-09-02", "seized_country": "EC",
    }  # fmt: skip
    return {name: value for name, value in {**item, **over}.items() if value is not None}


def authentic(number: int = 1, **over: Any) -> dict[str, Any]:
    """A valid line of a submission of kind authentic."""
    origin = {
        "collected_on": "2026-08-15", "country": "MX", "region": "Guerrero", "source_type": "seizure at laboratory",
        "claimed_class": "Mexico", "collected_by": "field team 4", "latitude": 17.5,
    }  # fmt: skip
    return line(number, authentic=origin, case_number=None, seized_on=None, seized_country=None, **over)


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


def drafted(client: FlaskClient, lines: list[dict[str, Any]], *, actor: Actor = BOGOTA, **over: Any) -> Any:
    """The answer to a new draft."""
    made = ask(client, "POST", "/submissions", submission(lines, **over), actor=actor)
    assert made.status_code == 201, made.data
    return made


def dispatched(
    client: FlaskClient, lines: list[dict[str, Any]], *, actor: Actor = BOGOTA, **over: Any
) -> dict[str, Any]:
    """A submission on its way."""
    made = drafted(client, lines, actor=actor, **over)
    sent = ask(client, "POST", f"/submissions/{made.json['id']}/dispatch", {}, actor=actor)
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


def missing(number: int) -> dict[str, Any]:
    """A line that did not come."""
    return seen(number, outcome="missing", gross_mass_g=None, seal_condition="absent")


def receive(
    client: FlaskClient,
    submission_id: str,
    lines: list[dict[str, Any]],
    unexpected: Iterable[dict[str, Any]] = (),
    *,
    actor: Actor = CUSTODIAN,
    **headers: str,
) -> Any:
    """The answer to a receipt."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"received_at": moment, "lines": lines, "unexpected": list(unexpected)}
    return ask(client, "POST", f"/submissions/{submission_id}/receipts", body, actor=actor, **headers)


def outbox(runtime: Runtime, path: str, submission_id: str) -> list[dict[str, Any]]:
    """The bodies of what waits for custody about one submission, in order."""
    query = text("SELECT body FROM intake.outbox WHERE path = :path AND ordering_key = :key ORDER BY seq")
    with runtime.unit_of_work() as unit:
        return [row.body for row in unit.session.execute(query, {"path": path, "key": submission_id})]


def count(runtime: Runtime, table: str) -> int:
    """How many rows a table of intake has."""
    with runtime.unit_of_work() as unit:
        return int(unit.session.execute(text(f"SELECT count(*) FROM intake.{table}")).scalar_one())
