"""One bus for each test that asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.bus.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A folder with keys and no program yet; everything started in it is ended."""
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def running(house: House) -> House:
    """A broker and one worker of intake with four threads."""
    house.start_broker()
    house.start_worker()
    return house
