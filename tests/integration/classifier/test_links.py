"""Links: the rows that are searched, the population behind the ratios, and who may ask."""

import dataclasses
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.classifier.custody import Facts
from shared.runtime import Runtime
from tests.calls import ANALYST, BOGOTA, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, library, measured, programme


@pytest.fixture(scope="module")
def authentics(client: FlaskClient, custody: KnownItems) -> list[Facts]:
    return library(client, custody, "LINK")


def links(client: FlaskClient, item: Facts, **query: Any) -> Any:
    words = "&".join(
        f"{name}={value}" for name, value in {"programme": "LINK", "limit": 500, **query}.items()
    )
    return call(client, "GET", f"/items/{item.id}/links?{words}", actor=TECHNICIAN)


def test_a_twin_comes_first_with_a_ratio_and_the_rule_behind_it(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    one, twin = custody.open("LINK"), custody.open("LINK")
    measured(client, one, 6.13, 3.71)
    measured(client, twin, 6.1301, 3.7101)
    found = links(client, one).json
    assert found["items"][0]["item_id"] == twin.id
    assert found["items"][0]["number"] == twin.number
    assert one.id not in {row["item_id"] for row in found["items"]}
    assert found["searched"] >= len(authentics) + 1
    assert found["items"][0]["likelihood_ratio"] > 1
    assert "support for a common source" in found["items"][0]["verbal"]
    assert min(row["likelihood_ratio"] for row in found["items"]) < 1
    scores = [row["score"] for row in found["items"]]
    assert scores == sorted(scores, reverse=True)
    assert found["population"]["rule"]
    assert found["population"]["n_linked"] > 0
    assert found["population"]["n_unlinked"] > 0
    assert "never stands alone" in found["caveat"]


def test_one_shared_analyte_is_too_few_for_a_ratio_or_a_link(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    one, twin, whole = custody.open("LINK"), custody.open("LINK"), custody.open("LINK")
    for item, value in ((one, 6.5), (twin, 6.5)):
        body = {
            "item_id": item.id,
            "programme": "LINK",
            "method": "m",
            "instrument": "gcms1",
            "values": [{"analyte": "a", "value": value, "unit": "1"}],
        }
        assert call(client, "POST", "/measurements", body, actor=TECHNICIAN).status_code == 201
    measured(client, whole, 6.5, 3.0)
    alone = links(client, one).json
    assert (alone["items"], alone["measured"], alone["analytes"]) == ([], 1, 2)
    assert "compared 1 of 2 analytes: too few for a statement, at least 2" in alone["note"]
    told = call(client, "GET", f"/items/{one.id}/links/{twin.id}?programme=LINK", actor=ANALYST).json["other"]
    assert (told["score"], told["likelihood_ratio"], told["verbal"]) == (None, None, "no statement")
    assert (told["compared"], told["beyond_threshold"], told["note"]) == (1, False, alone["note"])
    among = links(client, whole).json
    assert {one.id, twin.id}.isdisjoint(row["item_id"] for row in among["items"])
    assert {row["compared"] for row in among["items"]} == {2}
    assert "at least 2 of 2 analytes" in among["population"]["rule"]
    query = f"/links/network?programme=LINK&item_id={one.id}"
    network = call(client, "GET", query, actor=ANALYST).json
    assert [node["item_id"] for node in network["nodes"]] == [one.id]
    assert network["edges"] == []


def test_the_same_shape_ten_times_as_large_is_no_link(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    one, tenfold = custody.open("LINK"), custody.open("LINK")
    measured(client, one, 400.0, 400.0)
    measured(client, tenfold, 4000.0, 4000.0)
    told = call(client, "GET", f"/items/{one.id}/links/{tenfold.id}?programme=LINK", actor=ANALYST).json[
        "other"
    ]
    assert told["score"] > 0.999
    assert told["likelihood_ratio"] < 1
    assert told["beyond_threshold"] is False
    assert "outside the population" in told["note"]


def test_a_correction_and_a_new_profile_are_found_by_the_next_question(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    one, other = custody.open("LINK"), custody.open("LINK")
    measured(client, one, 3.3, 3.1)
    recorded = measured(client, other, 9.0, 1.0).json
    before = links(client, one).json["items"]
    assert before[0]["item_id"] != other.id
    body = {
        "reason": "columns exchanged",
        "values": [
            {"analyte": "a", "value": 3.3001, "unit": "1"},
            {"analyte": "b", "value": 3.1001, "unit": "1"},
        ],
    }
    done = call(client, "POST", f"/measurements/{recorded['id']}/corrections", body, actor=TECHNICIAN)
    assert done.status_code == 201
    assert links(client, one).json["items"][0]["item_id"] == other.id


def test_aliquots_of_the_same_exhibit_are_no_links(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    exhibit = custody.open("LINK")
    aliquot = dataclasses.replace(custody.open("LINK"), root_id=exhibit.id, exhibit_id=exhibit.exhibit_id)
    custody.put(aliquot)
    measured(client, aliquot, 4.0, 4.0)
    of_exhibit = links(client, exhibit)
    assert of_exhibit.status_code == 200, of_exhibit.json
    assert aliquot.id not in {row["item_id"] for row in of_exhibit.json["items"]}
    assert links(client, aliquot).json["items"][:5] == of_exhibit.json["items"][:5]


@pytest.mark.parametrize("measure", ["cosine", "pearson", "euclidean", "manhattan", "canberra"])
def test_each_measure_and_pre_treatment_has_a_population_of_its_own(
    client: FlaskClient, authentics: list[Facts], measure: str
) -> None:
    found = links(client, authentics[0], measure=measure, pretreatment="fourth_root,divide_by_sd")
    assert found.status_code == 200, found.json
    assert measure in found.json["population"]["rule"]
    assert found.json["population"]["pretreatment"] == ["fourth_root", "divide_by_sd"]


def test_the_population_is_kept_once_and_learnt_again_when_the_library_changes(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, authentics: list[Facts]
) -> None:
    path = "/links/population?programme=LINK"
    first = call(client, "GET", path, actor=ANALYST).json
    assert call(client, "GET", path, actor=ANALYST).json == first
    assert first["validation"] is None or first["validation"]["cllr"] > 0
    call(
        client,
        "POST",
        f"/library/{authentics[0].exhibit_id}/withdraw",
        {"reason": "mixed up"},
        actor=SCIENTIST,
    )
    second = call(client, "GET", path, actor=ANALYST).json
    assert second["id"] != first["id"]
    with runtime.engine.connect() as connection:
        kept = connection.execute(
            text("SELECT content FROM classifier.link_population WHERE id = :id"), first
        )
        assert kept.scalar_one()["threshold"] == first["threshold"]


def test_the_network_holds_what_lies_beyond_the_threshold(
    client: FlaskClient, custody: KnownItems, authentics: list[Facts]
) -> None:
    ring = [custody.open("LINK") for _ in range(4)]
    for step, item in enumerate(ring):
        measured(client, item, 7.7 + step / 1e5, 0.9)
    found = call(
        client, "GET", f"/links/network?programme=LINK&item_id={ring[0].id}&limit=3", actor=ANALYST
    ).json
    assert {node["item_id"] for node in found["nodes"]} == {item.id for item in ring}
    assert len(found["edges"]) == 6
    assert {node["group"] for node in found["nodes"]} == {0}


def test_questions_that_cannot_be_answered_say_why(client: FlaskClient, custody: KnownItems) -> None:
    item = custody.open("LONE")
    assert call(client, "POST", "/programmes", programme("LONE"), actor=SCIENTIST).status_code == 201
    assert links(client, item, programme="NONE").status_code == 404
    assert links(client, item, programme="LINK").json["code"] == "no_profile"
    measured(client, item, 1.0, 2.0)
    refused = links(client, item, programme="LONE")
    assert (refused.status_code, refused.json["code"]) == (409, "no_population")
    assert links(client, item, measure="likeness").status_code == 422
    assert links(client, item, pretreatment="magic").status_code == 422
    assert links(client, item, limit=0).status_code == 422
    assert call(client, "GET", "/items/nope/links?programme=LINK", actor=TECHNICIAN).status_code == 404
    assert call(client, "GET", f"/items/{item.id}/links?programme=LINK", actor=BOGOTA).status_code == 403


def test_data_that_are_older_than_the_rows_are_found_all_the_same(
    client: FlaskClient, runtime: Runtime, custody: KnownItems
) -> None:
    items = library(client, custody, "OLDER")
    twin = custody.open("OLDER")
    measured(client, twin, 2.2, 7.9)
    with psycopg.connect(runtime.settings.database_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE classifier.profile_row DISABLE TRIGGER USER")
        owner.execute("DELETE FROM classifier.profile_row WHERE programme = 'OLDER'")
        owner.execute("ALTER TABLE classifier.profile_row ENABLE TRIGGER USER")
    found = links(client, twin, programme="OLDER").json
    assert found["searched"] == len(items)
