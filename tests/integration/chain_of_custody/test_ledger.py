"""The log: insert-only for its own role, one order for all, tiles and proofs that an independent verifier accepts."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.metrics import LedgerCollector
from services.chain_of_custody.models import Base
from services.chain_of_custody.service.sequence_events import Sequencer
from services.chain_of_custody.service.verify_ledger import verify_ledger
from shared.config import Settings
from shared.runtime import Runtime
from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.hashing import leaf_hash
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.tlog.proofs import verify_inclusion
from tests.calls import AUDITOR, BANGKOK, BOGOTA, CUSTODIAN
from tests.database import make_settings
from tests.integration.chain_of_custody.histories import record
from tests.integration.chain_of_custody.house import (
    act,
    as_service,
    call,
    events,
    exhibit,
    mass,
    opened,
    receipt,
    sequence,
    weighed,
)

EVIDENCE = (
    "events", "log_entries", "log_hashes", "log_checkpoints", "log_cosignatures", "log_timestamps", "log_copies", "verifications",
    "transfers", "location_changes", "hold_items", "corrections", "balances", "balance_calibrations", "composite_parts",
    "store_canaries",
)  # fmt: skip


def _head(client: FlaskClient) -> Checkpoint:
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).get_data(as_text=True))
    answer = call(client, "GET", "/ledger/checkpoint", actor=None)
    assert answer.mimetype == "text/plain"
    return open_checkpoint(answer.data, key)


def _tile(client: FlaskClient, level: str, number: int, width: int) -> bytes:
    path = f"/ledger/tile/{level}/{number:03d}" + (f".p/{width}" if width < 256 else "")
    answer = call(client, "GET", path, actor=None)
    assert answer.status_code == 200, answer.data
    return bytes(answer.data)


def test_the_empty_log_has_a_signed_head(postgres_server: str, tmp_path: Path) -> None:
    """Of a custody that has not even heard of an account."""
    settings = make_settings(postgres_server, f"t_empty_log_{os.getpid()}", tmp_path)
    runtime = make_runtime(settings)
    client = create_app(settings, runtime).test_client()
    assert call(client, "GET", "/ledger/checkpoint", actor=None).status_code == 503
    assert sequence(runtime) == 0
    assert _head(client).size == 0
    runtime.engine.dispose()


@pytest.mark.rule("E12")
@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("owner", [False, True], ids=["service", "owner"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {} CASCADE"])
def test_nobody_changes_evidence_in_the_database(
    client: FlaskClient, settings: Settings, table: str, owner: bool, change: str
) -> None:
    opened(client)
    found = settings.owner_database_url() if owner else settings.service_database_url("chain_of_custody")
    url = make_url(found).set(drivername="postgresql").render_as_string(hide_password=False)
    column = next(iter(Base.metadata.tables[f"chain_of_custody.{table}"].columns)).name
    statement = change.format(f"chain_of_custody.{table}", f'"{column}" = "{column}"')
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.rule("E19")
def test_every_event_gets_a_place_in_the_order_of_its_item(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    assert all(event["index"] is None for event in events(client, item_id))
    sequence(runtime)
    places = [event["index"] for event in events(client, item_id)]
    assert places == sorted(set(places)) and len(places) == 4
    assert sequence(runtime) == 0
    with runtime.unit_of_work() as uow:
        query = text("SELECT count(*), max(index) FROM chain_of_custody.log_entries")
        count, last = uow.session.execute(query).one()
        assert count == last + 1 == uow.session.scalar(text("SELECT count(*) FROM chain_of_custody.events"))


@pytest.mark.rule("E19")
def test_the_sequencer_works_by_itself_and_only_one_does(client: FlaskClient, runtime: Runtime) -> None:
    pair = [Sequencer(runtime).start(), Sequencer(runtime).start()]
    try:
        ids = [weighed(client) for _ in range(8)]
        for item_id in ids:
            for _ in range(200):
                if all(event["index"] is not None for event in events(client, item_id)):
                    break
            else:
                pytest.fail("an event has no place in the log")
    finally:
        for sequencer in pair:
            sequencer.stop()
    verify_ledger(runtime)
    found = call(client, "GET", "/ledger/verification", actor=AUDITOR).json
    assert found["ok"] is True and found["findings"] == []


@pytest.mark.rule("E19")
def test_proofs_lead_to_the_signed_head(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    sequence(runtime)
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).get_data(as_text=True))
    for event in events(client, item_id):
        proof = call(client, "GET", f"/ledger/events/{event['index']}/proof", actor=AUDITOR).json
        head = open_checkpoint(proof["checkpoint"].encode(), key)
        hashes = [base64.b64decode(value) for value in proof["hashes"]]
        verify_inclusion(event["index"], head.size, base64.b64decode(proof["leaf_hash"]), hashes, head.root)
        assert proof["size"] == head.size
        path = f"/ledger/events/{event['index']}/proof"
        assert call(client, "GET", path, actor=BOGOTA).status_code == 200
        assert call(client, "GET", path, actor=BANGKOK).status_code == 404
    for beyond in (999_999, 10**20):
        assert call(client, "GET", f"/ledger/events/{beyond}/proof", actor=AUDITOR).status_code == 404


@pytest.mark.rule("E19", "E30")
def test_a_stranger_with_a_report_finds_the_proof_of_its_release_and_nothing_else(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = weighed(client)
    record(client, item_id, "result_proposed", "HSP", result_id="r-open", result_sha256="cd" * 32)
    path = "/ledger/releases/r-open/proof"
    sequence(runtime)
    assert call(client, "GET", path, actor=None).status_code == 404
    record(client, item_id, "result_released", "agreed", result_id="r-open", result_sha256="cd" * 32)
    assert call(client, "GET", path, actor=None).status_code == 404
    sequence(runtime)
    proof = call(client, "GET", path, actor=None).json
    assert set(proof) == {"index", "size", "leaf_hash", "hashes", "checkpoint"}
    released = next(event for event in events(client, item_id) if event["type"] == "result_released")
    assert proof["index"] == released["index"]
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).get_data(as_text=True))
    head = open_checkpoint(proof["checkpoint"].encode(), key)
    hashes = [base64.b64decode(value) for value in proof["hashes"]]
    verify_inclusion(proof["index"], head.size, base64.b64decode(proof["leaf_hash"]), hashes, head.root)
    assert call(client, "GET", path, actor=BANGKOK).json == proof
    assert call(client, "GET", "/ledger/releases/r-other/proof", actor=None).status_code == 404


@pytest.mark.rule("E19")
def test_tiles_lead_to_the_root_and_entries_to_the_leaves(client: FlaskClient, runtime: Runtime) -> None:

    told = receipt([exhibit() for _ in range(270)])
    assert as_service(client, "intake", "POST", "/internal/items", told).status_code == 200
    sequence(runtime)
    head = _head(client)
    full, rest = divmod(head.size, 256)
    assert full >= 1 and rest
    parts = [_tile(client, "0", number, 256) for number in range(full)] + [_tile(client, "0", full, rest)]
    leaves = [part[i : i + 32] for part in parts for i in range(0, len(part), 32)]
    assert _root(leaves) == head.root
    upper = _tile(client, "1", 0, full)
    assert upper == b"".join(_root(leaves[256 * n : 256 * n + 256]) for n in range(full))
    raw = _tile(client, "entries", full, rest)
    for leaf in leaves[256 * full :]:
        length = int.from_bytes(raw[:2], "big")
        entry, raw = raw[2 : 2 + length], raw[2 + length :]
        assert leaf_hash(entry) == leaf
        assert set(json.loads(entry)) == {"v", "commitment"}
    assert not raw


@pytest.mark.parametrize(
    "path", ["0/999", "0/0", "0/000.p/256", "0/x000/000", "9/000", "entries/999", "0/000/x"]
)
def test_there_are_no_other_tiles(client: FlaskClient, path: str) -> None:
    assert call(client, "GET", f"/ledger/tile/{path}", actor=None).status_code == 404


@pytest.mark.rule("E21")
def test_the_bundle_verifies_and_a_changed_one_does_not(
    client: FlaskClient, runtime: Runtime, tmp_path: Path
) -> None:
    item_id = weighed(client)
    early = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=AUDITOR)
    assert early.status_code == 503 and early.headers["Retry-After"]
    sequence(runtime)
    bundle = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=AUDITOR)
    assert bundle.status_code == 200 and bundle.mimetype == "application/zip"
    key = tmp_path / "key"
    key.write_bytes(call(client, "GET", "/ledger/key", actor=None).data)

    def verdict(content: bytes) -> int:
        (tmp_path / "bundle.zip").write_bytes(content)
        command = [str(Path(sys.executable).with_name("siglab-verify")), str(tmp_path / "bundle.zip")]
        return subprocess.run([*command, "--key", str(key)], capture_output=True, timeout=60).returncode

    assert verdict(bundle.data) == 0
    source = zipfile.ZipFile(io.BytesIO(bundle.data))
    assert {"checkpoint", "events.jsonl"} <= set(source.namelist())
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as copy:
        for name in source.namelist():
            data = source.read(name)
            copy.writestr(
                name, data.replace(b"technician", b"technicien") if name == "events.jsonl" else data
            )
    assert verdict(changed.getvalue()) != 0


@pytest.mark.rule("E13")
def test_events_stand_alone_and_hide_nothing_in_the_log(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    for event in events(client, item_id):
        assert event["actor_name"] and event["actor_role"] and event["item_number"] and event["purpose"]


@pytest.mark.rule("E27", "E29")
def test_custody_on_paper_and_as_linked_data(client: FlaskClient, runtime: Runtime) -> None:
    from pypdf import PdfReader

    item_id = weighed(client)
    for _ in range(30):
        assert act(client, item_id, "consumptions", mass(1, purpose="injection")).status_code == 201
    sequence(runtime)
    pdf = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=BOGOTA)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages]
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page and item_id in page
    assert "Clara" in "".join(pages) and "siglab-verify" in "".join(pages)
    graph = call(client, "GET", f"/items/{item_id}/case.jsonld", actor=AUDITOR).get_json(force=True)
    assert "@context" in graph and len(graph["@graph"]) >= len(events(client, item_id))
    assert "technician" in json.dumps(graph) and "custodian" in json.dumps(graph)


@pytest.mark.rule("E19")
def test_a_check_finds_what_was_tampered_with(client: FlaskClient, runtime: Runtime) -> None:
    opened(client)
    sequence(runtime)
    verify_ledger(runtime)
    good = call(client, "GET", "/ledger/verification", actor=AUDITOR).json
    assert good["ok"] is True and good["size"] == _head(client).size
    assert "siglab_ledger_ok 1.0" in _metrics(runtime)
    url = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    trigger = "ALTER TABLE chain_of_custody.events {} TRIGGER events_append_only"
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute(trigger.format("DISABLE"))
        connection.execute(
            "UPDATE chain_of_custody.events SET record = replace(record, 'custodian', 'somebody') WHERE seq = 1"
        )
        connection.execute(trigger.format("ENABLE"))
    verify_ledger(runtime)
    bad = call(client, "GET", "/ledger/verification", actor=CUSTODIAN).json
    assert bad["ok"] is False and "record is not the one" in bad["findings"][0]
    said = _metrics(runtime)
    assert "siglab_ledger_ok 0.0" in said and f"siglab_ledger_verified_size {float(bad['size'])}" in said
    assert call(client, "GET", "/ledger/verification", actor=BOGOTA).status_code == 403


def _metrics(runtime: Runtime) -> str:
    registry = CollectorRegistry()
    registry.register(LedgerCollector(runtime))
    return generate_latest(registry).decode()


def _root(nodes: list[bytes]) -> bytes:
    if len(nodes) == 1:
        return nodes[0]
    k = 1 << (len(nodes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(nodes[:k]) + _root(nodes[k:])).digest()
