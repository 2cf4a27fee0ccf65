"""Copies of heads in the locked store: what is done to the database, and to the copies, is found by comparing them (E20)."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.service import verify_ledger as check
from services.chain_of_custody.service.copy_heads import copy_head, copy_key
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from services.chain_of_custody.service.verify_ledger import verify_ledger
from services.chain_of_custody.store import store_of
from shared.config import Settings
from shared.crypto import merkle
from shared.crypto.ledger import sign_checkpoint
from shared.runtime import Runtime
from shared.storage.errors import ObjectLocked, StoreUnavailable
from tests.calls import AUDITOR
from tests.database import make_settings
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import TOLD, call, opened, sequence

pytestmark = pytest.mark.rule("E20")

_numbers = iter(range(10**6))


@pytest.fixture
def runtime(postgres_server: str, tmp_path: Path) -> Iterator[Runtime]:
    found = make_runtime(
        make_settings(postgres_server, f"t_copies_{next(_numbers)}_{tmp_path.name[-30:]}", tmp_path)
    )
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    house.tell_people(client)
    return client


def _findings(client: FlaskClient, runtime: Runtime) -> list[str]:
    verify_ledger(runtime)
    found = call(client, "GET", "/ledger/verification", actor=AUDITOR).json
    assert found["ok"] is (not found["findings"])
    return list(found["findings"])


def _grow(client: FlaskClient, runtime: Runtime) -> int:
    """One item more, in the log and copied; returns the copy's number."""
    opened(client)
    sequence(runtime)
    copy_head(runtime)
    with runtime.unit_of_work() as uow:
        last = attestations.newest_copy(uow.session)
    assert last is not None
    return last.number


