"""Why a result says what it says: over the API, and on paper for whoever reads the report in court."""

import io
from typing import Any

import numpy as np
import pytest
import zxingcpp
from flask.testing import FlaskClient
from pypdf import PdfReader

from services.classifier.service.reports import report_data
from shared.documents.qr_code import qr_code
from shared.runtime import Runtime
from tests.calls import BANGKOK, BOGOTA, REVIEWER, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, classified, library, measured, proposed
from tests.integration.classifier.test_opinions import SECOND_SCIENTIST, SIGNED, decided


@pytest.fixture(scope="module")
def result(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> Any:
    library(client, custody, "EXPL")
    model_id = proposed(client, runtime, "EXPL")
    done = call(client, "POST", f"/models/{model_id}/activate", SIGNED, actor=SECOND_SCIENTIST)
    assert done.status_code == 200
    item = custody.open("EXPL")
    assert measured(client, item, 2.1, 8.1).status_code == 201
    return classified(client, runtime, item)


def test_an_explanation_says_where_the_sample_lies_and_what_would_change_it(
    client: FlaskClient, result: Any
) -> None:
    told = call(client, "GET", f"/results/{result['id']}/explanation", actor=TECHNICIAN).json
    (origin,) = told["determinations"]
    assert origin["conclusion"] == "North" and origin["classes"] == ["North", "South", "West"]
    assert [row["analyte"] for row in origin["analytes"]] == ["a", "b"]
    north = origin["analytes"][0]["ranges"]["North"]
    assert north["low"] <= origin["analytes"][0]["position"] <= north["high"]
    assert len(origin["points"]) == 36 and len(origin["position"]) == 2
    assert origin["nearest"][0]["label"] == "North" and origin["nearest"][0]["item_number"].startswith("S26-")
    assert any(change["changes"] for change in origin["changes"])
    again = call(client, "GET", f"/results/{result['id']}/explanation", actor=TECHNICIAN).json
    assert again == told


@pytest.mark.rule("E30")
def test_an_office_is_told_nothing_of_whose_the_nearest_authentics_are(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, result: Any
) -> None:
    item = custody.open("EXPL")
    measured(client, item, 8.0, 2.0)
    made = classified(client, runtime, item)
    path = f"/results/{made['id']}"
    assert call(client, "GET", f"{path}/explanation", actor=BOGOTA).status_code == 404
    assert decided(client, made).json["state"] == "released"
    assert call(client, "GET", f"{path}/explanation", actor=BANGKOK).status_code == 404
    inside = call(client, "GET", f"{path}/explanation", actor=REVIEWER).json["determinations"][0]["nearest"]
    for answer in (
        call(client, "GET", f"{path}/explanation", actor=BOGOTA),
        call(client, "GET", path, actor=BOGOTA),
        call(client, "GET", "/results", actor=BOGOTA),
    ):
        assert answer.status_code == 200
        for row in inside:
            assert row["item_id"] not in answer.text and row["item_number"] not in answer.text
    told = call(client, "GET", path, actor=BOGOTA).json["determinations"][0]["nearest"]
    assert [row["label"] for row in told] == [row["label"] for row in inside]


@pytest.mark.rule("E27", "E28")
def test_the_report_holds_figures_what_would_change_it_and_a_code_that_leads_to_its_entry(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, result: Any
) -> None:
    item = custody.open("EXPL")
    measured(client, item, 2.0, 8.0)
    made = classified(client, runtime, item)
    decided(client, made)
    pdf = call(client, "GET", f"/results/{made['id']}/report.pdf", actor=BOGOTA).data
    whole = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    for words in (
        "What would change the answer", "How such answers did in validation", "Limits of this opinion",
        "Measured profile", "k = 2", "Evidence of each module", "Nearest authentics", "stated coverage", made["model"]["digest"],
        "How the exhibit was taken from a seizure", "I have reviewed this result and release it",
    ):  # fmt: skip
        assert words in whole, words
    with runtime.unit_of_work() as uow:
        from services.classifier import repository

        row = repository.result(uow.session, REVIEWER, made["id"])
        review = repository.review_of(uow.session, row.id)
        assert review is not None
        data, pictures = report_data(uow, runtime.settings, row, review)
    assert set(pictures) == {"profile-0.svg", "place-0.svg", "reasons-0.svg"}
    assert data["entry"].endswith(f"/results/{made['id']}/entry")
    read = zxingcpp.read_barcodes(picture_of(data["symbol"]))
    assert [code.text for code in read] == [data["entry"]]


@pytest.mark.rule("E14", "E27")
def test_report_and_result_say_where_each_value_comes_from(client: FlaskClient, result: Any) -> None:
    path = f"/results/{result['id']}"
    told = call(client, "GET", path, actor=TECHNICIAN).json
    source = told["values"][0]["source"]
    assert (source["instrument"], source["measured_by"]) == ("i", TECHNICIAN.login)
    assert source["sha256"] in told["inputs"]
    assert told["values"][0]["uncertainty_of"] is None
    decided(client, result)
    to_office = call(client, "GET", path, actor=BOGOTA).json["values"][0]["source"]
    assert "measured_by" not in to_office
    assert to_office["sha256"] == source["sha256"]
    pdf = call(client, "GET", f"{path}/report.pdf", actor=REVIEWER).data
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    assert f"SHA-256 {source['sha256'][:12]}" in text.replace("\u200b", "")
    assert f"instrument {source['instrument']}, method {source['method']}" in text
    assert f"measured by {TECHNICIAN.login}" in text
    assert f"Classification asked for by {TECHNICIAN.login}." in text


def test_a_synthetic_library_is_stamped_on_every_page(
    client: FlaskClient, runtime: Runtime, result: Any
) -> None:
    from sqlalchemy import text

    with runtime.unit_of_work() as uow:
        from services.classifier import repository
        from services.classifier.models import Review
        from services.classifier.service.reports import TEMPLATE
        from shared.documents.render import render_pdf

        row = repository.result(uow.session, REVIEWER, result["id"])
        uow.session.execute(
            text("UPDATE classifier.model SET provenance = 'SYNTHETIC' WHERE id = :id"),
            {"id": row.model["id"]},
        )
        now = runtime.clock()
        review = Review(
            reviewer="r",
            reviewer_name="R",
            method="password",
            comment="x",
            result_digest=row.digest,
            reviewed_at=now,
        )
        data, pictures = report_data(uow, runtime.settings, row, review)
        pages = PdfReader(io.BytesIO(render_pdf(TEMPLATE, data, pictures=pictures))).pages
        uow.rollback()
    assert len(pages) > 1
    assert all("SYNTHETIC" in page.extract_text() for page in pages)


def picture_of(symbol: list[str]) -> Any:
    """The modules as pixels with a quiet zone."""
    bits = np.array([[0 if bit == "1" else 255 for bit in row] for row in symbol], dtype=np.uint8)
    return np.kron(np.pad(bits, 4, constant_values=255), np.ones((4, 4), dtype=np.uint8))


def test_a_code_is_read_back_as_what_was_written() -> None:
    address = "https://lab.example/results/01a20e0b87207a548e1727c4ccf5afa8/entry"
    assert [code.text for code in zxingcpp.read_barcodes(picture_of(qr_code(address)))] == [address]


@pytest.mark.rule("E28")
def test_the_report_on_an_authentic_of_the_library_says_that_it_proves_nothing(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, result: Any
) -> None:
    near = call(client, "GET", f"/results/{result['id']}", actor=TECHNICIAN).json["determinations"][0][
        "nearest"
    ]
    (own,) = custody.facts(ids=[near[0]["id"]])
    made = classified(client, runtime, own)
    decided(client, made)
    pdf = call(client, "GET", f"/results/{made['id']}/report.pdf", actor=REVIEWER).data
    assert "Not independent." in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    decided(client, result)
    pdf = call(client, "GET", f"/results/{result['id']}/report.pdf", actor=REVIEWER).data
    assert "Not independent." not in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
