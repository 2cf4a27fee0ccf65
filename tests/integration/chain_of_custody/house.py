"""Builders of items in any state, through custody's own API."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from services.chain_of_custody.service.sequence_events import Sequencer
from shared.actor import Actor, Role, Signature
from shared.http.schemas import format_time
from shared.runtime import Runtime
from tests import calls
from tests.calls import BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN

CUSTODIAN2 = Actor("custodian2", "Carl", Role.CUSTODIAN)
TECHNICIAN2 = Actor("technician2", "Tom", Role.TECHNICIAN)
INSTRUMENT = Actor("gcms1", "GC-MS 1", Role.INSTRUMENT, kind="instrument")
PEOPLE = (CUSTODIAN, CUSTODIAN2, TECHNICIAN, TECHNICIAN2, REVIEWER, SCIENTIST, BOGOTA, BANGKOK)
SIGNED = {"password": "verified"}
#: Accounts of which custody hears before all else, an entry of the log each.
TOLD = len(PEOPLE) + 2

_numbers = itertools.count(1)


def call(client: FlaskClient, method: str, path: str, body: Any = None, **how: Any) -> Any:
    """As `tests.calls.call`; what the answer's JSON holds is for the test to know."""
    return calls.call(client, method, path, body, **how)


def as_service(
    client: FlaskClient, name: str, method: str, path: str, body: Any = None, **headers: str
) -> Any:
    """As `tests.calls.as_service`; what the answer's JSON holds is for the test to know."""
    return calls.as_service(client, name, method, path, body, **headers)


def tell_people(client: FlaskClient) -> None:
    """Custody hears of everybody, as from the gateway."""
    for person in (*PEOPLE, Actor("gone", "Gone", Role.TECHNICIAN), Actor("admin", "Adam", Role.ADMIN)):
        body = {"login": person.login, "name": person.name, "role": person.role, "office": person.office}
        told = as_service(
            client, "gateway", "POST", "/internal/people", {**body, "active": person.login != "gone"}
        )
        assert told.status_code == 200, told.data


def tell_account(client: FlaskClient, who: Actor, *, active: bool, role: str | None = None) -> None:
    """The gateway tells what became of an account."""
    body = {"login": who.login, "name": who.name, "role": role or who.role, "office": who.office}
    told = as_service(client, "gateway", "POST", "/internal/people", {**body, "active": active})
    assert told.status_code == 200, told.data


def exhibit(**over: Any) -> dict[str, Any]:
    """An exhibit as intake tells of it."""
    number = next(_numbers)
    facts = {
        "exhibit_id": f"exhibit-{number}",
        "number": f"S26-{number:06d}",
        "office": "BOG",
        "submission_id": f"submission-{number}",
        "submission_number": f"D26-{number:06d}",
        "line": 1,
        "kind": "seizure",
        "programme": "HSP",
        "description": "brown powder, ผงสีน้ำตาล",
        "physical_form": "powder",
        "gross_mass_g": 5.25,
        "seal_number": f"S-{number}",
        "seal_condition": "intact",
        "seizure_id": None,
        "blocked": False,
    }
    return {**facts, **over}


def receipt(exhibits: list[dict[str, Any]]) -> dict[str, Any]:
    """A receipt of these exhibits by the custodian."""
    return {
        "receipt_number": "R26-000001",
        "received_by": "custodian",
        "received_by_name": "Clara",
        "received_at": format_time(datetime.now(UTC)),
        "items": exhibits,
    }


def opened(client: FlaskClient, **over: Any) -> str:
    """The id of a new item in the custodian's hands."""
    answer = as_service(client, "intake", "POST", "/internal/items", receipt([exhibit(**over)]))
    assert answer.status_code == 200, answer.data
    return str(answer.json["items"][0]["item_id"])


def offered(client: FlaskClient, item_ids: list[str], to: str = "technician") -> str:
    """The id of an offer by the custodian."""
    body = {"item_ids": item_ids, "to": to, "purpose": "analysis"}
    made = call(client, "POST", "/handovers", body, actor=CUSTODIAN)
    assert made.status_code == 201, made.data
    return str(made.json["id"])