@contextmanager
def _owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner with every trigger out of the way."""
    url = make_url(settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        yield connection


def test_a_head_is_copied_once_and_locked(client: FlaskClient, runtime: Runtime) -> None:
    assert _grow(client, runtime) == 1
    copy_head(runtime)
    store = store_of(runtime)
    (version,) = store.versions(copy_key(1))
    assert store.versions(copy_key(2)) == []
    facts = store.stat(copy_key(1), version)
    assert facts.retain_until is not None and facts.retain_until.year >= runtime.clock().year + 9
    with pytest.raises(ObjectLocked):
        store.delete(copy_key(1), version)
    note = call(client, "GET", "/ledger/checkpoint", actor=None).data
    assert b"".join(store.read(copy_key(1), version)) == note
    assert _grow(client, runtime) == 2
    assert _findings(client, runtime) == []


def test_the_self_check_copies_too(client: FlaskClient, runtime: Runtime) -> None:
    opened(client)
    sequence(runtime)
    assert _findings(client, runtime) == []
    assert len(store_of(runtime).versions(copy_key(1))) == 1
    assert _findings(client, runtime) == []
    assert store_of(runtime).versions(copy_key(2)) == []


def _cut(connection: psycopg.Connection[Any], _: Runtime) -> None:
    """The newest item goes, with everything that tells of it: the rest agrees with itself."""
    connection.execute("DELETE FROM log_copies")
    connection.execute("DELETE FROM verifications")
    (size,) = connection.execute("SELECT max(grew_from) FROM log_checkpoints").fetchone() or (0,)
    connection.execute("DELETE FROM log_checkpoints WHERE size > %s", [size])
    connection.execute("DELETE FROM log_hashes WHERE (index + 1) * power(2, level) > %s", [size])
    gone = connection.execute(
        "DELETE FROM log_entries WHERE index >= %s RETURNING event_id", [size]
    ).fetchall()
    items = connection.execute(
        "DELETE FROM events WHERE id = ANY(%s) RETURNING item_id", [[row[0] for row in gone]]
    ).fetchall()
    ids = [row[0] for row in items]
    connection.execute("DELETE FROM transfers WHERE item_id = ANY(%s)", [ids])
    connection.execute("DELETE FROM items WHERE id = ANY(%s)", [ids])


def _rewrite(connection: psycopg.Connection[Any], runtime: Runtime) -> None:
    """The last event gets another salt, and all above it is made and signed anew with the log's own key."""
    row = connection.execute(
        "SELECT e.id, e.record, l.index FROM events e JOIN log_entries l ON l.event_id = e.id ORDER BY l.index DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    event_id, record, index = row
    salt = b"another salt, of at least sixteen"
    from siglab_clients.tlog.commitments import entry_of

    connection.execute("UPDATE events SET salt = %s WHERE id = %s", [salt, event_id])
    connection.execute(
        "UPDATE log_entries SET entry = %s WHERE index = %s", [entry_of(record.encode(), salt), index]
    )
    entries = connection.execute("SELECT entry FROM log_entries ORDER BY index").fetchall()
    store = merkle.MemoryLogStore()
    merkle.append(store, 0, [hashlib.sha256(b"\x00" + entry).digest() for (entry,) in entries])
    for (level, place), value in store.hashes.items():
        connection.execute(
            "UPDATE log_hashes SET hash = %s WHERE level = %s AND index = %s", [value, level, place]
        )
    keys_dir, root = runtime.settings.keys_dir, merkle.root(store, len(entries))
    note = sign_checkpoint(load_origin(keys_dir), len(entries), root, load_signing_key(keys_dir))
    connection.execute(
        "UPDATE log_checkpoints SET root = %s, note = %s WHERE size = %s", [root, note, len(entries)]
    )


@pytest.mark.parametrize(
    ("attack", "said"), [(_cut, "it was cut"), (_rewrite, "two different heads of")], ids=["cut", "rewritten"]
)
def test_a_log_that_agrees_with_itself_is_found_by_its_copies(
    client: FlaskClient, runtime: Runtime, attack: Callable[..., None], said: str
) -> None:
    for _ in range(3):
        _grow(client, runtime)
    assert _findings(client, runtime) == []
    with _owner(runtime.settings) as connection:
        attack(connection, runtime)
    (finding,) = _findings(client, runtime)
    assert said in finding and copy_key(3) in finding


def test_it_is_found_also_after_the_log_has_grown_on(client: FlaskClient, runtime: Runtime) -> None:
    for _ in range(2):
        _grow(client, runtime)
    with _owner(runtime.settings) as connection:
        _cut(connection, runtime)
    opened(client)
    sequence(runtime)
    opened(client)
    sequence(runtime)
    copy_head(runtime)
    findings = _findings(client, runtime)
    assert any(f"two different heads of {TOLD + 2} entries" in finding for finding in findings), findings


def test_a_changed_and_a_missing_copy_are_found(client: FlaskClient, runtime: Runtime) -> None:
    for _ in range(3):
        _grow(client, runtime)
    root = runtime.settings.data_dir / "objects"
    held = {number: _files_of(root, copy_key(number)) for number in (1, 2)}
    (changed,) = [path for path in held[1] if path.read_bytes().startswith(b"test.siglab")]
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes().replace(b"\n%d\n" % (TOLD + 1), b"\n%d\n" % (TOLD + 2)))
    for path in held[2]:
        path.unlink()
    findings = _findings(client, runtime)
    assert any(copy_key(1) in finding for finding in findings), findings
    assert any(f"the copy {copy_key(2)} is missing" in finding for finding in findings), findings


def _files_of(root: Path, key: str) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and key in str(path)]


def test_a_copy_whose_row_was_lost_is_neither_written_over_nor_an_alarm(
    client: FlaskClient, runtime: Runtime
) -> None:
    _grow(client, runtime)
    with _owner(runtime.settings) as connection:
        connection.execute("DELETE FROM log_copies")
    assert _grow(client, runtime) == 2
    assert len(store_of(runtime).versions(copy_key(1))) == 1
    assert _findings(client, runtime) == []


def test_a_store_that_does_not_answer_stops_neither_log_nor_check(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise StoreUnavailable("The store is away.")

    monkeypatch.setattr(check, "_STORE_PAUSE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(type(store_of(runtime)), "versions", refuse)
        opened(client)
        assert sequence(runtime) == TOLD + 1
        (finding,) = _findings(client, runtime)
        assert "could not be read" in finding
    assert _findings(client, runtime) == []
    assert len(store_of(runtime).versions(copy_key(1))) == 1
