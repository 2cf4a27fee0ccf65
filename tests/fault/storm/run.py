"""One storm from the first act to the reckoning."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from siglab_clients.api import ApiClient, ApiError
from tests.fault.storm.held import Target
from tests.fault.storm.http import Weather
from tests.fault.storm.killer import Killer
from tests.fault.storm.people import Crew
from tests.fault.storm.reckoning import Reckoning, reckon
from tests.system import RunningSystem, wait_for

#: The processes that keep the records; the store only where it is one.
PROGRAMS = ("chain_of_custody", "custody-worker", "postgres")
_BACK_S = 180.0
#: What is answered while a process is away; 0 where there was no answer at all.
_AWAY = (0, 502, 503, 504)


@dataclass(frozen=True)
class Storm:
    """What happened."""

    acts: int
    kinds: dict[str, int]
    crews: int
    kills: dict[str, int]
    refused: dict[str, int]
    unexpected: list[str]
    seconds: float
    longest_recovery_s: float
    longest_wait_s: float
    heads: int
    self_check: dict[str, Any]
    reckoning: Reckoning

    def wrongs(self) -> list[str]:
        """All that should not be, in words; empty where the records are what was answered."""
        found = self.reckoning
        findings = [f"self-check: {finding}" for finding in self.self_check["findings"]]
        return [
            *(f"lost: {words}" for words in found.lost),
            *self.unexpected,
            *findings,
            *found.wrong,
            *(f"doubled: {words}" for words in found.doubled),
        ]


def storm(
    system: RunningSystem,
    *,
    acts: int,
    crews: int,
    every_s: float,
    kills: int,
    programs: Sequence[str],
    seed: int,
) -> Storm:
    """Lets `crews` threads act at least `acts` times while at least `kills` kills fall; raises what ended a crew."""
    credentials = json.loads(system.credentials.read_text())["users"]
    weather, target = Weather(), Target(acts)
    target.more.set()
    killer = Killer(system, programs, weather, every_s, seed)
    workers = [Crew(n, system.base_url, credentials, target, weather, seed) for n in range(crews)]
    keeper = _Keeper(ApiClient(system.base_url))
    began = time.monotonic()
    for thread in (*workers, keeper, killer):
        thread.start()
    while any(worker.is_alive() for worker in workers):
        if killer.kills.total() >= kills:
            target.more.clear()
        time.sleep(0.1)
    seconds = time.monotonic() - began
    killer.stop()
    keeper.stop()
    for worker in workers:
        if worker.failure is not None:
            raise worker.failure
    wait_for(system.is_healthy, _BACK_S, "the system works after the storm")
    auditor = ApiClient(system.base_url, credentials["auditor"]["token"], retries=8)
    found = reckon(auditor, [item for worker in workers for item in worker.everything()], keeper.heads)
    return Storm(
        acts=target.done,
        kinds=dict(sorted(target.kinds.items())),
        crews=crews,
        kills=dict(killer.kills),
        refused=dict(weather.refused),
        unexpected=[*weather.wrong, *keeper.refused],
        seconds=seconds,
        longest_recovery_s=killer.longest_recovery_s(),
        longest_wait_s=weather.longest_wait_s,
        heads=len(keeper.heads),
        self_check=_self_check(system, killer, auditor),
        reckoning=found,
    )


class _Keeper(threading.Thread):
    """Somebody outside who keeps the log's heads, as a witness would."""

    def __init__(self, client: ApiClient) -> None:
        super().__init__(name="keeper", daemon=True)
        self.heads: set[bytes] = set()
        self.refused: list[str] = []
        self._client, self._ended = client, threading.Event()
        self._client.retries = 0

    def run(self) -> None:
        """Asks for the head every second."""
        while not self._ended.wait(1.0):
            try:
                self.heads.add(self._client.fetch("/ledger/checkpoint"))
            except ApiError as error:
                # While something is killed there is no head to be had; any other answer is a finding.
                if error.status not in _AWAY:
                    self.refused.append(f"the head was refused: {error}")

    def stop(self) -> None:
        """Asks no more."""
        self._ended.set()
        self.join()


def _self_check(system: RunningSystem, killer: Killer, auditor: ApiClient) -> dict[str, Any]:
    """What the full check says that the worker makes when it starts, killed once more for that."""
    size = auditor.fetch("/ledger/checkpoint").split(b"\n")[1]
    before = system.program("custody-worker")["pid"]
    killer.kill("custody-worker")
    wait_for(lambda: system.program("custody-worker")["pid"] not in (None, before), _BACK_S, "a new worker")
    told = auditor.wait("/ledger/verification", lambda told: told["size"] >= int(size), seconds=_BACK_S)
    return dict(told)
