"""Witnesses that others have written, run as their operators would: litewitness and omniwitness (`make go-tools` builds them)."""

import base64
import contextlib
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from siglab_clients.tlog.cosignatures import witness_key
from siglab_clients.tlog.notes import VerifierKey
from tests.database import free_port
from tests.integration.clients import programs

BINARIES = Path(__file__).parents[3] / "var" / "bin"


@dataclass(frozen=True)
class Running:
    """A witness that answers: its verifier key as a line, and its address."""

    key: str
    url: str


Starter = Callable[[Path, VerifierKey], AbstractContextManager[Running]]


def program(name: str) -> str:
    """The path of a program that `make go-tools` builds; skips the test where it is not there."""
    path = BINARIES / name
    # Never from the PATH: util-linux has an fsck too, which finds nothing wrong with any log.
    if not path.exists():
        pytest.skip(f"{name} is not here; `make go-tools` builds it where Go is")
    return str(path)


@contextlib.contextmanager
def own(folder: Path, log: VerifierKey) -> Iterator[Running]:
    """The witness that offices run: `siglab-verify witness`."""
    with programs.witness(folder, str(log)) as running:
        yield Running(running.key.strip(), f"http://127.0.0.1:{running.port}")


@contextlib.contextmanager
def litewitness(folder: Path, log: VerifierKey) -> Iterator[Running]:
    """filippo.io/torchwood's witness: its key lies in an agent, its logs in SQLite."""
    command = program("litewitness")
    if shutil.which("ssh-agent") is None:
        pytest.skip("litewitness keeps its key in an ssh-agent, and there is none here")
    folder.mkdir(parents=True, exist_ok=True)
    key, agent_socket, database = folder / "key", folder / "agent", folder / "logs.db"
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(keygen, check=True, capture_output=True)
    told = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True)
    fingerprint = told.stdout.split()[1]
    port = free_port()
    with _running(["ssh-agent", "-D", "-a", str(agent_socket)]):
        _until(agent_socket.exists)
        environment = {"SSH_AUTH_SOCK": str(agent_socket), "PATH": "/usr/bin:/bin"}
        subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True, env=environment)
        said = folder / "said"
        arguments = [command, "-db", str(database), "-name", "lite.example/w", "-key", fingerprint]
        arguments += ["-ssh-agent", str(agent_socket), "-listen", f"127.0.0.1:{port}"]
        with _running(arguments, said):
            _until(lambda: "vkey=" in said.read_text() and database.exists())
            found = re.search(r'vkey="?([^"\s]+)', said.read_text())
            assert found is not None
            with contextlib.closing(sqlite3.connect(database, timeout=10)) as logs, logs:
                empty = base64.b64encode(_EMPTY_ROOT).decode()
                logs.execute(
                    "INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", [log.name, empty]
                )
                logs.execute("INSERT INTO key (origin, key) VALUES (?, ?)", [log.name, str(log)])
            yield Running(found[1], f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def omniwitness(folder: Path, log: VerifierKey) -> Iterator[Running]:
    """transparency-dev's witness: its key and its logs lie in files."""
    command = program("omniwitness")
    folder.mkdir(parents=True, exist_ok=True)
    name, key = "omni.example/w", Ed25519PrivateKey.generate()
    public = witness_key(name, key)
    seed = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    plain = VerifierKey(name, public.public_key)
    line = f"PRIVATE+KEY+{name}+{plain.id.hex()}+{base64.b64encode(bytes([1]) + seed).decode()}"
    (folder / "key").write_text(line)
    (folder / "logs.yaml").write_text(
        f'Logs:\n  - Origin: "{log.name}"\n    URL: http://127.0.0.1:1/\n    PublicKey: "{log}"\n'
    )
    port, metrics, said = free_port(), free_port(), folder / "said"
    arguments = [command, "--private_key_path", str(folder / "key"), "--db_file", str(folder / "db")]
    arguments += ["--additional_logs", str(folder / "logs.yaml"), "--listen", f"127.0.0.1:{port}"]
    arguments += ["--metrics_listen", f"127.0.0.1:{metrics}", "--logtostderr"]
    with _running(arguments, said):
        yield Running(str(public), f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def _running(command: list[str], said: Path | None = None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        out = subprocess.DEVNULL if said is None else stack.enter_context(said.open("wb"))
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "the witness did not start"
        time.sleep(0.05)


_EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
