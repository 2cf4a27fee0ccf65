"""The page of links says how much was compared, and states nothing where that is too little."""

import json
from typing import Any

from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

_JSON = [("content-type", "application/json")]
TOO_FEW = "compared 1 of 23 analytes: too few for a statement, at least 10 must be measured in both"
POPULATION = {
    "id": "p", "made_at": "2026-01-01T00:00:00Z", "rule": "linked: ...", "measure": "cosine", "pretreatment": ["log"],
    "n_linked": 10, "n_unlinked": 20, "threshold": 0.9, "validation": None,
}  # fmt: skip


def _alike(**over: Any) -> dict[str, Any]:
    return {
        "item_id": "i2", "number": "S26-000002", "exhibit_id": "e2", "office": "BOG", "compared": 12, "analytes": 23,
        "score": 0.95, "likelihood_ratio": 50.0, "verbal": "moderate support for a common source",
        "beyond_threshold": True, "note": None, **over,
    }  # fmt: skip


def _side() -> dict[str, Any]:
    return {"value": 1.0, "uncertainty": None, "censored": False, "rank": 0.5, "compared": 0.0}


def laboratory(door: Door, alike: list[Any], other: dict[str, Any], note: str | None) -> None:
    shared = {"population": POPULATION, "synthetic": False, "caveat": "It never stands alone."}
    analyte = {"analyte": "a", "unit": "1", "module": "all", "own": _side(), "other": _side()}
    told: dict[str, Any] = {
        "/items/i1": {"id": "i1", "number": "S26-000001", "programme": "HSP"},
        "/programmes": {"items": [{"id": "HSP"}], "next": None},
        "/items/i1/links": {
            "searched": 5,
            "measured": 1,
            "analytes": 23,
            "note": note,
            "items": alike,
            **shared,
        },
        "/links/network": {"nodes": [], "edges": [], **shared},
        "/items/i1/links/i2": {"profiles": 5, "other": other, "analytes": [analyte], **shared},
    }

    def answer(service: str, request: BusRequest) -> BusResponse:
        found = told.get(request.path.removeprefix("/api/v1"))
        if found is None:
            return BusResponse(404, _JSON, b'{"status": 404, "code": "not_found", "detail": "Not here."}')
        return BusResponse(200, _JSON, json.dumps(found).encode())

    door.bus.answer = answer


def test_too_few_analytes_in_common_are_no_statement(door: Door, pages: FlaskClient) -> None:
    other = _alike(
        compared=1,
        score=None,
        likelihood_ratio=None,
        verbal="no statement",
        beyond_threshold=False,
        note=TOO_FEW,
    )
    laboratory(door, [], other, TOO_FEW)
    sign_in(pages, "clara")
    page = pages.get("/links/i1?with=i2")
    assert page.status_code == 200, page.text
    assert f"No statement: {TOO_FEW}." in page.text
    assert "1 of 23 analytes were measured of this item. Compared 1 of 23" in page.text
    assert "No other profile of this programme has enough analytes in common." in page.text
    assert "support for" not in page.text.split("What made these ratios")[0]


def test_a_pair_says_how_many_analytes_were_compared_and_that_it_lies_outside(
    door: Door, pages: FlaskClient
) -> None:
    outside = "outside the population, 3.1 times as far from its centre as its farthest profile"
    laboratory(door, [_alike()], _alike(note=outside), None)
    sign_in(pages, "clara")
    page = pages.get("/links/i1?with=i2").text
    assert "Compared 12 of 23 analytes. Outside the population, 3.1 times" in page
    assert "12 of 23</td>" in page
