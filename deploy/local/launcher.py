"""One command that runs all: plan, database, migrations, programs, the demo's data, then watching until told to stop."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path
from typing import Any

import psycopg

from deploy.local import minio, postgres
from deploy.local.bulk import remove_bulk_folder
from deploy.local.errors import StartFailed, StartRefused
from deploy.local.plan import Plan, make_plan
from deploy.local.programs import System, write_configuration
from deploy.local.progress import Progress, complain
from deploy.local.supervision import Supervision
from deploy.local.tether import die_with_parent, start_ticks

#: A program that ended this often before the system was ready will not come up.
_ENDS_BEFORE_GIVING_UP = 4
#: How long a start may take once the database is migrated, in seconds: a busy machine with few cores needs much of it.
_READY_S = 120.0
_TAIL_LINES = 25
#: A program that was started again counts as up when it has not ended within this time, in seconds.
_LASTS_S = 3.0


def run(store: str, system: System, *, tethered: bool, began: float | None = None) -> int:
    """Runs the system until a signal ends it; returns the exit code: 2 refused, 1 failed, 0 stopped after it was ready."""
    progress = Progress(began)
    os.umask(0o077)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    if tethered:
        die_with_parent(signal.SIGTERM)
    try:
        plan = make_plan(os.environ, store, system, progress)
    except StartRefused as error:
        complain(str(error))
        return 2
    except StartFailed as error:
        return _failed(error)
    except KeyboardInterrupt:
        complain("stopped before anything ran; the next start goes on from here")
        return 130
    return Launcher(plan, system, progress).run()


def _failed(error: StartFailed) -> int:
    complain(str(error))
    if error.log_tail:
        print(error.log_tail.rstrip(), file=sys.stderr, flush=True)
    return 1


class Launcher:
    """One run of one plan."""

    def __init__(self, plan: Plan, system: System, progress: Progress) -> None:
        self._plan = plan
        self._system = system
        self._progress = progress
        self._ready = False
        self._known_starts: dict[str, int] = {}
        configuration = write_configuration(plan.layout, plan.programs)
        environment = plan.environment | {"SIGLAB_PYTHON": sys.executable}
        self._supervision = Supervision(plan.layout, configuration, environment, plan.lock.handle)

    def run(self) -> int:
        """Starts, watches and stops; returns the exit code."""
        try:
            self._note_state()
            self._start()
            while True:
                self._watch()
                time.sleep(0.1)
        except KeyboardInterrupt:
            code = 0 if self._ready else 130
        except StartFailed as error:
            code = _failed(error)
        except StartRefused as error:
            complain(str(error))
            code = 2
        self._stop()
        return code

    def _start(self) -> None:
        plan = self._plan
        if "database" in plan.ports:
            with self._progress.step(f"PostgreSQL answers on port {plan.ports['database']}"):
                secret = (plan.settings.keys_dir / "database-owner.secret").read_text().strip()
                postgres.wait_until_up(plan.ports["database"], secret, self._check_alive)
        else:
            with self._progress.step("the database server answers"):
                self._wait_for_server()
        if "store" in plan.ports:
            with self._progress.step(f"the object store answers on port {plan.ports['store']}"):
                minio.wait_until_up(plan.ports["store"], self._check_alive)
        with self._progress.step("database migrated"):
            self._run_module("migrate", self._system.migrate_module)
        plan.layout.gate.touch()
        with self._progress.step("gateway, broker and services are up"):
            self._wait_until_healthy()
        if plan.settings.demo and not plan.layout.seeded.exists():
            with self._progress.step("demo seeded"):
                self._run_module("seed", self._system.seed_module)
                plan.layout.seeded.touch()
        self._refresh_credentials()
        self._ready = True
        self._note_state()
        self._progress.say(f"logs are in {plan.layout.logs}; Ctrl-C stops everything")
        print(f"ready {plan.base_url}", flush=True)

    def _stop(self) -> None:
        # A second signal must not break the orderly stop, which is limited in time as it is.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._progress.say("stopping")
        self._supervision.stop()
        remove_bulk_folder(self._plan.layout)
        self._plan.layout.state.unlink(missing_ok=True)
        self._progress.say("stopped")

    def _watch(self) -> None:
        """Keeps the supervisor alive, and says what was started again; of what ends all the time, ever more seldom."""
        if self._supervision.tend():
            self._progress.say("the supervisor had died: started again, and all programs with it")
            self._note_state()
            self._known_starts = {name: starts + 1 for name, starts in self._starts().items()}
        for name, starts in self._starts().items():
            if starts > self._known_starts.get(name, 1) and (starts <= 4 or starts & (starts - 1) == 0):
                self._progress.say(
                    f"{name} had ended: started again (start {starts}; {self._plan.layout.logs / name}.log)"
                )
            self._known_starts[name] = max(starts, self._known_starts.get(name, 1))

    def _check_alive(self) -> None:
        """Keeps the supervisor alive and raises StartFailed when a program ends again and again."""
        self._supervision.tend()
        for name, starts in self._starts().items():
            if starts > _ENDS_BEFORE_GIVING_UP:
                log = self._plan.layout.logs / f"{name}.log"
                raise StartFailed(f"{name} ends again and again; its log, {log}, says:", _tail(log))

    def _starts(self) -> dict[str, int]:
        """How often each program was started in this run."""
        return {name: note["starts"] for name, note in self._notes().items()}

    def _is_settled(self) -> bool:
        """Whether every program lives, and has lasted for a while where it was started again: health knows no job workers."""
        notes = self._notes().values()
        lasting = [n for n in notes if n["starts"] == 1 or n["since"] < time.time() - _LASTS_S]
        return len(lasting) == len(self._plan.programs) and all(
            start_ticks(n["pid"]) == n["ticks"] for n in lasting
        )

    def _notes(self) -> dict[str, dict[str, Any]]:
        """The tethers' notes."""
        paths = (
            self._plan.layout.run / "started" / f"{program.name}.json" for program in self._plan.programs
        )
        return {path.stem: json.loads(path.read_text()) for path in paths if path.exists()}

    def _wait_for_server(self) -> None:
        """Waits for a database server that is not ours."""
        url = self._plan.settings.owner_database_url().replace("postgresql+psycopg:", "postgresql:", 1)
        end = time.monotonic() + 30.0
        while True:
            try:
                psycopg.connect(url, connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise StartFailed(
                        f"the database of SIGLAB_DATABASE_URL does not answer: {error}"
                    ) from error
            self._check_alive()
            time.sleep(0.5)

    def _wait_until_healthy(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + _READY_S
        said: Any = "no answer yet"
        while True:
            try:
                with opener.open(f"{self._plan.base_url}/api/v1/health", timeout=5) as answer:
                    said = json.load(answer)
                if isinstance(said, dict) and _answers(said) and self._is_settled():
                    return
            except urllib.error.HTTPError as error:
                said = f"status {error.code}: {error.read(500).decode(errors='replace')}"
            except (OSError, ValueError) as error:
                said = str(error)
            if time.monotonic() > end:
                log = self._plan.layout.logs / "gateway.log"
                raise StartFailed(
                    f"not ready within {_READY_S:.0f} s; /api/v1/health says: {said}", _tail(log)
                )
            self._check_alive()
            time.sleep(0.1)

    def _run_module(self, name: str, module: str) -> None:
        """Runs one of our modules to its end; its output goes to a log of its own."""
        log, parent = self._plan.layout.logs / f"{name}.log", os.getpid()
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", module],
                env=self._plan.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),
            )
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.kill()
            child.wait()
            raise
        if code != 0:
            raise StartFailed(
                f"`python -m {module}` failed with exit code {code}; its log, {log}, says:", _tail(log)
            )

    def _refresh_credentials(self) -> None:
        """The demo's credentials name the address, which may be another one than at the last start."""
        path = self._plan.layout.credentials
        if not path.exists():
            return
        content = json.loads(path.read_text())
        if content.get("base_url") != self._plan.base_url:
            temporary = path.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps(content | {"base_url": self._plan.base_url}, indent=2))
            os.replace(temporary, path)

    def _note_state(self) -> None:
        plan, pid = self._plan, os.getpid()
        state = {
            "base_url": plan.base_url,
            "database": plan.database,
            "store": plan.store,
            "ready": self._ready,
            "launcher": {"pid": pid, "ticks": start_ticks(pid)},
            "supervisord": {"pid": self._supervision.pid, "ticks": start_ticks(self._supervision.pid)},
            "ports": {"http": plan.settings.http_port, **plan.ports},
        }
        temporary = plan.layout.state.with_suffix(".new")
        temporary.write_text(json.dumps(state, indent=1))
        os.replace(temporary, plan.layout.state)


def _tail(log: Path) -> str:
    """The last lines of a log."""
    if not log.exists():
        return "(nothing)"
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, _TAIL_LINES))


def _answers(said: dict[str, Any]) -> bool:
    """Whether all parts are up; what a check found wrong with the evidence is for people to look at, no reason not to start."""
    evidence = said.get("evidence")
    if said.get("status") == "ok" or not isinstance(evidence, dict) or evidence.get("state") == "ok":
        return said.get("status") == "ok"
    disk = said.get("disk") or {}
    up = said.get("database") == "up" and set(said["services"].values()) == {"up"}
    return up and said["store"].get("state", "ok") == "ok" and disk.get("state", "ok") == "ok"
