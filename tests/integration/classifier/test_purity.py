"""Purity: which analyte it is, its mean by group, and shares that are 0 with their interval."""

import csv
import io
from typing import Any

from flask.testing import FlaskClient

from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import ANALYST, REVIEWER, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import (
    CLASSES,
    KnownItems,
    classified,
    imported,
    programme,
    proposed,
    table,
)

SECOND = Actor("scientist2", "Samuel", Role.SCIENTIST)
SIGNED = {"password": "verified"}


def with_purity(name: str, unit: str = "%", purity: str = "pure") -> dict[str, Any]:
    found = programme(name)
    found["modules"].append({"name": "assay", "technique": "any", "required": False})
    found["analytes"].append({"name": "pure", "unit": unit, "module": "assay", "loq": None})
    found["determinations"][0]["modules"] = ["all"]
    return {**found, "purity": purity}


def test_a_purity_is_one_of_the_analytes_and_in_percent(client: FlaskClient) -> None:
    wrong = call(client, "POST", "/programmes", with_purity("PUR1", purity="none"), actor=SCIENTIST)
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/purity")
    wrong = call(client, "POST", "/programmes", with_purity("PUR1", unit="mg/kg"), actor=SCIENTIST)
    assert "a purity is in %" in wrong.json["errors"][0]["message"]
    made = call(client, "POST", "/programmes", with_purity("PUR1", unit="% w/w"), actor=SCIENTIST)
    assert made.json["purity"] == "pure"


def test_mean_purity_by_group_and_shares_of_nobody(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    assert call(client, "POST", "/programmes", with_purity("PUR"), actor=SCIENTIST).status_code == 201
    rows: list[list[Any]] = [["item", "a", "b"]]
    entries = []
    for label, (a, b) in CLASSES.items():
        for step in range(12):
            item = custody.open("PUR", "authentic")
            rows.append([item.number, a + 0.1 * (step % 4), b + 0.1 * (step % 3)])
            entries.append({"exhibit_id": item.exhibit_id, "labels": {"origin": label}})
    assert imported(client, "PUR", table(rows)).json["accepted"] == 36
    assert call(client, "POST", "/library/accept", {"entries": entries}, actor=SCIENTIST).status_code == 200
    model = proposed(client, runtime, "PUR")
    assert call(client, "POST", f"/models/{model}/activate", SIGNED, actor=SECOND).status_code == 200
    for office, a, b, pure in (("BOG", 2.1, 8.1, 40.0), ("BOG", 2.1, 8.1, 60.0), ("BKK", 8.1, 2.1, None)):
        item = custody.open("PUR", office=office)
        values = {"a": (a, "1"), "b": (b, "1")} | ({} if pure is None else {"pure": (pure, "%")})
        told = [{"analyte": name, "value": value, "unit": unit} for name, (value, unit) in values.items()]
        body = {"item_id": item.id, "programme": "PUR", "method": "m", "instrument": "i", "values": told}
        assert call(client, "POST", "/measurements", body, actor=TECHNICIAN).status_code == 201
        result = classified(client, runtime, item)
        decision = {"decision": "release", "comment": "agreed", **SIGNED}
        done = call(client, "POST", f"/results/{result['id']}/review", decision, actor=REVIEWER)
        assert done.status_code == 200, done.json
    found = call(client, "GET", "/statistics/origins?programme=PUR&group_by=office", actor=ANALYST).json
    assert (found["n"], found["synthetic_n"], found["purity_analyte"]) == (3, 0, "pure")
    bangkok, bogota = found["items"]
    assert bangkok["purity"] is None
    assert (bogota["purity"]["n"], bogota["purity"]["mean"]) == (2, 50.0)
    assert bogota["purity"]["low"] < 0, "two values say little about a mean"
    assert bangkok["shares"]["North"]["n"] == 0
    assert 0.5 < bangkok["shares"]["North"]["high"] < 1
    assert all(sum(share["n"] for share in row["shares"].values()) == row["n"] for row in found["items"])
    lines = call(client, "GET", "/statistics/origins.csv?programme=PUR", actor=ANALYST).data.decode()
    assert sorted(row["purity_percent"] for row in csv.DictReader(io.StringIO(lines))) == ["", "40.0", "60.0"]
