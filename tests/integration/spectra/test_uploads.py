"""Uploads into custody: who may, what is taken, how often, and what becomes of it."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.chain_of_custody.service import sweep_spectra
from services.chain_of_custody.store import store_of
from shared.actor import Actor, Role
from shared.runtime import Runtime
from shared.storage.errors import StoreFull
from shared.storage.interface import MAX_PART_SIZE, MIN_PART_SIZE
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN, call
from tests.integration.chain_of_custody.house import INSTRUMENT, TECHNICIAN2, handed, opened
from tests.integration.spectra import house

CONTENT = b"a run, as the instrument wrote it"


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


def stored_bytes(runtime: Runtime, client: FlaskClient, spectrum_id: str) -> bytes:
    place = house.spectrum(client, spectrum_id)["object"]
    return b"".join(store_of(runtime).read(place["key"], place["version_id"]))


def test_pieces_of_any_size_become_the_file(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    content = os.urandom(2 * MIN_PART_SIZE + 77)
    upload_id = house.begun(client, item_id, content)
    offset = 0
    for size in (1, 4_000_000, MIN_PART_SIZE, 3):
        answer = house.send(client, upload_id, offset, content[offset : offset + size])
        assert answer.status_code == 200
        offset += size
        assert answer.json["offset"] == offset and answer.json["spectrum_id"] is None
    assert house.send(client, upload_id, offset, content[offset:]).json["offset"] == len(content)
    done = house.complete(client, upload_id)
    assert done.status_code == 200 and done.json["state"] == "finished"
    assert stored_bytes(runtime, client, done.json["spectrum_id"]) == content
    assert house.where(client, upload_id).json["spectrum_id"] == done.json["spectrum_id"]


@pytest.mark.rule("E25")
def test_the_same_piece_twice_is_refused_and_adds_nothing(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    assert house.send(client, upload_id, 0, CONTENT[:10]).status_code == 200
    for offset in (0, 5, 11):
        again = house.send(client, upload_id, offset, CONTENT[offset : offset + 10])
        assert again.status_code == 409 and again.json["code"] == "wrong_offset"
        assert "stands at byte 10" in again.json["detail"]
    house.send(client, upload_id, 10, CONTENT[10:])
    assert house.send(client, upload_id, 10, CONTENT[10:]).status_code == 409
    assert stored_bytes(runtime, client, house.complete(client, upload_id).json["spectrum_id"]) == CONTENT


def test_of_two_pieces_at_the_same_moment_one_is_taken(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    content = os.urandom(MIN_PART_SIZE + 1)
    upload_id = house.begun(client, item_id, content)
    app = client.application
    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(
            lambda _: house.send(app.test_client(), upload_id, 0, content[:MIN_PART_SIZE]).status_code,
            range(4),
        )
        assert sorted(sent) == [200, 409, 409, 409]
    house.send(client, upload_id, MIN_PART_SIZE, content[MIN_PART_SIZE:])
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda _: house.complete(app.test_client(), upload_id).json["spectrum_id"], range(4))
        (spectrum_id,) = set(done)
    assert stored_bytes(runtime, client, spectrum_id) == content


@pytest.mark.parametrize("failing", ["begin", "put_part", "finish"])
def test_a_store_that_is_full_or_away_costs_nothing_but_time(
    client: FlaskClient, runtime: Runtime, item_id: str, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise StoreFull

    upload_id = house.begun(client, item_id, CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(store_of(runtime), failing, full)
        refused = house.send(client, upload_id, 0, CONTENT)
        if failing == "finish":
            refused = house.complete(client, upload_id)
    assert refused.status_code == 503 and refused.json["code"] == "store_full"
    assert "Retry-After" in refused.headers
    offset = house.where(client, upload_id).json["offset"]
    assert offset == (len(CONTENT) if failing == "finish" else 0)
    if offset == 0:
        house.send(client, upload_id, 0, CONTENT)
    done = house.complete(client, upload_id)
    assert stored_bytes(runtime, client, done.json["spectrum_id"]) == CONTENT


def test_more_than_was_announced_is_refused(client: FlaskClient, item_id: str) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    answer = house.send(client, upload_id, 0, CONTENT + b"!")
    assert answer.status_code == 413
    assert house.where(client, upload_id).json["offset"] == 0


def test_completion_waits_for_the_last_byte_and_happens_once(client: FlaskClient, item_id: str) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    house.send(client, upload_id, 0, CONTENT[:-1])
    early = house.complete(client, upload_id)
    assert early.status_code == 409 and early.json["code"] == "incomplete"
    house.send(client, upload_id, len(CONTENT) - 1, CONTENT[-1:])
    first, second = house.complete(client, upload_id), house.complete(client, upload_id)
    assert first.json["spectrum_id"] == second.json["spectrum_id"]
    told = [e for e in house.events(client, item_id) if e["type"] == "spectrum_stored"]
    assert [e["details"]["spectrum_id"] for e in told].count(first.json["spectrum_id"]) == 1


def test_an_empty_file_is_taken_at_once(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    spectrum_id = house.uploaded(client, item_id, b"")
    assert stored_bytes(runtime, client, spectrum_id) == b""
    assert house.spectrum(client, spectrum_id)["size"] == 0


@pytest.mark.rule("E19")
def test_a_stored_spectrum_is_on_record(client: FlaskClient, item_id: str) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT, INSTRUMENT)
    event = house.events(client, item_id)[-1]
    assert (event["type"], event["actor"], event["purpose"]) == (
        "spectrum_stored", "gcms1", "GC-MS by HSP-AN-1: sample",
    )  # fmt: skip
    known = house.spectrum(client, spectrum_id)
    assert event["details"]["spectrum_id"] == spectrum_id
    assert event["details"]["declared_sha256"] == known["declared_sha256"]
    assert event["details"]["object"] == {name: known["object"][name] for name in ("key", "version_id")}


@pytest.mark.rule("E23")
def test_the_object_is_locked_for_the_years_of_retention(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    place = house.spectrum(client, house.uploaded(client, item_id, CONTENT))["object"]
    until = datetime.fromisoformat(place["retain_until"])
    years = runtime.settings.retention_years
    assert abs(until - datetime.now(UTC) - timedelta(days=365.25 * years)) < timedelta(days=3)
    facts = store_of(runtime).stat(place["key"], place["version_id"])
    assert facts.retain_until == until and facts.legal_hold is False


def test_each_upload_is_a_spectrum_unless_the_key_is_the_same(client: FlaskClient, item_id: str) -> None:
    body = house.told(item_id, CONTENT)
    first = house.begin(client, body, Idempotency_Key="run-7")
    again = house.begin(client, body, Idempotency_Key="run-7")
    other = house.begin(client, body, Idempotency_Key="run-8")
    assert first.json["id"] == again.json["id"] != other.json["id"]


@pytest.mark.parametrize(
    ("actor", "over", "status"),
    [
        (BOGOTA, {}, 403),
        (AUDITOR, {}, 403),
        (CUSTODIAN, {}, 403),
        (REVIEWER, {}, 403),
        (INSTRUMENT, {"instrument": "another"}, 403),
        (INSTRUMENT, {"item_id": "no-such-item"}, 404),
        (TECHNICIAN, {"size": 10**15}, 413),
        (TECHNICIAN, {"size": -1}, 422),
        (TECHNICIAN, {"sha256": None}, 422),
        (TECHNICIAN, {"sha256": "xyz"}, 422),
        (TECHNICIAN, {"run_role": "tea"}, 422),
        (TECHNICIAN, {"acquired_at": "2099-01-01T00:00:00Z"}, 422),
        (TECHNICIAN, {"filename": "../../etc/passwd"}, 422),
        (TECHNICIAN, {"filename": "a\nb"}, 422),
        (TECHNICIAN, {"filename": "x" * 256}, 422),
        (TECHNICIAN, {"colour": "red"}, 422),
    ],
)
def test_what_is_refused_before_a_byte_is_taken(
    client: FlaskClient, item_id: str, actor: Actor, over: dict[str, Any], status: int
) -> None:
    assert (
        house.begin(client, house.told(**{"item_id": item_id, "content": CONTENT, **over}), actor).status_code
        == status
    )


def test_all_wrong_facts_are_told_at_once(client: FlaskClient) -> None:
    answer = house.begin(client, {"size": 1, "colour": "red", "run_role": "tea"})
    found = {error["pointer"] for error in answer.json["errors"]}
    assert {"/filename", "/sha256", "/item_id", "/colour", "/run_role", "/acquired_at"} <= found


@pytest.mark.rule("E5")
def test_runs_of_a_blocked_item_wait(client: FlaskClient) -> None:
    blocked = opened(client, blocked=True)
    answer = house.begin(client, house.told(blocked, CONTENT))
    assert answer.status_code == 409 and answer.json["code"] == "blocked"


@pytest.mark.parametrize("stranger", [TECHNICIAN2, INSTRUMENT])
def test_an_upload_is_its_own_sender_s_alone(client: FlaskClient, item_id: str, stranger: Actor) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    assert house.where(client, upload_id, stranger).status_code == 404
    assert house.send(client, upload_id, 0, CONTENT, stranger).status_code == 404
    assert house.complete(client, upload_id, stranger).status_code == 404
    assert house.where(client, upload_id, Actor("auditor", "A", Role.AUDITOR)).status_code == 403


def age(runtime: Runtime, upload_id: str, by: timedelta) -> None:
    with runtime.unit_of_work() as uow:
        statement = text("UPDATE chain_of_custody.uploads SET touched_at = touched_at - :by WHERE id = :id")
        uow.session.execute(statement, {"by": by, "id": upload_id})
        uow.commit()


def test_what_its_sender_left_received_is_completed_by_the_sweep(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    house.send(client, upload_id, 0, CONTENT)
    sweep_spectra.sweep_received(runtime)
    assert house.where(client, upload_id).json["state"] == "received"
    age(runtime, upload_id, timedelta(minutes=1))
    sweep_spectra.sweep_received(runtime)
    told = house.where(client, upload_id).json
    assert told["state"] == "finished"
    assert stored_bytes(runtime, client, told["spectrum_id"]) == CONTENT


def test_an_upload_that_nobody_goes_on_with_is_given_up(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    content = os.urandom(MAX_PART_SIZE + 10)
    fresh, old = (house.begun(client, item_id, content) for _ in range(2))
    for upload_id in (fresh, old):
        house.send(client, upload_id, 0, content[:MIN_PART_SIZE])
        house.send(client, upload_id, MIN_PART_SIZE, content[MIN_PART_SIZE : MIN_PART_SIZE + 5])
    age(runtime, old, timedelta(days=8))
    sweep_spectra.sweep_abandoned(runtime)
    assert house.where(client, fresh).json["offset"] == MIN_PART_SIZE + 5
    assert house.where(client, old).status_code == 404
    assert house.send(client, old, MIN_PART_SIZE + 5, b"!").status_code == 404
    with runtime.unit_of_work() as uow:
        query = text("SELECT state, actor FROM chain_of_custody.uploads WHERE id = :id")
        assert tuple(uow.session.execute(query, {"id": old}).one()) == ("abandoned", TECHNICIAN.login)
        tails = text("SELECT count(*) FROM chain_of_custody.upload_tails WHERE upload_id = :id")
        assert uow.session.execute(tails, {"id": old}).scalar() == 0
    left = store_of(runtime).list_unfinished(datetime.now(UTC) + timedelta(hours=1))
    with runtime.unit_of_work() as uow:
        query = text("SELECT store_upload_id FROM chain_of_custody.uploads WHERE id = :id")
        of_fresh = uow.session.execute(query, {"id": fresh}).scalar()
    assert of_fresh in {found.upload_id for found in left}
    assert len([found for found in left if found.key.startswith("spectra/")]) == len(
        {found.key for found in left}
    )


def test_parts_in_the_store_that_no_upload_knows_are_removed(
    client: FlaskClient, runtime: Runtime, item_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(runtime)
    lost, other = store.begin("spectra/lost"), store.begin("checkpoints/1")
    later = datetime.now(UTC) + timedelta(days=8)
    monkeypatch.setattr(runtime, "clock", lambda: later)
    sweep_spectra.sweep_abandoned(runtime)
    left = {found.upload_id for found in store.list_unfinished(later)}
    assert lost not in left and other in left


def test_two_gigabytes_are_announced_and_counted(client: FlaskClient, runtime: Runtime, item_id: str) -> None:
    two_gigabytes = 2**31
    upload_id = house.begun(client, item_id, b"", size=two_gigabytes)
    with runtime.unit_of_work() as uow:
        jump = text('UPDATE chain_of_custody.uploads SET "offset" = :at, stored = :at WHERE id = :id')
        uow.session.execute(jump, {"at": two_gigabytes - 3, "id": upload_id})
        uow.commit()
    assert house.send(client, upload_id, two_gigabytes - 3, b"1234").status_code == 413
    assert house.send(client, upload_id, two_gigabytes - 3, b"12").json["offset"] == two_gigabytes - 1
    assert house.send(client, upload_id, two_gigabytes - 1, b"3").json["state"] == "received"


def test_health_tells_of_the_store(client: FlaskClient) -> None:
    told = call(client, "GET", "/health", actor=None, prefix="").json["store"]
    assert told["kind"] == "directory" and told["versioning"] is True and told["object_lock"] is True
