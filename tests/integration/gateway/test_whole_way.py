"""The whole way of a request: gunicorn, dispatch, the broker, a service, and back. Nothing here is a fake."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from tests.database import free_port

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "clara has a long password"


class Running:
    """Broker, intake and gateway in processes of their own."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SIGLAB_")},
            "SIGLAB_DATA_DIR": str(settings.data_dir),
            "SIGLAB_DATABASE_URL": settings.database_url,
            "SIGLAB_BUS_FRONTEND": settings.bus_frontend,
            "SIGLAB_BUS_BACKEND": settings.bus_backend,
            "SIGLAB_HTTP_PORT": str(self.port),
            "SIGLAB_HTTP_WORKERS": "2",
            "PYTHONPATH": str(ROOT),
        }

    def start(self, stack: ExitStack, *command: str) -> None:
        log = stack.enter_context((self._folder / f"{command[-1]}.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=self._environment, stdout=log, stderr=log
        )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)

    def run(self, *command: str, said: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self._environment,
            input=said,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def health(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.call("GET", "/api/v1/health")[2]))
        except OSError:
            return {"services": {}}


def wait_until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, f"did not happen: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def running(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(settings, tmp_path_factory.mktemp("logs"))
    with ExitStack() as stack:
        made.start(stack, "gateway.broker")
        made.start(stack, "services.intake.serve")
        made.start(
            stack,
            "gunicorn",
            "--config",
            str(ROOT / "deploy" / "gunicorn.conf.py"),
            "gateway.wsgi:application",
        )
        said = ["--name", "Clara", "--role", "custodian"]
        made.run("gateway.accounts", "put", "clara", *said, said=PASSWORD + "\n")
        wait_until(lambda: made.health()["services"].get("intake") == "up", "intake is up")
        yield made


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    body = json.dumps({"username": "clara", "password": PASSWORD}).encode()
    status, _, raw = running.call("POST", "/api/v1/session", body, Content_Type="application/json")
    assert status == 201
    return f"Bearer {json.loads(raw)['token']}"


def test_a_request_reaches_a_service_and_its_answer_comes_back(running: Running, token: str) -> None:
    status, headers, raw = running.call("GET", "/api/v1/submissions?limit=2", Authorization=token)
    assert status == 200, raw
    assert json.loads(raw) == {"items": [], "next": None}
    assert len(headers["x-request-id"]) == 32


def test_the_service_s_refusals_come_back_as_problems(running: Running, token: str) -> None:
    for path, wanted in (("submissions?limit=-1", 422), ("submissions/none", 404), ("exhibits/%00", 404)):
        status, headers, _ = running.call("GET", f"/api/v1/{path}", Authorization=token)
        assert (status, headers["content-type"]) == (wanted, "application/problem+json")
    assert running.call("DELETE", "/api/v1/exhibits", Authorization=token)[0] == 405


def test_a_service_without_a_process_is_503_at_once(running: Running, token: str) -> None:
    status, headers, raw = running.call("GET", "/api/v1/programmes", Authorization=token)
    assert (status, json.loads(raw)["code"]) == (503, "unavailable")
    assert int(headers["retry-after"]) >= 1
    told = running.health()
    for _ in range(20):  # a busy machine may let one look time out
        if told["services"]["intake"] == "up":
            break
        time.sleep(0.5)
        told = running.health()
    assert told["status"] == "degraded"
    assert told["database"] == "up"
    assert told["services"] == {"intake": "up", "chain_of_custody": "down", "classifier": "down"}


@pytest.mark.parametrize(
    "path",
    [
        "/internal/items",
        "/api/v1/internal/items",
        "/api/v1/submissions/../../../internal/items",
        "/api/v1/submissions/%2e%2e/%2e%2e/internal/items",
        "/api/v1/submissions/..%2f..%2finternal%2fitems",
        "/api/v1/submissions/..%5c..%5cinternal",
        "/api/v1//internal/items",
        "//internal/items",
        "/api/v1/%69nternal/items",
    ],
)
def test_no_spelling_of_an_address_reaches_the_inside(running: Running, token: str, path: str) -> None:
    status, _, raw = running.call("POST", path, b"{}", Authorization=token, Content_Type="application/json")
    assert status in (303, 400, 404), raw


def test_bodies_that_lie_about_their_length(running: Running, token: str) -> None:
    for length in ("-1", "five", "99999999999"):
        head = {"Authorization": token, "Content_Type": "application/json", "Content_Length": length}
        status, _, _ = running.call("POST", "/api/v1/submissions", b"", **head)
        assert status in (400, 413), length


def test_a_body_without_a_length_is_bounded(running: Running, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    piece = b"x" * 1024 * 1024
    head = {"Authorization": token, "Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/v1/submissions", iter([piece] * 9), head, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 413
    finally:
        connection.close()
    status, _, _ = running.call("GET", "/api/v1/submissions", Authorization=token)
    assert status == 200


def test_the_first_page_leads_to_the_sign_in(running: Running) -> None:
    status, headers, _ = running.call("GET", "/")
    assert (status, headers["location"]) == (303, "/sign-in")
    status, _, raw = running.call("GET", "/sign-in")
    assert status == 200
    assert b"csrf_token" in raw


def test_metrics_of_all_that_runs(running: Running) -> None:
    status, _, raw = running.call("GET", "/metrics")
    assert status == 200
    assert b'process="broker"' in raw
    assert b'process="intake"' in raw


def test_the_operator_s_commands(running: Running, token: str) -> None:
    listed = json.loads(running.run("gateway.accounts", "--json", "list"))
    assert [row["login"] for row in listed] == ["clara"]
    said = ["--name", "GC-MS 1", "--role", "instrument"]
    running.run("gateway.accounts", "put", "gcms1", *said, said="\n")
    made = json.loads(running.run("gateway.accounts", "--json", "token", "gcms1", "--days", "1"))
    status, _, raw = running.call("GET", "/api/v1/session", Authorization=f"Bearer {made['token']}")
    assert (status, json.loads(raw)["role"]) == (200, "instrument")
    running.run("gateway.accounts", "close", "gcms1")
    wait_until(
        lambda: running.call("GET", "/api/v1/session", Authorization=f"Bearer {made['token']}")[0] == 401,
        "another process's token ends within its two seconds",
    )
