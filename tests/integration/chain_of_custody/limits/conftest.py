"""The house of time limits, one a module."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from services.intake.app import create_app as create_intake
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import ADMIN
from tests.integration.chain_of_custody.house import (
    call,
)
from tests.integration.chain_of_custody.limits.house import House, Wire
from tests.integration.intake.conftest import FixedProgrammes


@pytest.fixture(scope="module")
def house(client: FlaskClient, settings: Settings) -> Iterator[House]:
    intake = Runtime("intake", settings)
    intake.extras["programmes"] = FixedProgrammes()
    app = create_intake(settings, intake).test_client()
    for code, name, country in (("BOG", "Bogotá", "CO"), ("BKK", "Bangkok", "TH")):
        made = call(app, "POST", "/offices", {"code": code, "name": name, "country": country}, actor=ADMIN)
        assert made.status_code == 201
    yield House(client, app, Wire(app), settings)
    intake.engine.dispose()