def handed(client: FlaskClient, **over: Any) -> str:
    """The id of a new item in the technician's hands."""
    item_id = opened(client, **over)
    offer = offered(client, [item_id])
    done = call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=TECHNICIAN)
    assert done.status_code == 200, done.data
    return item_id


def act(client: FlaskClient, item_id: str, what: str, body: dict[str, Any], actor: Actor = TECHNICIAN) -> Any:
    """One act upon an item."""
    return call(client, "POST", f"/items/{item_id}/{what}", body, actor=actor)


def signed_by(client: FlaskClient, path: str, body: dict[str, Any], *signers: Actor, actor: Actor) -> Any:
    """A POST by the actor that these people have signed, as the gateway would say after it checked their passwords."""
    now = datetime.now(UTC)
    signatures = tuple(Signature(who.login, who.name, who.role, "password", now) for who in signers)
    return call(client, "POST", path, json.dumps(body).encode(), actor=replace(actor, signatures=signatures))


def mass(net_mass_mg: float, uncertainty_mg: float = 0.2, **over: Any) -> dict[str, Any]:
    """A body that tells a mass."""
    return {"net_mass_mg": net_mass_mg, "uncertainty_mg": uncertainty_mg, **over}


def gross(grams: float, uncertainty_mg: float = 1.0, **over: Any) -> dict[str, Any]:
    """A body that tells a gross mass."""
    return {"gross_mass_g": grams, "uncertainty_mg": uncertainty_mg, "balance": "b", **over}


def package(grams: float, uncertainty_mg: float = 1.0, **over: Any) -> dict[str, Any]:
    """A body that tells the mass of the sealed package."""
    return {"package_mass_g": grams, "uncertainty_mg": uncertainty_mg, "balance": "b", **over}


def weighed(client: FlaskClient, net_mass_mg: float = 500.0) -> str:
    """The id of an item in the technician's hands whose net mass is known to 0.4 mg."""
    item_id = handed(client)
    done = act(client, item_id, "weighings", mass(net_mass_mg, 0.4, balance="XPR205"))
    assert done.status_code == 201, done.data
    return item_id


def item(client: FlaskClient, item_id: str, actor: Actor = CUSTODIAN) -> dict[str, Any]:
    """The item as it stands."""
    found = call(client, "GET", f"/items/{item_id}", actor=actor)
    assert found.status_code == 200, found.data
    return dict(found.json)


def events(client: FlaskClient, item_id: str) -> list[dict[str, Any]]:
    """The item's events."""
    found = call(client, "GET", f"/items/{item_id}/events?limit=500", actor=CUSTODIAN)
    assert found.status_code == 200, found.data
    return list(found.json["items"])


def sequence(runtime: Runtime) -> int:
    """Gives every waiting event its place in the log; returns how many there were."""
    sequencer = Sequencer(runtime)
    total = 0
    while count := sequencer.run_once():
        total += count
    return total


def told_to_intake(runtime: Runtime, item_id: str) -> list[dict[str, Any]]:
    """What custody has told intake of discrepancies of an item, or will."""
    with runtime.unit_of_work() as uow:
        query = "SELECT body FROM chain_of_custody.outbox WHERE path = '/internal/discrepancies' ORDER BY seq"
        found = uow.session.execute(text(query)).scalars().all()
    return [body for body in found if body["item_id"] == item_id]


def resolved(client: FlaskClient, told: dict[str, Any], **over: Any) -> None:
    """Intake tells that a discrepancy of which it was told is resolved."""
    body = {
        "exhibit_id": told["exhibit_id"], "discrepancy_id": told["discrepancy_id"], "still_open": [],
        "resolution": "dried on the way", "resolved_by": "reviewer", "resolved_by_name": "Ruth",
        "resolved_at": told["opened_at"], **over,
    }  # fmt: skip
    assert as_service(client, "intake", "POST", "/internal/items/unblock", body).status_code == 200
