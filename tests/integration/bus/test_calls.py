"""Requests from a client through a broker to a service: separate processes, CURVE on every connection."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from shared.bus.client import BusClient
from shared.bus.messages import BusRequest
from shared.bus.protocol import MAX_BODY
from shared.errors import Deadline, TooLarge, Unavailable, WorkerLost
from tests.integration.bus.house import ROOT, House, make_keys, wait_until


def get(path: str, **query: object) -> BusRequest:
    return BusRequest("GET", path, urlencode(query))


def hold(folder: Path, name: str, method: str = "GET") -> BusRequest:
    return BusRequest(method, "/hold", urlencode({"begun": folder / f"begun-{name}", "until": folder / "go"}))


def test_a_request_is_answered_with_status_headers_and_body(running: House) -> None:
    client = running.client()
    answer = client.request("intake", BusRequest("POST", "/echo", body=b'{"a":1}'), deadline=10)
    assert (answer.status, answer.body, answer.parts) == (200, b'{"a":1}', None)
    assert answer.header("content-length") == "7"
    assert client.request("intake", get("/nothing"), deadline=10).status == 404


def test_services_ask_one_another(running: House) -> None:
    assert running.client("service-classifier").request("intake", get("/pid"), deadline=10).status == 200


def test_the_remaining_time_reaches_the_service(running: House) -> None:
    left = float(running.client().request("intake", get("/deadline"), deadline=7).body)
    assert 0 < left <= 7


def test_four_threads_get_each_their_own_answers(running: House) -> None:
    client = running.client()

    def ask(number: int) -> bool:
        body = f"{number}".encode()
        return client.request("intake", BusRequest("POST", "/echo", body=body), deadline=20).body == body

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(400)))


def test_a_body_of_eight_mebibytes_crosses_both_ways(running: House) -> None:
    body = os.urandom(MAX_BODY)
    answer = running.client().request("intake", BusRequest("POST", "/echo", body=body), deadline=30)
    assert answer.body == body
    with pytest.raises(TooLarge):
        running.client().request(
            "intake", BusRequest("POST", "/echo", body=bytes(MAX_BODY + 100_000)), deadline=5
        )
    with pytest.raises(TooLarge):
        running.client().request("intake", get("/echo", x="x" * 300_000), deadline=5)


def test_a_long_response_comes_in_parts_or_joined(running: House) -> None:
    client, log = running.client(), running.folder / "log"
    joined = client.request("intake", get("/stream", count=12, log=log), deadline=20)
    assert joined.body == b"".join(bytes([n]) * 1_000_000 for n in range(12))
    streamed = client.request("intake", get("/stream", count=12, log=log), deadline=20, stream=True)
    assert streamed.parts is not None
    assert b"".join(streamed.parts) == joined.body


def test_a_short_response_is_no_stream_even_if_it_may_be(running: House) -> None:
    answer = running.client().request("intake", get("/bytes", size=9), deadline=10, stream=True)
    assert (answer.body, answer.parts) == (b"x" * 9, None)


def test_a_slow_reader_holds_the_service_back(running: House) -> None:
    log = running.folder / "log"
    answer = running.client().request("intake", get("/stream", count=40, log=log), deadline=20, stream=True)
    assert answer.parts is not None
    size = len(next(answer.parts))
    time.sleep(1)
    assert log.read_text().count(".") < 8
    assert size + sum(len(part) for part in answer.parts) == 40_000_000
    assert log.read_text().endswith("closed")


def test_closing_a_stream_stops_the_service(running: House) -> None:
    client, log = running.client(), running.folder / "log"
    answer = client.request("intake", get("/stream", count=40, log=log), deadline=20, stream=True)
    assert answer.parts is not None
    next(answer.parts)
    answer.parts.close()
    wait_until(lambda: log.read_text().endswith("closed"))
    assert log.read_text().count(".") < 40
    wait_until(lambda: running.credits("intake") == 4)
    assert client.request("intake", BusRequest("POST", "/echo", body=b"next"), deadline=10).body == b"next"


def test_other_requests_go_on_while_a_stream_is_open(running: House) -> None:
    client, log = running.client(), running.folder / "log"
    stream = client.request("intake", get("/stream", count=6, log=log), deadline=20, stream=True)
    assert stream.parts is not None
    total = 0
    for part in stream.parts:
        total += len(part)
        assert client.request("intake", BusRequest("POST", "/echo", body=b"x"), deadline=10).body == b"x"
    assert total == 6_000_000


def test_an_application_that_raises_is_answered_for(house: House) -> None:
    house.start_broker()
    worker = house.start_worker("intake", 2, "--propagate")
    client, log = house.client(), house.folder / "log"
    answer = client.request("intake", get("/fail"), deadline=10)
    assert answer.status == 500
    assert json.loads(answer.body)["code"] == "internal"
    with pytest.raises(WorkerLost):
        client.request("intake", get("/stream", count=9, fail=4, log=log), deadline=10)
    stream = client.request("intake", get("/stream", count=9, fail=4, log=log), deadline=10, stream=True)
    assert stream.parts is not None
    with pytest.raises(WorkerLost):
        list(stream.parts)
    assert "the disk is gone" in worker.logged()
    wait_until(lambda: house.credits("intake") == 2)


def test_a_request_that_takes_too_long_ends_for_the_client(running: House) -> None:
    client = running.client()
    with pytest.raises(Deadline):
        client.request("intake", hold(running.folder, "a"), deadline=0.4)
    (running.folder / "go").touch()
    assert (
        client.request("intake", BusRequest("POST", "/echo", body=b"on time"), deadline=10).body == b"on time"
    )
    wait_until(lambda: running.credits("intake") == 4)


def test_what_expires_in_the_queue_is_never_started(house: House) -> None:
    house.start_broker()
    house.start_worker("intake", 1)
    client, folder = house.client(), house.folder
    first = threading.Thread(
        target=client.request, args=("intake", hold(folder, "a")), kwargs={"deadline": 30}
    )
    first.start()
    wait_until((folder / "begun-a").exists)
    with pytest.raises(Deadline):
        client.request("intake", hold(folder, "b"), deadline=0.5)
    (folder / "go").touch()
    first.join()
    wait_until(lambda: house.credits("intake") == 1)
    assert not (folder / "begun-b").exists()


def test_a_full_queue_refuses_at_once(house: House) -> None:
    house.start_broker()
    house.start_worker("intake", 1)
    client, folder = house.client(), house.folder

    def ask(number: int) -> str:
        try:
            client.request("intake", hold(folder, f"{number}"), deadline=60, fairness_key=f"actor {number}")
        except Unavailable as error:
            return f"refused, come back in {error.retry_after} s"
        return "done"

    with ThreadPoolExecutor(70) as pool:
        outcomes = [pool.submit(ask, number) for number in range(70)]
        wait_until(lambda: sum(outcome.done() for outcome in outcomes) == 5)
        (folder / "go").touch()
        assert (
            sorted(outcome.result() for outcome in outcomes)
            == ["done"] * 65 + ["refused, come back in 1 s"] * 5
        )


def test_one_actor_cannot_keep_others_from_a_service(running: House) -> None:
    client, folder = running.client(), running.folder
    with ThreadPoolExecutor(8) as pool:
        held = [
            pool.submit(client.request, "intake", hold(folder, f"{n}"), deadline=60, fairness_key="script")
            for n in range(8)
        ]
        wait_until(lambda: all((folder / f"begun-{n}").exists() for n in range(8)) or len(begun(folder)) == 3)
        answer = client.request("intake", get("/pid"), deadline=20, fairness_key="anna")
        assert answer.status == 200
        assert len(begun(folder)) == 3
        (folder / "go").touch()
        assert all(future.result().status == 200 for future in held)


def begun(folder: Path) -> list[Path]:
    return list(folder.glob("begun-*"))


def test_no_worker_is_said_quickly_and_with_a_time_to_come_back(house: House) -> None:
    house.start_broker()
    with pytest.raises(Unavailable) as refusal:
        house.client().request("classifier", get("/"), deadline=10)
    assert refusal.value.retry_after == 1


def test_no_broker_is_said_without_waiting_for_the_deadline(house: House) -> None:
    begin = time.monotonic()
    with pytest.raises(Unavailable):
        house.client().request("intake", get("/"), deadline=60)
    assert time.monotonic() - begin < 30


def test_an_unknown_key_is_refused_and_both_ends_say_so(house: House) -> None:
    broker = house.start_broker()
    strange = house.folder / "strange"
    make_keys(strange, "service-intake", "gateway")
    (strange / "bus" / "broker.pub").write_bytes(
        (house.settings.keys_dir / "bus" / "broker.pub").read_bytes()
    )
    worker = house.start_worker("intake", 1, keys_dir=strange, wait=False)
    with pytest.raises(Unavailable):
        BusClient(house.settings.bus_frontend, strange, "gateway").request("intake", get("/"), deadline=5)
    wait_until(lambda: "unknown key refused" in broker.logged())
    wait_until(lambda: "the broker does not know this key" in worker.logged())
    assert house.credits("intake") == 0


def test_a_wrong_server_key_is_logged(house: House) -> None:
    house.start_broker()
    make_keys(house.folder / "other", "service-intake", "broker")
    worker = house.start_worker("intake", 1, keys_dir=house.folder / "other", wait=False)
    wait_until(lambda: "bus handshake failed" in worker.logged())


def test_a_key_cannot_serve_another_service(house: House) -> None:
    broker = house.start_broker()
    wrong = house.folder / "wrong"
    (wrong / "bus").mkdir(parents=True)
    for target, source in (("broker", "broker"), ("service-intake", "service-classifier")):
        for half in ("key", "pub"):
            content = (house.settings.keys_dir / "bus" / f"{source}.{half}").read_bytes()
            (wrong / "bus" / f"{target}.{half}").write_bytes(content)
    house.start_worker("intake", 1, keys_dir=wrong, wait=False)
    wait_until(lambda: "party may not serve" in broker.logged())
    assert house.credits("intake") == 0


def test_the_health_check_asks_a_thread_of_the_service(running: House) -> None:
    def ping(service: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shared.bus.ping", service]
        return subprocess.run(
            command, cwd=ROOT, env=running.environment, capture_output=True, text=True, check=False
        )

    assert ping("intake").returncode == 0
    assert ping("broker").returncode == 0
    failed = ping("classifier")
    assert failed.returncode == 1
    assert failed.stderr.startswith("classifier: ")


def test_a_client_made_before_a_fork_works_on_both_sides(running: House) -> None:
    script = """
import os, sys
from shared.bus.client import BusClient, BusRequest
from shared.config import load_settings
settings = load_settings()
client = BusClient(settings.bus_frontend, settings.keys_dir, "gateway")
def ask():
    return client.request("intake", BusRequest("POST", "/echo", body=b"x"), deadline=10).body == b"x"
assert ask()
child = os.fork()
if child == 0:
    os._exit(0 if ask() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ask()
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=running.environment, check=True, timeout=60)


def test_importing_makes_no_context_and_no_thread() -> None:
    script = """
import threading, zmq
import shared.bus.client, shared.bus.worker, shared.bus.routers, shared.bus.ping, gateway.broker.loop
from shared.bus.sockets import _contexts
assert zmq.Context._instance is None and not _contexts
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
