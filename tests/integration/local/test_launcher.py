"""The launcher with the real database and small programs: what is killed comes back, what is stopped leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.layout import FORMAT_VERSION, PROJECT, Layout
from deploy.local.ports import free_ports
from deploy.local.preflight import minio_binary
from tests.system import RunningSystem, launched, members, running_system, wait_for

FAKE = ("-m", "tests.integration.local.fake_system")
#: The promise is 5 s on a machine that does nothing else.
BACK_S = 20.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """One system for all tests that leave it running, as all that kill only a part of it do."""
    data_dir = tmp_path_factory.mktemp("system") / "data"
    with running_system(data_dir, launcher=FAKE) as running:
        yield running
    assert not members(data_dir)


def connect(system: RunningSystem) -> psycopg.Connection[tuple[object, ...]]:
    secret = (system.layout.data_dir / "keys" / "database-owner.secret").read_text()
    port = system.status()["ports"]["database"]
    return psycopg.connect(
        f"host=127.0.0.1 port={port} user=siglab dbname=siglab", password=secret, connect_timeout=5
    )


def answers(system: RunningSystem) -> bool:
    try:
        connect(system).close()
    except psycopg.OperationalError:
        return False
    return True


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_and_await_next(system: RunningSystem, name: str) -> None:
    before = system.program(name)["pid"]
    kill(before)
    wait_for(lambda: system.program(name)["pid"] not in (None, before), BACK_S, f"{name} is started again")


def test_the_database_survives_three_kills_in_a_row(system: RunningSystem) -> None:
    with connect(system) as connection:
        connection.execute("CREATE TABLE weighing (mg numeric)")
        connection.execute("INSERT INTO weighing VALUES (12.5)")
    for _ in range(3):
        kill_and_await_next(system, "postgres")
        wait_for(lambda: answers(system), BACK_S, "PostgreSQL answers")
    with connect(system) as connection:
        assert connection.execute("SELECT mg FROM weighing").fetchall() == [(12.5,)]


def test_the_database_is_durable_and_speaks_utf8(system: RunningSystem) -> None:
    with connect(system) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("fsync", "server_encoding", "listen_addresses")
        }
        assert shown == {"fsync": ("on",), "server_encoding": ("UTF8",), "listen_addresses": ("127.0.0.1",)}
        assert connection.execute("SELECT lower('ÅÉ'), upper('กж')").fetchone() == ("åé", "กЖ")


def test_the_database_refuses_a_wrong_password(system: RunningSystem) -> None:
    port = system.status()["ports"]["database"]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"host=127.0.0.1 port={port} user=siglab dbname=siglab", password="wrong")


@pytest.mark.parametrize("name", ["broker", "intake", "gateway"])
def test_a_killed_program_comes_back(system: RunningSystem, name: str) -> None:
    kill_and_await_next(system, name)
    wait_for(system.is_healthy, BACK_S, "the door answers")


def test_a_killed_supervisor_takes_its_programs_along_and_all_come_back(system: RunningSystem) -> None:
    before = system.status()
    kill(before["supervisord"])
    old = {program["pid"] for program in before["programs"]}

    def all_new() -> bool:
        now = system.status()
        return all(program["pid"] and program["pid"] not in old for program in now["programs"])

    wait_for(all_new, BACK_S, "all programs are new ones")
    wait_for(lambda: system.is_healthy() and answers(system), BACK_S, "door and database answer")
    assert not old & set(members(system.layout.data_dir))
    assert system.status()["supervisord"] not in (None, before["supervisord"])


def test_a_killed_launcher_leaves_nothing_behind_and_a_new_start_waits_for_the_rest(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", launcher=FAKE) as system:
        old = set(members(tmp_path / "data"))
        system.process.kill()
        system.process.wait()
        with running_system(tmp_path / "data", launcher=FAKE) as again:
            assert answers(again)
            assert not old & set(members(tmp_path / "data"))


def test_launcher_and_supervisor_killed_together_leave_nothing_behind(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", launcher=FAKE) as system:
        supervisor = system.status()["supervisord"]
        system.process.kill()
        kill(supervisor)
        system.process.wait()
        wait_for(lambda: not members(tmp_path / "data"), 10, f"nothing is left: {members(tmp_path / 'data')}")


def test_a_signal_stops_all_and_the_data_stay(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", launcher=FAKE) as system:
        with connect(system) as connection:
            connection.execute("CREATE TABLE kept (x int)")
        assert system.stop() == 0
        assert not members(tmp_path / "data")
        assert "database system is shut down" in (system.layout.logs / "postgres.log").read_text()
    with running_system(tmp_path / "data", launcher=FAKE) as system, connect(system) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_signal_before_it_is_ready_stops_all(tmp_path: Path) -> None:
    with launched(tmp_path / "data", launcher=FAKE) as system:
        wait_for(lambda: system.layout.state.exists(), 30, "the supervisor is started")
        assert system.stop() == 130
        assert not members(tmp_path / "data")


def test_the_demo_is_seeded_once_and_its_credentials_follow_the_address(tmp_path: Path) -> None:
    steps = tmp_path / "data" / "steps.txt"
    for runs in (2, 3):
        with running_system(tmp_path / "data", launcher=FAKE, variables={"SIGLAB_DEMO": "1"}) as system:
            assert len(steps.read_text().splitlines()) == runs
            if runs == 2:
                system.credentials.write_text('{"base_url": "http://elsewhere", "users": {}}')
    assert json.loads(system.credentials.read_text()) == {"base_url": system.base_url, "users": {}}
    assert system.credentials.stat().st_mode & 0o777 == 0o600


def refused(data_dir: Path, **variables: str) -> str:
    """Starts in vain; returns what was printed."""
    environment = (
        os.environ | {"SIGLAB_DATA_DIR": str(data_dir), "SIGLAB_HTTP_PORT": str(free_ports(1)[0])} | variables
    )
    done = subprocess.run(
        [sys.executable, *FAKE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("siglab: ")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_start_on_the_same_folder_is_refused_and_the_first_goes_on(system: RunningSystem) -> None:
    assert f"is in use by process {system.process.pid}" in refused(system.layout.data_dir)
    assert system.is_healthy()


def test_two_systems_run_side_by_side(system: RunningSystem, tmp_path: Path) -> None:
    with running_system(tmp_path / "other", launcher=FAKE) as other:
        assert other.is_healthy()
        assert system.is_healthy()
        assert not set(other.status()["ports"].values()) & set(system.status()["ports"].values())


def test_a_port_in_use_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert f"port {port} on 127.0.0.1 is in use" in refused(tmp_path / "data", SIGLAB_HTTP_PORT=str(port))
    assert not (tmp_path / "data").exists()


def test_newer_data_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.version.write_text(f"{FORMAT_VERSION + 1}\n")
    assert "run the newer version" in refused(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["VERSION"]


def test_a_program_that_does_not_come_up_is_named_with_its_last_words(tmp_path: Path) -> None:
    with launched(tmp_path / "data", launcher=FAKE, variables={"FAKE_BROKEN": "1"}) as system:
        assert system.process.wait(timeout=60) == 1
        assert "siglab: broken ends again and again" in system.said()
        assert "the shelf is empty" in system.said()
        assert not members(tmp_path / "data")


def test_a_data_folder_with_a_long_path_of_odd_characters_below_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running_system(closed / "a b;c %d 'ส' #x $HOME" / ("d" * 120) / "data", launcher=FAKE) as system:
        assert answers(system)
        assert system.is_healthy()
        if os.geteuid() == 0:
            status = Path(f"/proc/{system.program('postgres')['pid']}/status").read_text()
            assert "Uid:\t65534" in status


def test_a_database_of_ones_own_is_used_and_none_is_started(tmp_path: Path, postgres_server: str) -> None:
    (tmp_path / "url").write_text(f"{postgres_server}/postgres\n")
    for variables in (
        {"SIGLAB_DATABASE_URL": f"{postgres_server}/postgres"},
        {"SIGLAB_DATABASE_URL_FILE": str(tmp_path / "url")},
    ):
        with running_system(tmp_path / "data", launcher=FAKE, variables=variables) as system:
            status = system.status()
            assert status["database"] == "external"
            assert "postgres" not in {program["name"] for program in status["programs"]}
            assert "database" not in status["ports"]
            assert not system.layout.database.exists()


@pytest.mark.skipif(
    not os.access(minio_binary(), os.X_OK), reason="no object store at var/bin/minio: `make minio` builds it"
)
def test_the_object_store_runs_beside_and_comes_back(tmp_path: Path) -> None:
    with running_system(tmp_path / "data", launcher=FAKE, variables={"FAKE_STORE": "minio"}) as system:
        assert system.status()["store"] == "minio"
        live = f"http://127.0.0.1:{system.status()['ports']['store']}/minio/health/live"
        kill_and_await_next(system, "minio")
        wait_for(lambda: answers_http(live), BACK_S, "the object store answers")
    assert "keeps its spectra in store 'minio'" in refused(tmp_path / "data")


def answers_http(url: str) -> bool:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True
