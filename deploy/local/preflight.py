"""What is looked at before anything is made: each finding is one sentence, and nothing was changed."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.errors import StartRefused
from deploy.local.layout import FORMAT_VERSION, PROJECT, Layout
from deploy.local.ports import HOST, is_free
from shared.config import Settings
from shared.storage import open_store

#: A start needs room for the database's first files and its log; below this PostgreSQL may stop half way.
LEAST_FREE_MB = 500
STORES = ("directory", "minio")


def check_machine() -> None:
    """The parent-death signal and flock are Linux's."""
    if sys.platform != "linux":
        raise StartRefused(
            f"this way of running needs Linux, not {sys.platform}; use docker-compose.yml instead"
        )


def check_data_folder(layout: Layout) -> None:
    """Is, or can be made, a writable folder in a format this code knows, with room on its disk."""
    data_dir = layout.data_dir
    parent = nearest_folder(data_dir)
    if data_dir.exists() and not data_dir.is_dir():
        raise StartRefused(f"the data folder {data_dir} is a file; set SIGLAB_DATA_DIR to a folder")
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise StartRefused(
            f"the data folder {data_dir} cannot be written by this user; set SIGLAB_DATA_DIR to another one"
        )
    if layout.version.exists():
        check_version(layout)
    free_mb = shutil.disk_usage(parent).free // 2**20
    if free_mb < LEAST_FREE_MB:
        raise StartRefused(
            f"only {free_mb} MB are free on the disk of {data_dir}, and {LEAST_FREE_MB} MB are needed; "
            "free some, or set SIGLAB_DATA_DIR to another disk"
        )


def check_version(layout: Layout) -> None:
    """A folder that newer code has written is left alone."""
    text = layout.version.read_text().strip()
    if not text.isdigit():
        raise StartRefused(
            f"{layout.version} should hold a number and holds {text[:40]!r}; was it written by something else?"
        )
    if int(text) > FORMAT_VERSION:
        raise StartRefused(
            f"the data folder {layout.data_dir} has format {text}, and this version knows formats up to {FORMAT_VERSION}; "
            "run the newer version of Siglab that wrote it"
        )


def check_addresses(settings: Settings) -> None:
    """The database and the store, where they are not ours, are named in full; whether they answer is seen later."""
    parts = urlsplit(settings.database_url)
    if parts.scheme.partition("+")[0] != "postgresql" or not parts.hostname or not parts.path.strip("/"):
        raise StartRefused("SIGLAB_DATABASE_URL is of the form postgresql://user:password@host:5432/database")
    open_store(settings)


def check_port(port: int) -> None:
    """The one port that people know is free."""
    if not 0 < port < 65536:
        raise StartRefused(f"SIGLAB_HTTP_PORT is {port}, which is no port number")
    if not is_free(port):
        raise StartRefused(
            f"port {port} on {HOST} is in use or closed to this user; set SIGLAB_HTTP_PORT to a free one"
        )


def check_store(layout: Layout, store: str, s3_endpoint: str | None) -> str:
    """Returns where spectra are kept (`directory`, `minio`, `s3`) and refuses to change that under existing data.

    Spectra already stored would be missing otherwise, and look lost.
    """
    if store not in STORES:
        raise StartRefused(f"STORE is {store!r}; it may be {' or '.join(STORES)}")
    if store == "minio" and s3_endpoint:
        raise StartRefused(
            "STORE=minio and SIGLAB_S3_ENDPOINT exclude each other: which of the two is meant?"
        )
    if store == "minio" and not os.access(minio_binary(), os.X_OK):
        raise StartRefused(f"STORE=minio needs the object store at {minio_binary()}; `make minio` builds it")
    kind = "s3" if s3_endpoint else store
    if layout.store_kind.exists() and (kept := layout.store_kind.read_text().strip()) != kind:
        raise StartRefused(
            f"the data folder {layout.data_dir} keeps its spectra in store {kept!r}, not {kind!r}; start it as before, "
            "or take another SIGLAB_DATA_DIR"
        )
    return kind


def check_assets() -> None:
    """Pages without their scripts and reports without their fonts would be a silent loss."""
    for folder in (PROJECT / "gateway" / "static" / "vendor", PROJECT / "shared" / "documents" / "fonts"):
        if not folder.is_dir():
            raise StartRefused(f"{folder} is missing; `make setup` makes it")


def minio_binary() -> Path:
    """Where `make minio` puts the object store."""
    return PROJECT / "var" / "bin" / "minio"


def nearest_folder(path: Path) -> Path:
    """The path itself or, where it does not exist, the nearest thing above it that does."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())
