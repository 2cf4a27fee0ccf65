"""What a bundle holds beside the item's own events: where the item came from, and its spectra."""

import io
import json
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.runtime import Runtime
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.findings import Verdict
from siglab_clients.verify.item import told_item
from tests.calls import BOGOTA
from tests.integration.chain_of_custody import histories
from tests.integration.chain_of_custody.house import act, call, mass, sequence, weighed
from tests.unit.clients.verify import independent_checker


def _bundle(client: FlaskClient, item_id: str) -> tuple[zipfile.ZipFile, Verdict]:
    raw = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=BOGOTA).data
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).data.decode().strip())
    independent_checker.check(raw, str(key))
    return zipfile.ZipFile(io.BytesIO(raw)), check_bundle(raw, key)


@pytest.mark.rule("E7")
@pytest.mark.rule("E21")
def test_an_aliquot_brings_the_histories_that_it_came_from(client: FlaskClient, runtime: Runtime) -> None:
    root = weighed(client)
    child = act(client, root, "aliquots", mass(50, purpose="GC-MS")).json["id"]
    grandchild = act(client, child, "aliquots", mass(5, purpose="IRMS")).json["id"]
    sequence(runtime)
    files, verdict = _bundle(client, grandchild)
    assert verdict.ok and verdict.notes == ()
    assert set(verdict.lineage) == {root, child}
    rows: list[Any] = [json.loads(line) for line in files.read(f"lineage/{root}.jsonl").splitlines()]
    assert [row["event"]["type"] for row in rows][-1] == "aliquot_taken"
    assert json.loads(files.read("spectra.json")) == []
    files, verdict = _bundle(client, root)
    assert verdict.ok and not verdict.lineage


@pytest.mark.rule("E21")
@pytest.mark.parametrize("history", histories.ALL, ids=lambda make: make.__name__)
def test_all_that_a_bundle_says_of_the_item_follows_from_its_events(
    client: FlaskClient, runtime: Runtime, history: histories.History
) -> None:
    """No field of a real item.json is left that the verifier could not recompute from the events."""
    item_id = history(client)
    sequence(runtime)
    files, verdict = _bundle(client, item_id)
    assert verdict.ok
    item = json.loads(files.read("item.json"))
    names = {"events.jsonl": item_id, **{f"lineage/{name}.jsonl": name for name in verdict.lineage}}
    told = told_item(
        item_id,
        {
            name: [json.loads(line)["event"] for line in files.read(file).splitlines()]
            for file, name in names.items()
        },
    )
    assert {field.partition(".")[0] for field in told} | {"id"} == set(item)
