"""The process that takes an upload is killed at each of its steps: there is one object, one spectrum, and exactly the bytes."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.chain_of_custody.service import sweep_spectra, verify_spectrum
from services.chain_of_custody.store import store_of
from shared.runtime import Runtime
from shared.storage.interface import MIN_PART_SIZE
from tests.integration.chain_of_custody.house import handed
from tests.integration.spectra import house

PROJECT = Path(__file__).parents[3]
CONTENT = os.urandom(MIN_PART_SIZE + 10)
#: begin, two parts, two pieces' commits, finish and its commit: twice each.
STEPS = 14


def killed_at(runtime: Runtime, upload_id: str, content: Path, step: int) -> bool:
    """Whether a process that goes on with the upload was killed at this step; otherwise it came to its end."""
    settings = runtime.settings
    environment = {
        **os.environ,
        "SIGLAB_DATA_DIR": str(settings.data_dir),
        "SIGLAB_DATABASE_URL": settings.database_url,
        "SIGLAB_KEYS_DIR": str(settings.keys_dir),
    }
    program = [sys.executable, "-m", "tests.fault.spectra.upload_until_killed"]
    ended = subprocess.run(
        [*program, upload_id, str(content), str(step)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    return ended.returncode != 0


def go_on(client: FlaskClient, upload_id: str) -> None:
    """What a client does after a broken connection: asks where it stands, and sends the rest, cut otherwise than before."""
    offset = house.where(client, upload_id).json["offset"]
    while offset < len(CONTENT):
        piece = CONTENT[offset : offset + 3_000_000]
        offset = house.send(client, upload_id, offset, piece).json["offset"]


@pytest.fixture(scope="module")
def item_id(client: FlaskClient) -> str:
    return handed(client)


@pytest.fixture(scope="module")
def content_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("content") / "run"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.rule("E22")
@pytest.mark.parametrize("step", range(1, STEPS + 2))
def test_killed_at_any_step_nothing_is_lost_or_doubled(
    client: FlaskClient, runtime: Runtime, item_id: str, content_file: Path, step: int
) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    assert killed_at(runtime, upload_id, content_file, step) is (step <= STEPS)
    assert house.where(client, upload_id).json["offset"] in (0, MIN_PART_SIZE, len(CONTENT))
    go_on(client, upload_id)
    done = house.complete(client, upload_id)
    assert done.status_code == 200, done.data
    spectrum_id = done.json["spectrum_id"]
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    assert found["size"] == len(CONTENT) and found["sha256"] == found["declared_sha256"]
    assert store_of(runtime).versions(found["object"]["key"]) == [found["object"]["version_id"]]
    with runtime.unit_of_work() as uow:
        count = text("SELECT count(*) FROM chain_of_custody.spectra WHERE upload_id = :id")
        assert uow.session.execute(count, {"id": upload_id}).scalar() == 1
    stored = [e for e in house.events(client, item_id) if e["type"] == "spectrum_stored"]
    assert [e["details"]["spectrum_id"] for e in stored].count(spectrum_id) == 1


def test_what_was_killed_before_its_completion_is_completed_without_its_sender(
    client: FlaskClient, runtime: Runtime, item_id: str, content_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = house.begun(client, item_id, CONTENT)
    after_finish = STEPS - 2
    assert killed_at(runtime, upload_id, content_file, after_finish)
    assert house.where(client, upload_id).json["state"] == "received"
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "clock", lambda: datetime.now(UTC) + timedelta(minutes=1))
        sweep_spectra.sweep_received(runtime)
    told = house.where(client, upload_id).json
    assert told["state"] == "finished"
    found = house.spectrum(client, told["spectrum_id"])
    assert store_of(runtime).versions(found["object"]["key"]) == [found["object"]["version_id"]]
