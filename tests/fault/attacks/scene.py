"""A small laboratory with a history, and an attacker who owns its database.

Each attack gets a copy of its own. The attacker is the owner of the tables and no fool: triggers are switched off first, and
whatever can be made to fit without the log's key is made to fit.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from services.chain_of_custody.service.verify_ledger import verify_ledger
from shared.config import Settings
from shared.crypto import merkle
from shared.crypto.canonical import canonical_json
from shared.crypto.ledger import commitment_entry, event_digest, leaf_hash, sign_note
from shared.runtime import Runtime
from siglab_clients.tlog.hashing import node_hash
from siglab_clients.verify.container import pack
from siglab_clients.verify.events import ProvedEvent
from siglab_clients.verify.manifest import describe
from tests.calls import AUDITOR
from tests.integration.chain_of_custody.house import call, sequence

SIGLAB_VERIFY = Path(sys.executable).with_name("siglab-verify")


@dataclass
class Scene:
    """The laboratory under attack. `item_id` has been received, handed over, weighed, divided and consumed from."""

    client: FlaskClient
    runtime: Runtime
    folder: Path
    item_id: str
    offer_id: str
    hold_id: str
    spectra: tuple[str, str]

    @property
    def settings(self) -> Settings:
        """As the services run with."""
        return self.runtime.settings

    @contextmanager
    def attacker(self) -> Iterator["Attacker"]:
        """The owner of the database, triggers off; what was done is committed at the end."""
        url = make_url(self.settings.owner_database_url()).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            connection.execute("SET search_path = chain_of_custody")
            connection.execute("SET session_replication_role = replica")
            yield Attacker(connection)

    def sequence(self) -> int:
        """Gives what waits its place in the log."""
        return sequence(self.runtime)

    def self_check(self) -> list[str]:
        """What the self-check finds now, as the auditor reads it."""
        verify_ledger(self.runtime)
        told = call(self.client, "GET", "/ledger/verification", actor=AUDITOR).json
        assert told["ok"] is not bool(told["findings"])
        return list(told["findings"])

    def finds(self, words: str) -> None:
        """The self-check says it."""
        findings = self.self_check()
        assert any(words in finding for finding in findings), findings

    def checkpoint(self) -> bytes:
        """The head of the log, as anybody may keep it."""
        answer = call(self.client, "GET", "/ledger/checkpoint", actor=None)
        assert answer.status_code == 200, answer.data
        return bytes(answer.data)

    def key_file(self) -> Path:
        """A file with the log's public key."""
        path = self.folder / "ledger.pub"
        path.write_bytes(call(self.client, "GET", "/ledger/key", actor=None).data)
        return path

    def bundle(self, item_id: str | None = None) -> bytes:
        """The evidence bundle of an item."""
        answer = call(self.client, "GET", f"/items/{item_id or self.item_id}/bundle.zip", actor=AUDITOR)
        assert answer.status_code == 200, answer.data
        return bytes(answer.data)

    def refused_bundle(self) -> dict[str, Any]:
        """The answer of a custody that does not hand out what would not verify."""
        answer = call(self.client, "GET", f"/items/{self.item_id}/bundle.zip", actor=AUDITOR)
        assert answer.status_code == 409, answer.data
        return dict(answer.json)

    def forged_bundle(self) -> bytes:
        """The bundle that custody would hand out if it did not check it first: manifest and head are signed by the key."""
        keys_dir = self.settings.keys_dir
        with self.runtime.unit_of_work() as uow:
            parts = repository.proved_parts(uow.session, self.item_id)
            head = repository.newest_checkpoint(uow.session)
            assert head is not None
            entries = [entry for _, entry in parts if entry is not None]
            store = repository.DatabaseLogStore(uow.session)
            proofs = merkle.inclusion_proofs(store, [entry.index for entry in entries], head.size)
            lines = b"".join(
                ProvedEvent(
                    entry.index,
                    bytes(entry.entry),
                    bytes(event.salt),
                    json.loads(event.record),
                    tuple(proofs[entry.index]),
                ).line()
                for (event, _), entry in zip(parts, entries, strict=True)
            )
            files = {
                "item.json": canonical_json({"id": self.item_id}),
                "events.jsonl": lines,
                "checkpoint": head.note.encode(),
                "README.txt": b"",
            }
        told = describe(self.item_id, files).text()
        note = sign_note(told, load_origin(keys_dir), load_signing_key(keys_dir))
        return pack({**files, "manifest": note.encode()})

    def verify_bundle(self, content: bytes) -> tuple[int, str]:
        """siglab-verify's exit status and words about a bundle."""
        path = self.folder / "bundle.zip"
        path.write_bytes(content)
        command = [str(SIGLAB_VERIFY), str(path), "--key", str(self.key_file())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr


class Attacker:
    """Somebody with the owner's rights on custody's tables."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def run(self, statement: LiteralString, *values: Any) -> int:
        """One statement; returns how many rows it touched, which must be some."""
        touched = self._connection.execute(statement, values).rowcount
        assert touched > 0, f"the attack touches nothing: {statement}"
        return touched

    def rows(self, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self._connection.execute(query, values).fetchall()

    def value(self, query: LiteralString, *values: Any) -> Any:
        """The one value that a query finds."""
        ((found,),) = self.rows(query, *values)
        return found

    def history(self, item_id: str) -> list[tuple[str, dict[str, Any]]]:
        """The item's events: id and record."""
        query = "SELECT id, record FROM events WHERE item_id = %s ORDER BY sequence"
        return [(event_id, json.loads(record)) for event_id, record in self.rows(query, item_id)]

    def rewrite(self, event_id: str, record: Mapping[str, Any]) -> None:
        """Another record in the place of an event's, its digest and columns made to fit."""
        self.run(
            "UPDATE events SET record = %s, digest = %s, type = %s, sequence = %s, occurred_at = %s, recorded_at = %s "
            "WHERE id = %s",
            canonical_json(record).decode(),
            event_digest(record),
            record["type"],
            record["sequence"],
            record["occurred_at"],
            record["recorded_at"],
            event_id,
        )

    def rewrite_history(self, item_id: str, records: list[dict[str, Any]]) -> None:
        """Other records for an item's events, each chained to the one before, and the item's row made to fit."""
        previous = None
        for (event_id, _), record in zip(self.history(item_id), records, strict=True):
            record["previous"] = previous
            previous = event_digest(record)
            self.rewrite(event_id, record)
        self.run("UPDATE items SET last_digest = %s WHERE id = %s", previous, item_id)

    def rewrite_log(self) -> bytes:
        """Entries and hashes made anew from the events as they are now, up to the root; returns the root.

        Only the checkpoints stay: to sign one takes the key.
        """
        query = (
            "SELECT entry.index, event.record, event.salt FROM log_entries AS entry "
            "JOIN events AS event ON event.id = entry.event_id ORDER BY entry.index"
        )
        level: list[bytes] = []
        for index, record, salt in self.rows(query):
            entry = commitment_entry(json.loads(record), salt)
            self.run("UPDATE log_entries SET entry = %s WHERE index = %s", entry, index)
            level.append(leaf_hash(entry))
        edges: list[bytes] = []
        height = 0
        while level:
            for index, value in enumerate(level):
                self.run(
                    "UPDATE log_hashes SET hash = %s WHERE level = %s AND index = %s", value, height, index
                )
            if len(level) % 2:
                edges.append(level[-1])
            level = [node_hash(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
            height += 1
        root = edges[0]
        for edge in edges[1:]:
            root = node_hash(edge, root)
        return root
