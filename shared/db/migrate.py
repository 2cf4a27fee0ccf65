"""`python -m shared.db.migrate`: makes roles and schemas, and brings every service's tables to the newest revision.

Run by the owner before the services start; running it again changes nothing. A service's own role may use its schema and nothing
else; what it may do to each table is granted by the revision that makes the table.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy.engine import make_url

from shared.config import SERVICES, Settings, load_settings
from shared.db.engine import engine_for
from shared.errors import DomainError

ROOT = Path(__file__).parents[2]
#: Schema -> folder of its Alembic revisions.
MIGRATIONS = {
    name: folder
    for name, folder in {
        "gateway": ROOT / "gateway" / "migrations",
        **{name: ROOT / "services" / name / "migrations" for name in SERVICES},
    }.items()
    if (folder / "env.py").exists()
}


class MigrationError(DomainError):
    """The database cannot be brought to the newest revision; the detail says why and how to mend it."""

    code = "migration"


def migrate(
    settings: Settings, *, wait_seconds: float = 30.0, revisions: Mapping[str, str] | None = None
) -> None:
    """Makes roles and schemas, then upgrades each schema; raises MigrationError with a sentence for the operator.

    `revisions` names schemas that are to stand at an earlier revision, as they did before an upgrade.
    """
    url = make_url(settings.owner_database_url())
    with _connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), wait_seconds
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('siglab:migrate'))")
        for name in MIGRATIONS:
            _make_role(connection, settings, name)
        for name in MIGRATIONS:
            upgrade(settings, name, (revisions or {}).get(name, "head"))


def upgrade(settings: Settings, name: str, revision: str = "head") -> None:
    """Brings one schema to its newest revision, or to this one."""
    engine = engine_for(settings.owner_database_url(), application="siglab-migrate", pool_size=1)
    try:
        with engine.begin() as connection:
            command.upgrade(
                alembic_config(name, connection=connection, role=role_of(settings, name)), revision
            )
    except DomainError:
        raise
    except Exception as error:
        raise MigrationError(f"The tables of {name} could not be brought up to date: {error}") from error
    finally:
        engine.dispose()


def alembic_config(name: str, **attributes: object) -> Config:
    """Alembic's configuration of one schema; `attributes` reach its env.py."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS[name]))
    config.set_main_option("path_separator", "os")
    config.attributes.update(schema=name, **attributes)
    return config


def role_of(settings: Settings, name: str) -> str:
    """The database role of a service."""
    return make_url(settings.service_database_url(name)).username or name


def _connect(url: str, wait_seconds: float) -> psycopg.Connection[tuple[object, ...]]:
    end = time.monotonic() + wait_seconds
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                raise MigrationError(f"The database cannot be reached: {str(error).strip()}") from error
            time.sleep(0.2)


def _make_role(connection: psycopg.Connection[tuple[object, ...]], settings: Settings, name: str) -> None:
    url = make_url(settings.service_database_url(name))
    role, schema = sql.Identifier(url.username or name), sql.Identifier(name)
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [url.username]).fetchone()
    verb = sql.SQL("ALTER" if exists else "CREATE")
    password = sql.Literal(str(url.password))
    try:
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, password))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        database = sql.Identifier(url.database or "siglab")
        statement = sql.SQL("ALTER ROLE {} IN DATABASE {} SET search_path = {}")
        connection.execute(statement.format(role, database, schema))
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"The database user may not make the role {url.username}: {str(error).strip()}. "
            "Give SIGLAB_DATABASE_URL a user with CREATEROLE who owns the database."
        ) from error


def main() -> int:
    """The command; exit 0, or 1 with a sentence."""
    argparse.ArgumentParser(prog="python -m shared.db.migrate", description=__doc__).parse_args()
    try:
        migrate(load_settings())
    except DomainError as error:
        print(f"migrate: {error.detail}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
