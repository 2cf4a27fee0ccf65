"""An item's history as CASE/UCO: what `case_validate` of case-utils says of real histories, and what a reader finds in them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.runtime import Runtime
from tests.calls import AUDITOR, BOGOTA
from tests.integration.chain_of_custody import histories
from tests.integration.chain_of_custody.house import call, events, sequence

VALIDATOR = Path(sys.executable).with_name("case_validate")


def graph_of(client: FlaskClient, item_id: str) -> dict[str, Any]:
    """The item's export."""
    answer = call(client, "GET", f"/items/{item_id}/case.jsonld", actor=AUDITOR)
    assert answer.status_code == 200, answer.data
    return dict(json.loads(answer.data))


def validate(graph: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What the official checker says of a graph, by the ontology that it carries; no network."""
    path = folder / "case.jsonld"
    path.write_text(json.dumps(graph))
    command = [str(VALIDATOR), "--built-version", "case-1.4.0", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.rule("E29")
@pytest.mark.parametrize("history", histories.ALL, ids=lambda make: make.__name__)
def test_the_official_checker_accepts_real_histories(
    client: FlaskClient, runtime: Runtime, history: histories.History, tmp_path: Path
) -> None:
    item_id = history(client)
    sequence(runtime)
    said = validate(graph_of(client, item_id), tmp_path)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]


@pytest.mark.rule("E29")
def test_the_checker_is_one_that_refuses(client: FlaskClient, tmp_path: Path) -> None:
    graph = graph_of(client, histories.received(client))
    action = next(node for node in graph["@graph"] if node["@type"].endswith("InvestigativeAction"))
    action["uco-action:startTime"] = {"@type": "xsd:string", "@value": "yesterday"}
    assert validate(graph, tmp_path).returncode == 1


@pytest.mark.rule("E29")
def test_every_event_is_an_action_with_type_actor_and_both_times(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = histories.worked_upon(client)
    sequence(runtime)
    nodes = {node["@id"]: node for node in graph_of(client, item_id)["@graph"]}
    actions = [node for node in nodes.values() if node["@type"].endswith("InvestigativeAction")]
    happened = events(client, item_id)
    assert len(actions) == len(happened)
    before = None
    for action, event in zip(actions, happened, strict=True):
        assert action["uco-core:name"] == event["type"]
        assert nodes[action["uco-action:performer"]["@id"]]["uco-core:name"] == event["actor"]
        assert action["uco-action:startTime"]["@value"] == event["occurred_at"]
        assert action["uco-core:objectCreatedTime"]["@value"] == event["recorded_at"]
        (reference,) = action["uco-core:externalReference"]
        assert nodes[reference["@id"]]["uco-core:externalIdentifier"] == str(event["index"])
        informed_by = action.get("case-investigation:wasInformedBy", [])
        assert [node["@id"] for node in informed_by] == ([] if before is None else [before])
        before = action["@id"]


@pytest.mark.rule("E29")
def test_aliquots_files_people_and_places_are_things_of_their_own(client: FlaskClient) -> None:
    item_id = histories.worked_upon(client)
    nodes = list(graph_of(client, item_id)["@graph"])
    records = [node for node in nodes if node["@type"].endswith("ProvenanceRecord")]
    number = events(client, item_id)[0]["item_number"]
    assert {node["case-investigation:exhibitNumber"] for node in records} == {number, f"{number}.1"}
    assert {tuple(node["case-investigation:rootExhibitNumber"]) for node in records} == {(number,)}
    digests = {node["uco-types:hashValue"]["@value"] for node in nodes if node["@type"] == "uco-types:Hash"}
    assert digests == {histories.RUN_SHA256, "ab" * 32, "cd" * 32}
    (found,) = [node for node in nodes if node["@type"] == "uco-observable:FileFacet"]
    assert found["uco-observable:fileName"] == "run.cdf"
    people = {node["uco-core:name"] for node in nodes if node["@type"] == "uco-identity:Person"}
    assert {"custodian", "technician"} <= people
    assert {node["uco-core:name"] for node in nodes if node["@type"] == "uco-tool:Tool"} == {
        "XPR205",
        "gcms1",
    }


@pytest.mark.rule("E11")
@pytest.mark.rule("E29")
def test_a_correction_names_what_it_corrects(client: FlaskClient) -> None:
    nodes = graph_of(client, histories.corrected(client))["@graph"]
    by_type = {node["uco-core:name"]: node for node in nodes if node["@type"].endswith("InvestigativeAction")}
    objects = by_type["measurement_corrected"]["uco-action:object"]
    assert by_type["measured"]["@id"] in [node["@id"] for node in objects]
    assert any(word.startswith("Recorded 2 h") for word in by_type["measured"]["uco-core:description"])


@pytest.mark.rule("E30")
def test_an_export_names_nothing_of_another_office(client: FlaskClient) -> None:
    mine, theirs = histories.received(client), histories.received(client, office="BKK")
    told = call(client, "GET", f"/items/{mine}/case.jsonld", actor=BOGOTA)
    assert told.status_code == 200 and theirs not in told.text and "BKK" not in told.text
