"""The page of a result: an Unknown is not shown with the bars of classes that it is not."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.bus.messages import BusRequest, BusResponse
from tests.integration.gateway.conftest import Door
from tests.integration.gateway.test_pages_door import sign_in

_JSON = [("content-type", "application/json")]


def _result(conclusion: str) -> dict[str, Any]:
    determination = {
        "name": "origin",
        "conclusion": conclusion,
        "prediction_set": ["A"],
        "probabilities": {"A": 1.0, "B": 0.0},
        "novelty": {"p_value": 0.001, "threshold": 0.05},
        "reasons": ["a reason"],
        "evidence": [],
    }
    return {
        "id": "r1", "item_id": "i1", "item_number": "S26-000001", "programme": "X", "programme_version": "1",
        "determinations": [determination], "model": {"id": "m1", "version": "1", "digest": "d"}, "state": "released",
        "created_at": "2026-01-01T00:00:00Z", "review": None, "performers": [],
    }  # fmt: skip


@pytest.mark.parametrize(("conclusion", "bars"), [("A", 2), ("Unknown", 0)])
def test_probabilities_of_an_unknown_are_told_as_a_supposition(
    door: Door, pages: FlaskClient, conclusion: str, bars: int
) -> None:
    def answer(service: str, request: BusRequest) -> BusResponse:
        if request.path.endswith("/results/r1"):
            return BusResponse(200, _JSON, json.dumps(_result(conclusion)).encode())
        return BusResponse(404, _JSON, b'{"status": 404, "code": "not_found", "detail": "Not here."}')

    door.bus.answer = answer
    sign_in(pages, "clara")
    page = pages.get("/results/r1")
    assert page.status_code == 200, page.text
    assert page.text.count("<meter") == bars
    assert ("If it were of a known class: A 1.000, B 0.000" in page.text) == (conclusion == "Unknown")


def test_each_value_is_shown_with_its_record_and_who_set_a_peak_by_hand(
    door: Door, pages: FlaskClient
) -> None:
    run = {
        "kind": "spectrum", "spectrum_id": "s1", "filename": "run7.cdf", "sha256": "ab" * 32, "instrument": "gcms1",
        "method": "GC-1", "acquired_at": "2026-11-20T08:30:00Z", "version": 2, "reason": "shoulder cut off",
        "integrated_by": "technician2", "by_hand": ["norcocaine"],
    }  # fmt: skip
    value = {
        "analyte": "norcocaine", "module": "alkaloids", "unit": "1", "value": 0.02, "censored": False,
        "uncertainty": 0.0016, "uncertainty_of": "programme", "source": run,
    }  # fmt: skip

    def answer(service: str, request: BusRequest) -> BusResponse:
        if request.path.endswith("/results/r1"):
            return BusResponse(200, _JSON, json.dumps({**_result("A"), "values": [value]}).encode())
        return BusResponse(404, _JSON, b'{"status": 404, "code": "not_found", "detail": "Not here."}')

    door.bus.answer = answer
    sign_in(pages, "clara")
    page = pages.get("/results/r1").text
    assert "run7.cdf" in page and "abababababab…" in page and "gcms1, GC-1" in page
    assert "version 2, by hand by technician2: shoulder cut off" in page
    assert "0.0016 (declared by the programme)" in page
