"""One history for all attacks; each attack works on a copy of it."""

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service import verify_spectrum
from shared.config import Settings
from tests.calls import CUSTODIAN, as_service
from tests.database import make_settings
from tests.fault.attacks.scene import Scene
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    handed,
    mass,
    offered,
    opened,
    sequence,
    tell_people,
    weighed,
)
from tests.integration.spectra import house as spectra_house

_copies = itertools.count(1)
READ = {"format": "ANDI-MS", "reason": None, "summary": {"scans": 2}}


@dataclass(frozen=True)
class CopiedSettings(Settings):
    """Settings of a copied database, in which the roles of the original have their rights."""

    original: str = ""

    def service_database_url(self, name: str) -> str:
        """As the original's, in the copy."""
        url = Settings.service_database_url(replace(self, database_url=self.original), name)
        return f"{url.rpartition('/')[0]}/{make_name(self.database_url)}"


@pytest.fixture(scope="session")
def history(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, dict[str, Any]]:
    """A database with the history, to be copied, and the names of what is in it."""
    settings = make_settings(
        postgres_server, f"t_attacked_{os.getpid()}", tmp_path_factory.mktemp("attacked")
    )
    runtime = make_runtime(settings)
    client = create_app(settings, runtime).test_client()
    tell_people(client)
    item_id = weighed(client, 500.0)
    assert act(client, item_id, "aliquots", mass(20, purpose="profile")).status_code == 201
    assert act(client, item_id, "consumptions", mass(5, purpose="test")).status_code == 201
    other = handed(client)
    stored = opened(client)
    assert (
        act(client, stored, "moves", {"place": "vault", "purpose": "storage"}, CUSTODIAN).status_code == 201
    )
    hold = act(client, stored, "holds", {"reason": "court order", **SIGNED}, CUSTODIAN)
    assert hold.status_code == 201, hold.data
    spectra = tuple(
        spectra_house.uploaded(client, item_id, content) for content in (b"CDF\x01 one", b"CDF\x01 two")
    )
    for spectrum_id in spectra:
        verify_spectrum.verify_spectrum(runtime, spectrum_id)
        path = f"/internal/spectra/{spectrum_id}/reading"
        assert as_service(client, "classifier", "POST", path, READ).status_code == 200
    offer_id = offered(client, [opened(client)])
    sequence(runtime)
    runtime.engine.dispose()
    assert other
    found = {"item_id": item_id, "offer_id": offer_id, "hold_id": hold.json["id"], "spectra": spectra}
    return settings, found


@pytest.fixture
def scene(history: tuple[Settings, dict[str, Any]], postgres_server: str, tmp_path: Path) -> Iterator[Scene]:
    """A copy of the history, of one's own to attack; it is whole before."""
    settings, found = history
    name = f"{make_name(settings.database_url)}_{next(_copies)}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{make_name(settings.database_url)}"'.encode())
    shutil.copytree(settings.data_dir, tmp_path / "data")
    own = {"data_dir": tmp_path / "data", "database_url": f"{postgres_server}/{name}"}
    facts = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    mine = CopiedSettings(**{**facts, **own}, original=settings.database_url)
    runtime = make_runtime(mine)
    scene = Scene(create_app(mine, runtime).test_client(), runtime, tmp_path, **found)
    assert scene.self_check() == []
    yield scene
    runtime.engine.dispose()
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def make_name(url: str) -> str:
    """The database's name in its URL."""
    return url.rpartition("/")[2]
