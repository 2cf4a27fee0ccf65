"""A short storm: nothing that was answered is lost or told twice, whatever was killed meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.layout import PROJECT
from tests.fault.storm.run import PROGRAMS, storm
from tests.system import LAUNCHER, running_system

ACTS, CREWS, KILLS = 400, 4, 8


@pytest.mark.rule("E8", "E12", "E15", "E19", "E22")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("store", ["directory", "minio"])
def test_nothing_that_was_answered_is_lost_or_doubled_in_a_storm(
    new_demo: Callable[[], Path], tmp_path: Path, store: str
) -> None:
    """Custody, its worker, database and store are killed at random while people work; every answered act is there once."""
    if store == "minio" and not (PROJECT / "var" / "bin" / "minio").exists():
        pytest.skip("no MinIO server: `make minio` builds it")
    launcher = (*LAUNCHER, "--store", store)
    programs = (*PROGRAMS, "minio") if store == "minio" else PROGRAMS
    data = tmp_path / "data" if store == "minio" else new_demo()
    with running_system(data, variables={"SIGLAB_DEMO": "1"}, launcher=launcher, within_s=400) as system:
        found = storm(system, acts=ACTS, crews=CREWS, every_s=1.5, kills=KILLS, programs=programs, seed=1)
    assert found.wrongs() == []
    assert found.acts >= ACTS and sum(found.kills.values()) >= KILLS
    assert set(found.kills) == set(programs)
    assert found.reckoning.events > ACTS and found.reckoning.spectra > 0
    assert found.self_check["ok"] is True
