"""Configuration, read once from the environment into a frozen Settings.

Every variable may also be given as `<NAME>_FILE`, the path of a file that holds the value (container secrets).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from environs import Env, EnvError

from shared.errors import DomainError

#: The services that stand behind the gateway; the names are those on the bus and of the database schemas.
SERVICES = ("intake", "chain_of_custody", "classifier")


class SettingsError(DomainError):
    """A variable of the environment is missing or wrong; the detail says which and how to mend it."""

    code = "settings"


@dataclass(frozen=True)
class Witness:
    """Who cosigns the log's heads: its verifier key as a line, and where it is asked."""

    key: str
    url: str


@dataclass(frozen=True)
class Settings:
    """What an operator may set; see docs/operators.md for the variables."""

    data_dir: Path
    keys_dir: Path
    http_port: int
    demo: bool
    public_url: str
    database_url: str
    bus_frontend: str
    bus_backend: str
    s3_endpoint: str | None
    s3_access_key: str | None
    s3_secret_key: str | None
    s3_bucket: str
    retention_years: int
    log_level: str
    laboratory: str
    #: Years by technique or run role, where they differ from `retention_years`.
    retention_years_by_kind: Mapping[str, int] = field(default_factory=dict)
    #: Where gateway and custody of one machine hand bytes to each other; None where they go over the bus.
    bulk_dir: Path | None = None
    mirror_dir: Path | None = None
    s3_mirror_endpoint: str | None = None
    s3_mirror_access_key: str | None = None
    s3_mirror_secret_key: str | None = None
    s3_mirror_bucket: str = "siglab-spectra"
    scrub_bytes_per_second: int = 8_000_000
    scrub_days: int = 30
    min_free_mb: int = 512
    witnesses: tuple[Witness, ...] = ()
    timestamp_url: str | None = None
    timestamp_ca: Path | None = None
    #: Address of a Dask scheduler for work on the whole archive; None: processes of the worker's own.
    dask_scheduler: str | None = None

    def service_database_url(self, name: str) -> str:
        """The SQLAlchemy URL of one service's own role, `<database>_<name>`; its password lies in the keys folder."""
        parts = urlsplit(self.database_url)
        role = f"{parts.path.lstrip('/')}_{name}"
        return _with_login(
            self.database_url, role, (self.keys_dir / f"database-{name}.secret").read_text().strip()
        )

    def owner_database_url(self) -> str:
        """The SQLAlchemy URL of the owner, who makes roles, schemas and tables and whom no service uses."""
        parts = urlsplit(self.database_url)
        if parts.password:
            return _with_login(self.database_url, parts.username or "", parts.password)
        secret = self.keys_dir / "database-owner.secret"
        return _with_login(
            self.database_url, parts.username or "", secret.read_text().strip() if secret.exists() else ""
        )


