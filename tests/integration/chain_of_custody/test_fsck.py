"""Tessera's checker (`make go-tools`) reads the whole log over HTTP, passes what is whole and refuses what is not (E19).

`make fsck` runs it over 100,000 events; without it a few thousand do, which is more than one tile of the second level needs.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url
from werkzeug.serving import WSGIRequestHandler, make_server

from shared.runtime import Runtime
from tests.integration.chain_of_custody.house import TOLD, as_service, call, exhibit, receipt, sequence
from tests.integration.chain_of_custody.real_witnesses import program

EVENTS = int(os.environ.get("SIGLAB_FSCK_EVENTS", "3000"))

pytestmark = pytest.mark.rule("E19")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def served(client: FlaskClient, runtime: Runtime) -> Iterator[str]:
    """The address of a log of EVENTS entries."""
    program("fsck")
    for start in range(0, EVENTS, 1000):
        told = receipt([exhibit() for _ in range(min(1000, EVENTS - start))])
        assert as_service(client, "intake", "POST", "/internal/items", told).status_code == 200
        sequence(runtime)
    server = make_server("127.0.0.1", 0, client.application, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/ledger/"
    server.shutdown()


def _fsck(url: str, runtime: Runtime) -> subprocess.CompletedProcess[str]:
    key = str(runtime.settings.keys_dir / "ledger.vkey")
    command = [program("fsck"), "-ui=false", "-storage_url", url, "-public_key", key, "-N", "8"]
    # Where a tile is missing the checker asks for it again and again. Each of its workers ends at the first thing that it finds
    # wrong, and without workers it waits for ever: one changed entry is wrong in a tile of each level, so there are more of them.
    return subprocess.run(
        ["timeout", "900", *command],
        capture_output=True,
        text=True,
        check=False,
        env={"no_proxy": "*", "PATH": os.environ["PATH"]},
    )


def _passed(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the checker was content: it tells errors on its log and ends with 0 all the same."""
    assert done.returncode == 0, done.stderr[-2000:]
    return re.search(r"^[EF][0-9]{4} |fsck failed", done.stderr, re.MULTILINE) is None


def test_the_checker_passes_the_log(served: str, runtime: Runtime, client: FlaskClient) -> None:
    note = call(client, "GET", "/ledger/checkpoint", actor=None).get_data(as_text=True)
    assert note.split("\n")[1] == str(TOLD + EVENTS)
    assert _passed(_fsck(served, runtime))


def test_tiles_say_that_they_never_change(served: str, client: FlaskClient) -> None:
    full = call(client, "GET", "/ledger/tile/0/000", actor=None)
    assert full.status_code == 200 and "immutable" in full.headers["Cache-Control"]
    assert call(client, "GET", "/ledger/checkpoint", actor=None).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("log_entries", "entry", "index = 777"),
        ("log_hashes", "hash", "level = 0 AND index = 1234"),
        ("log_hashes", "hash", "level = 8 AND index = 3"),
    ],
    ids=["entry", "leaf hash", "upper tile"],
)
def test_the_checker_refuses_a_log_that_was_tampered_with(
    served: str, runtime: Runtime, table: str, column: str, where: str
) -> None:
    place = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(place.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        row = connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        assert row is not None
        changed = bytes([row[0][0] ^ 1]) + row[0][1:]
        connection.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [changed])
        try:
            assert not _passed(_fsck(served, runtime))
        finally:
            connection.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [row[0]])
    assert _passed(_fsck(served, runtime))
