"""The code on a report leads everybody to the proof of its release, and only those who may to the record."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from shared.crypto.assertions import HEADER
from shared.crypto.ledger import leaf_hash, sign_checkpoint, verifier_key
from siglab_clients.tlog.encoding import encode_base64
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = verifier_key("siglab.example/ledger", SIGNER)
LEAF = leaf_hash(b"a commitment")
_JSON = [("content-type", "application/json")]
RESULT = "01a20e0b87207a548e1727c4ccf5afa8"


def custody(door: Door, *, leaf: bytes = LEAF, mine: bool = False) -> None:
    """A log of one entry; the result is of the exhibit S26-000777, which one may see or not."""
    head = sign_checkpoint("siglab.example/ledger", 1, LEAF, SIGNER)
    proof = {"index": 0, "size": 1, "leaf_hash": encode_base64(leaf), "hashes": [], "checkpoint": head}
    event = {"type": "result_released", "sequence": 5, "details": {"result_id": RESULT}}
    result = {"id": RESULT, "item_id": "i1", "item_number": "S26-000777", "conclusion": "Mexico"}
    told: dict[str, Any] = {f"/ledger/releases/{RESULT}/proof": proof}
    if mine:
        told |= {f"/results/{RESULT}": result, "/items/i1/events": {"items": [event], "next": None}}

    def answer(service: str, request: BusRequest) -> BusResponse:
        path = request.path.removeprefix("/api/v1")
        if path == "/ledger/key":
            return BusResponse(200, [("content-type", "text/plain")], f"{KEY}\n".encode())
        if path in told:
            return BusResponse(200, _JSON, json.dumps(told[path]).encode())
        return BusResponse(404, _JSON, b'{"status": 404, "code": "not_found", "detail": "Not here."}')

    door.bus.answer = answer


@pytest.mark.rule("E19", "E30")
@pytest.mark.parametrize("login", [None, "bangkok"])
def test_whoever_may_not_see_the_result_is_shown_its_entry_and_nothing_of_the_case(
    door: Door, pages: FlaskClient, login: str | None
) -> None:
    custody(door)
    if login:
        sign_in(pages, login)
    page = pages.get(f"/results/{RESULT}/entry")
    assert page.status_code == 200, page.text
    assert "Checked now: the entry is in the signed log of 1 entries." in page.text
    assert encode_base64(LEAF) in page.text.replace("&#43;", "+")
    assert "siglab-verify" in page.text
    assert "S26-000777" not in page.text and "Mexico" not in page.text
    asked = [request.path for _, request in door.bus.asked]
    assert not any(path.startswith("/api/v1/items") for path in asked)
    # Asked as a stranger, whoever is signed in: such a request names nobody.
    openly = [request for _, request in door.bus.asked if "/ledger/" in request.path]
    assert len(openly) == 2 and all(request.header(HEADER) is None for request in openly)


def test_a_proof_that_does_not_hold_is_said_to_be_none(door: Door, pages: FlaskClient) -> None:
    custody(door, leaf=leaf_hash(b"another"))
    assert "The proof does not hold" in pages.get(f"/results/{RESULT}/entry").text


def test_a_result_that_was_not_released_leads_a_stranger_nowhere(door: Door, pages: FlaskClient) -> None:
    custody(door)
    assert pages.get("/results/01a20e0b87207a548e1727c4ccf5afa9/entry").status_code == 404
    assert pages.get(f"/results/{RESULT}").status_code == 303


def test_whoever_may_see_the_result_is_led_to_the_record(door: Door, pages: FlaskClient) -> None:
    custody(door, mine=True)
    sign_in(pages, "bogota")
    page = pages.get(f"/results/{RESULT}/entry")
    assert (page.status_code, page.headers["Location"]) == (303, "/items/i1/events/5")
