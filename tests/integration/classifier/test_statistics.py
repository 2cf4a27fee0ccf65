"""Shares of origins: what counts, by what it is told, and the rows behind it."""

import csv
import io
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from services.classifier.service.statistics import _said
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import ANALYST, AUDITOR, BOGOTA, REVIEWER, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, classified, library, measured, proposed

SECOND = Actor("scientist2", "Samuel", Role.SCIENTIST)
SIGNED = {"password": "verified"}


@pytest.fixture(scope="module")
def model(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> str:
    library(client, custody, "STAT")
    model_id = proposed(client, runtime, "STAT")
    assert call(client, "POST", f"/models/{model_id}/activate", SIGNED, actor=SECOND).status_code == 200
    return model_id


def released(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, office: str, at: tuple[float, float]
) -> Any:
    item = custody.open("STAT", office=office)
    assert measured(client, item, *at).status_code == 201
    result = classified(client, runtime, item)
    body = {"decision": "release", "comment": "agreed", **SIGNED}
    done = call(client, "POST", f"/results/{result['id']}/review", body, actor=REVIEWER)
    assert done.status_code == 200, done.json
    return done.json


def origins(client: FlaskClient, **query: str) -> Any:
    words = "&".join(f"{name}={value}" for name, value in {"programme": "STAT", **query}.items())
    return call(client, "GET", f"/statistics/origins?{words}", actor=ANALYST)


def test_shares_count_the_last_released_result_of_each_seizure(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    assert origins(client).json["items"] == []
    first = released(client, runtime, custody, "BOG", (2.0, 8.0))
    released(client, runtime, custody, "BKK", (8.0, 2.0))
    waiting = custody.open("STAT")
    measured(client, waiting, 5.0, 14.0)
    classified(client, runtime, waiting)
    found = origins(client).json
    assert [(row["group"], row["n"]) for row in found["items"]] == [("2025", 2)]
    assert set(found["items"][0]["shares"]) == {"North", "South"}
    assert found["items"][0]["shares"]["North"]["share"] == 0.5
    assert "not drawn at random" in found["caveat"]
    assert {row["group"]: row["n"] for row in origins(client, group_by="office").json["items"]} == {
        "BKK": 1,
        "BOG": 1,
    }
    assert origins(client, group_by="seized_country").json["items"][0]["group"] == "PE"
    assert origins(client, group_by="quarter").json["items"][0]["group"] == "2025-Q2"
    assert origins(client, group_by="month").json["items"][0]["group"] == "2025-05"
    assert origins(client, **{"from": "2025-05-18"}).json["items"] == []
    assert origins(client, to="2025-05-17").json["items"][0]["n"] == 2
    amend = {"reason": "typing error", **SIGNED}
    call(client, "POST", f"/results/{first['id']}/amendments", amend, actor=REVIEWER)
    assert origins(client).json["items"][0]["n"] == 1, (
        "what was superseded and waits for its release does not count"
    )


def test_the_rows_behind_the_shares_come_as_csv_and_parquet_with_a_dictionary(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    made = released(client, runtime, custody, "BOG", (2.1, 8.1))
    told = call(client, "GET", "/statistics/origins.csv?programme=STAT", actor=AUDITOR)
    rows = list(csv.DictReader(io.StringIO(told.data.decode())))
    row = next(row for row in rows if row["result_id"] == made["id"])
    assert (row["conclusion"], row["seized_country"], row["seized_on"]) == ("North", "PE", "2025-05-17")
    assert 0.5 < float(row["probability"]) <= 1
    table = pq.read_table(
        io.BytesIO(call(client, "GET", "/statistics/origins.parquet?programme=STAT", actor=AUDITOR).data)
    )
    assert table.column("result_id").to_pylist() == [row["result_id"] for row in rows]
    assert b"not drawn at random" in table.schema.metadata[b"caveat"]
    assert "not drawn at random" in row["caveat"]
    dictionary = call(client, "GET", "/statistics/dictionary", actor=ANALYST).json["columns"]
    assert [column["name"] for column in dictionary] == list(row) == table.column_names
    described = table.schema.field("conclusion").metadata[b"description"].decode()
    assert described in {column["description"] for column in dictionary}


def _row(conclusion: str, members: list[str], level: str | None = None) -> Any:
    found = {"prediction_set": members, "level": {"name": level, "probability": 1.0} if level else None}
    return SimpleNamespace(conclusion=conclusion, determination=found)


def test_a_set_of_classes_counts_for_what_is_common_to_them() -> None:
    assert _said(_row("Inconclusive (P2 or P1)", ["P2", "P1"], "Peru")) == "Peru"
    assert _said(_row("Inconclusive (P2 or P1)", ["P2", "P1"])) == "Inconclusive (P1 or P2)"
    assert _said(_row("P1", ["P1"], "P1")) == "P1"
    assert _said(_row("Unknown", ["P1"], "P1")) == "Unknown"


def test_what_was_not_evaluated_is_in_no_share(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    before = origins(client).json
    item = custody.open("STAT")
    result = classified(client, runtime, item)
    assert result["determinations"][0]["conclusion"] == "Not evaluated", result["determinations"]
    body = {"decision": "release", "comment": "agreed", **SIGNED}
    call(client, "POST", f"/results/{result['id']}/review", body, actor=REVIEWER)
    after = origins(client).json
    assert (after["n"], after["not_evaluated"]) == (before["n"], before["not_evaluated"] + 1)
    for row in after["items"]:
        assert "Not evaluated" not in row["shares"]
        assert row["n"] == sum(share["n"] for share in row["shares"].values())
    assert sum(row["not_evaluated"] for row in after["items"]) == after["not_evaluated"]


def test_wrong_questions_are_refused_by_name(client: FlaskClient, model: str) -> None:
    assert origins(client, group_by="moon").status_code == 422
    assert origins(client, programme="NONE").status_code == 404
    refused = origins(client, determination="colour")
    assert refused.status_code == 422
    assert "origin" in refused.json["detail"]
    assert origins(client, **{"from": "yesterday"}).status_code == 422
    turned = origins(client, **{"from": "2027-01-01", "to": "2020-01-01"})
    assert (turned.status_code, turned.json["errors"][0]["pointer"]) == (422, "/from")
    assert origins(client, **{"from": "2020-01-01", "to": "2020-01-01"}).status_code == 200
    assert call(client, "GET", "/statistics/origins?programme=STAT", actor=BOGOTA).status_code == 403
    assert call(client, "GET", "/statistics/origins?programme=STAT", actor=TECHNICIAN).status_code == 200
