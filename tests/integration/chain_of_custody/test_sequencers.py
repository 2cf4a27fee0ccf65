"""Two sequencers at once: the lock lets one of them work; without it the database refuses the second head."""

import multiprocessing
import threading
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.chain_of_custody.app import make_runtime
from services.chain_of_custody.repository import append_log
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key, load_verifier_key
from services.chain_of_custody.service.sequence_events import Sequencer, sequence_pending
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.config import Settings
from shared.runtime import Runtime
from tests.integration.chain_of_custody.house import as_service, exhibit, opened, receipt, sequence


def _heads(runtime: Runtime) -> list[tuple[int | None, int]]:
    with runtime.unit_of_work() as uow:
        query = text("SELECT grew_from, size FROM chain_of_custody.log_checkpoints ORDER BY size")
        return [(row.grew_from, row.size) for row in uow.session.execute(query)]


def _is_whole(runtime: Runtime) -> bool:
    with runtime.unit_of_work() as uow:
        _, findings = find_wrongs(uow, load_verifier_key(runtime.settings.keys_dir))
    assert findings == []
    heads = _heads(runtime)
    assert [grew_from for grew_from, _ in heads] == [None, *(size for _, size in heads[:-1])]
    return True


@pytest.mark.rule("E19")
@pytest.mark.parametrize("batches", [(5, 5), (5, 3)], ids=["heads of one size", "heads of two sizes"])
def test_without_the_lock_a_second_head_is_refused(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, batches: tuple[int, int]
) -> None:
    sequence(runtime)
    assert (
        as_service(
            client, "intake", "POST", "/internal/items", receipt([exhibit() for _ in range(8)])
        ).status_code
        == 200
    )
    monkeypatch.setattr(append_log, "try_to_lead", lambda session: True)
    keys_dir = runtime.settings.keys_dir
    origin, key = load_origin(keys_dir), load_signing_key(keys_dir)
    before = _heads(runtime)[-1][1]
    barrier = threading.Barrier(2)
    pending = append_log.pending
    ends: list[str] = []

    def meet(session: Any, limit: int) -> Any:
        found = pending(session, limit)
        barrier.wait(timeout=20)
        return found

    monkeypatch.setattr(append_log, "pending", meet)

    def run(batch: int) -> None:
        try:
            with runtime.unit_of_work() as uow:
                sequence_pending(uow, origin, key, now=runtime.clock(), batch=batch)
                uow.commit()
            ends.append("committed")
        except (psycopg.errors.UniqueViolation, IntegrityError):
            ends.append("refused")

    threads = [threading.Thread(target=run, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(ends) == ["committed", "refused"]
    assert _heads(runtime)[-1][1] - before in batches
    monkeypatch.undo()
    sequence(runtime)
    assert _is_whole(runtime)


@pytest.mark.rule("E19")
@pytest.mark.parametrize("change", [{"size": 10**6}, {"grew_from": 10**6}], ids=["same parent", "same size"])
def test_the_database_holds_one_head_of_a_size_and_one_that_grew_from_it(
    client: FlaskClient, runtime: Runtime, change: Mapping[str, int]
) -> None:
    opened(client)
    sequence(runtime)
    grew_from, size = _heads(runtime)[-1]
    facts: dict[str, Any] = {"grew_from": grew_from, "size": size, **change}
    with runtime.unit_of_work() as uow, pytest.raises(IntegrityError):
        append_log.add_checkpoint(uow.session, **facts, root=b"", note="", made_at=runtime.clock())


def _sequence_in_a_process(settings: Settings, stop: Any) -> None:
    sequencer = Sequencer(make_runtime(settings))
    while not stop.is_set():
        sequencer.run_once(batch=7)


@pytest.mark.rule("E19")
def test_two_processes_at_once_make_one_log(client: FlaskClient, runtime: Runtime) -> None:
    sequence(runtime)
    before = _heads(runtime)[-1][1]
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pair = [
        context.Process(target=_sequence_in_a_process, args=(runtime.settings, stop), daemon=True)
        for _ in range(2)
    ]
    for process in pair:
        process.start()
    try:
        for _ in range(10):
            told = receipt([exhibit() for _ in range(40)])
            assert as_service(client, "intake", "POST", "/internal/items", told).status_code == 200
        for _ in range(400):
            if _heads(runtime)[-1][1] == before + 400:
                break
            stop.wait(0.05)
    finally:
        stop.set()
        for process in pair:
            process.join(timeout=30)
    assert [process.exitcode for process in pair] == [0, 0]
    assert _heads(runtime)[-1][1] == before + 400
    assert _is_whole(runtime)
