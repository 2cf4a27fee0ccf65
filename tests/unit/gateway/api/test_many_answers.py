"""Many answers as one: health, metrics, the OpenAPI document."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gateway.api import metrics
from gateway.api.health import summarise
from gateway.api.openapi import merge

STORE = {"kind": "directory", "versioning": True, "object_lock": True}
UP: dict[str, dict[str, Any] | None] = {
    "intake": {"service": "intake", "database": "up"},
    "chain_of_custody": {"service": "chain_of_custody", "database": "up", "objects": "up", "store": STORE},
    "classifier": {"service": "classifier", "database": "up"},
}


def test_all_up_is_ok() -> None:
    services = dict.fromkeys(UP, "up")
    assert summarise(UP, database=True) == {
        "status": "ok",
        "services": services,
        "database": "up",
        "store": STORE,
        "evidence": None,
        "disk": None,
    }


def test_a_silent_service_or_one_without_its_database_is_down() -> None:
    for answer in (None, {"database": "down"}):
        told = summarise({**UP, "intake": answer}, database=True)
        assert (told["status"], told["services"]["intake"]) == ("degraded", "down")


def test_a_part_that_is_down_degrades_the_whole() -> None:
    told = summarise(
        {**UP, "chain_of_custody": {"database": "up", "objects": "down", "store": STORE}}, database=True
    )
    assert told["status"] == "degraded"
    assert told["services"]["chain_of_custody"] == "up"
    assert summarise(UP, database=False)["status"] == "degraded"


def test_evidence_of_which_something_was_found_wrong_degrades_the_whole() -> None:
    for state, status in (("ok", "ok"), ("degraded", "degraded")):
        evidence = {"state": state, "detail": "The self-check of the ledger found 1 thing wrong."}
        answer = {"database": "up", "store": STORE, "evidence": evidence}
        told = summarise({**UP, "chain_of_custody": answer}, database=True)
        assert (told["status"], told["evidence"]) == (status, evidence)
        assert told["services"]["chain_of_custody"] == "up"


def test_a_store_that_says_nothing_is_not_called_locked() -> None:
    told = summarise({**UP, "chain_of_custody": None}, database=True)
    assert told["store"] == {"kind": "unknown", "versioning": False, "object_lock": False}


def test_metrics_of_many_processes_are_one_valid_text() -> None:
    text = '# HELP x_total A "thing"\n# TYPE x_total counter\nx_total{path="a\\"b\\\\c"} 3.0\n# TYPE g gauge\ng 1.5\n'
    families = {f.name: f for f in text_string_to_metric_families(metrics.merge({"one": text, "two": text}))}
    assert [(s.labels["process"], s.value) for s in families["x"].samples] == [("one", 3.0), ("two", 3.0)]
    assert families["x"].samples[0].labels["path"] == 'a"b\\c'
    assert families["g"].type == "gauge"


def document(path: str, name: str) -> dict[str, Any]:
    answer = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
    operation = {"responses": {"200": answer, "422": {"$ref": "#/components/responses/UNPROCESSABLE"}}}
    return {
        "paths": {path: {"get": operation, "post": {"responses": {"201": answer}}}},
        "components": {
            "schemas": {name: {"type": "object"}},
            "responses": {"UNPROCESSABLE": {"description": "x"}},
        },
    }


def test_alike_names_of_two_services_stay_apart() -> None:
    merged = merge(
        {"intake": document("/api/v1/offices", "Item"), "chain_of_custody": document("/api/v1/items", "Item")}
    )
    assert {"intake.Item", "chain_of_custody.Item", "Problem"} <= set(merged["components"]["schemas"])
    schema = merged["paths"]["/api/v1/items"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert schema == {"$ref": "#/components/schemas/chain_of_custody.Item"}


def test_only_what_is_really_sent_to_a_service_is_taken_from_its_document() -> None:
    for path in ("/api/v1/items/{id}/profile", "/internal/items", "/api/v1/health"):
        merged = merge({"chain_of_custody": document(path, "Item")})
        assert merged["paths"].get(path, {}).get("get", {}).get("tags") == (
            ["health"] if "health" in path else None
        )


def test_every_refusal_is_a_problem_and_every_reference_leads_somewhere() -> None:
    merged = merge(
        {
            "intake": document("/api/v1/offices", "Office"),
            "chain_of_custody": document("/api/v1/ledger/key", "Key"),
        }
    )
    operations = [
        op for item in merged["paths"].values() for name, op in item.items() if name != "parameters"
    ]
    assert all(op["responses"]["default"] == {"$ref": "#/components/responses/Problem"} for op in operations)
    assert merged["paths"]["/api/v1/ledger/key"]["get"]["security"] == []
    assert "security" not in merged["paths"]["/api/v1/offices"]["get"]
    for reference in references(merged):
        part: Any = merged
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        here = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return here + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []
