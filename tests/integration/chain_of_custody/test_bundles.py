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
from tests.calls import BOGOTA
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
