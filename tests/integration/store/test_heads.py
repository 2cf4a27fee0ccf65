"""The scrub over copies of the log's heads: bytes, locks, signature, and that the present log goes on from them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from services.chain_of_custody.repository import attestations
from services.chain_of_custody.service import scrub, scrub_heads
from services.chain_of_custody.service.copy_heads import copy_head, copy_key
from services.chain_of_custody.store import store_of
from tests.integration.chain_of_custody.house import opened, sequence
from tests.integration.store.world import World

pytestmark = [pytest.mark.rule("E20"), pytest.mark.rule("E24")]


def copied(world: World) -> dict[str, str]:
    """The log grows by an item, and its head is copied: the copy's key and version."""
    opened(world.client)
    sequence(world.runtime)
    copy_head(world.runtime)
    with world.runtime.unit_of_work() as uow:
        row = attestations.newest_copy(uow.session)
        assert row is not None and row.key == copy_key(row.number)
        return {"key": row.key, "version_id": row.version_id}


def found(world: World, key: str) -> list[dict[str, Any]]:
    """What a round finds of one copy, the newest first."""
    world.scrub()
    rows = world.ask("GET", "/store/findings?limit=500").json["items"]
    return [row for row in rows if row["filename"] == key]


@contextmanager
def owner(world: World) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner with every trigger out of the way; what was done is undone at the end."""
    url = make_url(world.runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        yield connection


def test_copies_that_are_right_are_walked_over_and_accuse_nobody(world: World) -> None:
    for _ in range(2):
        place = copied(world)
    assert found(world, place["key"]) == []
    told = world.ask("GET", "/store/scrub").json["last_round"]
    assert told["heads_done"] == int(place["key"].partition("/")[2])
    assert told["mismatches"] == 0


def test_a_changed_copy_is_found_and_said_everywhere(world: World) -> None:
    place = copied(world)
    path = world.first.note(place["key"], place["version_id"])
    whole = path.read_bytes()
    path.chmod(0o600)
    try:
        path.write_bytes(
            whole.replace(b"\n", b"\nforged ", 1) if world.first.kind == "directory" else whole[:-30]
        )
        with capture_logs() as logged:
            rows = found(world, place["key"])
        assert {row["kind"] for row in rows} & {"signature", "unreadable", "missing"}, rows
        assert all(row["outcome"] == "open" and row["spectrum_id"] is row["item_id"] is None for row in rows)
        if world.first.kind == "directory":
            assert "no head signed with the log's key" in next(
                row["detail"] for row in rows if row["kind"] == "signature"
            )
        assert any(
            entry["event"] == "copied_head_changed" and entry["key"] == place["key"] for entry in logged
        )
        world.watch()
        assert (REGISTRY.get_sample_value("siglab_scrub_open_findings") or 0) >= len(rows)
        assert len(found(world, place["key"])) == len(rows), "a finding that is open is not noted again"
    finally:
        path.write_bytes(whole)
    assert {row["outcome"] for row in found(world, place["key"])} == {"right_again"}


def test_a_copy_that_was_taken_away_is_found_missing(world: World) -> None:
    place = copied(world)
    copied(world)
    folder = world.first.root / place["key"]
    shutil.move(folder, folder.with_name("away"))
    try:
        [row] = found(world, place["key"])
        assert (row["kind"], row["outcome"]) == ("missing", "open")
    finally:
        shutil.move(folder.with_name("away"), folder)
    assert {row["outcome"] for row in found(world, place["key"])} == {"right_again"}


def test_a_second_version_under_a_copys_key_is_found(world: World) -> None:
    place = copied(world)
    until = world.runtime.clock() + timedelta(days=1)
    forged = store_of(world.runtime).put(place["key"], b"another head\n", retain_until=until)
    rows = {row["kind"]: row for row in found(world, place["key"])}
    assert set(rows) == {"foreign_version", "signature"}
    assert all(forged.version_id in row["detail"] for row in rows.values())
    for row in rows.values():
        said = world.ask("POST", f"/store/findings/{row['id']}/closing", {"reason": "a test of ours"})
        assert said.json["outcome"] == "explained"
    assert len(found(world, place["key"])) == 2, "what somebody has explained is not found again"


def test_a_log_that_was_cut_or_forked_contradicts_its_copies(world: World) -> None:
    copied(world)
    place = copied(world)
    with owner(world) as connection:
        row = connection.execute("SELECT max(size) FROM log_checkpoints").fetchone()
        assert row is not None
        size = row[0]
        connection.execute("UPDATE log_checkpoints SET size = -size WHERE size = %s", [size])
        rows = {row["kind"]: row["detail"] for row in found(world, place["key"])}
        connection.execute("UPDATE log_checkpoints SET size = %s WHERE size = -%s", [size, size])
        assert "the log was cut" in rows["off_log"]
        leaf = "level = 0 AND index = (SELECT max(index) FROM log_hashes WHERE level = 0)"
        kept = connection.execute(f"SELECT hash FROM log_hashes WHERE {leaf}").fetchone()
        assert kept is not None
        assert {row["outcome"] for row in found(world, place["key"])} == {"right_again"}
        connection.execute("UPDATE log_hashes SET hash = sha256(hash) WHERE level >= 0 AND index >= 0")
        newest = found(world, place["key"])[0]
        assert newest["kind"] == "off_log" and "rewritten or forked" in newest["detail"]


def test_a_lock_that_was_taken_off_a_copy_is_set_again(world: World) -> None:
    if world.first.kind != "directory":
        pytest.skip("MinIO's locks cannot be taken off but by writing its own files")
    place = copied(world)
    lock = world.first.root / place["key"] / f"@{place['version_id']}" / "lock.json"
    whole = lock.read_text()
    lock.chmod(0o600)
    lock.write_text(whole.replace(whole.split('"')[-2][:4], "2020"))
    row = next(row for row in found(world, place["key"]) if row["kind"] == "retention")
    assert row["outcome"] == "locked_again"
    until = store_of(world.runtime).stat(place["key"], place["version_id"]).retain_until
    assert until is not None and until.year > world.runtime.clock().year


def test_a_round_goes_on_with_the_copy_where_it_was_killed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        copied(world)
    world.ask("POST", "/store/scrub", {})
    real, seen = scrub_heads.scrub_head, []

    def killed_at_the_third(runtime: Any, number: int, *rest: Any) -> Any:
        if number == 3 and number not in seen:
            seen.append(number)
            raise KeyboardInterrupt
        seen.append(number)
        return real(runtime, number, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(scrub_heads, "scrub_head", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            scrub.scrub(world.runtime)
        assert world.ask("GET", "/store/scrub").json["round"]["heads_done"] == 2
        scrub.scrub(world.runtime)
    assert world.ask("GET", "/store/scrub").json["round"] is None
    assert seen[:4] == [1, 2, 3, 3] and len(seen) == len(set(seen)) + 1
