"""From a library to a released opinion: models, jobs, results, review, report, amendment."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text

from services.classifier.custody import Facts
from services.classifier.service.classify_items import classify
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import ANALYST, AUDITOR, BANGKOK, BOGOTA, REVIEWER, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, classified, library, measured, proposed

SECOND_SCIENTIST = Actor("scientist2", "Samuel", Role.SCIENTIST)
SECOND_REVIEWER = Actor("reviewer2", "Ravi", Role.REVIEWER)
SIGNED = {"password": "verified"}

Made = Callable[..., Any]


@pytest.fixture(scope="module")
def authentics(client: FlaskClient, custody: KnownItems) -> list[Facts]:
    return library(client, custody, "OPIN")


@pytest.fixture(scope="module")
def model(client: FlaskClient, runtime: Runtime, authentics: list[Facts]) -> str:
    model_id = proposed(client, runtime, "OPIN")
    assert (
        call(client, "POST", f"/models/{model_id}/activate", SIGNED, actor=SECOND_SCIENTIST).status_code
        == 200
    )
    return model_id


@pytest.fixture
def result(client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str) -> Made:
    def make(a: float = 2.1, b: float = 8.1) -> Any:
        item = custody.open("OPIN")
        assert measured(client, item, a, b).status_code == 201
        return classified(client, runtime, item)

    return make


def decided(client: FlaskClient, result: Any, decision: str = "release", actor: Actor = REVIEWER) -> Any:
    body = {"decision": decision, "comment": "agreed", **SIGNED}
    return call(client, "POST", f"/results/{result['id']}/review", body, actor=actor)


@pytest.mark.rule("E17")
def test_whoever_trained_does_not_activate_and_a_newer_model_retires_the_older(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "TWO")
    first = proposed(client, runtime, "TWO")
    own = call(client, "POST", f"/models/{first}/activate", SIGNED, actor=SCIENTIST)
    assert (own.status_code, own.json["code"]) == (409, "four_eyes")
    assert call(client, "POST", f"/models/{first}/activate", {}, actor=SECOND_SCIENTIST).status_code == 422
    for model_id in (first, proposed(client, runtime, "TWO")):
        assert call(client, "POST", f"/models/{model_id}/activate", SIGNED, actor=REVIEWER).status_code == 200
    assert call(client, "GET", f"/models/{first}", actor=AUDITOR).json["state"] == "retired"
    told = call(client, "GET", f"/models/{first}/validation", actor=AUDITOR).json["determinations"]["origin"]
    assert {"candidates", "chosen", "accuracy", "per_class", "confusion", "ece", "coverage"} <= set(told)


def test_too_small_a_library_gives_a_failed_model_with_the_reason(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "TINY", per_class=2)
    found = call(client, "GET", f"/models/{proposed(client, runtime, 'TINY')}", actor=SCIENTIST).json
    assert found["state"] == "failed"
    assert "authentics" in found["error"]
    item = custody.open("TINY")
    body = {"programme": "TINY", "item_ids": [item.id]}
    assert call(client, "POST", "/jobs", body, actor=TECHNICIAN).json["code"] == "no_model"


def test_near_is_concluded_and_far_is_unknown(result: Made) -> None:
    assert result()["determinations"][0]["conclusion"] == "North"
    far = result(60.0, 90.0)["determinations"][0]
    assert far["conclusion"] == "Unknown"
    assert abs(sum(far["probabilities"].values()) - 1) < 1e-6


def test_an_authentic_of_the_model_is_told_to_be_one(
    client: FlaskClient, runtime: Runtime, model: str, authentics: list[Facts], result: Made
) -> None:
    words = "part of the library that the model was trained on"
    own = classified(client, runtime, authentics[0])["determinations"][0]
    assert words in own["reasons"][0]
    assert not any(words in reason for reason in result()["determinations"][0]["reasons"])


def test_a_repeated_job_gives_one_result(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    items = [custody.open("OPIN") for _ in range(3)]
    body = {"programme": "OPIN", "item_ids": [item.id for item in items]}
    job_id = call(client, "POST", "/jobs", body, actor=TECHNICIAN).json["id"]
    classify(runtime, job_id)
    with runtime.unit_of_work() as uow:
        uow.session.execute(
            text("UPDATE classifier.job SET state = 'running' WHERE id = :id"), {"id": job_id}
        )
        uow.commit()
    classify(runtime, job_id)
    found = call(client, "GET", f"/jobs/{job_id}", actor=TECHNICIAN).json
    assert sorted(row["item_id"] for row in found["results"]) == sorted(body["item_ids"])
    first = call(client, "GET", f"/results/{found['results'][0]['result_id']}", actor=TECHNICIAN).json
    assert first["determinations"][0]["conclusion"] == "Not evaluated"


def test_a_cancelled_job_does_nothing(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    body = {"programme": "OPIN", "item_ids": [custody.open("OPIN").id]}
    job_id = call(client, "POST", "/jobs", body, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/jobs/{job_id}/cancel", {}, actor=TECHNICIAN).json["state"] == "cancelled"
    classify(runtime, job_id)
    assert call(client, "GET", f"/jobs/{job_id}", actor=TECHNICIAN).json["results"] == []
    assert call(client, "POST", f"/jobs/{job_id}/cancel", {}, actor=TECHNICIAN).status_code == 409


@pytest.mark.rule("E16", "E17")
def test_a_second_examiner_decides_once_and_by_signature(
    client: FlaskClient, runtime: Runtime, result: Made
) -> None:
    made = result()
    path = f"/results/{made['id']}"
    unsigned = call(client, "POST", f"{path}/review", {"decision": "release", "comment": "x"}, actor=REVIEWER)
    assert unsigned.status_code == 422
    assert decided(client, made, actor=TECHNICIAN).status_code == 403
    performer = Actor("technician", "Tess", Role.REVIEWER)
    own = decided(client, made, actor=performer)
    assert (own.status_code, own.json["code"]) == (409, "four_eyes")
    assert call(client, "GET", f"{path}/report.pdf", actor=TECHNICIAN).status_code == 404
    assert decided(client, made).json["state"] == "released"
    assert decided(client, made, "reject").status_code == 409
    with runtime.unit_of_work() as uow:
        query = text("SELECT result_digest FROM classifier.review WHERE result_id = :id")
        assert uow.session.execute(query, {"id": made["id"]}).scalar() == made["digest"]


@pytest.mark.rule("E30")
def test_an_office_and_an_analyst_see_what_was_released(client: FlaskClient, result: Made) -> None:
    made = result()
    path = f"/results/{made['id']}"
    for actor in (BOGOTA, ANALYST):
        assert call(client, "GET", path, actor=actor).status_code == 404
    decided(client, made)
    for actor in (BOGOTA, ANALYST):
        told = call(client, "GET", path, actor=actor).json
        assert (told["state"], told["performers"]) == ("released", [])
        assert made["id"] in [row["id"] for row in call(client, "GET", "/results", actor=actor).json["items"]]
    assert call(client, "GET", path, actor=BANGKOK).status_code == 404
    assert call(client, "GET", f"{path}/report.pdf", actor=BANGKOK).status_code == 404
    assert call(client, "GET", "/results", actor=BANGKOK).json["items"] == []
    refused = result()
    decided(client, refused, "reject")
    assert call(client, "GET", f"/results/{refused['id']}", actor=BOGOTA).status_code == 404


@pytest.mark.rule("E19", "E27", "E28")
def test_the_report_says_everything_and_an_amendment_says_what_it_replaces(
    client: FlaskClient, runtime: Runtime, result: Made
) -> None:
    made = result()
    path = f"/results/{made['id']}"
    decided(client, made)
    report = call(client, "GET", f"{path}/report.pdf", actor=BOGOTA).data
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(report)).pages]
    whole = " ".join(" ".join(pages).split())
    for place, page in enumerate(pages, 1):
        assert made["id"] in page
        assert f"page {place} of {len(pages)}" in page
    for words in (
        made["item_number"],
        "North",
        "Ruth",
        made["model"]["digest"],
        "never stand alone",
        "OPIN version 1",
    ):
        assert words in whole, words
    body = {"reason": "seal misprinted", **SIGNED}
    new = call(client, "POST", f"{path}/amendments", body, actor=REVIEWER).json
    assert (new["state"], new["replaces"]) == ("proposed", made["id"])
    assert call(client, "GET", path, actor=BOGOTA).json["state"] == "superseded"
    assert call(client, "GET", f"{path}/report.pdf", actor=BOGOTA).data == report
    assert decided(client, new).json["code"] == "four_eyes"
    assert decided(client, new, actor=SECOND_REVIEWER).json["state"] == "released"
    amended = call(client, "GET", f"/results/{new['id']}/report.pdf", actor=BOGOTA).data
    told = " ".join(PdfReader(io.BytesIO(amended)).pages[0].extract_text().split())
    assert "Amended report" in told
    assert "seal misprinted" in told
    assert "Nothing changed in the conclusion" in told
    assert call(client, "POST", f"{path}/amendments", body, actor=REVIEWER).status_code == 409
    with runtime.unit_of_work() as uow:
        query = text("SELECT body->>'type' FROM classifier.outbox WHERE ordering_key = :item ORDER BY seq")
        kinds = [row[0] for row in uow.session.execute(query, {"item": made["item_id"]})]
    assert kinds == ["measured", "result_proposed", "result_released", "result_amended", "result_released"]


def test_the_library_has_doors(client: FlaskClient, custody: KnownItems, model: str) -> None:
    authentic, seizure = custody.open("OPIN", "authentic"), custody.open("OPIN")
    labels = {"labels": {"origin": "North"}}
    at = f"/library/{authentic.exhibit_id}"
    assert call(client, "POST", f"{at}/accept", labels, actor=TECHNICIAN).status_code == 403
    wrong = call(
        client, "POST", f"{at}/accept", {"labels": {"origin": "Atlantis", "mood": "x"}}, actor=SCIENTIST
    )
    assert {error["pointer"] for error in wrong.json["errors"]} == {"/labels/origin", "/labels/mood"}
    other = call(client, "POST", f"/library/{seizure.exhibit_id}/accept", labels, actor=SCIENTIST)
    assert other.json["code"] == "not_authentic"
    assert call(client, "POST", "/library/nothing/accept", labels, actor=SCIENTIST).status_code == 404
    assert call(client, "POST", f"{at}/withdraw", {"reason": "x"}, actor=SCIENTIST).status_code == 409
    assert call(client, "POST", f"{at}/accept", labels, actor=SCIENTIST).status_code == 200
    inside = call(client, "GET", "/library?programme=OPIN&limit=500", actor=AUDITOR).json["items"]
    assert authentic.exhibit_id in {row["exhibit_id"] for row in inside}
    assert call(client, "POST", f"{at}/withdraw", {"reason": "doubt"}, actor=SCIENTIST).status_code == 200
    assert call(client, "POST", f"{at}/refuse", {"reason": ""}, actor=SCIENTIST).status_code == 422
    inside = call(client, "GET", "/library?programme=OPIN&limit=500", actor=AUDITOR).json["items"]
    assert authentic.exhibit_id not in {row["exhibit_id"] for row in inside}
