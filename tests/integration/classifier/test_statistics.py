"""Shares of origins: what counts, by what it is told, and the rows behind it."""

import csv
import io
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

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
    dictionary = call(client, "GET", "/statistics/dictionary", actor=ANALYST).json["columns"]
    assert [column["name"] for column in dictionary] == list(row) == table.column_names
    described = table.schema.field("conclusion").metadata[b"description"].decode()
    assert described in {column["description"] for column in dictionary}


def test_wrong_questions_are_refused_by_name(client: FlaskClient, model: str) -> None:
    assert origins(client, group_by="moon").status_code == 422
    assert origins(client, programme="NONE").status_code == 404
    refused = origins(client, determination="colour")
    assert refused.status_code == 422
    assert "origin" in refused.json["detail"]
    assert origins(client, **{"from": "yesterday"}).status_code == 422
    assert call(client, "GET", "/statistics/origins?programme=STAT", actor=BOGOTA).status_code == 403
    assert call(client, "GET", "/statistics/origins?programme=STAT", actor=TECHNICIAN).status_code == 200
