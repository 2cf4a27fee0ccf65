"""A model's life: proposed, judged in the shadow, activated by somebody else, retired, brought back; every act stays."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.classifier import repository
from services.classifier.service.train_models import train
from shared.actor import Actor, Role
from shared.crypto.canonical import canonical_digest
from shared.runtime import Runtime
from tests.calls import AUDITOR, BOGOTA, REVIEWER, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, classified, library, measured, proposed
from tests.integration.classifier.test_opinions import SECOND_SCIENTIST, SIGNED, decided

SECOND_REVIEWER = Actor("reviewer2", "Ravi", Role.REVIEWER)


@pytest.fixture(scope="module")
def champion(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> str:
    library(client, custody, "LIFE")
    model_id = proposed(client, runtime, "LIFE")
    assert activated(client, model_id).status_code == 200
    return model_id


def activated(client: FlaskClient, model_id: str, actor: Actor = SECOND_SCIENTIST, **more: Any) -> Any:
    return call(client, "POST", f"/models/{model_id}/activate", {**SIGNED, **more}, actor=actor)


def acts(client: FlaskClient, model_id: str) -> list[Any]:
    return list(call(client, "GET", f"/models/{model_id}/acts", actor=AUDITOR).json["items"])


@pytest.mark.rule("E16", "E17")
def test_a_retired_model_comes_back_by_a_second_person_with_a_reason(
    client: FlaskClient, runtime: Runtime, champion: str
) -> None:
    newer = proposed(client, runtime, "LIFE")
    assert activated(client, newer, actor=REVIEWER).status_code == 200
    assert activated(client, champion, actor=SCIENTIST, reason="worse").json["code"] == "four_eyes"
    unreasoned = activated(client, champion)
    assert unreasoned.status_code == 422 and unreasoned.json["errors"][0]["pointer"] == "/reason"
    back = activated(client, champion, reason="the newer one misjudges West")
    assert (back.status_code, back.json["state"]) == (200, "active")
    assert call(client, "GET", f"/models/{newer}", actor=AUDITOR).json["state"] == "retired"
    told = acts(client, champion)
    assert [each["act"] for each in told] == ["proposed", "activated", "retired", "rolled_back"]
    assert told[-1]["reason"] == "the newer one misjudges West" and told[-1]["replaced"] == newer
    assert [each["acted_by"] for each in told] == ["scientist", "scientist2", "reviewer", "scientist2"]
    assert activated(client, champion, reason="again").json["code"] == "not_proposed"


@pytest.mark.rule("E12")
def test_acts_are_one_chain_that_nobody_can_change(
    client: FlaskClient, runtime: Runtime, champion: str
) -> None:
    with runtime.unit_of_work() as uow:
        query = text("SELECT id FROM classifier.model WHERE programme = 'LIFE'")
        models = [row[0] for row in uow.session.execute(query)]
    every = sorted((each for m in models for each in acts(client, m)), key=lambda each: each["acted_at"])
    digests = {each["digest"] for each in every}
    assert len(digests) == len(every)
    before = [each["previous"] for each in every]
    assert len(set(before)) == len(before) and set(before) - digests == {"0" * 64}
    one = dict(every[-1])
    digest = one.pop("digest")
    assert canonical_digest({**one, "programme": "LIFE"}) == digest
    with (
        runtime.unit_of_work() as uow,
        pytest.raises(ProgrammingError, match=r"permission denied|append-only"),
    ):
        uow.session.execute(text("UPDATE classifier.model_act SET reason = 'x'"))


@pytest.mark.rule("E19")
def test_a_result_binds_the_acts_upon_its_model_to_the_log(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, champion: str
) -> None:
    item = custody.open("LIFE")
    measured(client, item, 2.0, 8.0)
    classified(client, runtime, item)
    with runtime.unit_of_work() as uow:
        query = text(
            "SELECT body->'payload'->>'model_act_sha256' FROM classifier.outbox "
            "WHERE ordering_key = :item AND body->>'type' = 'result_proposed'"
        )
        told = uow.session.execute(query, {"item": item.id}).scalar()
    assert told == acts(client, champion)[-1]["digest"]


@pytest.mark.rule("E16")
def test_an_active_model_is_retired_with_a_reason_and_nothing_is_classified_after(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "RETI")
    model_id = proposed(client, runtime, "RETI")
    path = f"/models/{model_id}/retire"
    assert call(client, "POST", path, {"reason": "x", **SIGNED}, actor=TECHNICIAN).status_code == 403
    assert call(client, "POST", path, SIGNED, actor=REVIEWER).status_code == 422
    assert call(client, "POST", path, {"reason": "x"}, actor=REVIEWER).status_code == 422
    activated(client, model_id)
    done = call(client, "POST", path, {"reason": "a lamp drifted", **SIGNED}, actor=REVIEWER)
    assert (done.status_code, done.json["state"]) == (200, "retired")
    again = call(client, "POST", path, {"reason": "a lamp drifted", **SIGNED}, actor=REVIEWER)
    assert (again.status_code, again.json["code"]) == (409, "not_in_use")
    body = {"programme": "RETI", "item_ids": [custody.open("RETI").id]}
    assert call(client, "POST", "/jobs", body, actor=TECHNICIAN).json["code"] == "no_model"


def test_a_challenger_judges_the_same_items_and_no_result_tells_of_it(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "SHAD")
    champion = proposed(client, runtime, "SHAD")
    activated(client, champion)
    challenger = proposed(client, runtime, "SHAD")
    made = []
    for a, b in ((2.0, 8.0), (8.0, 2.0), (60.0, 90.0)):
        item = custody.open("SHAD")
        measured(client, item, a, b)
        made.append(classified(client, runtime, item))
    told = call(client, "GET", f"/models/{challenger}/shadow", actor=AUDITOR).json
    assert (told["items"], told["agreed"], told["agreement"]) == (3, 3, 1.0)
    assert told["champions"] == [{"model_id": champion, "version": 1, "items": 3}]
    assert told["determinations"]["origin"]["disagreements"] == []
    for result in made:
        assert challenger not in call(client, "GET", f"/results/{result['id']}", actor=TECHNICIAN).text
    assert call(client, "GET", f"/models/{champion}/shadow", actor=AUDITOR).json["items"] == 0
    assert call(client, "GET", f"/models/{challenger}/shadow", actor=BOGOTA).status_code == 403


def test_a_challenger_that_cannot_be_read_fails_alone(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "BROK")
    activated(client, proposed(client, runtime, "BROK"))
    broken = proposed(client, runtime, "BROK")
    with runtime.unit_of_work() as uow:
        repository.model(uow.session, broken, lock=True).bundle = b"torn"
        uow.commit()
    item = custody.open("BROK")
    measured(client, item, 2.0, 8.0)
    assert classified(client, runtime, item)["determinations"][0]["conclusion"] == "North"
    assert call(client, "GET", f"/models/{broken}/shadow", actor=AUDITOR).json["items"] == 0


def test_drift_tells_a_stream_of_strangers_and_what_reviewers_made_of_them(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    library(client, custody, "DRIF")
    model_id = proposed(client, runtime, "DRIF")
    activated(client, model_id)
    path = f"/models/{model_id}/drift"
    assert call(client, "GET", path, actor=AUDITOR).json["alarms"] == []
    results = []
    for place in range(12):
        item = custody.open("DRIF")
        measured(client, item, 50.0 + place, 70.0)
        results.append(classified(client, runtime, item))
    for place, result in enumerate(results):
        assert decided(client, result, "reject" if place % 2 else "release").status_code == 200
    told = call(client, "GET", f"{path}?figures=true", actor=AUDITOR).json
    origin = told["determinations"]["origin"]
    assert origin["overall"]["n"] == 12 and origin["overall"]["unknown"]["share"] == 1.0
    assert sum(month["n"] for month in origin["months"]) == 12
    assert (told["reviews"]["released"], told["reviews"]["rejected"]) == (6, 6)
    assert len(told["alarms"]) == 2 and "Unknown" in told["alarms"][0]
    assert told["figures"]["origin"].startswith("<svg")


def test_the_validation_on_paper_says_everything_and_stays_the_same(
    client: FlaskClient, runtime: Runtime, champion: str
) -> None:
    path = f"/models/{champion}/validation.pdf"
    first = call(client, "GET", path, actor=AUDITOR)
    assert first.status_code == 200 and first.data == call(client, "GET", path, actor=AUDITOR).data
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(first.data)).pages]
    whole = " ".join(" ".join(pages).split())
    told = call(client, "GET", f"/models/{champion}/validation?figures=true", actor=AUDITOR).json
    origin = told["determinations"]["origin"]
    for candidate in origin["candidates"]:
        assert candidate["name"] in whole
    model = call(client, "GET", f"/models/{champion}", actor=AUDITOR).json
    for words in (
        "Every candidate", "Calibration", "Confusion", "Coverage by class", "False Unknown", "seed", "numpy",
        model["snapshot"]["sha256"], model["digest"], "36 authentics", f"page 1 of {len(pages)}",
    ):  # fmt: skip
        assert words in whole, words
    assert {"candidates", "confusion", "coverage", "calibration"} <= set(origin["figures"])
    assert sum(row["n"] for row in origin["calibration"]) == 36
    assert call(client, "GET", path, actor=BOGOTA).status_code == 403


def test_a_model_in_training_has_no_validation_on_paper(
    client: FlaskClient, runtime: Runtime, champion: str
) -> None:
    made = call(client, "POST", "/models", {"programme": "LIFE"}, actor=SCIENTIST).json
    for path in ("validation.pdf", "validation"):
        assert call(client, "GET", f"/models/{made['id']}/{path}", actor=AUDITOR).status_code == 404
    assert activated(client, made["id"]).json["code"] == "not_proposed"
    train(runtime, made["job_id"])


def test_the_library_warns_of_what_is_far_and_of_what_is_twice_there(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    items = library(client, custody, "WARN", per_class=15)
    assert call(client, "GET", "/library/warnings?programme=WARN", actor=TECHNICIAN).json["items"] == []
    far, twin = custody.open("WARN", "authentic"), custody.open("WARN", "authentic")
    measured(client, far, 8.1, 2.1)
    told = call(
        client, "POST", f"/library/{far.exhibit_id}/accept", {"labels": {"origin": "North"}}, actor=SCIENTIST
    ).json
    assert [row["kind"] for row in told["warnings"]] == ["outlier"]
    assert told["warnings"][0]["nearer_to"] == "South" and far.number in told["warnings"][0]["message"]
    profile = call(client, "GET", f"/items/{items[0].id}/profile?programme=WARN", actor=TECHNICIAN).json
    own = {row["analyte"]: row["value"] for row in profile["values"]}
    measured(client, twin, own["a"], own["b"])
    body = {"entries": [{"exhibit_id": twin.exhibit_id, "labels": {"origin": "North"}}]}
    (warning,) = call(client, "POST", "/library/accept", body, actor=SCIENTIST).json["warnings"]
    assert warning["kind"] == "duplicate"
    assert {warning["item_id"], warning["other_item_id"]} == {twin.id, items[0].id}
    listed = call(client, "GET", "/library/warnings?programme=WARN", actor=AUDITOR).json["items"]
    assert {row["kind"] for row in listed} == {"outlier", "duplicate"}
    withdrawn = {"reason": "the same seizure"}
    call(client, "POST", f"/library/{twin.exhibit_id}/withdraw", withdrawn, actor=SCIENTIST)
    listed = call(client, "GET", "/library/warnings?programme=WARN", actor=AUDITOR).json["items"]
    assert {row["kind"] for row in listed} == {"outlier"}
    assert call(client, "GET", "/library/warnings?programme=NONE", actor=AUDITOR).status_code == 404
    assert call(client, "GET", "/library/warnings?programme=WARN", actor=BOGOTA).status_code == 403
