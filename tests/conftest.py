"""Fixtures that every test may use."""

from collections.abc import Iterator

import pytest

from tests.system import RunningSystem, running_system

pytest_plugins = ["tests.database"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The whole system with the demo's data."""
    folder = tmp_path_factory.mktemp("demo")
    with running_system(folder / "data", variables={"SIGLAB_DEMO": "1"}, within_s=300) as system:
        yield system
