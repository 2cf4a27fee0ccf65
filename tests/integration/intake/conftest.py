"""An intake application on a fresh database, with programmes that need no classifier."""

from collections.abc import Iterable, Iterator

import pytest
from flask.testing import FlaskClient

from services.intake.app import create_app
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import ADMIN
from tests.integration.intake.builders import ask


class FixedProgrammes:
    """Knows HSP, CSP and MPP."""

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Those that are none of the three."""
        return set(names) - {"HSP", "CSP", "MPP"}


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = Runtime("intake", settings)
    found.extras["programmes"] = FixedProgrammes()
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    for code, name, country in (("BOG", "Bogotá", "CO"), ("BKK", "Bangkok", "TH")):
        made = ask(client, "POST", "/offices", {"code": code, "name": name, "country": country}, actor=ADMIN)
        assert made.status_code == 201
    return client
