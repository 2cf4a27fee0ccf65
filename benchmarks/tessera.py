"""Tessera's POSIX log and its checker, as peers: the programs that `make go-tools` builds, where they are there."""

import base64
import hashlib
import os
import subprocess
import time
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.keep import ROOT
from shared.crypto.ledger import verifier_key
from tests.database import free_port

_NAME = "synthetic.example/tessera"
#: An answer waits for its batch of 256, at most a second; fewer writers than a few batches would measure that wait.
_WRITERS = 1024


def program(name: str) -> Path | None:
    """One of the programs, or None after saying that it is missing."""
    found = ROOT / "var" / "bin" / name
    if found.exists():
        return found
    print(f"{name} is missing: `make go-tools` builds it (needs Go); this peer is left out")
    return None


def measure_writes(folder: Path, entries: int) -> float | None:
    """Entries a second that the log takes from its own hammer, each answered once it has its place; None where it is missing."""
    log, hammer = program("posix"), program("hammer")
    if log is None or hammer is None:
        return None
    secret, public = _keys()
    folder.mkdir(parents=True)
    (folder / "key").write_text(secret)
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    server = subprocess.Popen(
        [
            str(log),
            f"-storage_dir={folder / 'log'}",
            f"-listen=127.0.0.1:{port}",
            f"-private_key={folder / 'key'}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"{address}checkpoint")
        flags = {
            "log_public_key": public,
            "log_url": address,
            "max_read_ops": 0,
            "num_readers_random": 0,
            "num_readers_full": 0,
            "num_writers": _WRITERS,
            "max_write_ops": 1_000_000,
            "leaf_min_size": 69,
            "dup_chance": 0,
            "leaf_write_goal": entries,
            "max_runtime": "5m",
            "show_ui": "false",
        }
        began = time.perf_counter()
        subprocess.run(
            [str(hammer), *(f"-{name}={value}" for name, value in flags.items())],
            check=True,
            timeout=330,
            env=os.environ | {"no_proxy": "*"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        rate = entries / (time.perf_counter() - began)
    finally:
        server.terminate()
        server.wait(20)
    print(f"Tessera's POSIX log: {entries} entries at {rate:.0f}/s")
    return rate


def _keys() -> tuple[str, str]:
    """(private key, verifier key) in the form of Go's golang.org/x/mod/sumdb/note."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"synthetic tessera").digest())
    verifier = verifier_key(_NAME, key)
    seed = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    secret = base64.b64encode(b"\x01" + seed).decode()
    return f"PRIVATE+KEY+{_NAME}+{verifier.id.hex()}+{secret}", str(verifier)


def _wait(address: str, seconds: float = 20.0) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + seconds
    while True:
        try:
            opener.open(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
