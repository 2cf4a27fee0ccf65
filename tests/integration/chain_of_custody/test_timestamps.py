"""Heads are time-stamped by an authority (RFC 3161), here one of `openssl ts`; a stamp that does not hold is found (E20)."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service.copy_heads import copy_head
from services.chain_of_custody.service.verify_ledger import verify_ledger
from shared.runtime import Runtime
from tests.authority import NEEDS_OPENSSL, make_authority
from tests.calls import AUDITOR
from tests.database import make_settings
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import TOLD, call, opened, sequence

pytestmark = [
    pytest.mark.rule("E20"),
    NEEDS_OPENSSL,
]

_numbers = itertools.count()


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[str]:
    """The address of an authority under `tmp_path/authority/ca.pem`."""
    made = make_authority(tmp_path / "authority")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = made.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def runtime(postgres_server: str, tmp_path: Path, authority: str) -> Iterator[Runtime]:
    found = make_runtime(make_settings(postgres_server, f"t_stamps_{next(_numbers)}", tmp_path / "data"))
    ca = tmp_path / "authority" / "ca.pem"
    found.settings = replace(found.settings, timestamp_url=authority, timestamp_ca=ca)
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    house.tell_people(client)
    return client


def _grow(client: FlaskClient, runtime: Runtime) -> None:
    opened(client)
    sequence(runtime)
    copy_head(runtime)


def _findings(client: FlaskClient, runtime: Runtime) -> list[str]:
    verify_ledger(runtime)
    return list(call(client, "GET", "/ledger/verification", actor=AUDITOR).json["findings"])


def test_each_copied_head_is_stamped(client: FlaskClient, runtime: Runtime) -> None:
    for size in (TOLD + 1, TOLD + 2):
        _grow(client, runtime)
        told = call(client, "GET", "/ledger/state", actor=AUDITOR).json["authority"]
        assert told["size"] == size and told["stamped_at"] and told["error"] is None
    assert _findings(client, runtime) == []


def test_a_stamp_of_another_head_is_found(client: FlaskClient, runtime: Runtime) -> None:
    _grow(client, runtime)
    _grow(client, runtime)
    place = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(place.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        connection.execute(
            "UPDATE log_timestamps SET token = (SELECT token FROM log_timestamps WHERE size = %s) WHERE size = %s",
            [TOLD + 1, TOLD + 2],
        )
    (finding,) = _findings(client, runtime)
    assert f"time stamp of {TOLD + 2} entries" in finding and "does not hold" in finding


def test_an_authority_under_another_root_is_not_believed(
    client: FlaskClient, runtime: Runtime, tmp_path: Path
) -> None:
    other = make_authority(tmp_path / "other").ca
    runtime.settings = replace(runtime.settings, timestamp_ca=other)
    _grow(client, runtime)
    told = call(client, "GET", "/ledger/state", actor=AUDITOR).json["authority"]
    assert told["size"] is None and "does not hold" in told["error"]
    assert _findings(client, runtime) == []


def test_an_authority_that_is_away_stops_nothing(client: FlaskClient, runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, timestamp_url="http://127.0.0.1:9/")
    _grow(client, runtime)
    state = call(client, "GET", "/ledger/state", actor=AUDITOR).json
    assert "does not answer" in state["authority"]["error"] and state["copy"]["size"] == TOLD + 1
    assert _findings(client, runtime) == []
