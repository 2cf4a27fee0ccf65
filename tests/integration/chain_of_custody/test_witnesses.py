"""Witnesses cosign the log's heads: our own and two that others have written; one that contradicts is an alarm (E20)."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service.ask_witnesses import ask_witness, ask_witnesses
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.verify_ledger import verify_ledger
from shared.config import Witness
from shared.runtime import Runtime
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.cosignatures import cosign, open_cosignature, parse_witness_key, witness_key
from siglab_clients.tlog.errors import NoteError
from tests.calls import AUDITOR, BOGOTA
from tests.database import make_settings
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import (
    TOLD,
    as_service,
    call,
    exhibit,
    opened,
    receipt,
    sequence,
)
from tests.integration.chain_of_custody.real_witnesses import Running, Starter, litewitness, omniwitness, own

pytestmark = pytest.mark.rule("E20")

_numbers = itertools.count()
_KEY = Ed25519PrivateKey.generate()
_FAKE = str(witness_key("fake.example/w", _KEY))


@pytest.fixture
def runtime(postgres_server: str, tmp_path: Path) -> Iterator[Runtime]:
    found = make_runtime(make_settings(postgres_server, f"t_witnesses_{next(_numbers)}", tmp_path / "data"))
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    house.tell_people(client)
    return client


def _with(runtime: Runtime, *running: Running) -> None:
    witnesses = tuple(Witness(witness.key, witness.url) for witness in running)
    runtime.settings = replace(runtime.settings, witnesses=witnesses)


def _grow(client: FlaskClient, runtime: Runtime, events: int = 1) -> None:
    told = receipt([exhibit() for _ in range(events)])
    assert as_service(client, "intake", "POST", "/internal/items", told).status_code == 200
    sequence(runtime)


def _state(client: FlaskClient) -> dict[str, Any]:
    found = call(client, "GET", "/ledger/state", actor=AUDITOR)
    assert found.status_code == 200, found.data
    return dict(found.json)


def _findings(client: FlaskClient, runtime: Runtime) -> list[str]:
    verify_ledger(runtime)
    return list(call(client, "GET", "/ledger/verification", actor=AUDITOR).json["findings"])


@pytest.mark.parametrize("start", [own, litewitness, omniwitness], ids=lambda start: start.__name__)
def test_a_witness_cosigns_as_the_log_grows(
    client: FlaskClient, runtime: Runtime, start: Starter, tmp_path: Path
) -> None:
    log = load_verifier_key(runtime.settings.keys_dir)
    _grow(client, runtime, 3)
    with start(tmp_path / "witness", log) as running:
        _with(runtime, running)
        key = parse_witness_key(running.key)
        for events in (1, 300, 7):
            _grow(client, runtime, events)
            for _ in range(100):
                ask_witnesses(runtime)
                if _state(client)["witnesses"][0]["error"] is None:
                    break
                threading.Event().wait(0.1)
            note = call(client, "GET", "/ledger/checkpoint", actor=None).data
            assert open_checkpoint(note, log).size == _state(client)["size"]
            assert open_cosignature(note, key) > 0
    told = _state(client)["witnesses"][0]
    assert told["size"] == _state(client)["size"] == TOLD + 311
    assert told["name"] == key.name and told["cosigned_at"] and told["error"] is None
    _grow(client, runtime)
    with pytest.raises(NoteError):
        open_cosignature(call(client, "GET", "/ledger/checkpoint", actor=None).data, key)
    witnessed = call(client, "GET", "/ledger/witnessed-checkpoint", actor=None).data
    assert open_checkpoint(witnessed, log).size == TOLD + 311 and open_cosignature(witnessed, key)
    ask_witnesses(runtime)
    assert "does not answer" in _state(client)["witnesses"][0]["error"]
    assert _findings(client, runtime) == []


@pytest.mark.parametrize("start", [own, litewitness, omniwitness], ids=lambda start: start.__name__)
def test_a_witness_that_has_seen_another_log_is_an_alarm(
    client: FlaskClient, runtime: Runtime, start: Starter, tmp_path: Path
) -> None:
    """The database is put back to an older state, as by a backup, and the log goes on from there: a fork."""
    with start(tmp_path / "witness", load_verifier_key(runtime.settings.keys_dir)) as running:
        _with(runtime, running)
        _grow(client, runtime, 2)
        for _ in range(100):
            if ask_witness(runtime, runtime.settings.witnesses[0]):
                break
            threading.Event().wait(0.1)
        else:
            pytest.fail(f"not cosigned: {_state(client)}")
        _forget_everything(runtime)
        house.tell_people(client)
        _grow(client, runtime, 1)
        ask_witnesses(runtime)
        said = _state(client)["witnesses"][0]["error"]
        assert f"has seen a log of {TOLD + 2} entries, this one has {TOLD + 1}: it was cut" in said
        assert said in _findings(client, runtime)
        _grow(client, runtime, 1)
        ask_witnesses(runtime)
        said = _state(client)["witnesses"][0]["error"]
        assert f"another head of {TOLD + 2} entries" in said or "rewritten or forked" in said
        _grow(client, runtime, 1)
        ask_witnesses(runtime)
        said = _state(client)["witnesses"][0]["error"]
        assert "rewritten or forked" in said
        assert said in _findings(client, runtime)


def _forget_everything(runtime: Runtime) -> None:
    url = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        for table in (
            "log_cosignatures",
            "log_checkpoints",
            "log_hashes",
            "log_entries",
            "verifications",
            "events",
            "items",
        ):
            connection.execute(f"DELETE FROM {table}")


@contextmanager
def _answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"", "not cosigned"),
        (200, b"\xff\xfe", "UTF-8"),
        (200, cosign("another note\n", "fake.example/w", _KEY, 1).encode(), "does not hold"),
        (200, b"a" * 100_000, "no signature lines"),
        (302, b"", "302"),
        (403, b"who is this?", "does not take our key"),
        (404, b"", "does not know this log"),
        (409, b"many", "without the size"),
        (409, b"1\n", "another size each time"),
        (500, b"oh", "500"),
    ],
)
def test_what_a_witness_refuses_or_mumbles_is_told_and_kept_out(
    client: FlaskClient, runtime: Runtime, status: int, body: bytes, said: str
) -> None:
    _grow(client, runtime, 3)
    with _answering(status, body) as url:
        _with(runtime, Running(_FAKE, url))
        ask_witnesses(runtime)
    (told,) = _state(client)["witnesses"]
    assert said in told["error"] and told["size"] is None and told["cosigned_at"] is None
    assert _findings(client, runtime) == []
    assert b"fake.example" not in call(client, "GET", "/ledger/checkpoint", actor=None).data


def test_a_changed_cosignature_is_found(client: FlaskClient, runtime: Runtime) -> None:
    _grow(client, runtime, 3)
    note = call(client, "GET", "/ledger/checkpoint", actor=None).get_data(as_text=True)
    line = cosign(note.split("\n\n")[0] + "\n", "fake.example/w", _KEY, 1_800_000_000)
    with _answering(200, line.encode()) as url:
        _with(runtime, Running(_FAKE, url))
        ask_witnesses(runtime)
    assert _findings(client, runtime) == []
    place = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(place.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        forged = cosign("another note\n", "fake.example/w", _KEY, 1_800_000_000)
        connection.execute("UPDATE log_cosignatures SET line = %s", [forged])
    (finding,) = _findings(client, runtime)
    assert f"cosignature of {TOLD + 3} entries" in finding and "does not hold" in finding


def test_the_state_is_for_the_laboratory_and_auditors(client: FlaskClient, runtime: Runtime) -> None:
    _grow(client, runtime)
    assert call(client, "GET", "/ledger/state", actor=BOGOTA).status_code == 403
    assert call(client, "GET", "/ledger/state", actor=None).status_code == 401
    assert call(client, "GET", "/ledger/witnessed-checkpoint", actor=None).status_code == 404
    told = _state(client)
    assert told["witnesses"] == [] and told["authority"] is None and told["copy"] is None
    assert (
        told["size"] == TOLD + 1 and told["key"].startswith(told["origin"]) and len(told["fingerprint"]) == 64
    )
    opened(client)
