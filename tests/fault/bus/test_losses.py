"""What callers see when a process of the bus is killed, frozen, restarted or sent away."""

import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from shared.bus.messages import BusRequest, BusResponse
from shared.errors import DomainError, Unavailable, WorkerLost
from tests.integration.bus.house import House, make_keys, wait_until

REPEATABLE = [("Idempotency-Key", "k-1")]


def hold(folder: Path, method: str, headers: list[tuple[str, str]] | None = None) -> BusRequest:
    query = urlencode({"begun": folder / "begun", "until": folder / "go"})
    return BusRequest(method, "/hold", query, headers or [])


def ask(house: House, request: BusRequest, pool: ThreadPoolExecutor) -> Future[BusResponse]:
    """Asks in another thread; returns when the service has begun to work on it."""
    future = pool.submit(house.client().request, "intake", request, deadline=60)
    wait_until(lambda: begun(house) > 0)
    return future


def begun(house: House) -> int:
    marker = house.folder / "begun"
    return len(marker.read_text().splitlines()) if marker.exists() else 0


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4)


def test_a_killed_worker_is_told_at_once_and_its_request_is_not_repeated(
    house: House, pool: ThreadPoolExecutor
) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 2)
    spare = house.start_worker("intake", 2)
    future = ask(house, hold(house.folder, "POST"), pool)
    victim = worker if str(worker.pid) in (house.folder / "begun").read_text() else spare
    victim.kill()
    with pytest.raises(WorkerLost):
        future.result(timeout=20)
    assert begun(house) == 1
    assert house.client().request("intake", BusRequest("GET", "/pid"), deadline=10).status == 200


@pytest.mark.parametrize(("method", "headers"), [("GET", []), ("POST", REPEATABLE)])
def test_what_may_be_repeated_is_repeated_once(
    house: House, pool: ThreadPoolExecutor, method: str, headers: list[tuple[str, str]]
) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 1)
    future = ask(house, hold(house.folder, method, headers), pool)
    worker.kill()
    house.start_worker("intake", 1, wait=False)
    wait_until(lambda: begun(house) == 2)
    (house.folder / "go").touch()
    assert future.result(timeout=20).body == b"held"


def test_a_stream_that_loses_its_worker_breaks(house: House) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 1)
    query = urlencode({"count": 40, "log": house.folder / "log"})
    answer = house.client().request("intake", BusRequest("GET", "/stream", query), deadline=20, stream=True)
    assert answer.parts is not None
    next(answer.parts)
    worker.kill()
    with pytest.raises(WorkerLost):
        list(answer.parts)


def test_a_frozen_worker_is_given_up_and_taken_back(house: House, pool: ThreadPoolExecutor) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 2)
    future = ask(house, hold(house.folder, "POST"), pool)
    worker.send(signal.SIGSTOP)
    with pytest.raises(WorkerLost):
        future.result(timeout=30)
    worker.send(signal.SIGCONT)
    (house.folder / "go").touch()
    wait_until(lambda: house.credits("intake") == 2)
    assert house.client().request("intake", BusRequest("GET", "/pid"), deadline=10).status == 200


def test_a_killed_broker_comes_back_and_everything_finds_it(house: House, pool: ThreadPoolExecutor) -> None:
    broker = house.start_broker()
    house.start_worker("intake", 4)
    future = ask(house, hold(house.folder, "POST"), pool)
    client = house.client()
    assert client.request("intake", BusRequest("GET", "/pid"), deadline=10).status == 200
    broker.kill()
    with pytest.raises(WorkerLost):
        future.result(timeout=20)
    with pytest.raises(Unavailable):
        client.request("intake", BusRequest("POST", "/echo"), deadline=20)
    (house.folder / "go").touch()
    house.start_broker()
    wait_until(lambda: answers(house))
    assert client.request("intake", BusRequest("POST", "/echo", body=b"x"), deadline=10).body == b"x"
    wait_until(lambda: house.credits("intake") == 4)
    assert begun(house) == 1


def test_a_get_outlives_a_restart_of_the_broker(house: House, pool: ThreadPoolExecutor) -> None:
    broker = house.start_broker()
    house.start_worker("intake", 2)
    future = ask(house, hold(house.folder, "GET"), pool)
    broker.kill()
    (house.folder / "go").touch()
    house.start_broker()
    assert future.result(timeout=20).body == b"held"


def answers(house: House) -> bool:
    try:
        return house.client().request("intake", BusRequest("GET", "/pid"), deadline=10).status == 200
    except DomainError:
        return False


def test_a_worker_that_is_sent_away_ends_its_work_first(house: House, pool: ThreadPoolExecutor) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 2)
    future = ask(house, hold(house.folder, "POST"), pool)
    worker.send(signal.SIGTERM)
    wait_until(lambda: house.credits("intake") == 0)
    (house.folder / "go").touch()
    assert future.result(timeout=20).body == b"held"
    # Not sent away twice: an interpreter that is ending has given its signal handlers back.
    assert worker.ended() == 0


def test_workers_are_replaced_under_load_without_one_failure(house: House) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 2)
    client, stop = house.client(), threading.Event()
    outcomes: list[int] = []

    def keep_asking() -> None:
        while not stop.is_set():
            outcomes.append(
                client.request("intake", BusRequest("POST", "/echo", body=b"x"), deadline=20).status
            )

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(keep_asking) for _ in range(3)]
        for _ in range(2):
            successor = house.start_worker("intake", 2, wait=False)
            wait_until(lambda: house.metric('siglab_bus_processes{service="intake"}') == 2)
            assert worker.stop() == 0
            worker = successor
        stop.set()
        for thread in asking:
            thread.result()
    assert set(outcomes) == {200}


def test_the_allow_list_is_read_again_on_sighup(house: House) -> None:
    broker = house.start_broker()
    house.start_worker("intake", 1)
    make_keys(house.settings.keys_dir, "service-intelligence")
    client = house.client("service-intelligence")
    with pytest.raises(Unavailable):
        client.request("intake", BusRequest("GET", "/pid"), deadline=5)
    broker.send(signal.SIGHUP)
    wait_until(lambda: "allow-list reloaded" in broker.logged())
    wait_until(lambda: answers_to(house, "service-intelligence"))
    (house.settings.keys_dir / "bus" / "service-intelligence.pub").unlink()
    broker.send(signal.SIGHUP)
    wait_until(lambda: broker.logged().count("allow-list reloaded") == 2)
    client = house.clients[-1]
    refused = house.metric('siglab_bus_events_total{event="refused"}')
    with pytest.raises(DomainError):
        client.request("intake", BusRequest("GET", "/pid"), deadline=1)
    assert house.metric('siglab_bus_events_total{event="refused"}') > refused


def answers_to(house: House, party: str) -> bool:
    keys = house.settings.keys_dir / "bus" / f"{party}.pub"
    assert keys.exists()
    try:
        return house.client(party).request("intake", BusRequest("GET", "/pid"), deadline=5).status == 200
    except DomainError:
        return False


def test_an_unreadable_allow_list_leaves_the_old_one_in_force(house: House) -> None:
    broker = house.start_broker()
    house.start_worker("intake", 1)
    (house.settings.keys_dir / "bus" / "service-classifier.pub").write_text("no key")
    broker.send(signal.SIGHUP)
    wait_until(lambda: "allow-list not reloaded" in broker.logged())
    assert house.client().request("intake", BusRequest("GET", "/pid"), deadline=10).status == 200
    time.sleep(0.2)
    assert broker.process.poll() is None
