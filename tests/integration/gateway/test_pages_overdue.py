"""The badge in the menu: a number where it is known, and never a page that waits or breaks."""

import json
from datetime import UTC, datetime

from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from shared.errors import Unavailable
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

_JSON = [("content-type", "application/json")]
_LIMIT = {"amount": 3, "unit": "working_days"}


def _answer(total: int) -> bytes:
    kind = {"kind": "receipt_unconfirmed", "limit": _LIMIT, "count": total, "most_days_over": 1}
    return json.dumps(
        {
            "total": total,
            "kinds": [kind],
            "checked_at": datetime.now(UTC).isoformat(),
            "items": [],
            "next": None,
        }
    ).encode()


def test_the_badge_is_asked_for_once_in_a_while_with_a_short_deadline(door: Door, pages: FlaskClient) -> None:
    door.bus.answer = lambda service, request: BusResponse(200, _JSON, _answer(7))
    sign_in(pages, "clara")
    door.bus.asked.clear()
    door.bus.options.clear()
    for _ in range(3):
        page = pages.get("/no-such-page").text
        assert '<span class="sg-badge">7</span>' in page
    asked = [
        options["deadline"]
        for (_, request), options in zip(door.bus.asked, door.bus.options, strict=True)
        if request.path == "/api/v1/overdue/counts"
    ]
    assert len(asked) <= 1 and all(deadline <= 1.0 for deadline in asked)


def test_without_custody_there_is_no_number_and_the_page_stands(door: Door, pages: FlaskClient) -> None:
    def away(service: str, request: BusRequest) -> BusResponse:
        raise Unavailable("custody does not answer.")

    door.bus.answer = away
    sign_in(pages, "hector")
    page = pages.get("/")
    assert page.status_code == 200
    assert "sg-badge" not in page.text and 'href="/overdue"' in page.text


def test_limits_are_said_in_words(door: Door, pages: FlaskClient) -> None:
    door.bus.answer = lambda service, request: BusResponse(200, _JSON, _answer(1))
    sign_in(pages, "clara")
    assert "parcels here without a receipt, more than 3 working days" in pages.get("/").text
