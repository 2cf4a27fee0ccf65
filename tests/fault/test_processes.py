"""The whole system, its processes killed outright: each comes back by itself, and nothing that was answered is lost."""

import json
import os
import signal
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system import RunningSystem, members, running_system, wait_for

#: The promise is 5 s on a machine that does nothing else; a test machine does.
BACK_S = 45.0
#: One list of each service, so that door, bus, service and database have a part in it.
LISTS = ("/submissions", "/items", "/programmes")


class Caller:
    """A person of the demo, signed in by token."""

    def __init__(self, system: RunningSystem, login: str) -> None:
        self._system = system
        self._token = json.loads(system.credentials.read_text())["users"][login]["token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Asks; the status and the JSON, whatever the status. OSError where nobody answers."""
        request = urllib.request.Request(f"{self._system.base_url}/api/v1{path}", method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Idempotency-Key", uuid.uuid4().hex)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {"problem": error.read().decode(errors="replace")}

    def works(self) -> bool:
        """Whether every service answers."""
        try:
            return all(self.call("GET", path)[0] == 200 for path in LISTS)
        except OSError:
            return False


@pytest.fixture(scope="module")
def system(new_demo: Callable[[], Path]) -> Iterator[RunningSystem]:
    """One system for all: what is killed must leave it as good as before."""
    data_dir = new_demo()
    with running_system(data_dir, variables={"SIGLAB_DEMO": "1"}) as running:
        yield running
    assert not members(data_dir)


@pytest.fixture
def auditor(system: RunningSystem) -> Caller:
    return Caller(system, "auditor")


def kill_and_await_next(system: RunningSystem, name: str) -> None:
    before = system.program(name)["pid"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: system.program(name)["pid"] not in (None, before), BACK_S, f"{name} is started again")


def draft(system: RunningSystem) -> str:
    """An office's new submission, answered with 201; its id."""
    line = {
        "line": 1,
        "programme": "HSP",
        "description": "brown powder",
        "physical_form": "powder",
        "gross_mass_g": 10.5,
        "seal_number": "S-1",
    }
    body = {
        "kind": "seizure",
        "courier": "DHL",
        "tracking_number": "1",
        "seal_numbers": ["B-1"],
        "items": [line],
    }
    status, answer = Caller(system, "bogota").call("POST", "/submissions", body)
    assert status == 201, answer
    return str(answer["id"])


@pytest.mark.parametrize(
    "name",
    [
        "postgres",
        "broker",
        "intake",
        "chain_of_custody",
        "classifier",
        "custody-worker",
        "classifier-worker",
        "gateway",
    ],
)
def test_a_killed_process_comes_back_and_the_system_works(
    system: RunningSystem, auditor: Caller, name: str
) -> None:
    submission = draft(system)
    kill_and_await_next(system, name)
    wait_for(
        lambda: system.is_healthy() and auditor.works(), BACK_S, f"the system works after {name} was killed"
    )
    assert Caller(system, "bogota").call("GET", f"/submissions/{submission}")[0] == 200


def test_the_database_killed_three_times_in_a_row(system: RunningSystem, auditor: Caller) -> None:
    submission = draft(system)
    for _ in range(3):
        kill_and_await_next(system, "postgres")
    wait_for(lambda: system.is_healthy() and auditor.works(), BACK_S, "the system works")
    assert Caller(system, "bogota").call("GET", f"/submissions/{submission}")[0] == 200


def test_a_killed_gateway_worker_is_replaced(system: RunningSystem, auditor: Caller) -> None:
    gateway = system.program("gateway")
    assert len(gateway["children"]) == 2
    os.kill(gateway["children"][0], signal.SIGKILL)
    wait_for(
        lambda: len(set(system.program("gateway")["children"]) - {gateway["children"][0]}) == 2,
        BACK_S,
        "two workers again",
    )
    assert system.program("gateway")["pid"] == gateway["pid"]
    wait_for(auditor.works, BACK_S, "the system works")


def test_a_killed_supervisor_comes_back_with_all(system: RunningSystem, auditor: Caller) -> None:
    before = system.status()["supervisord"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: system.status()["supervisord"] not in (None, before), BACK_S, "a new supervisor")
    wait_for(lambda: system.is_healthy() and auditor.works(), BACK_S, "the system works")


def test_what_needs_the_database_waits_and_does_not_end_over_and_over(system: RunningSystem) -> None:
    """Each was started once, killed once, killed once with its supervisor, and lost the database four times."""
    starts = {program["name"]: program["starts"] for program in system.status()["programs"]}
    assert {name: count for name, count in starts.items() if count > 7} == {}


def test_a_killed_launcher_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_system(tmp_path / "data") as system:
        system.process.kill()
        system.process.wait()
        wait_for(lambda: not members(tmp_path / "data"), 30, "nothing is left")
