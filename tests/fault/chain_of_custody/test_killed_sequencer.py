"""The sequencer is killed again and again while acts are recorded: the log has no gap, and nothing is lost or told twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import as_service
from tests.integration.chain_of_custody.house import TOLD, exhibit, receipt

PROJECT = Path(__file__).parents[3]
KILLS = 4
#: More in all than the check reads at once.
EXHIBITS = 300


def start_sequencer(settings: Settings) -> subprocess.Popen[bytes]:
    """A process that sequences batches of one event, so that a kill falls between two of many transactions or into one."""
    program = (
        "import threading; from services.chain_of_custody.service import sequence_events as s; "
        "from services.chain_of_custody.app import make_runtime; from shared.config import load_settings; "
        "s.BATCH = 1; s.sequence_pending.__kwdefaults__['batch'] = 1; "
        "s.Sequencer(make_runtime(load_settings())).start(); threading.Event().wait()"
    )
    environment = {
        **os.environ,
        "SIGLAB_DATA_DIR": str(settings.data_dir),
        "SIGLAB_DATABASE_URL": settings.database_url,
        "SIGLAB_KEYS_DIR": str(settings.keys_dir),
    }
    return subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=environment)


def waiting(runtime: Runtime) -> int:
    with runtime.unit_of_work() as uow:
        count = text("SELECT count(*) FROM chain_of_custody.pending_events")
        return int(uow.session.execute(count).scalar_one())


@pytest.mark.rule("E19")
def test_killed_at_any_moment_the_log_has_no_gap(client: FlaskClient, runtime: Runtime) -> None:
    told = TOLD
    for _ in range(KILLS):
        answer = as_service(
            client, "intake", "POST", "/internal/items", receipt([exhibit() for _ in range(EXHIBITS)])
        )
        assert answer.status_code == 200, answer.data
        told += EXHIBITS
        process = start_sequencer(runtime.settings)
        before, end = waiting(runtime), time.monotonic() + 60
        while waiting(runtime) == before and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        assert waiting(runtime) < before
    process = start_sequencer(runtime.settings)
    try:
        end = time.monotonic() + 120
        while waiting(runtime) and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait(timeout=20)
    with runtime.unit_of_work() as uow:
        assert find_wrongs(uow, load_verifier_key(runtime.settings.keys_dir)) == (told, [])
        head = repository.newest_checkpoint(uow.session)
        assert head is not None and head.size == told
        places = text(
            "SELECT count(*), count(DISTINCT event_id), min(index), max(index) FROM chain_of_custody.log_entries"
        )
        assert tuple(uow.session.execute(places).one()) == (told, told, 0, told - 1)
