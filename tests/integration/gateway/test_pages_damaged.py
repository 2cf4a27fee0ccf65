"""The files of an item whose record is damaged: an error that says what is wrong, with the way on."""

import json

import pytest
from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

_JSON = [("content-type", "application/json")]
_DETAIL = "The record of S26-000001 is damaged. S26-000001, act 3: This record was changed."


def _custody(service: str, request: BusRequest) -> BusResponse:
    if request.path.endswith("/items/i1"):
        return BusResponse(200, _JSON, json.dumps({"id": "i1", "number": "S26-000001"}).encode())
    if request.query == "damaged=true":
        return BusResponse(200, [("content-type", "application/pdf")], b"%PDF marked")
    if "/items/i1/" in request.path:
        problem = {"status": 409, "code": "ledger_damaged", "detail": _DETAIL}
        return BusResponse(409, [("content-type", "application/problem+json")], json.dumps(problem).encode())
    return BusResponse(404, _JSON, b"{}")


@pytest.mark.rule("E12", "E27")
@pytest.mark.parametrize("what", ["custody.pdf", "case.jsonld"])
def test_a_file_of_a_damaged_record_says_so_and_leads_to_the_marked_one(
    door: Door, pages: FlaskClient, what: str
) -> None:
    door.bus.answer = _custody
    sign_in(pages, "clara")
    page = pages.get(f"/items/i1/{what}")
    assert page.status_code == 409 and _DETAIL in page.text
    assert f'href="/items/i1/{what}?damaged=true"' in page.text and 'href="/items/i1"' in page.text
    marked = pages.get(f"/items/i1/{what}?damaged=true")
    assert marked.status_code == 200 and marked.data == b"%PDF marked"
    assert 'filename="DAMAGED-' in marked.headers["Content-Disposition"]


@pytest.mark.rule("E21")
def test_a_bundle_of_a_damaged_record_is_not_said_to_come_in_a_moment(door: Door, pages: FlaskClient) -> None:
    door.bus.answer = _custody
    sign_in(pages, "clara")
    page = pages.get("/items/i1/bundle.zip")
    assert page.status_code == 409 and _DETAIL in page.text
    assert "in a moment" not in page.text and "damaged=true" not in page.text