def _with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(
        ("postgresql+psycopg", f"{login}@{place}" if login else place, parts.path, parts.query, "")
    )


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the SIGLAB_ variables; raises SettingsError with the name of the variable that is wrong."""
    given = dict(os.environ if environment is None else environment)
    for name in [n for n in given if n.startswith("SIGLAB_") and n.endswith("_FILE")]:
        try:
            given.setdefault(name.removesuffix("_FILE"), Path(given[name]).read_text().strip())
        except OSError as error:
            raise SettingsError(f"{name} names a file that cannot be read: {error}") from error
    env = _Env(given)
    try:
        data_dir = Path(env.str("SIGLAB_DATA_DIR", "var")).resolve()
        port = env.int("SIGLAB_HTTP_PORT", 8080)
        bulk_dir, mirror_dir = env.str("SIGLAB_BULK_DIR", ""), env.str("SIGLAB_MIRROR_DIR", "")
        return Settings(
            data_dir=data_dir,
            keys_dir=Path(env.str("SIGLAB_KEYS_DIR", str(data_dir / "keys"))).resolve(),
            http_port=port,
            demo=env.bool("SIGLAB_DEMO", False),
            public_url=env.str("SIGLAB_PUBLIC_URL", f"http://127.0.0.1:{port}"),
            database_url=env.str("SIGLAB_DATABASE_URL", "postgresql://siglab@127.0.0.1:5432/siglab"),
            bus_frontend=env.str("SIGLAB_BUS_FRONTEND", "tcp://127.0.0.1:5555"),
            bus_backend=env.str("SIGLAB_BUS_BACKEND", "tcp://127.0.0.1:5556"),
            s3_endpoint=env.str("SIGLAB_S3_ENDPOINT", "") or None,
            s3_access_key=env.str("SIGLAB_S3_ACCESS_KEY", "") or None,
            s3_secret_key=env.str("SIGLAB_S3_SECRET_KEY", "") or None,
            s3_bucket=env.str("SIGLAB_S3_BUCKET", "siglab-spectra"),
            retention_years=env.int("SIGLAB_RETENTION_YEARS", 10),
            log_level=env.str("SIGLAB_LOG_LEVEL", "INFO"),
            laboratory=env.str("SIGLAB_LABORATORY", "Drug signature laboratory"),
            retention_years_by_kind=_years_by_kind(env.str("SIGLAB_RETENTION_YEARS_BY_KIND", "")),
            bulk_dir=Path(bulk_dir).resolve() if bulk_dir else None,
            mirror_dir=Path(mirror_dir).resolve() if mirror_dir else None,
            s3_mirror_endpoint=env.str("SIGLAB_S3_MIRROR_ENDPOINT", "") or None,
            s3_mirror_access_key=env.str("SIGLAB_S3_MIRROR_ACCESS_KEY", "") or None,
            s3_mirror_secret_key=env.str("SIGLAB_S3_MIRROR_SECRET_KEY", "") or None,
            s3_mirror_bucket=env.str("SIGLAB_S3_MIRROR_BUCKET", "siglab-spectra"),
            scrub_bytes_per_second=_at_least(env, "SIGLAB_SCRUB_BYTES_PER_SECOND", 8_000_000, least=1),
            scrub_days=_at_least(env, "SIGLAB_SCRUB_DAYS", 30, least=1),
            min_free_mb=_at_least(env, "SIGLAB_MIN_FREE_MB", 512, least=0),
            witnesses=_witnesses(env.str("SIGLAB_WITNESSES", "")),
            timestamp_url=env.str("SIGLAB_TIMESTAMP_URL", "") or None,
            timestamp_ca=_path(env.str("SIGLAB_TIMESTAMP_CA", "")),
            dask_scheduler=env.str("SIGLAB_DASK_SCHEDULER", "") or None,
        )
    except EnvError as error:
        raise SettingsError(str(error)) from error


def _years_by_kind(told: str) -> dict[str, int]:
    """`standard=25,GC-MS=15` as a mapping; raises SettingsError that names the entry which is none."""
    years: dict[str, int] = {}
    for entry in filter(None, (part.strip() for part in told.split(","))):
        kind, _, number = (part.strip() for part in entry.partition("="))
        if not kind or not number.isdecimal() or not 1 <= int(number) <= 200:
            raise SettingsError(
                f"SIGLAB_RETENTION_YEARS_BY_KIND: {entry!r} is not of the form KIND=YEARS, as in standard=25,GC-MS=15."
            )
        years[kind] = int(number)
    return years


def _at_least(env: Env, name: str, default: int, *, least: int) -> int:
    found = int(env.int(name, default))
    if found < least:
        raise SettingsError(f"{name} is {found}; it is {least} at least.")
    return found


def _witnesses(text: str) -> tuple[Witness, ...]:
    """One witness a line (or between semicolons): its verifier key, a space, its address; `#` begins a remark."""
    found = []
    for line in text.replace(";", "\n").splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0].count("+") < 2 or not words[1].startswith(("http://", "https://")):
            raise SettingsError(
                f"SIGLAB_WITNESSES: {line.strip()!r} is not a verifier key (name+id+key), a space and an address"
            )
        found.append(Witness(words[0], words[1].rstrip("/")))
    if len({witness.key for witness in found}) != len(found):
        raise SettingsError("SIGLAB_WITNESSES names a witness twice")
    return tuple(found)


def _path(text: str) -> Path | None:
    return Path(text).resolve() if text else None


class _Env(Env):
    """environs over a given mapping instead of the process's own environment."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__(eager=True)
        self._given = given

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._given.get(env_key, default)
