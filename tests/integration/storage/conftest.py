"""Both stores: a folder, and a real MinIO server where its binary is found."""

import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.config import load_settings
from shared.storage import open_store
from shared.storage.interface import ObjectStore

_BINARY = Path(__file__).parents[3] / "var" / "bin" / "minio"


@pytest.fixture(scope="session")
def minio_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The SIGLAB_S3_ variables of a MinIO server that lives as long as the session."""
    with minio_server(tmp_path_factory.mktemp("minio")) as found:
        yield found


@pytest.fixture(scope="session")
def second_minio_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Another server, with its own disk and its own root user, for second copies."""
    with minio_server(tmp_path_factory.mktemp("minio-second")) as found:
        yield found


@contextmanager
def minio_server(folder: Path) -> Iterator[dict[str, str]]:
    """The variables of a server with its files below `folder`, which lives as long as the block lasts."""
    binary = Path(os.environ.get("SIGLAB_TEST_MINIO", _BINARY))
    if not binary.exists():
        pytest.skip(f"no MinIO server at {binary}: `make minio` builds it, SIGLAB_TEST_MINIO names another")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user, password = "siglab-test", secrets.token_hex(16)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(binary), "server", str(folder / "data"), "--address", f"127.0.0.1:{port}", "--quiet"],
            env={
                **os.environ,
                "MINIO_ROOT_USER": user,
                "MINIO_ROOT_PASSWORD": password,
                "MINIO_BROWSER": "off",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/minio/health/ready", server, folder / "log")
        yield {
            "SIGLAB_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "SIGLAB_S3_ACCESS_KEY": user,
            "SIGLAB_S3_SECRET_KEY": password,
            "TEST_MINIO_DATA": str(folder / "data"),
        }
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"the MinIO server ended: {log.read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the MinIO server does not get ready: {log.read_text()}")


@pytest.fixture(params=["directory", "s3"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Variables that configure one of the two stores, empty and a test's own."""
    mine = {"SIGLAB_DATA_DIR": str(tmp_path)}
    if request.param == "s3":
        mine |= request.getfixturevalue("minio_environment")
        mine["SIGLAB_S3_BUCKET"] = f"test-{secrets.token_hex(8)}"
    return mine


@pytest.fixture
def store(environment: dict[str, str]) -> ObjectStore:
    """The store, prepared."""
    opened = open_store(load_settings(environment))
    opened.prepare(datetime.now(UTC))
    return opened
