"""A custody application on a fresh database, with people, and items that stand in any state."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from services.chain_of_custody.service.sequence_events import sequence_pending
from shared.actor import Actor, Role
from shared.config import Settings
from shared.http.schemas import format_time
from shared.runtime import Runtime
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
    as_service,
    call,
)

CUSTODIAN2 = Actor("custodian2", "Carlos", Role.CUSTODIAN)
TECHNICIAN2 = Actor("technician2", "Tom", Role.TECHNICIAN)
PEOPLE = (
    CUSTODIAN, CUSTODIAN2, TECHNICIAN, TECHNICIAN2, REVIEWER, SCIENTIST, AUDITOR, ANALYST, ADMIN, BOGOTA, BANGKOK,
)  # fmt: skip
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = make_runtime(settings)
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    for person in PEOPLE:
        told = {
            "login": person.login,
            "name": person.name,
            "role": person.role.value,
            "office": person.office,
        }
        answer = as_service(client, "classifier", "POST", "/internal/people", {**told, "active": True})
        assert answer.status_code < 300, answer.data
    return client


def exhibit(**over: Any) -> dict[str, Any]:
    """An exhibit as intake tells of it: 5.25 g gross from Bogotá."""
    number = next(_numbers)
    facts = {
        "exhibit_id": f"exhibit-{number}", "number": f"S26-{number:06d}", "office": "BOG", "submission_id": "submission-1",
        "submission_number": "BOG-26-0001", "line": number, "kind": "seizure", "programme": "HSP",
        "description": "brown powder, ถุงผูกปม", "physical_form": "powder", "gross_mass_g": 5.25, "seal_number": f"S-{number}",
        "seal_condition": "intact", "seizure_id": None, "blocked": False,
    }  # fmt: skip
    return {**facts, **over}


def receipt(*exhibits: dict[str, Any], **over: Any) -> dict[str, Any]:
    """A receipt by the custodian of these exhibits."""
    body = {
        "receipt_number": f"R26-{next(_numbers):06d}",
        "received_by": "custodian",
        "received_by_name": "Clara",
        "received_at": format_time(datetime.now(UTC)),
        "items": list(exhibits),
    }
    return {**body, **over}


def received(client: FlaskClient, **over: Any) -> str:
    """The id of a new item in the custodian's hands."""
    answer = as_service(client, "intake", "POST", "/internal/items", receipt(exhibit(**over)))
    assert answer.status_code < 300, answer.data
    item_id: str = answer.json["items"][0]["item_id"]
    return item_id


def handed(client: FlaskClient, item_id: str, to: Actor = TECHNICIAN, giver: Actor = CUSTODIAN) -> str:
    """The item, in somebody else's hands."""
    offered = call(client, "POST", "/handovers", offer([item_id], to=to.login), actor=giver)
    assert offered.status_code == 201, offered.data
    path = f"/handovers/{offered.json['id']}/accept"
    assert call(client, "POST", path, {"password": "verified"}, actor=to).status_code == 200
    return item_id


def weighed(client: FlaskClient, mg: float = 500.0, **over: Any) -> str:
    """The id of an item of a known net mass in the technician's hands."""
    item_id = handed(client, received(client, **over))
    body = {"net_mass_mg": mg, "uncertainty_mg": 0.4, "balance": "XPR205"}
    assert call(client, "POST", f"/items/{item_id}/weighings", body, actor=TECHNICIAN).status_code == 201
    return item_id


def offer(item_ids: list[str], **over: Any) -> dict[str, Any]:
    """The body of an offer to the technician."""
    return {"item_ids": item_ids, "to": "technician", "purpose": "analysis", **over}


def item(client: FlaskClient, item_id: str, actor: Actor = AUDITOR) -> dict[str, Any]:
    """The item as it stands."""
    answer = call(client, "GET", f"/items/{item_id}", actor=actor)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.json
    return found


def events(client: FlaskClient, item_id: str) -> list[dict[str, Any]]:
    """The item's history."""
    answer = call(client, "GET", f"/items/{item_id}/events", actor=AUDITOR)
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def refused(answer: TestResponse, status: int, code: str) -> None:
    """Asserts that an act was refused in these words."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.data


@pytest.fixture(scope="module")
def sequence(runtime: Runtime) -> Callable[..., int]:
    """Runs the sequencer until nothing waits; returns how many events it took."""
    keys_dir: Path = runtime.settings.keys_dir
    origin, key = load_origin(keys_dir), load_signing_key(keys_dir)

    def run(batch: int = 1000) -> int:
        total = 0
        while True:
            with runtime.unit_of_work() as uow:
                count = sequence_pending(uow, origin, key, now=runtime.clock(), batch=batch)
                uow.commit()
            total += count
            if not count:
                return total

    return run
