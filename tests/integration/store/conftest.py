"""Custody on a folder and on a real MinIO server, each with a second of its kind beside it."""

import dataclasses
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.chain_of_custody.app import create_app, make_runtime
from shared.config import Settings, load_settings
from shared.storage import open_mirror, open_store
from shared.storage.directory import DirectoryStore
from tests.database import make_settings
from tests.integration.chain_of_custody.house import handed, tell_people
from tests.integration.storage.conftest import minio_environment, second_minio_environment
from tests.integration.store.world import Disk, World

__all__ = ["minio_environment", "second_minio_environment"]


@pytest.fixture(scope="module", params=["directory", "s3"])
def settings(
    request: pytest.FixtureRequest, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A database for each test module and kind of store."""
    name = f"t_store_{request.module.__name__.rpartition('.')[2]}_{request.param}_{os.getpid()}"
    made = make_settings(postgres_server, name, tmp_path_factory.mktemp("data"))
    return dataclasses.replace(made, scrub_bytes_per_second=10**12)


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The application; its first store is the folder of the settings or a bucket of the server."""
    runtime = make_runtime(settings)
    if "_s3_" in settings.database_url:
        environment = request.getfixturevalue("minio_environment")
        bucket = f"scrub-{os.getpid()}-{request.module.__name__.rpartition('_')[2]}"
        runtime.extras["store"] = open_store(load_settings({**environment, "SIGLAB_S3_BUCKET": bucket}))
        first = Disk("s3", Path(environment["TEST_MINIO_DATA"]) / bucket)
        beside = request.getfixturevalue("second_minio_environment")
        names = {
            name.replace("_S3_", "_S3_MIRROR_"): value
            for name, value in beside.items()
            if name.startswith("SIGLAB_")
        }
        runtime.extras["mirror"] = open_mirror(load_settings({**names, "SIGLAB_S3_MIRROR_BUCKET": bucket}))
        second = Disk("s3", Path(beside["TEST_MINIO_DATA"]) / bucket)
    else:
        first = Disk("directory", settings.data_dir / "objects" / "objects")
        folder = tmp_path_factory.mktemp("second")
        runtime.extras["mirror"] = DirectoryStore(folder)
        second = Disk("directory", folder / "objects")
    client = create_app(runtime.settings, runtime).test_client()
    tell_people(client)
    for store in (runtime.extras.get("store"), runtime.extras["mirror"]):
        if store is not None:
            assert store.prepare(datetime.now(UTC)).object_lock
    found = World(runtime, client, handed(client), first, second)
    found.watch()
    yield found
    runtime.engine.dispose()
