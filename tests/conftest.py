"""Fixtures that every test may use."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system import RunningSystem, running_system

pytest_plugins = ["tests.database"]


@pytest.fixture(scope="session")
def new_demo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes data folders of systems, on the directory store, that hold the demo's data and are stopped: started with
    SIGLAB_DEMO=1 they are soon ready, for the demo's models are trained once for all."""
    seeded = tmp_path_factory.mktemp("seeded") / "data"
    with running_system(seeded, variables={"SIGLAB_DEMO": "1"}, within_s=400):
        pass

    def copied() -> Path:
        data = tmp_path_factory.mktemp("demo") / "data"
        # Owners are kept: as root, the database's files belong to another user.
        subprocess.run(["cp", "-a", str(seeded), str(data)], check=True)
        return data

    return copied


@pytest.fixture(scope="session")
def demo(new_demo: Callable[[], Path]) -> Iterator[RunningSystem]:
    """The whole system with the demo's data."""
    with running_system(new_demo(), variables={"SIGLAB_DEMO": "1"}) as system:
        yield system
