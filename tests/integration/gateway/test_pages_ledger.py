"""The page of the log: what it says of the key is what everybody else says of it."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from shared.crypto.ledger import verifier_key
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

KEY = verifier_key("siglab.example/ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def _custody(service: str, request: BusRequest) -> BusResponse:
    if request.path == "/api/v1/ledger/key":
        return BusResponse(200, [("content-type", "text/plain")], f"{KEY}\n".encode())
    return BusResponse(404, [("content-type", "application/json")], b"{}")


def test_the_key_stands_with_the_id_and_the_fingerprint_that_are_told_everywhere(
    door: Door, pages: FlaskClient
) -> None:
    door.bus.answer = _custody
    sign_in(pages, "clara")
    page = pages.get("/ledger").text
    assert f">{KEY.id.hex()}</dd>" in page and f">{KEY.fingerprint}</dd>" in page
