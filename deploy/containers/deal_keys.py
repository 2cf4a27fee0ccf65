"""Makes the installation's keys and deals to every container only those it needs: `python -m deploy.containers.deal_keys`.

Each container mounts one folder below `/keys` and cannot see another's. Running it again changes nothing, but deals what is new.
"""

import os
import secrets
import sys
from pathlib import Path

from shared.config import SERVICES
from shared.crypto.keys import DATABASE_ROLES, make_keys

#: The folder that holds all keys; only this step and the migrations mount it.
ALL = "all"
_STORE = ("store-access.secret", "store-secret.secret")
#: What a service needs beside its own bus key, assertion key and database password.
_OWN = {
    "chain_of_custody": ("ledger.key", "ledger.vkey", *_STORE),
    "classifier": ("models.key", "models.pub"),
    "intake": (),
}
#: Images of others run as users of their own, and read their secrets as those.
_FOREIGN = {"database": ("database-owner.secret",), "store": _STORE}


def share_of(container: str) -> list[str]:
    """The files one container gets, as patterns below the folder of all keys."""
    if container in _FOREIGN:
        return list(_FOREIGN[container])
    if container == "broker":
        return ["bus/broker.key", "bus/*.pub"]
    party = "gateway" if container == "gateway" else f"service-{container}"
    common = [
        f"bus/{party}.key",
        f"bus/{party}.pub",
        "bus/broker.pub",
        f"assertions/{party}.key",
        "assertions/*.pub",
    ]
    own = ("session.secret",) if container == "gateway" else _OWN[container]
    return [*common, f"database-{container}.secret", *own]


def deal(root: Path) -> None:
    """Makes what is missing in `<root>/all` and copies each container's share to `<root>/<container>`."""
    everything = root / ALL
    make_keys(
        everything,
        ledger_origin=os.environ.get("SIGLAB_LEDGER_ORIGIN") or f"siglab.local/{secrets.token_hex(4)}",
    )
    for name in _STORE:
        if not (everything / name).exists():
            _write(everything / name, secrets.token_hex(20).encode(), 0o600)
    for container in ("broker", *DATABASE_ROLES, *_FOREIGN):
        for pattern in share_of(container):
            for source in everything.glob(pattern):
                mode = 0o444 if container in _FOREIGN else 0o400
                _write(root / container / source.relative_to(everything), source.read_bytes(), mode)


def _write(path: Path, content: bytes, mode: int) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    temporary.chmod(mode)
    temporary.replace(path)


if __name__ == "__main__":
    deal(Path(sys.argv[1] if len(sys.argv) > 1 else "/keys"))
    print(f"keys dealt to broker, gateway, {', '.join(SERVICES)}, database and store")
