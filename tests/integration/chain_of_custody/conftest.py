"""A custody application on a fresh database that has heard of everybody."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app, make_runtime
from shared.config import Settings
from shared.runtime import Runtime
from tests.integration.chain_of_custody import house


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = make_runtime(settings)
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    house.tell_people(client)
    return client
