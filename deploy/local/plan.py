"""From the environment to what will run: checked first, then made, in this order and nowhere else."""

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from deploy.local import minio, postgres
from deploy.local.account import Account, account_for
from deploy.local.bulk import make_bulk_folder, remove_bulk_folder
from deploy.local.errors import StartRefused
from deploy.local.layout import FORMAT_VERSION, PROJECT, Layout
from deploy.local.lock import DataLock
from deploy.local.ports import HOST, free_ports
from deploy.local.preflight import (
    check_addresses,
    check_assets,
    check_data_folder,
    check_machine,
    check_port,
    check_store,
)
from deploy.local.programs import Program, System
from deploy.local.progress import Progress
from shared.config import Settings, SettingsError, load_settings
from shared.crypto.keys import make_keys

#: Variables that hold paths: made absolute, since programs run in other folders.
_PATHS = ("SIGLAB_DATA_DIR", "SIGLAB_KEYS_DIR", "SIGLAB_MIRROR_DIR")


@dataclass(frozen=True)
class Plan:
    """A start whose checks have passed and whose folders, keys and database files are there."""

    layout: Layout
    settings: Settings
    programs: list[Program]
    environment: dict[str, str]
    ports: dict[str, int]
    lock: DataLock
    database: Literal["embedded", "external"]
    store: str

    @property
    def base_url(self) -> str:
        """Where people reach the system on this machine."""
        return f"http://{HOST}:{self.settings.http_port}"


def make_plan(environment: Mapping[str, str], store: str, system: System, progress: Progress) -> Plan:
    """Checks everything, then makes what is missing; raises StartRefused before anything was made or changed."""
    check_machine()
    try:
        settings = load_settings(environment)
        check_addresses(settings)
    except SettingsError as error:
        raise StartRefused(str(error)) from error
    layout = Layout(settings.data_dir)
    embedded = not (environment.get("SIGLAB_DATABASE_URL") or environment.get("SIGLAB_DATABASE_URL_FILE"))
    check_data_folder(layout)
    kind = check_store(layout, store, settings.s3_endpoint)
    check_assets()
    lock = DataLock(layout.lock) if layout.version.exists() else None
    check_port(settings.http_port)
    account = Account()
    if embedded:
        account = account_for(layout.data_dir, postgres.binaries())
        postgres.check_files(layout, account)
    lock = _make_folders(layout, kind, lock)
    made = make_keys(settings.keys_dir, ledger_origin=f"siglab.local/{secrets.token_hex(4)}")
    if made:
        progress.say(f"keys: {len(made)} files made in {settings.keys_dir}")

    names = [
        "bus_frontend",
        "bus_backend",
        *(["database"] if embedded else []),
        *(["store"] if kind == "minio" else []),
    ]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    variables = _variables(environment, settings, layout, ports)
    variables |= make_bulk_folder(layout, environment)
    programs: list[Program] = []
    if embedded:
        with progress.step("database files"):
            postgres.prepare(
                layout, account, (settings.keys_dir / "database-owner.secret").read_text().strip()
            )
        programs.append(postgres.program(layout, account, ports["database"]))
        variables.pop("SIGLAB_DATABASE_URL_FILE", None)
        variables["SIGLAB_DATABASE_URL"] = postgres.url(ports["database"])
    server = urlsplit(variables.get("SIGLAB_DATABASE_URL", settings.database_url))
    variables["SIGLAB_DATABASE_SERVER"] = f"{server.hostname or HOST}:{server.port or 5432}"
    if kind == "minio":
        credentials = minio.make_credentials(settings.keys_dir)
        programs.append(minio.program(layout, ports["store"], credentials))
        variables |= credentials | {"SIGLAB_S3_ENDPOINT": f"http://{HOST}:{ports['store']}"}
    programs += system.programs
    database: Literal["embedded", "external"] = "embedded" if embedded else "external"
    return Plan(layout, load_settings(variables), programs, variables, ports, lock, database, kind)


def _make_folders(layout: Layout, kind: str, lock: DataLock | None) -> DataLock:
    """Makes the data folder; others may pass it to reach the database's folder, and list or read nothing in it."""
    missing = [folder for folder in (layout.data_dir, *layout.data_dir.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        folder.chmod(0o711)
    held = lock or DataLock(layout.lock)
    if not layout.store_kind.exists():
        layout.store_kind.write_text(f"{kind}\n")
    if not layout.version.exists():
        layout.version.write_text(f"{FORMAT_VERSION}\n")
    remove_bulk_folder(layout)
    shutil.rmtree(layout.run, ignore_errors=True)
    for folder in (layout.logs, layout.run, layout.run / "started"):
        folder.mkdir(mode=0o700, exist_ok=True)
    return held


def _variables(
    environment: Mapping[str, str], settings: Settings, layout: Layout, ports: Mapping[str, int]
) -> dict[str, str]:
    """The environment of every program; all that the launcher decided is in it, so that settings are read in one way only."""
    variables = dict(environment)
    for name, value in environment.items():
        if (name in _PATHS and value) or (name.startswith("SIGLAB_") and name.endswith("_FILE")):
            variables[name] = str(Path(value).resolve())
    path = os.pathsep.join(filter(None, [str(PROJECT), environment.get("PYTHONPATH")]))
    return variables | {
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "SIGLAB_DATA_DIR": str(layout.data_dir),
        "SIGLAB_KEYS_DIR": str(settings.keys_dir),
        "SIGLAB_HTTP_PORT": str(settings.http_port),
        "SIGLAB_BUS_FRONTEND": f"tcp://{HOST}:{ports['bus_frontend']}",
        "SIGLAB_BUS_BACKEND": f"tcp://{HOST}:{ports['bus_backend']}",
        "SIGLAB_RUN_DIR": str(layout.run),
    }
