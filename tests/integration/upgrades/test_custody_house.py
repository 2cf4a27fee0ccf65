"""An upgrade over accounts and places of which the log did not know: it tells the log of them, and the self-check holds (E12)."""

import json
import os
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.db.migrate import migrate
from shared.runtime import Runtime
from tests.calls import ADMIN, TECHNICIAN
from tests.database import make_settings
from tests.integration.chain_of_custody.house import call, sequence, tell_account

BEFORE = "0015"
_PLACE = {
    "name": "Safe",
    "path": "Laboratory / Vault / Safe",
    "kind": "safe",
    "capacity": 3,
    "access": None,
    "closed": False,
}


def _fill(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    owner.execute("SET search_path = chain_of_custody")
    for login, active in (("technician", True), ("gone", False)):
        owner.execute(
            "INSERT INTO people VALUES (%s, %s, 'technician', NULL, %s)", [login, login.title(), active]
        )
    owner.execute(
        "INSERT INTO locations (id, parent_id, name, path, kind, capacity, version) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        ["safe", "vault", _PLACE["name"], _PLACE["path"], _PLACE["kind"], 3, 2],
    )
    old = {**_PLACE, "capacity": None}
    for version, before, after in ((1, None, old), (2, old, _PLACE)):
        owner.execute(
            "INSERT INTO location_changes (location_id, version, at, actor, actor_name, actor_role, reason, before, after) "
            "VALUES ('safe', %s, '2026-03-02T08:00:00Z', 'admin', 'Adam', 'admin', 'measured', %s, %s)",
            [version, None if before is None else Jsonb(before), Jsonb(after)],
        )


def _wrongs(runtime: Runtime) -> list[str]:
    sequence(runtime)
    with runtime.unit_of_work() as uow:
        return find_wrongs(uow, load_verifier_key(runtime.settings.keys_dir))[1]


@pytest.mark.rule("E12", "E19")
def test_accounts_and_places_from_before_are_told_to_the_log(postgres_server: str, tmp_path: Path) -> None:
    settings = make_settings(
        postgres_server, f"t_upgrades_house_{os.getpid()}", tmp_path, revisions={"chain_of_custody": BEFORE}
    )
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        _fill(owner)
        migrate(settings)
        told = owner.execute(
            "SELECT subject, sequence, type, record FROM chain_of_custody.events ORDER BY subject, sequence"
        ).fetchall()
    assert [row[:3] for row in told] == [
        ("account:gone", 1, "account_closed"),
        ("account:technician", 1, "account_opened"),
        ("place:safe", 1, "place_changed"),
        ("place:safe", 2, "place_changed"),
    ]
    assert json.loads(told[-1][3])["details"]["after"] == _PLACE
    runtime = make_runtime(settings)
    client = create_app(settings, runtime).test_client()
    assert _wrongs(runtime) == []
    # Both go on from there.
    tell_account(client, TECHNICIAN, active=False)
    tag = call(client, "GET", "/locations/safe", actor=ADMIN).headers["ETag"]
    body = {"capacity": 5, "reason": "a larger one"}
    changed = call(client, "PATCH", "/locations/safe", body, actor=ADMIN, If_Match=tag)
    assert changed.status_code == 200, changed.data
    assert _wrongs(runtime) == []
    runtime.engine.dispose()
