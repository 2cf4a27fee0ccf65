"""The object store as one more supervised program, with credentials and data of its own data folder."""

import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import StartFailed
from deploy.local.layout import Layout
from deploy.local.ports import HOST
from deploy.local.preflight import minio_binary
from deploy.local.programs import Program


def make_credentials(keys_dir: Path) -> dict[str, str]:
    """Makes the store's two secrets where they are missing; returns the variables that name their files."""
    paths = {name: keys_dir / f"store-{name}.secret" for name in ("access", "secret")}
    for name, path in paths.items():
        if not path.exists():
            temporary = path.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_hex(10 if name == "access" else 20))
            temporary.rename(path)
    return {
        "SIGLAB_S3_ACCESS_KEY_FILE": str(paths["access"]),
        "SIGLAB_S3_SECRET_KEY_FILE": str(paths["secret"]),
    }


def program(layout: Layout, port: int, credentials: dict[str, str]) -> Program:
    """The supervised object store: one port of the loopback address, no console, no call to anybody outside."""
    environment = {
        "MINIO_ROOT_USER_FILE": credentials["SIGLAB_S3_ACCESS_KEY_FILE"],
        "MINIO_ROOT_PASSWORD_FILE": credentials["SIGLAB_S3_SECRET_KEY_FILE"],
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_CALLHOME_ENABLE": "off",
        "HOME": str(layout.minio),
    }
    argv = [str(minio_binary()), "server", "--quiet", "--address", f"{HOST}:{port}", str(layout.minio)]
    return Program("minio", "stores", argv, stop_within=5, needs_database=False, environment=environment)


def wait_until_up(port: int, alive: Callable[[], None], within_s: float = 60.0) -> None:
    """Waits until the store says that it serves; `alive` raises where it is clear that it will not come."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + within_s
    while True:
        try:
            with opener.open(f"http://{HOST}:{port}/minio/health/live", timeout=2):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > end:
                raise StartFailed(
                    f"the object store did not answer within {within_s:.0f} s: {error}"
                ) from error
        alive()
        time.sleep(0.1)
